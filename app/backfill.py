"""A range of days, the oldest first, each day a run of its own; what is covered is left, so that it can be resumed.

A day that fails costs only itself. What would fail for every other day as well, such as a refused token or a day's
calls that are used up, ends the backfill: started again, it goes on where it stood.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, Literal

from app import runner, steps
from app.connections import ledger_url
from app.coverage import days
from app.settings import settings
from memorialization import approval
from memorialization.configuration import Configuration, load
from memorialization.coverage import is_covered, union
from memorialization.durations import length
from memorialization.errors import (
    ApprovalNeeded,
    AuthenticationError,
    ConfigurationError,
    LeaseHeld,
    LedgerUnavailable,
    MemorializationError,
    PermissionMissing,
    QuotaExhausted,
    WindowError,
)
from memorialization.ledger import Ledger
from memorialization.ledger.coverage import known
from memorialization.ports import Window
from memorialization.scan import scan

SCANNED_FROM: Final = 4
"""Of so many adjoining days, or more, the digital cases are read in one go."""
SCANNED_AT_MOST: Final = 31
"""And of so many at a time: a backfill that is killed loses no more than that."""
LOOKS_AGAIN: Final = 30.0
"""Seconds between two looks whether the night that comes first has ended."""

_ENDS_ALL: Final = (
    ConfigurationError, AuthenticationError, PermissionMissing, LedgerUnavailable, QuotaExhausted,
)  # fmt: skip

State = Literal["covered", "done", "waits", "held", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the range: the part of it that is in the range, and what became of it.

    `covered`: nothing was to be done. `waits`: its plan waits for a person. `held`: another run works it. `stopped`:
    the calls of the day were used up. `open`: it is to be done again; what failed in its proof alone is applied.
    """

    day: date
    window: Window
    state: State
    said: str = ""
    run_id: str | None = None
    funnel: dict[str, int] = field(default_factory=dict)
    open: bool = False


@dataclass(frozen=True, slots=True)
class Backfill:
    """What is to be done. Of `every` day of the range, oldest first: `todo`, and `covered`, left as they are.

    `scans`: the days whose digital cases are read at once.
    """

    configuration: Configuration
    dry_run: bool
    again: bool
    every: tuple[tuple[date, Window], ...]
    todo: tuple[tuple[date, Window], ...]
    covered: tuple[Day, ...]
    scans: tuple[tuple[Window, ...], ...]


def planned(name: str, span: Window, *, dry_run: bool, again: bool) -> Backfill:
    """`again`: also what is covered under the present mapping. Raises ConfigurationError."""
    if span.end > datetime.now(UTC):
        raise WindowError(f"the range ends in the future ({span.end.isoformat()}); end it now at the latest")
    configuration, ledger = load(settings().mappings, name), _ledger()
    facts = known(ledger, name, span)
    every = tuple(days(configuration, span))
    left = [] if again else [d for d in every if is_covered(d[1], facts, configuration.mapping_hash)]
    todo = tuple(d for d in every if d not in left)
    covered = tuple(Day(day, window, "covered") for day, window in left)
    return Backfill(configuration, dry_run, again, every, todo, covered, scans_of([window for _, window in todo]))


def scans_of(windows: Sequence[Window]) -> tuple[tuple[Window, ...], ...]:
    found = []
    for stretch in union(windows):
        inside = [w for w in windows if stretch.start <= w.start < stretch.end]
        if len(inside) >= SCANNED_FROM:
            found += [tuple(inside[i : i + SCANNED_AT_MOST]) for i in range(0, len(inside), SCANNED_AT_MOST)]
    return tuple(found)


def work(plan: Backfill, *, told: Callable[[str], None], noted: Callable[[str], None]) -> Iterator[Day]:
    """Work the days, and yield each when it has ended; those that another run holds come once more after the others.

    `told` hears each step, `noted` what takes long. Raises what would fail for every other day as well.
    """
    scanned: dict[Window, str] = {}
    held = []
    for dated in plan.todo:
        done = _day(plan, dated, scanned, told, noted)
        if done.state == "held":
            held.append(dated)
            continue
        yield done
        if done.state == "stopped":
            raise QuotaExhausted(f"{done.day}: {done.said}")
    for dated in held:
        yield _day(plan, dated, scanned, told, noted)


def _day(
    plan: Backfill,
    dated: tuple[date, Window],
    scanned: dict[Window, str],
    told: Callable[[str], None],
    noted: Callable[[str], None],
) -> Day:
    (day, window), name = dated, plan.configuration.name
    _wait(name, noted)
    if not plan.again and is_covered(window, known(_ledger(), name, window), plan.configuration.mapping_hash):
        return Day(day, window, "covered", "another run has covered it meanwhile")
    try:
        reported = runner.run(
            name,
            window,
            dry_run=plan.dry_run,
            backfill=True,
            scan=_scan_of(plan, window, scanned, noted),
            progress=lambda step, part: told(f"{day}: {step} {part}"),
        )
    except _ENDS_ALL:
        raise
    except LeaseHeld as error:
        return Day(day, window, "held", str(error), open=True)
    except (MemorializationError, OSError) as error:
        return Day(day, window, "failed", f"{type(error).__name__}: {error}", open=True)
    state: State = "done"
    said = ""
    try:
        steps.finish(reported)
    except MemorializationError as error:
        said = str(error)
        kinds: dict[type[MemorializationError], State] = {ApprovalNeeded: "waits", QuotaExhausted: "stopped"}
        state = kinds.get(type(error), "failed")
    left = state in ("waits", "stopped") or (state == "failed" and reported["applied"] is None)
    return Day(day, window, state, said, reported["run"]["run_id"], reported["funnel"], open=left)


def _scan_of(plan: Backfill, window: Window, scanned: dict[Window, str], noted: Callable[[str], None]) -> str | None:
    """The scan that holds the window, made when the first of its days comes; None for a day that reads for itself."""
    together = next((windows for windows in plan.scans if window in windows), None)
    if together is not None and window not in scanned:
        left = [w for w in together if w.start >= window.start]
        noted(f"reading the digital cases of {left[0].start:%Y-%m-%d} to {left[-1].end:%Y-%m-%d} at once")
        at = scan(plan.configuration, left, steps.ports(plan.configuration), staging_root=settings().staging)
        scanned.update(dict.fromkeys(left, at))
    return scanned.get(window)


def _wait(name: str, noted: Callable[[str], None]) -> None:
    waits = False
    while True:
        try:
            return steps.give_way(name)
        except LeaseHeld as error:
            if not waits:
                noted(str(error))
            waits = True
        time.sleep(LOOKS_AGAIN)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked once for the whole backfill: whether so many values, all counted, may be written."""

    run_id: str
    plan_hash: str
    values: int

    @property
    def command(self) -> str:
        return f"memorialize apply {self.run_id} --approve {self.plan_hash} --values {self.values}"


def question(configuration: Configuration, done: Sequence[Day]) -> Question | None:
    """The one approval that lets everything go on that waits; None where nothing does."""
    waiting = [day for day in done if day.state == "waits"]
    if not waiting:
        return None
    ledger = _ledger()
    horizon = length(configuration.crm.approval.horizon)
    before = ledger.backfill_plans(configuration.name, datetime.now(UTC) - horizon)
    plans = [ledger.plan(str(day.run_id)) or {} for day in waiting]
    total = sum(approval.amount(plan["counts"]) for plan in (*before, *plans))
    return Question(str(waiting[0].run_id), plans[0]["plan_hash"], total)


def _ledger() -> Ledger:
    ledger = Ledger(ledger_url())
    ledger.check()
    return ledger
