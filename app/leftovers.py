"""What runs left behind, for `memorialize doctor`: gaps, killed runs, open approvals, people's work."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

import fsspec

from app.coverage import LOOKS_BACK, coverage
from app.findings import Finding
from app.purge import overdue
from app.settings import settings
from memorialization.approval import MADE
from memorialization.configuration import Configuration
from memorialization.coverage import spelled
from memorialization.durations import length
from memorialization.ledger import Ledger
from memorialization.ledger.files import runs_with_files, stale_runs
from memorialization.ledger.rejections import uncured

_RUN_ID: Final = re.compile("/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def examine(configuration: Configuration, ledger: Ledger, now: datetime) -> Iterator[Finding]:
    """Findings about the runs of one configuration; raises what the ledger raises."""
    yield from _runs(configuration, ledger, now)
    yield from _gaps(configuration, ledger, now)
    yield from _approvals(configuration, ledger, now)
    yield from _people(configuration, ledger)
    old = overdue(configuration.name, configuration.crm.retention, ledger, now)
    if old:
        yield _finding(
            "retention", f"staging of {old:,} runs is older than retention.staging allows",
            f"Run: memorialize purge -c {configuration.name}; then see why the DAG purge_staging__ does not.",
        )  # fmt: skip
    yield from _unknown(configuration.name, ledger, now)


def _unknown(name: str, ledger: Ledger, now: datetime) -> Iterator[Finding]:
    """Staging of runs that began after the backup from which the ledger was restored: no purge knows of it."""
    filesystem, folder = fsspec.core.url_to_fs(f"{settings().staging}/{name}")
    there = filesystem.ls(folder, detail=False) if filesystem.exists(folder) else []
    runs = {path for path in there if _RUN_ID.search(path)}
    known = {run.run_id for run in runs_with_files(ledger, name, now)}
    if unknown := sorted(path for path in runs if path.rpartition("/")[2] not in known):
        said = f"{len(unknown):,} folders of runs that the ledger does not know, such as {unknown[0]}"
        yield _finding("staging", said, "They hold customer text, and no purge knows them: delete them.")


def _runs(configuration: Configuration, ledger: Ledger, now: datetime) -> Iterator[Finding]:
    name = configuration.name
    newest = ledger.newest_run(name)
    if newest is None:
        yield _finding("last run", "there was none yet", f"Start one: memorialize run -c {name} --dry-run", well=True)
        return
    started = newest["started_at"].astimezone(UTC)
    said = f"of {started:%Y-%m-%d %H:%M} UTC"
    killed = stale_runs(ledger, name, now)
    late = newest["state"] == "running" and now - started > length(configuration.crm.report_deadline)
    if late:
        cure = "See its tasks in Airflow. If it was killed, run its window again."
        yield _finding("last run", f"{said} has no report after {configuration.crm.report_deadline}", cure)
    elif newest["state"] == "failed":
        yield _finding("last run", f"{said} failed", f"See: memorialize report -c {name}")
    else:
        yield _finding("last run", f"{said} is {'done' if newest['state'] == 'done' else 'going on'}", well=True)
    if killed:
        cure = "Their windows show as gaps until they are run again; their staging is purged like any other's."
        yield _finding("killed runs", f"{len(killed):,} runs never ended, such as {killed[0]}", cure)


def _gaps(configuration: Configuration, ledger: Ledger, now: datetime) -> Iterator[Finding]:
    if configuration.crm.mode != "adopted":
        yield _finding("coverage", "not kept while the configuration observes", well=True)
        return
    gaps = coverage(configuration, ledger, now).gaps
    if not gaps:
        yield _finding("coverage", f"no gap in the last {LOOKS_BACK.days} days", well=True)
        return
    days = spelled(date.fromisoformat(day) for gap in gaps for day in gap.days)
    yield _finding("coverage", f"not covered: {days}", f"{'The first: ' if len(gaps) > 1 else ''}{gaps[0].command}")


def _approvals(configuration: Configuration, ledger: Ledger, now: datetime) -> Iterator[Finding]:
    rows = ledger.rows(
        "select run_id::text, plan_hash, expires_at from plans where configuration = :configuration "
        "and state = :made and expires_at > :now order by expires_at",
        configuration=configuration.name, made=MADE, now=now,
    )  # fmt: skip
    for row in rows:
        said = f"the plan of run {row['run_id']} waits for a person until {_utc(row['expires_at']):%Y-%m-%d %H:%M} UTC"
        yield _finding("approval", said, f"memorialize apply {row['run_id']} --approve {row['plan_hash']}")


def _people(configuration: Configuration, ledger: Ledger) -> Iterator[Finding]:
    name = configuration.name
    waiting = len(ledger.parked(name))
    if waiting:
        yield _finding("parked", f"{waiting:,} targets wait for a person", f"memorialize parked list -c {name}")
    refused = len([row for row in uncured(ledger, name) if row["state"] == "open"])
    if refused:
        said = f"{refused:,} values that HubSpot refused are offered again, until they are cured"
        yield _finding("rejected", said, f"memorialize rejected list -c {name}")


def _finding(check: str, said: str, cure: str = "", *, well: bool = False) -> Finding:
    return Finding(check, "ok" if well else "warn", said, cure)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
