import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.ports import Property
from memorialization.text import Measure, Unit, as_stored, fitting, lengths, size, utf16_length


def test_an_emoji_counts_two_and_a_missing_text_none() -> None:
    values = pd.Series(
        ["abc", "äöü", "😀", "a😀b", "", None, "👨‍👩‍👧", "\U0010ffff", "\uffff"], dtype="str", index=range(3, 12)
    )
    lengths = utf16_length(values)
    assert lengths.tolist() == [3, 3, 2, 4, 0, 0, 8, 2, 1]
    assert lengths.dtype == "int64" and lengths.index.tolist() == list(range(3, 12))


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_empty_and_all_missing_columns_have_lengths(dtype: str) -> None:
    assert utf16_length(pd.Series([], dtype=dtype)).tolist() == []
    assert utf16_length(pd.Series([None, None], dtype=dtype)).tolist() == [0, 0]


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]))))
def test_lengths_are_those_of_the_encoding(texts: list[str]) -> None:
    """Half a surrogate pair is no text that a pandas string column can hold."""
    lengths = utf16_length(pd.Series(texts, dtype="str"))
    assert lengths.tolist() == [len(text.encode("utf-16-le", "surrogatepass")) // 2 for text in texts]


ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)


@given(ANY_TEXT)
def test_units_count_as_their_encodings_do(text: str) -> None:
    expected: dict[Unit, int] = {
        "code_points": len(text), "utf16": len(text.encode("utf-16-le")) // 2, "bytes": len(text.encode())
    }  # fmt: skip
    for unit, units in expected.items():
        assert size(text, unit) == units
        assert lengths(pd.Series([text, None], dtype="str"), unit).tolist() == [units, 0]


@given(ANY_TEXT, st.integers(-2, 70), st.sampled_from(["code_points", "utf16", "bytes"]))
def test_the_most_that_fits_fits_and_no_more_does(text: str, room: int, unit: Unit) -> None:
    most = fitting(text, room, unit)
    assert size(text[:most], unit) <= max(room, 0)
    assert most == len(text) or size(text[: most + 1], unit) > max(room, 0)


def of(type_: str = "string", max_length: int | None = None) -> Property:
    return Property("p", "P", type_, "text", max_length=max_length)


@pytest.mark.parametrize(
    ("measure", "target", "limit"),
    [
        (Measure(), of(), 65_536),
        (Measure(), of(max_length=70_000), 65_536),
        (Measure(), of(max_length=500), 500),
        (Measure(limit=1_000), of(), 1_000),
        (Measure(limit=1_000), of(max_length=4_000), 1_000),
        (Measure(), of("phone_number", 20), 20),
        (Measure(), of("enumeration", 20), None),
    ],
)
def test_a_limit_is_the_least_of_the_portals_and_the_propertys(
    measure: Measure, target: Property, limit: int | None
) -> None:
    assert measure.limit_of(target) == limit


def test_a_text_is_ambiguous_where_the_unit_decides_and_is_not_settled() -> None:
    values = pd.Series(["abcd", "abcde", "äbcd", "ä", "😀😀", "äbcde", None], dtype="str")
    assert Measure().ambiguous(values, 4).tolist() == [False, False, True, False, True, False, False]
    assert not Measure("utf16", settled=True).ambiguous(values, 4).any()
    assert (Measure().strictest, Measure("utf16", settled=True).strictest) == ("bytes", "utf16")


def test_texts_as_an_account_keeps_them() -> None:
    values = pd.Series([" a\r\nb\n", "c\rd", None], dtype="str")
    assert as_stored(values, trimmed=False, flattened=False).fillna("-").tolist() == [" a\r\nb\n", "c\rd", "-"]
    assert as_stored(values, trimmed=True, flattened=False).fillna("-").tolist() == ["a\r\nb", "c\rd", "-"]
    assert as_stored(values, trimmed=False, flattened=True).fillna("-").tolist() == [" a b ", "c d", "-"]
