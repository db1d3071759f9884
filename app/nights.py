"""Which window a run without dates means: the last interval of the schedule that is over, half-open, in UTC.

The intervals of a schedule tile the time: each ends where the next begins, also where a zone's clocks change, so that
a nightly one is 23 or 25 hours long there. Ticks are those of Airflow's CronDataIntervalTimetable: a wall-clock time
that comes twice is a tick the second time, one that does not come is a tick as long after the change as it lies in the
gap, and a schedule of every hour goes by real hours. (Of several ticks within the hour that a change leaves out,
Airflow runs no interval for some; coverage sees the gap, and the next night heals it.)
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from croniter import croniter

from app.cron import is_cron
from memorialization.errors import ConfigurationError
from memorialization.ports import Window

_CHANGE: Final = timedelta(hours=3)
"""More than any zone sets its clocks at once: that far around a moment, wall-clock order is not the order of time."""


def last_complete(schedule: str, now: datetime, timezone: str = "UTC") -> Window:
    """The interval between the two latest ticks of `schedule` (cron, in `timezone`) that are not after `now`.

    Raises ConfigurationError if it has no ticks.
    """
    if not is_cron(schedule):
        raise ConfigurationError(f"schedule {schedule!r} is no time that ever comes. Write it as '0 2 * * *'.")
    end = _tick(schedule, timezone, now.astimezone(UTC), after=False)
    return Window(start=_tick(schedule, timezone, end - timedelta(seconds=1), after=False), end=end)


def interval_of(schedule: str, moment: datetime, timezone: str = "UTC") -> Window:
    """The interval of `schedule` (cron, in `timezone`) that holds `moment`; half-open, perhaps not over yet."""
    moment = moment.astimezone(UTC)
    first, next_ = (_tick(schedule, timezone, moment, after=after) for after in (False, True))
    return Window(start=first, end=next_)


def _tick(schedule: str, timezone: str, moment: datetime, *, after: bool) -> datetime:
    """The first tick after `moment`, or the last one that is not."""
    zone, step = ZoneInfo(timezone), _CHANGE if after else -_CHANGE
    local = moment.astimezone(zone).replace(tzinfo=None)
    cron = croniter(schedule, local - step, ret_type=datetime)
    hourly = cron.expanded[1] == ["*"]
    found: set[datetime] = set()
    while True:
        wall = cron.get_next() if after else cron.get_prev()
        if found and (wall > local + step if after else wall < local + step):
            return min(found) if after else max(found)
        found.update(tick for tick in _instants(wall, zone, hourly=hourly) if (tick > moment) is after)


def _instants(wall: datetime, zone: ZoneInfo, *, hourly: bool) -> list[datetime]:
    """When a time on the wall's clock is a tick."""
    earlier, later = sorted(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if hourly:
        return [tick for tick in (earlier, later) if tick.astimezone(zone).replace(tzinfo=None) == wall]
    return [later]
