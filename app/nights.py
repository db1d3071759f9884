"""Which window a run without dates means: the last interval of the schedule that is over, half-open, in UTC."""

from datetime import UTC, datetime

from croniter import croniter

from app.cron import is_cron
from memorialization.errors import ConfigurationError
from memorialization.ports import Window


def last_complete(schedule: str, now: datetime) -> Window:
    """The interval between the two latest ticks of `schedule` (cron, UTC) that are not after `now`.

    Raises ConfigurationError if it has no ticks.
    """
    if not is_cron(schedule):
        raise ConfigurationError(f"schedule {schedule!r} is no time that ever comes. Write it as '0 2 * * *'.")
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)  # croniter takes the whole minute for a tick
    end = minute if croniter.match(schedule, minute) else croniter(schedule, minute, ret_type=datetime).get_prev()
    return Window(start=croniter(schedule, end, ret_type=datetime).get_prev(), end=end)


def interval_of(schedule: str, moment: datetime) -> Window:
    """The interval between ticks of `schedule` (cron, UTC) that holds `moment`; half-open, perhaps not over yet."""
    tick = croniter(schedule, moment.astimezone(UTC), ret_type=datetime).get_next()
    return Window(start=croniter(schedule, tick, ret_type=datetime).get_prev(), end=tick)
