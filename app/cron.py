"""Whether a schedule ever comes, and where; light, because DAG files ask it at every parse."""

from functools import cache
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter


@cache
def is_cron(schedule: str) -> bool:
    """True for a cron expression of five fields that has ticks; 31 February has none."""
    try:
        croniter(schedule).get_next()
    except CroniterError:
        return False
    return len(schedule.split()) == 5


@cache
def is_zone(timezone: str) -> bool:
    """True for a name of the time zone database, such as Europe/Berlin."""
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, a folder of the database
        return False
    return True
