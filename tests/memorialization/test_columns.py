"""Whole columns at once give what one value after the other gives."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.columns import among, at, by_unique, holds, looked_up

TEXTS = st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "ä😀", ""])), max_size=12)


def column(values: list[str | None]) -> pd.Series:
    return pd.Series(values, index=range(7, 7 + len(values)), dtype="str")


@given(TEXTS)
def test_each_different_text_is_formed_once_and_missing_stays_missing(values: list[str | None]) -> None:
    asked: list[str] = []

    def doubled(unique: pd.Series) -> pd.Series:
        asked.extend(unique)
        return unique + unique

    formed = by_unique(column(values), doubled)
    assert formed.astype("object").where(formed.notna(), None).tolist() == [v and v + v for v in values]
    assert formed.index.tolist() == list(range(7, 7 + len(values)))
    assert sorted(asked) == sorted({v for v in values if v is not None})


@given(TEXTS)
def test_a_table_answers_for_what_it_knows(values: list[str | None]) -> None:
    found = looked_up(column(values), {"a": 1, "": 2})
    assert [None if pd.isna(v) else v for v in found] == [
        {"a": 1, "": 2}.get(v) if v is not None else None for v in values
    ]


@given(TEXTS, TEXTS)
def test_a_missing_text_is_among_nothing(values: list[str | None], others: list[str | None]) -> None:
    known = {v for v in others if v is not None}
    assert among(column(values), column(others)).tolist() == [v in known for v in values]


@pytest.mark.parametrize(
    ("values", "there"), [(["a", "b\tc"], True), ([None, "ab"], False), ([], False), ([None], False)]
)
def test_a_character_is_seen_wherever_it_stands(values: list[str | None], there: bool) -> None:
    assert holds(column(values), "\t") is there


def test_all_of_a_column_in_its_order_is_the_column_itself() -> None:
    values = column(["a", "b", "c"])
    assert at(values, np.arange(3)) is values
    assert at(values, np.array([2, 0])).tolist() == ["c", "a"]
    assert at(values, np.array([0, 1])).tolist() == ["a", "b"]
