from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.hubspot.values import LengthUnit, Property, iso, normalised, problem, utf16_units


def prop(
    kind: str,
    field: str = "text",
    *,
    name: str = "x",
    options: tuple[str, ...] = (),
    limit: int | None = None,
) -> Property:
    return Property(name, kind, field, False, False, options, limit, {})


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(1_718_618_400_000, "2024-06-17T10:00:00Z"), (1_718_618_400_123, "2024-06-17T10:00:00.123Z")],
)
def test_an_instant_loses_an_empty_fraction(milliseconds: int, shown: str) -> None:
    assert iso(milliseconds) == shown


@pytest.mark.parametrize(
    ("definition", "written", "stored"),
    [
        (prop("datetime"), "1718618400000", "2024-06-17T10:00:00Z"),
        (prop("datetime"), "2024-06-17T12:00:00.500+02:00", "2024-06-17T10:00:00.500Z"),
        (prop("datetime"), "2024-06-17", "2024-06-17T00:00:00Z"),
        (prop("datetime"), "1718618400", "1970-01-20T21:23:38.400Z"),
        (prop("date"), "1718582400000", "2024-06-17"),
        (prop("date"), "2024-06-17", "2024-06-17"),
        (prop("string", name="email"), "Jörg@Example.COM", "jörg@example.com"),
        (prop("string"), "  kept \r\n", "  kept \r\n"),
        (prop("number"), "3039", "3039"),
        (prop("enumeration", "checkbox"), "b;a;b", "b;a"),
    ],
)
def test_stored_spelling(definition: Property, written: str, stored: str) -> None:
    assert normalised(definition, written) == stored


def test_a_leading_semicolon_adds_to_a_checkbox() -> None:
    assert normalised(prop("enumeration", "checkbox"), ";c;a", "a;b") == "a;b;c"


@pytest.mark.parametrize(
    ("definition", "written", "code"),
    [
        (prop("number"), "1.42e-14", "INVALID_INTEGER"),
        (prop("number"), "12 ", "LEADING_TRAILING_WHITESPACE"),
        (prop("number"), "\u00a012", "LEADING_TRAILING_WHITESPACE"),
        (prop("number"), "12\u200b", "LEADING_TRAILING_WHITESPACE"),
        (prop("bool"), "True", "INVALID_OPTION"),
        (prop("enumeration", options=("solved",)), "Solved", "INVALID_OPTION"),
        (prop("enumeration", "checkbox", options=("a", "b")), "a;z", "INVALID_OPTION"),
        (prop("date"), "1718618400000", "INVALID_DATE"),
        (prop("date"), "17.06.2024", "INVALID_LONG"),
        (prop("datetime"), "2024-06-17T10:00:00", "INVALID_LONG"),
        (prop("string", name="email"), "000", "INVALID_EMAIL"),
        (prop("string"), "x" * 65_537, "INVALID_LENGTH"),
        (prop("string", limit=4), "😀😀x", "INVALID_LENGTH"),
    ],
)
def test_refused(definition: Property, written: str, code: str) -> None:
    found = problem(definition, written)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    ("definition", "written"),
    [
        (prop("number"), "-12.50"),
        (prop("bool"), "true"),
        (prop("bool"), ""),
        (prop("enumeration", "checkbox", options=("a", "b")), ";b"),
        (prop("string"), " x "),
        (prop("string"), "x" * 65_536),
        (prop("string", limit=4), "😀😀"),
    ],
)
def test_taken(definition: Property, written: str) -> None:
    assert problem(definition, written) is None


def test_characters_are_utf16_units() -> None:
    assert [utf16_units("abc"), utf16_units("ä"), utf16_units("😀"), utf16_units("👩‍👧")] == [3, 1, 2, 5]


@pytest.mark.parametrize(
    ("kind", "field", "written", "stored"),
    [
        ("string", "text", " \u200bone\u00a0line\r\nor two ", "one line or two"),
        ("string", "textarea", "\r\none\rtwo\ufeff\n", "one\ntwo"),
        ("string", "html", "<p class=x>a  &amp; <script>b</script><u>c</u><br>d</p>", "<p>a &nbsp;&amp; c<br />d</p>"),
        ("string", "phonenumber", "+49 (30) 90-18.20", "+4930901820"),
        ("enumeration", "checkbox", "b;a", "a;b"),
        ("number", "number", "1.50", "1.50"),
    ],
)
def test_a_portal_that_respells_rewrites_texts(kind: str, field: str, written: str, stored: str) -> None:
    definition = Property("x", kind, field, False, False, ("a", "b"), None, {}, respells=True)
    assert normalised(definition, written) == stored
    assert normalised(definition, stored) == stored or field == "html"


@pytest.mark.parametrize(("unit", "fits"), [("utf16", 2_000), ("characters", 4_000), ("bytes", 1_000)])
def test_a_limit_counts_in_the_portals_unit(unit: LengthUnit, fits: int) -> None:
    note = replace(prop("string", limit=4_000), unit=unit)
    assert problem(note, "😊" * fits) is None
    assert problem(note, "😊" * (fits + 1)) is not None
