"""Odd spellings are read; what cannot be read is None."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from memorialization.errors import ContractBroken
from plugins.cxone.fields import count_of, rows_of, text_of, texts, zulu


def test_texts_take_the_first_name_that_a_row_holds() -> None:
    rows: list[dict[str, Any]] = [{"new": 12}, {"old": " a "}, {"new": "", "old": "b"}, {"new": {"x": 1}}, {}]
    assert texts(rows, "new", "old") == ["12", "a", "b", None, None]


def test_text_of_one_row() -> None:
    assert text_of({"a": None, "b": 698822631732}, "a", "b") == "698822631732"
    assert text_of({"a": "  "}, "a") is None


def test_a_count_is_known_or_not() -> None:
    counts: list[dict[str, Any]] = [{"hits": 3}, {"hits": "4"}, {"hits": 0}, {"hits": "many"}, {}]
    assert [count_of(row, "hits") for row in counts] == [3, 4, 0, None, None]


def test_rows_are_found_under_another_case_and_under_result_set() -> None:
    assert rows_of({"ContactCustomData": [1]}, "contactCustomData", "x")[0] == [1]
    assert rows_of({"resultSet": {"skills": [2]}}, "skills", "x")[0] == [2]
    assert rows_of([3], "data", "x") == ([3], {})
    with pytest.raises(ContractBroken, match="holds no list `skills`"):
        rows_of({"error": "no"}, "skills", "x")


def test_zulu_is_utc_with_milliseconds() -> None:
    berlin = timezone(timedelta(hours=1))
    assert zulu(datetime(2026, 11, 19, 0, 30, 0, 999_999, tzinfo=berlin)) == "2026-11-18T23:30:00.999Z"
    assert zulu(datetime(2026, 11, 19, tzinfo=UTC)) == "2026-11-19T00:00:00.000Z"
