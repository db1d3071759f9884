"""What the pages inside Airflow ask of the ledger: each answer is a page of bounded length, found by an index."""

from datetime import datetime
from typing import Any, Final

from memorialization.ledger.store import Ledger

ROWS: Final = 50
"""Rows of one page of a list."""

_RUN: Final = (
    "run_id::text, reverts::text, dag_run_id, try_number, window_start, window_end, mode, dry_run, state, started_at, "
    "finished_at, funnel, report, report_purged_at"
)
_NEWEST: Final = "order by started_at desc, run_id desc"
_RUNS: Final = (
    f"select {_RUN} from runs where configuration = :configuration {_NEWEST} "  # noqa: S608 - our own words
    "limit :most offset :skip"
)
_RUN_OF: Final = f"select {_RUN} from runs where configuration = :configuration and run_id = cast(:run_id as uuid)"  # noqa: S608
_TRIES: Final = (
    f"select {_RUN} from runs where configuration = :configuration and dag_run_id = :dag_run_id "  # noqa: S608
    f"and (reverts is not null) = :reverts {_NEWEST}"
)
_LAST: Final = (
    f"select {_RUN} from runs where configuration = :configuration and report is not null "  # noqa: S608
    f"and report_purged_at is null {_NEWEST} limit 1"
)
_REPORTED: Final = (
    "select distinct on (window_start) run_id::text, window_start from runs "
    "where configuration = :configuration and report is not null and report_purged_at is null and reverts is null "
    "and window_start >= :since order by window_start, started_at desc"
)
_PARKED: Final = (
    "select parked.interaction_key, parked.entity, reason, candidates, parked_at, end_time, "
    "resolutions.record_id as decided from (select * from parked where configuration = :configuration "
    "order by parked_at, interaction_key, entity limit :most offset :skip) parked "
    "left join (select configuration, interaction_key, end_time from interactions) legs "
    "using (configuration, interaction_key) "
    "left join resolutions using (configuration, interaction_key, entity) "
    "order by parked_at, interaction_key, entity"
)
_REJECTED: Final = (
    "select type_id, interaction_key, property, record, value_length, category, code, correlation_id, first_at, "
    "last_at, tries, next_at, state from rejected where configuration = :configuration and state <> 'cured' "
    "order by first_at, interaction_key, property limit :most offset :skip"
)
_WAITING: Final = (
    "select (select count(*) from parked where configuration = :configuration) as parked, "
    "(select count(*) from rejected where configuration = :configuration and state <> 'cured') as rejected"
)


def runs(ledger: Ledger, configuration: str, *, page: int) -> list[dict[str, Any]]:
    """The runs of a configuration, the newest first; pages count from 1. One row more than `ROWS`: there is a next."""
    return ledger.rows(_RUNS, configuration=configuration, **_cut(page))


def run(ledger: Ledger, configuration: str, run_id: str) -> dict[str, Any] | None:
    """The run with this id (a UUID), if it is one of the configuration."""
    return next(iter(ledger.rows(_RUN_OF, configuration=configuration, run_id=run_id)), None)


def tries(ledger: Ledger, configuration: str, dag_run_id: str, *, reverts: bool) -> list[dict[str, Any]]:
    """What an Airflow run of the configuration's DAG, or of the one that reverts, became: its tries, newest first."""
    return ledger.rows(_TRIES, configuration=configuration, dag_run_id=dag_run_id, reverts=reverts)


def last_reported(ledger: Ledger, configuration: str) -> dict[str, Any] | None:
    """The newest run whose report is there."""
    return next(iter(ledger.rows(_LAST, configuration=configuration)), None)


def reported(ledger: Ledger, configuration: str, since: datetime) -> list[dict[str, Any]]:
    """run_id and window_start of the newest report of each window from `since` on."""
    return ledger.rows(_REPORTED, configuration=configuration, since=since)


def parked(ledger: Ledger, configuration: str, *, page: int) -> list[dict[str, Any]]:
    """Targets that wait, the oldest first, with the record that was `decided` on since; paged as `runs`."""
    return ledger.rows(_PARKED, configuration=configuration, **_cut(page))


def rejected(ledger: Ledger, configuration: str, *, page: int) -> list[dict[str, Any]]:
    """Refused values that are not cured, the oldest first; paged as `runs`."""
    return ledger.rows(_REJECTED, configuration=configuration, **_cut(page))


def waiting(ledger: Ledger, configuration: str) -> dict[str, int]:
    """How many targets are parked and how many values are rejected."""
    return ledger.rows(_WAITING, configuration=configuration)[0]


def _cut(page: int) -> dict[str, int]:
    return {"most": ROWS + 1, "skip": (page - 1) * ROWS}
