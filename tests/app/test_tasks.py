from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app import tasks
from app.nights import last_complete
from memorialization.errors import (
    PartitionFailed,
    QuotaExhausted,
    Unbalanced,
    WindowError,
)
from memorialization.ports import Window

NIGHTLY = "0 2 * * *"
START, END = datetime(2026, 11, 21, 2, tzinfo=UTC), datetime(2026, 11, 22, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Interval:
    """What a DAG run tells of its data interval."""

    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None


def params(start: str | None = None, end: str | None = None) -> dict[str, str | None]:
    return {"window_start": start, "window_end": end}


def test_params_win_over_the_data_interval() -> None:
    asked = params("2026-11-01T00:00:00Z", "2026-11-02T01:00:00+01:00")
    found = tasks._window(NIGHTLY, "UTC", Interval(START, END), asked)
    assert found == Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))


def test_without_params_the_window_is_the_data_interval() -> None:
    assert tasks._window(NIGHTLY, "UTC", Interval(START, END), params()) == Window(START, END)


def test_without_both_it_is_the_last_complete_night() -> None:
    before = last_complete(NIGHTLY, datetime.now(UTC))
    found = tasks._window(NIGHTLY, "UTC", Interval(), params())
    assert found in (before, last_complete(NIGHTLY, datetime.now(UTC)))
    assert found.end - found.start == timedelta(days=1)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (params(start="2026-11-01T00:00:00Z"), "give both, or neither"),
        (params(end="2026-11-01T00:00:00Z"), "give both, or neither"),
        (params("2026-11-02", "2026-11-02"), "ends"),
        (params("yesterday", "2026-11-02"), "'yesterday' is not a time"),
    ],
)
def test_a_window_half_given_or_empty_is_never_guessed(asked: dict[str, str | None], message: str) -> None:
    with pytest.raises(WindowError, match=message):
        tasks._window(NIGHTLY, "UTC", Interval(START, END), asked)


def test_an_empty_data_interval_is_refused() -> None:
    with pytest.raises(WindowError):
        tasks._window(NIGHTLY, "UTC", Interval(END, END), params())


def test_without_a_run_or_a_report_the_last_tasks_say_where_to_look() -> None:
    with pytest.raises(PartitionFailed, match="see the log of the task open_run"):
        tasks.report(None)
    with pytest.raises(PartitionFailed, match="see the log of the task report"):
        tasks.verdict(None)


def test_the_verdict_raises_what_is_not_settled() -> None:
    tasks.verdict({"failures": [], "report": "r", "without_leave": None})
    with pytest.raises(PartitionFailed, match="^apply of Ticket/0 failed: x. Report: r/report.html$"):
        tasks.verdict({"failures": ["apply of Ticket/0 failed: x."], "report": "r", "without_leave": None})
    with pytest.raises(Unbalanced, match="^2 values are unaccounted"):
        tasks.verdict(
            {
                "failures": ["2 values are unaccounted: neither written nor rejected"],
                "report": "r",
                "without_leave": None,
            }
        )
    ended = ["stopped on quota: HubSpot's calls of this day are used up.", "quality suite 'x': 1 of 2 fail"]
    with pytest.raises(QuotaExhausted, match="^stopped on quota: HubSpot's calls of this day are used up. Report: r/"):
        tasks.verdict({"failures": ended, "report": "r", "without_leave": None})
    assert not PartitionFailed.retry
