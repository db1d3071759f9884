"""Deletes what runs no longer need, as `retention` says: for the command `purge` and the DAG `purge_staging__...`.

Nothing that a run may still need goes: `memorialization.ledger.files` says what that is.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.connections import ledger_url
from app.settings import settings
from memorialization.configuration import load, names
from memorialization.crm import Retention
from memorialization.discard import Freed, discard, is_report, is_staged
from memorialization.durations import length
from memorialization.errors import ConfigurationError
from memorialization.ledger import Ledger
from memorialization.ledger.files import RunFiles, configurations, note_purged, runs_with_files

ELSEWHERE = "with files in another place than this machine's settings say"


@dataclass
class Purged:
    """What was deleted of one configuration, or would be: runs and files; `kept`: old runs left, by reason."""

    configuration: str
    dry_run: bool
    retention: Retention
    staging: Freed = field(default_factory=Freed)
    staging_runs: int = 0
    reports: Freed = field(default_factory=Freed)
    report_runs: int = 0
    kept: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """For people; no name of a file."""
        would = "would be " if self.dry_run else ""
        lines = [
            f"{self.configuration}: staging of {self.staging_runs:,} runs older than {self.retention.staging} {would}"
            f"deleted, {_size(self.staging.bytes)} in {self.staging.files:,} files",
            f"{self.configuration}: reports of {self.report_runs:,} runs older than {self.retention.reports} {would}"
            f"deleted, {_size(self.reports.bytes)} in {self.reports.files:,} files",
        ]
        lines += [f"{self.configuration}: {n:,} older runs kept: {why}" for why, n in sorted(self.kept.items())]
        left = self.staging.left + self.reports.left
        if left:
            lines.append(f"{self.configuration}: {left:,} links and files that are not ours were left where they are")
        return lines


def purge_all(*, older_than: str | None, dry_run: bool) -> list[Purged]:
    """`purge` for every configuration that ever had a run, also where its folder is gone."""
    return [purge(name, older_than=older_than, dry_run=dry_run) for name in configurations(_ledger())]


def purge(name: str, *, older_than: str | None, dry_run: bool) -> Purged:
    """Delete a configuration's old staging and reports. `older_than`, a duration, stands for `retention.staging`.

    Raises ConfigurationError for a configuration that is not known or not readable, and OSError where a file may not
    be deleted.
    """
    ledger = _ledger()
    retention = _retention(name, ledger)
    if older_than is not None:
        try:
            length(older_than)
        except ValueError as error:
            raise ConfigurationError(f"--older-than {older_than!r}: {error}") from None
        retention = Retention(staging=older_than, reports=retention.reports)
    now = datetime.now(UTC)
    runs = runs_with_files(ledger, name, now)
    done = Purged(name, dry_run, retention)
    staged = _old_staging(name, runs, now, length(retention.staging), done.kept)
    done.staging, done.staging_runs = _delete(ledger, staged, is_staged, dry_run=dry_run)
    reported = _old_reports(name, runs, now, length(retention.reports), done.kept)
    done.reports, done.report_runs = _delete(ledger, reported, is_report, dry_run=dry_run)
    return done


def overdue(name: str, retention: Retention, ledger: Ledger, now: datetime) -> int:
    """How many runs' staging should have been deleted by now, with a day's grace for the purge itself."""
    old = length(retention.staging) + timedelta(days=1)
    return len(_old_staging(name, runs_with_files(ledger, name, now), now, old, Counter()))


def _old_staging(name: str, runs: list[RunFiles], now: datetime, age: timedelta, kept: Counter[str]) -> dict[str, str]:
    """run id -> address of its staging, of those that nobody needs; `kept` counts the others."""
    old = [run for run in runs if not run.purged and now - run.ended_at >= age]
    here = f"{settings().staging}/{name}"
    return _deletable({run.run_id: run.staging for run in old}, {r.run_id: r.needed for r in old}, here, kept)


def _old_reports(name: str, runs: list[RunFiles], now: datetime, age: timedelta, kept: Counter[str]) -> dict[str, str]:
    old = [run for run in runs if not run.report_purged and now - run.ended_at >= age]
    here = str(settings().reports / name)
    return _deletable({r.run_id: r.report for r in old if r.report}, {r.run_id: r.needed for r in old}, here, kept)


def _deletable(
    addresses: dict[str, str], needed: dict[str, str | None], here: str, kept: Counter[str]
) -> dict[str, str]:
    found = {}
    for run_id, address in addresses.items():
        why = needed[run_id] or (None if address == f"{here}/{run_id}" else ELSEWHERE)
        if why is None:
            found[run_id] = address
        else:
            kept[why] += 1
    return found


def _delete(
    ledger: Ledger, addresses: dict[str, str], ours: Callable[[str], bool], *, dry_run: bool
) -> tuple[Freed, int]:
    freed = Freed()
    for run_id, address in addresses.items():
        freed += discard(address, ours, dry_run=dry_run)
        if not dry_run:  # one by one: what was deleted before an error is noted
            note_purged(ledger, [run_id], reports=ours is is_report)
    return freed, len(addresses)


def _retention(name: str, ledger: Ledger) -> Retention:
    """The default's, where there are runs of a configuration whose folder is gone."""
    root = settings().mappings
    if name not in names(root) and name in configurations(ledger):
        return Retention()
    return load(root, name).crm.retention


def _ledger() -> Ledger:
    ledger = Ledger(ledger_url())
    ledger.check()
    return ledger


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
