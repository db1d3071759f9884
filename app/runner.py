"""A whole run in one process, without a scheduler: the same steps in the same order as the DAG.

A partition or bucket that fails costs only itself; the rest goes on, and the run still fails at its end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from app import steps
from memorialization.errors import LeaseLost, MemorializationError, QuotaExhausted
from memorialization.intake import CHANNELS
from memorialization.ports import Window

Progress = Callable[[str, str], None]


def run(
    name: str,
    window: Window,
    *,
    dry_run: bool,
    heal: bool = False,
    backfill: bool = False,
    scan: str | None = None,
    progress: Progress,
) -> dict[str, Any]:
    """Returns what `write_report` returns and `run`, its identity; `progress` is told (step, partition) before each.

    Runs of a `backfill` share the limits of `approval`; `scan` is where it has the digital interactions already.

    Raises what stops a run before it has data: a wrong configuration, a refused credential, CXone away; or while it
    writes: LeaseLost. The run is then closed with a report of what there is.
    """
    progress("open", name)
    opened = steps.open_run(name, window, dry_run=dry_run, heal=heal)
    with _given_up(opened):
        try:
            with suppress(QuotaExhausted):  # what is left needs calls, too; the report says what was not sent
                _steps(opened, progress, backfill=backfill, scan=scan)
        except (MemorializationError, OSError):
            with suppress(MemorializationError, OSError):  # the first trouble is the one to tell
                steps.write_report(opened)
            raise
        progress("report", "all")
        return {**steps.write_report(opened), "run": opened}


def revert(run_id: str, *, dry_run: bool, progress: Progress) -> dict[str, Any]:
    """Take a run back; returns what `write_report` returns and `run`, its identity. Raises what stops it at once."""
    progress("open", run_id)
    opened = steps.open_revert(None, run_id, dry_run=dry_run)
    progress("compare", "all")
    with _given_up(opened):
        try:
            with suppress(QuotaExhausted):
                for pair in steps.plan_revert(opened):
                    progress("apply", f"{pair['entity']}/{pair['bucket']}")
                    _alone(steps.apply_bucket, opened, **pair)
        except (MemorializationError, OSError):
            with suppress(MemorializationError, OSError):
                steps.write_report(opened)
            raise
        progress("report", "all")
        return {**steps.write_report(opened), "run": opened}


def apply(run_id: str, plan_hash: str, *, by: str, grant: int | None = None, progress: Progress) -> dict[str, Any]:
    """Write the stored plan of a run, which `by` approves hereby; returns what `write_report` returns.

    `grant`: so many values the whole backfill may write.

    Raises PlanRefused before anything is written, unless it is this plan and may still be applied.
    """
    opened, pairs = steps.open_apply(run_id, plan_hash, by=by, grant=grant)
    with _given_up(opened):
        with suppress(QuotaExhausted):
            for pair in pairs:
                progress("apply", f"{pair['entity']}/{pair['bucket']}")
                _alone(steps.apply_bucket, opened, **pair)
        for pair in steps.buckets(opened):
            part = f"{pair['entity']}/{pair['bucket']}"
            progress("judge", f"stored {part}")
            _alone(steps.judge, opened, suite="stored", part=part)
        progress("report", "all")
        return steps.write_report(opened)


@contextmanager
def _given_up(opened: dict[str, Any]) -> Iterator[None]:
    """What ends the run early, as Ctrl-C does, leaves its window to others at once."""
    try:
        yield
    except BaseException:
        with suppress(MemorializationError):
            steps.release(opened)
        raise


def _steps(opened: dict[str, Any], progress: Progress, *, backfill: bool, scan: str | None) -> None:
    extracted = []
    for channel in CHANNELS:
        progress("extract", channel)
        extracted.append(steps.extract(opened, channel, scan=scan))
    partitions = steps.partition(opened, extracted)
    for item in partitions:
        progress("prepare", item["partition"])
        _alone(steps.prepare_partition, opened, **item)
    for item in partitions:
        progress("cards", item["partition"])
        _alone(steps.cards_of, opened, partition=item["partition"])
    buckets = steps.buckets(opened)
    for pair in buckets:
        progress("reconcile", f"{pair['entity']}/{pair['bucket']}")
        _alone(steps.reconcile_bucket, opened, **pair)
    progress("gate", "all")
    for pair in steps.gate_run(opened, backfill=backfill):
        progress("apply", f"{pair['entity']}/{pair['bucket']}")
        _alone(steps.apply_bucket, opened, **pair)
    parts = [(suite, item["partition"]) for suite in ("source", "mapped") for item in partitions]
    parts += [("stored", f"{pair['entity']}/{pair['bucket']}") for pair in buckets]
    for suite, part in parts:
        progress("judge", f"{suite} {part}")
        _alone(steps.judge, opened, suite=suite, part=part)


def _alone(step: Callable[..., Any], opened: dict[str, Any], **item: Any) -> None:
    """The failure stands in the ledger and so in the report, which makes the run fail; the others go on.

    Raises QuotaExhausted and LeaseLost, for no other can go on after them.
    """
    try:
        step(opened, **item)
    except (QuotaExhausted, LeaseLost):
        raise
    except (MemorializationError, OSError, ValueError):
        pass
