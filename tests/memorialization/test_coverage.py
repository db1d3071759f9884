"""Interval arithmetic against plain sets of hours, and what it says of windows that overlap and differ in length."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.coverage import (
    COVERED,
    FAILED,
    GAP,
    NOT_APPLIED,
    RUNNING,
    Covered,
    Found,
    Known,
    Tried,
    difference,
    found,
    is_covered,
    reaching_back,
    spelled,
    uncovered,
    union,
    within,
)
from memorialization.ports import Window

ZERO = datetime(2026, 11, 1, tzinfo=UTC)


def hours(start: int, end: int) -> Window:
    return Window(ZERO + timedelta(hours=start), ZERO + timedelta(hours=end))


def day(number: int, days: int = 1) -> Window:
    return hours(24 * number, 24 * (number + days))


def covered(window: Window, mapping: str = "new", run: str = "r") -> Covered:
    return Covered(window, run, mapping)


WINDOWS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 12)).map(lambda t: hours(t[0], t[0] + t[1])), max_size=8
)


def cells(windows: list[Window]) -> set[int]:
    """The hours that are in any of them."""
    return {
        hour
        for w in windows
        for hour in range(round((w.start - ZERO) / timedelta(hours=1)), round((w.end - ZERO) / timedelta(hours=1)))
    }


@given(WINDOWS)
def test_a_union_is_the_same_time_in_windows_that_do_not_touch(windows: list[Window]) -> None:
    made = union(windows)
    assert cells(made) == cells(windows)
    assert all(a.end < b.start for a, b in pairwise(made))
    assert union(made) == made


@given(WINDOWS, WINDOWS)
def test_a_difference_is_what_no_other_window_holds(windows: list[Window], taken: list[Window]) -> None:
    left = difference(windows, taken)
    assert cells(left) == cells(windows) - cells(taken)
    assert union(left) == left


@given(WINDOWS, st.integers(0, 40), st.integers(1, 12))
def test_what_lies_within_a_window(windows: list[Window], start: int, length: int) -> None:
    around = hours(start, start + length)
    assert cells(within(around, windows)) == cells(windows) & cells([around])


@given(WINDOWS, WINDOWS, st.one_of(st.none(), st.integers(0, 50)))
def test_what_should_be_covered_and_is_not(done: list[Window], tried: list[Window], first: int | None) -> None:
    known = Known(
        None if first is None else ZERO + timedelta(hours=first),
        tuple(map(covered, done)),
        tuple(Tried(w, "t", FAILED) for w in tried),
    )
    around = hours(0, 60)
    since = set() if first is None else set(range(first, 60))
    assert cells(uncovered(around, known)) == (since | cells(tried)) - cells(done)


@given(WINDOWS, st.integers(0, 50), st.integers(0, 30))
def test_the_newest_window_reaches_back_to_the_first_gap_within_its_days(
    done: list[Window], first: int, most: int
) -> None:
    done = [w for w in done if w.end <= hours(52, 53).start]
    known = Known(ZERO + timedelta(hours=first), tuple(map(covered, done)))
    span, gaps = reaching_back(hours(52, 53), known, timedelta(hours=most))
    open_ = set(range(max(first, 52 - most), 52)) - cells(done)
    assert cells(gaps) == open_
    assert span == hours(min(open_, default=52), 53)


def test_windows_of_any_length_cover_a_day_together() -> None:
    known = Known(ZERO, (covered(hours(20, 30)), covered(hours(28, 40)), covered(day(0)), covered(hours(39, 90))))
    assert found(day(1), known, "new") == Found(COVERED, "r")
    assert found(hours(90, 91), known, "new") == Found(GAP)


def test_an_older_mapping_is_a_shade_and_no_gap() -> None:
    known = Known(ZERO, (covered(day(0, 3), "old"), covered(day(1))))
    assert [found(day(i), known, "new") for i in range(3)] == [
        Found(COVERED, "r", older=True), Found(COVERED, "r"), Found(COVERED, "r", older=True)
    ]  # fmt: skip
    assert uncovered(day(0, 3), known) == []
    assert found(hours(12, 36), known, "new") == Found(COVERED, "r", older=True)


def test_what_was_tried_in_vain_says_why_the_newest_first() -> None:
    tried = (Tried(day(2), "c", NOT_APPLIED), Tried(day(1, 2), "b", FAILED))
    known = Known(ZERO, (covered(day(0)),), tried)
    assert [found(day(i), known, "new") for i in range(4)] == [
        Found(COVERED, "r"), Found(FAILED, "b"), Found(NOT_APPLIED, "c"), Found(GAP)
    ]  # fmt: skip


def test_what_is_worked_now_is_no_gap_yet() -> None:
    known = Known(ZERO, (), (Tried(day(0), "a", FAILED),), (hours(10, 12),))
    assert found(day(0), known, "new") == Found(RUNNING)
    assert found(day(1), known, "new") == Found(GAP)


def test_before_the_first_window_nothing_is_a_gap_but_what_was_tried_shows() -> None:
    known = Known(day(5).start, (covered(day(1)),), (Tried(day(2), "a", FAILED),))
    assert [found(day(i), known, "new") for i in range(6)] == [
        None, Found(COVERED, "r"), Found(FAILED, "a"), None, None, Found(GAP)
    ]  # fmt: skip
    assert [found(day(i), Known(None), "new") for i in range(2)] == [None, None]


def test_a_gap_in_the_middle_is_reached_and_one_that_is_older_is_left() -> None:
    known = Known(ZERO, (covered(day(1)), covered(day(3, 2))))
    assert reaching_back(day(5), known, timedelta(days=3)) == (day(2, 4), [day(2)])
    assert reaching_back(day(5), known, timedelta(days=1)) == (day(5), [])
    assert reaching_back(day(5), known, timedelta(0)) == (day(5), [])
    assert reaching_back(day(5), known, timedelta(days=9)) == (day(0, 6), [day(0), day(2)])


def test_only_the_newest_window_reaches_back_and_not_over_another_run() -> None:
    known = Known(ZERO, (covered(day(3)),), working=(day(1),))
    assert reaching_back(day(2), known, timedelta(days=3)) == (day(2), [])
    assert reaching_back(day(4), known, timedelta(days=4)) == (day(2, 3), [day(2)])
    busy = Known(ZERO, (), working=(day(3),))
    assert reaching_back(day(3), busy, timedelta(days=3)) == (day(0, 4), [day(0, 3)])


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ([], ""),
        ([date(2026, 11, 19)], "Nov 19"),
        ([date(2026, 11, 20), date(2026, 11, 19)], "Nov 19 to 20"),
        ([date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 3)], "Oct 30 to Nov 1, Nov 3"),
    ],
)
def test_days_as_people_name_them(days: list[date], text: str) -> None:
    assert spelled(days) == text


def test_only_what_the_very_mapping_covered_wholly_needs_no_backfill() -> None:
    facts = Known(first=None, covered=(covered(day(1)), covered(day(2), "old")))
    assert is_covered(day(1), facts, "new") and not is_covered(day(2), facts, "new")
    assert not is_covered(Window(day(1).start, day(2).end), facts, "new")
    assert is_covered(Window(day(1).start, day(2).start), facts, "new")
