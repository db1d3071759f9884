"""What the ledger knows of interactions that may have moved since; `memorialization.moving` says what follows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd

from memorialization.ledger.store import Ledger
from memorialization.moving import Earlier
from memorialization.ports import Channel, Window
from memorialization.settle import OVERTAKEN

_COVERED: Final = (
    "select window_start, window_end, (select min(window_start) from coverage where configuration = :configuration) "
    "as first, (select max(window_end) from coverage where configuration = :configuration) as newest from coverage "
    "where configuration = :configuration and window_end > :since order by window_start"
)
_KNOWN: Final = (
    "select interaction_key, updated_at from interactions where configuration = :configuration "
    "and updated_at >= :since and version is not null"
)
_VERSIONS: Final = (
    "select interaction_key, version from interactions where configuration = :configuration "
    "and interaction_key = any(:keys)"
)
_LOOKED_AT: Final = (
    "update interactions set updated_at = found.at from unnest(cast(:keys as text[]), cast(:moments as timestamptz[])) "
    "as found (key, at) where configuration = :configuration and interaction_key = found.key returning interaction_key"
)
_GIVEN_UP: Final = (
    "update interactions set state = 'never_due', reason = 'never_became_due', run_id = cast(:run_id as uuid) "
    "where configuration = :configuration and channel = :channel and state = 'provisional' "
    "and coalesce(end_time, start_time) < :horizon and not interaction_key = any(:keys) returning interaction_key"
)
_OVERTAKEN: Final = (
    "update interactions set reason = :reason from holders, unnest(cast(:records as text[]), "
    "cast(:properties as text[]), cast(:ends as timestamptz[]), cast(:hashes as bigint[])) "
    "as found (record, property, ended, hash) where holders.configuration = :configuration "
    "and holders.type_id = :type_id and holders.record_id = found.record and holders.property = found.property "
    "and holders.end_time > found.ended and holders.value_hash <> found.hash "
    "and interactions.configuration = :configuration and interactions.interaction_key = holders.interaction_key "
    "and interactions.state = 'due' returning interactions.interaction_key"
)
_LATENESS: Final = (
    "with hours as (select channel, extract(epoch from updated_at - end_time)::float8 / 3600 as changed, "
    "extract(epoch from first_due_at - end_time)::float8 / 3600 as due from interactions "
    "where configuration = :configuration and channel = :channel and first_due_at >= :since and end_time is not null) "
    "select channel, count(*) as n, "
    "percentile_disc(array[0.5, 0.95, 0.99, 1]) within group (order by changed) as changed, "
    "percentile_disc(array[0.5, 0.95, 0.99, 1]) within group (order by due) as due "
    "from hours group by channel order by channel"
)


def earlier(ledger: Ledger, configuration: str, window: Window, trailing_days: int) -> Earlier | None:
    """What the newest night looks back on; None for an older window, and where nothing was delivered yet."""
    since = window.start - timedelta(days=trailing_days)
    rows = ledger.rows(_COVERED, configuration=configuration, since=since)
    if not trailing_days or not rows or rows[0]["newest"] > window.end:
        return None
    since = max(since, rows[0]["first"])
    known = ledger.rows(_KNOWN, configuration=configuration, since=since)
    return Earlier(
        since=since,
        known={row["interaction_key"]: row["updated_at"] for row in known},
        covered=[Window(row["window_start"], row["window_end"]) for row in rows],
    )


def versions_of(ledger: Ledger, configuration: str, keys: Sequence[str]) -> dict[str, int | None]:
    """Interaction key -> the version that was delivered or settled last, of those that are known."""
    rows = ledger.rows(_VERSIONS, configuration=configuration, keys=list(keys))
    return {row["interaction_key"]: row["version"] for row in rows}


def looked_at(ledger: Ledger, configuration: str, keys: Sequence[str], moments: Sequence[datetime]) -> None:
    """CXone changed these rows, and nothing of them that matters: they are not looked at again for it."""
    ledger.rows(_LOOKED_AT, configuration=configuration, keys=list(keys), moments=list(moments))


def give_up(
    ledger: Ledger, configuration: str, run_id: str, channel: Channel, horizon: datetime, but: Sequence[str]
) -> int:
    """Provisional interactions of before `horizon`, `but` those, never became due; returns how many."""
    return len(
        ledger.rows(
            _GIVEN_UP, configuration=configuration, run_id=run_id, channel=channel, horizon=horizon, keys=list(but)
        )
    )


def overtaken(ledger: Ledger, configuration: str, type_id: str, values: pd.DataFrame) -> list[str]:
    """Due interactions of which HubSpot does not hold what it did, though only an older one was written since: the
    next run asks for them again. Returns their keys.

    `values`: what HubSpot holds where an interaction was judged: record_id, property, end_time (the interaction's),
    value_hash.
    """
    if values.empty:
        return []
    names = {"records": "record_id", "properties": "property", "hashes": "value_hash"}
    lists: dict[str, Any] = {name: values[column].tolist() for name, column in names.items()}
    lists["ends"] = [moment.to_pydatetime() for moment in values["end_time"]]
    of = {"configuration": configuration, "type_id": type_id, "reason": OVERTAKEN}
    return sorted({row["interaction_key"] for row in ledger.rows(_OVERTAKEN, **of, **lists)})


def lateness(ledger: Ledger, configuration: str, channel: Channel, since: datetime) -> list[dict[str, Any]]:
    """One row, or none: of interactions that became due since, n, and hours after the leg's end (p50, p95, p99,
    longest): until CXone `changed` the row last, and until the end of the window that found it `due` first."""
    return ledger.rows(_LATENESS, configuration=configuration, channel=channel, since=since)
