from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app import tasks
from app.nights import last_complete
from memorialization.errors import (
    ConfigurationError,
    PartitionFailed,
    ServiceUnavailable,
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
    found = tasks._window(NIGHTLY, Interval(START, END), asked)
    assert found == Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))


def test_without_params_the_window_is_the_data_interval() -> None:
    assert tasks._window(NIGHTLY, Interval(START, END), params()) == Window(START, END)


def test_without_both_it_is_the_last_complete_night() -> None:
    before = last_complete(NIGHTLY, datetime.now(UTC))
    found = tasks._window(NIGHTLY, Interval(), params())
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
        tasks._window(NIGHTLY, Interval(START, END), asked)


def test_an_empty_data_interval_is_refused() -> None:
    with pytest.raises(WindowError):
        tasks._window(NIGHTLY, Interval(END, END), params())


@pytest.mark.slow
def test_only_errors_worth_a_retry_are_left_to_airflows_retries() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with (
        pytest.raises(AirflowFailException, match="^ConfigurationError: crm.yaml:3: wrong$") as raised,
        tasks._in_airflow(),
    ):
        raise ConfigurationError("crm.yaml:3: wrong")
    assert raised.value.__suppress_context__
    with pytest.raises(ServiceUnavailable), tasks._in_airflow():
        raise ServiceUnavailable("CXone answers 503")
    with pytest.raises(ValueError, match="a bug"), tasks._in_airflow():
        raise ValueError("a bug")


@pytest.mark.slow
def test_without_a_run_or_a_report_the_last_tasks_say_where_to_look() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match="see the log of the task open_run"):
        tasks.report(None)
    with pytest.raises(AirflowFailException, match="see the log of the task report"):
        tasks.verdict(None)


@pytest.mark.slow
def test_the_verdict_raises_what_is_not_settled() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    tasks.verdict({"failures": [], "report": "r"})
    with pytest.raises(
        AirflowFailException, match="^PartitionFailed: apply of Ticket/0 failed: x. Report: r/report.html$"
    ):
        tasks.verdict({"failures": ["apply of Ticket/0 failed: x."], "report": "r"})
    with pytest.raises(AirflowFailException, match="^Unbalanced: 2 values are unaccounted"):
        tasks.verdict({"failures": ["2 values are unaccounted: neither written nor rejected"], "report": "r"})
    assert not PartitionFailed.retry
