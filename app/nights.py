"""Which window a run without dates means: the last interval of the schedule that is over, half-open, in UTC."""

from datetime import UTC, datetime

from croniter import croniter

from memorialization.ports import Window


def last_complete(schedule: str, now: datetime) -> Window:
    """The interval between the two latest ticks of `schedule` (cron, UTC) that are not after `now`."""
    ticks = croniter(schedule, now.astimezone(UTC), ret_type=datetime)
    end = ticks.get_current() if croniter.match(schedule, ticks.get_current()) else ticks.get_prev()
    return Window(start=croniter(schedule, end, ret_type=datetime).get_prev(), end=end)
