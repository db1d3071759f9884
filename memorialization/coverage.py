"""What is known of a stretch of time: covered, worked now, tried in vain, or a gap; pure arithmetic of intervals.

Windows are half-open, and may overlap and differ in length: a night's, a month's backfill, an hour by hand. What any
run covered is covered, under whatever mapping; an older mapping is a shade, and only an explicit backfill heals it.
Before the first adopted run nothing is a gap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final, Literal

from memorialization.ports import Window

COVERED: Final = "covered"
RUNNING: Final = "running"
NOT_APPLIED: Final = "not_applied"
STOPPED: Final = "stopped_on_quota"
FAILED: Final = "failed"
GAP: Final = "gap"

State = Literal["covered", "running", "not_applied", "stopped_on_quota", "failed", "gap"]

_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Covered:
    """A window that a run delivered."""

    window: Window
    run_id: str
    mapping_hash: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A window that a run should have delivered; `state` is what became of it, were it not covered."""

    window: Window
    run_id: str
    state: State


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of one configuration around some stretch of time.

    `first`: start of the first window that was to be written, None before. `tried`: the newest first. `working`:
    windows that runs work at this moment.
    """

    first: datetime | None
    covered: tuple[Covered, ...] = ()
    tried: tuple[Tried, ...] = ()
    working: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of one window. `older`: a part of it is covered under another mapping only."""

    state: State
    run_id: str | None = None
    older: bool = False


def union(windows: Iterable[Window]) -> list[Window]:
    """The same time as windows that neither overlap nor touch, by start."""
    merged: list[Window] = []
    for window in sorted(windows, key=lambda w: w.start):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return merged


def difference(windows: Iterable[Window], taken: Iterable[Window]) -> list[Window]:
    """The time of `windows` that is in none of `taken`, as `union` gives it."""
    left: list[Window] = []
    away = union(taken)
    for window in union(windows):
        start = window.start
        for other in away:
            if start < window.end and other.end > start and other.start < window.end:
                if other.start > start:
                    left.append(Window(start, other.start))
                start = other.end
        if start < window.end:
            left.append(Window(start, window.end))
    return left


def within(window: Window, windows: Iterable[Window]) -> list[Window]:
    """The parts of `windows` that lie in `window`, as `union` gives it."""
    return difference([window], difference([window], windows))


def uncovered(window: Window, known: Known) -> list[Window]:
    """What of `window` should be covered and is not: from the first window on, and whatever was tried before it."""
    expected = [tried.window for tried in known.tried]
    if known.first is not None:
        expected.append(Window(known.first, _LAST))
    return difference(within(window, expected), (c.window for c in known.covered))


def is_covered(window: Window, known: Known, mapping_hash: str) -> bool:
    """Whether all of `window` is covered under this very mapping."""
    return not difference([window], (c.window for c in known.covered if c.mapping_hash == mapping_hash))


def found(window: Window, known: Known, mapping_hash: str) -> Found | None:
    """What is known of `window`, the worst of its parts; None where nothing was ever to be covered."""
    left = uncovered(window, known)
    if left:
        if any(within(part, known.working) for part in left):
            return Found(RUNNING)
        tried = next((t for t in known.tried if any(within(part, [t.window]) for part in left)), None)
        return Found(tried.state, tried.run_id) if tried else Found(GAP)
    run_id = next((c.run_id for c in known.covered if within(window, [c.window])), None)
    if run_id is None:
        return None
    now = [c.window for c in known.covered if c.mapping_hash == mapping_hash]
    return Found(COVERED, run_id, older=bool(difference(within(window, (c.window for c in known.covered)), now)))


def reaching_back(span: Window, known: Known, most: timedelta) -> tuple[Window, list[Window]]:
    """(`span`, begun at the first gap of at most `most` before it; the gaps that it covers beside itself).

    Only the newest window reaches back, and never over one that another run works now.
    """
    if any(c.window.end > span.end for c in known.covered):
        return span, []
    low = max([span.start - most, *(w.end for w in known.working if w.start < span.start)])
    gaps = uncovered(Window(low, span.start), known) if low < span.start else []
    return (Window(gaps[0].start, span.end) if gaps else span), gaps


def in_a_row(days: Iterable[date]) -> list[tuple[date, date]]:
    """(first, last) of the days that follow each other without a gap."""
    ordered: Sequence[date] = sorted(set(days))
    runs = []
    for _, group in groupby(enumerate(ordered), key=lambda pair: pair[1].toordinal() - pair[0]):
        run = [day for _, day in group]
        runs.append((run[0], run[-1]))
    return runs


def spelled(days: Iterable[date]) -> str:
    """Days as people name them: "Nov 19", "Nov 19 to 21, Nov 24", "Oct 30 to Nov 2"."""
    named = []
    for first, last in in_a_row(days):
        text = f"{first:%b} {first.day}"
        if last != first:
            text += f" to {last.day}" if first.month == last.month else f" to {last:%b} {last.day}"
        named.append(text)
    return ", ".join(named)
