from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memorialization.canonical import canonical, kind_of
from memorialization.ports import Property
from memorialization.rendering import Status, instant, iso, parse, render
from memorialization.text import Measure

TYPES = ("string", "number", "date", "datetime", "bool", "enumeration", "phone_number")
COLOURS = (("r", "Red"), ("g", "Green"), ("b", "Blue"))
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
WORDS = st.one_of(
    st.none(),
    TEXT,
    st.sampled_from(["true", "False", " TRUE ", "Red", "r", "Red;b", "now", "today", "2026", "-0", ".5", "1.", "1e5"]),
    st.decimals(-(10**9), 10**9, places=4).map(str),
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(datetime.isoformat),
)


def target(type_: str, field_type: str = "text", **settings: Any) -> Property:
    return Property("p", "P", type_, field_type, **settings)


def text(*values: str | None) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def times(*values: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(values), format="ISO8601", utc=True)).astype("datetime64[ms, UTC]")


def rendered(source: pd.Series, to: Property, separator: str = ";") -> list[str | None]:
    """Each value, or the name of the reason why there is none."""
    values, status = render(source, to, separator, Measure())
    assert values.dtype == "str" and status.dtype == "int8" and values.index.equals(source.index)
    return [v if s == Status.VALUE else Status(s).name for v, s in zip(values, status, strict=True)]


@pytest.mark.parametrize(
    ("source", "to", "expected"),
    [
        (text("abc", " a ", "a\nb", "", " \n", None), target("string"),
         ["abc", " a ", "a\nb", "BLANK", "BLANK", "BLANK"]),
        (text("12345", "123456", "12😀", "123😀4"), target("string", max_length=5),
         ["12345", "TOO_LONG", "12😀", "TOO_LONG"]),
        (text("a" * 65_536, "a" * 65_537), target("string", max_length=70_000), ["a" * 65_536, "TOO_LONG"]),
        (text("+49 30 1", "x"), target("phone_number"), ["+49 30 1", "x"]),
        (text("7", " 7 ", "-1.50", ".5", "007", "1.", "+1", "1,5", "1e5", "٣", "seven", None), target("number"),
         ["7", "7", "-1.50", ".5", "007", "1.", *["NOT_A_NUMBER"] * 5, "BLANK"]),
        (text("true", "False", " TRUE ", "yes", "1"), target("bool"),
         ["true", "false", "true", "NOT_A_BOOLEAN", "NOT_A_BOOLEAN"]),
        (text("2026-11-22", "2026-11-22T23:30:00Z", "2026-11-22T23:30:00-02:00", "1795392000000", "22.11.2026"),
         target("date"), ["2026-11-22", "2026-11-22", "2026-11-23", "2026-11-23", "NOT_A_DATE"]),
        (text("2026-11-22T10:00:00.000Z", "2026-11-22T10:00:00.120+01:00", " 2026-11-22 ", "2026-02-31", "soon"),
         target("datetime"),
         ["2026-11-22T10:00:00Z", "2026-11-22T09:00:00.120Z", "2026-11-22T00:00:00Z", "NOT_A_DATE", "NOT_A_DATE"]),
        (text("now", "today", "2026", "-0", ".5", "20261122", "NaT", "nan"), target("date"), ["NOT_A_DATE"] * 8),
        (text("Red", "g", "red", "Red;Green", "G"), target("enumeration", "select", options=COLOURS),
         ["r", "g", "NOT_AN_OPTION", "NOT_AN_OPTION", "NOT_AN_OPTION"]),
        (text("Red", "b;Green", "b; Green", "Red;Pink", ";Red", None),
         target("enumeration", "checkbox", options=COLOURS), ["r", "b;g", "b;g", *["NOT_AN_OPTION"] * 2, "BLANK"]),
        (text("anything"), target("enumeration", "select"), ["anything"]),
    ],
)  # fmt: skip
def test_text_becomes_what_the_property_can_hold(source: pd.Series, to: Property, expected: list[str]) -> None:
    assert rendered(source, to) == expected


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("string", ["2026-11-22T10:00:00Z", "2026-11-22T23:59:59.007Z", "BLANK"]),
        ("datetime", ["2026-11-22T10:00:00Z", "2026-11-22T23:59:59.007Z", "BLANK"]),
        ("date", ["2026-11-22", "2026-11-22", "BLANK"]),
        ("number", ["NOT_A_NUMBER", "NOT_A_NUMBER", "BLANK"]),
    ],
)
def test_times_are_utc_and_lose_only_zero_milliseconds(type_: str, expected: list[str]) -> None:
    assert rendered(times("2026-11-22T10:00:00Z", "2026-11-22T23:59:59.007Z", None), target(type_)) == expected


@pytest.mark.parametrize("values", [[True, False], [True, False, None]])
def test_a_final_state_is_true_or_false_also_beside_missing_ones(values: list[bool | None]) -> None:
    source = pd.Series(values)
    expected = ["true", "false", "BLANK"][: len(values)]
    assert rendered(source, target("bool")) == expected
    assert rendered(source, target("string")) == expected


