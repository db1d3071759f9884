import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.text import utf16_length


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
