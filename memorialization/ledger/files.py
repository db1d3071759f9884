"""Which runs may still have files, and whether anybody needs them; the ledger notes what was deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func

from memorialization.approval import APPLIED, EXPIRED, REFUSED
from memorialization.ledger.store import Ledger
from memorialization.ledger.tables import runs

STALE: Final = timedelta(days=7)
"""A run that says it goes on, but began no step for so long, was killed."""

RUNNING: Final = "running"
WAITING: Final = "with a plan that may be applied"
TAKEN_BACK: Final = "being taken back"

_KEPT: Final = (
    "select run_id::text, staging, report, runs.state, reverts::text, started_at, runs.finished_at, purged_at, "
    "report_purged_at, plans.state as plan, expires_at, coalesce((select max(greatest(s.started_at, s.finished_at)) "
    "from steps s where s.run_id = runs.run_id), started_at) as alive_at "
    "from runs left join plans using (run_id) where runs.configuration = :configuration order by started_at, run_id"
)


@dataclass(frozen=True, slots=True)
class RunFiles:
    """One run, and where its files are."""

    run_id: str
    staging: str
    report: str | None
    ended_at: datetime
    purged: bool
    report_purged: bool
    needed: str | None  # why its staging must stay: RUNNING, WAITING or TAKEN_BACK


def runs_with_files(ledger: Ledger, configuration: str, now: datetime) -> list[RunFiles]:
    """Every run of a configuration, the oldest first."""
    rows = ledger.rows(_KEPT, configuration=configuration)
    undone = {row["reverts"] for row in rows if row["reverts"] and _goes_on(row, now)}
    return [
        RunFiles(
            run_id=row["run_id"],
            staging=row["staging"],
            report=row["report"],
            ended_at=row["finished_at"] or row["alive_at"],
            purged=row["purged_at"] is not None,
            report_purged=row["report_purged_at"] is not None,
            needed=_needed(row, undone, now),
        )
        for row in rows
    ]


def stale_runs(ledger: Ledger, configuration: str, now: datetime) -> list[str]:
    """Ids of runs that say they go on, but were killed."""
    rows = ledger.rows(_KEPT, configuration=configuration)
    return [row["run_id"] for row in rows if row["state"] == "running" and not _goes_on(row, now)]


def _goes_on(row: dict[str, Any], now: datetime) -> bool:
    return bool(row["state"] == "running" and now - row["alive_at"] < STALE)


def _needed(row: dict[str, Any], undone: set[str], now: datetime) -> str | None:
    if _goes_on(row, now):
        return RUNNING
    if row["plan"] and row["plan"] not in (REFUSED, EXPIRED, APPLIED) and now < row["expires_at"]:
        return WAITING
    return TAKEN_BACK if row["run_id"] in undone else None


def configurations(ledger: Ledger) -> list[str]:
    """Every configuration that ever had a run."""
    return [row["configuration"] for row in ledger.rows("select distinct configuration from runs order by 1")]


def note_purged(ledger: Ledger, run_ids: Sequence[str], *, reports: bool) -> None:
    """The staging of these runs, or their reports, was deleted now."""
    column = runs.c.report_purged_at if reports else runs.c.purged_at
    statement = runs.update().where(runs.c.run_id.in_(run_ids)).values({column: func.now()})
    ledger.carry_out({"runs": statement})
