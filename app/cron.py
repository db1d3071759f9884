"""Whether a schedule ever comes; light, because DAG files ask it at every parse."""

from croniter import CroniterError, croniter


def is_cron(schedule: str) -> bool:
    """True for a cron expression of five fields that has ticks; 31 February has none."""
    try:
        croniter(schedule).get_next()
    except CroniterError:
        return False
    return len(schedule.split()) == 5
