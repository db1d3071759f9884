from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.nights import interval_of, last_complete
from memorialization.errors import ConfigurationError
from memorialization.ports import Window


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (at(23, 16), at(22, 2), at(23, 2)),
        (at(23, 2), at(22, 2), at(23, 2)),
        (at(23, 2, 0, 30), at(22, 2), at(23, 2)),  # half a minute after the tick is no window of half a minute
        (at(23, 1, 59, 59), at(21, 2), at(22, 2)),
    ],
)
def test_the_last_night_that_is_over(now: datetime, start: datetime, end: datetime) -> None:
    assert last_complete("0 2 * * *", now) == Window(start, end)


def test_any_schedule_has_its_last_interval() -> None:
    assert last_complete("*/15 * * * *", at(23, 2, 59, 59)) == Window(at(23, 2, 30), at(23, 2, 45))
    assert last_complete("0 6 * * mon", at(23, 5)) == Window(at(9, 6), at(16, 6))


def test_the_schedule_is_in_utc_wherever_the_caller_is() -> None:
    denver = timezone(timedelta(hours=-7))
    found = last_complete("0 2 * * *", datetime(2026, 11, 22, 20, 0, tzinfo=denver))
    assert found == Window(at(22, 2), at(23, 2))
    assert found.end.tzinfo == UTC


def test_a_schedule_that_never_comes_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="schedule '0 2 31 2 \\*' is no time that ever comes"):
        last_complete("0 2 31 2 *", at(23, 16))


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        (at(22, 2), at(22, 2), at(23, 2)),  # half-open: a tick begins its interval
        (at(22, 1, 59, 59), at(21, 2), at(22, 2)),
        (at(22, 18), at(22, 2), at(23, 2)),
    ],
)
def test_every_moment_is_in_one_interval(moment: datetime, start: datetime, end: datetime) -> None:
    assert interval_of("0 2 * * *", moment) == Window(start, end)
