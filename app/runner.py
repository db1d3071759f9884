"""A whole run in one process, without a scheduler: the same steps in the same order as the DAG.

A partition or bucket that fails costs only itself; the rest goes on, and the run still fails at its end.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from app import steps
from memorialization.errors import MemorializationError
from memorialization.intake import CHANNELS
from memorialization.ports import Window

Progress = Callable[[str, str], None]


def run(name: str, window: Window, *, dry_run: bool, heal: bool = False, progress: Progress) -> dict[str, Any]:
    """Returns what `write_report` returns; `progress` is told (step, partition) before each.

    Raises what stops a run before it has data: a wrong configuration, a refused credential, CXone away. The
    run is then closed with a report of what there is.
    """
    progress("open", name)
    opened = steps.open_run(name, window, dry_run=dry_run, heal=heal)
    try:
        _steps(opened, progress)
    except (MemorializationError, OSError):
        with suppress(MemorializationError, OSError):  # the first trouble is the one to tell
            steps.write_report(opened)
        raise
    progress("report", "all")
    return steps.write_report(opened)


def _steps(opened: dict[str, Any], progress: Progress) -> None:
    extracted = []
    for channel in CHANNELS:
        progress("extract", channel)
        extracted.append(steps.extract(opened, channel))
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
    for pair in steps.gate_run(opened):
        progress("apply", f"{pair['entity']}/{pair['bucket']}")
        _alone(steps.apply_bucket, opened, **pair)
    parts = [("mapped", item["partition"]) for item in partitions]
    parts += [("stored", f"{pair['entity']}/{pair['bucket']}") for pair in buckets]
    for suite, part in parts:
        progress("judge", f"{suite} {part}")
        _alone(steps.judge, opened, suite=suite, part=part)


def _alone(step: Callable[..., Any], opened: dict[str, Any], **item: Any) -> None:
    """The failure stands in the ledger and so in the report, which makes the run fail; the others go on."""
    with suppress(MemorializationError, OSError, ValueError):
        step(opened, **item)