@pytest.mark.parametrize("lists", [list, np.array], ids=["lists", "arrays"])
def test_tags_are_joined_by_the_separator(lists: Any) -> None:
    tags = pd.Series([lists(["a", "b"]), lists([]), None, lists(["a"])], dtype="object")
    assert rendered(tags, target("string"), " | ") == ["a | b", "BLANK", "BLANK", "a"]
    options = target("enumeration", "checkbox", options=(("1", "a"), ("2", "b")))
    assert rendered(tags, options, " | ") == ["1;2", "BLANK", "BLANK", "1"]


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("dtype", ["str", "object", "datetime64[ms, UTC]"])
def test_empty_and_all_missing_columns_are_blank(type_: str, dtype: str) -> None:
    assert rendered(pd.Series([], dtype=dtype), target(type_, options=COLOURS)) == []
    nothing = pd.Series([None, None], dtype=dtype, index=[7, 3])
    assert rendered(nothing, target(type_, "checkbox", options=COLOURS)) == ["BLANK", "BLANK"]


def test_iso_and_parse_undo_each_other() -> None:
    instants = times("2026-11-22T10:00:00Z", "2026-11-22T10:00:00.050Z", None)
    spelled = iso(instants)
    assert spelled.fillna("-").tolist() == ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.050Z", "-"]
    assert (parse(spelled) == instants).tolist() == [True, True, False]
    assert parse(text("1795392000000")).tolist() == [datetime(2026, 11, 23, tzinfo=UTC)]


@settings(deadline=None)
@given(st.lists(WORDS, max_size=20), st.sampled_from(TYPES), st.sampled_from(["text", "checkbox"]))
def test_every_cell_has_one_status_and_a_value_only_where_it_says_so(
    words: list[str | None], type_: str, field_type: str
) -> None:
    values, status = render(text(*words), target(type_, field_type, options=COLOURS, max_length=8), ";", Measure())
    assert set(status.tolist()) <= {s.value for s in Status}
    assert values.notna().tolist() == (status == Status.VALUE).tolist()
    assert [not (w or "").strip() for w in words] == (status == Status.BLANK).tolist()


def echoed(value: str, to: Property) -> str:
    """How HubSpot gives a value back (hubspot-api, sections 3 and 9)."""
    match to.type, to.field_type:
        case "number", _:
            return format(Decimal(value).normalize(), "f")
        case "datetime", _:
            return value.replace(".000Z", "Z")
        case "enumeration", "checkbox":
            return ";".join(sorted(set(value.split(";")), reverse=True))
        case "string", _:
            return value.replace("\r\n", "\n").rstrip()
    return value


@settings(deadline=None)
@given(st.lists(WORDS, max_size=10), st.sampled_from(TYPES), st.sampled_from(["text", "checkbox"]))
def test_a_rendered_value_equals_its_own_echo(words: list[str | None], type_: str, field_type: str) -> None:
    to = target(type_, field_type, options=COLOURS)
    values, status = render(text(*words), to, ";", Measure())
    written = values[status == Status.VALUE]
    held = pd.Series([echoed(v, to) for v in written], index=written.index, dtype="str")
    kind = kind_of(to, "Agent Name")
    forms = canonical(written, kind, ("DE", "US"))
    assert forms.tolist() == canonical(held, kind, ("DE", "US")).tolist()
    assert forms.notna().all()


def test_rich_text_shows_what_was_said_and_nothing_else() -> None:
    said = text("a<b & c>d\r\ne", "&amp;", "plain")
    assert rendered(said, target("string", "html")) == ["a&lt;b &amp; c&gt;d<br>e", "&amp;amp;", "plain"]


@pytest.mark.parametrize("type_", ["number", "bool", "enumeration", "phone_number"])
def test_what_is_no_text_has_nothing_invisible_around_it(type_: str) -> None:
    values = text("\u200b true\u00a0", " 7\ufeff", "\u200b", None)
    held = {"bool": ["true", "NOT_A_BOOLEAN"], "number": ["NOT_A_NUMBER", "7"]}.get(type_, ["true", "7"])
    assert rendered(values, target(type_)) == [*held, "BLANK", "BLANK"]


@given(st.lists(WORDS, max_size=8), st.sampled_from(TYPES))
def test_no_value_is_empty_or_longer_than_its_property_takes(words: list[str | None], type_: str) -> None:
    values, status = render(text(*words), target(type_, "html", max_length=10), ";", Measure())
    there = values[status == Status.VALUE]
    assert there.notna().all() and there.str.len().gt(0).all() and values[status != Status.VALUE].isna().all()
    if type_ in ("string", "phone_number"):
        assert there.str.len().le(10).all()


@given(st.one_of(WORDS.filter(lambda w: w is not None), st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z")))
@example("2026-11-22T18:00:00.123Z")
@example(" 2026-11-22T18:00:00Z")
@example("2026-11-22T18:00:60Z")
@example("2026-11-22T18:00:00+01:00")
@example("1763834400000")
def test_one_text_is_parsed_as_a_column_of_them(word: str) -> None:
    (found,) = parse(text(word))
    assert instant(word) == (None if pd.isna(found) else found.to_pydatetime())


def test_a_year_that_python_does_not_know_is_no_time() -> None:
    assert instant("0000-01-01T00:00:00Z") is None
