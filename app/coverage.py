"""The days of a configuration's schedule and what is known of each: for the command, and for a run's report.

A day is the intervals that begin on it, in the schedule's time zone: with "0 2 * * *" from 2:00 on, be it of 23, 24 or
25 hours.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.nights import interval_of, last_complete
from memorialization.configuration import Configuration
from memorialization.coverage import Covered, Known, difference, found, uncovered
from memorialization.intake import HEALED
from memorialization.ledger import Ledger
from memorialization.ledger.coverage import known
from memorialization.ports import Window
from memorialization.report.model import Coverage, CoverageDay, Gap, Healed
from memorialization.run import Run, thaw

LOOKS_BACK: Final = timedelta(days=35)

_ONE_DAY: Final = timedelta(hours=25)  # where the clocks are set back

_ISO: Final = "%Y-%m-%dT%H:%M:%SZ"


def coverage(
    configuration: Configuration,
    ledger: Ledger,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Coverage:
    """Of the intervals in [start, end) that are over; by default the last 35 days."""
    newest = last_complete(configuration.crm.schedule, now, configuration.crm.timezone).end
    end = min(end or newest, newest)
    around = Window(min(start or end - LOOKS_BACK, end), end)
    return _told(configuration, around, known(ledger, configuration.name, around), newest)


def of_run(run: Run, ledger: Ledger, *, applied: bool) -> Coverage:
    """The last 35 days as they stand once this run has ended; `applied`: it has delivered its window."""
    configuration = thaw(run).configuration
    around = Window(run.window.end - LOOKS_BACK, run.window.end)
    facts = known(ledger, run.configuration, around, but=run.run_id)
    if applied:
        own = Covered(run.window, run.run_id, configuration.mapping_hash)
        facts = Known(facts.first, (*facts.covered, own), facts.tried, facts.working)
    taken_along: list[dict[str, Any]] = run.files.read_json(HEALED) if run.files.exists(HEALED) else []
    healed = []
    for gap in taken_along:
        window = Window(datetime.fromisoformat(gap["start"]), datetime.fromisoformat(gap["end"]))
        healed.append(Healed(days=_named(configuration, window), was=gap["was"]))
    return _told(configuration, around, facts, run.window.end).model_copy(update={"healed": tuple(healed)})


def command(name: str, window: Window) -> str:
    """What a person types to have a window covered: a run, or for more than a day a backfill."""
    verb = "run" if window.end - window.start <= _ONE_DAY else "backfill"
    return typed(verb, name, window)


def typed(verb: str, name: str, window: Window) -> str:
    """The command that works a window as a person types it."""
    return f"memorialize {verb} -c {name} --from {window.start:{_ISO}} --to {window.end:{_ISO}}"


def _told(configuration: Configuration, around: Window, facts: Known, newest: datetime) -> Coverage:
    reach = newest - timedelta(days=configuration.crm.extraction.heal_days)
    states = [(day, found(window, facts, configuration.mapping_hash)) for day, window in days(configuration, around)]
    return Coverage(
        since=facts.first.isoformat() if facts.first else None,
        days=tuple(CoverageDay(day=d.isoformat(), state=s.state, older_mapping=s.older) for d, s in states if s),
        gaps=tuple(
            Gap(
                window_start=gap.start.isoformat(),
                window_end=gap.end.isoformat(),
                days=_named(configuration, gap),
                too_old=gap.start < reach,
                command=command(configuration.name, gap),
            )
            for gap in difference(uncovered(around, facts), facts.working)
        ),
    )


def _named(configuration: Configuration, window: Window) -> tuple[str, ...]:
    return tuple(day.isoformat() for day, _ in days(configuration, window))


def days(configuration: Configuration, around: Window) -> Iterator[tuple[date, Window]]:
    """(day, what of `around` lies in it), the oldest first; a day on which no interval begins is none."""
    schedule, timezone = configuration.crm.schedule, configuration.crm.timezone
    zone = ZoneInfo(timezone)
    start = interval_of(schedule, around.start, timezone).start
    while start < around.end:
        day = start.astimezone(zone).date()
        midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        after = interval_of(schedule, midnight, timezone)
        end = after.start if after.start == midnight else after.end
        yield day, Window(max(start, around.start), min(end, around.end))
        start = end
