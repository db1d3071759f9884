"""Refused values in the ledger: each row is in one state, and nothing but a cure takes it out of sight.

Whether a value is offered again, and how a refusal changes its row, is decided in `memorialization.rejections`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import pandas as pd

from memorialization.ledger.store import Ledger

_CURED_BY: Final = (
    "with done as (select * from unnest(cast(:records as text[]), cast(:properties as text[]), "
    "cast(:keys as text[]), cast(:ends as timestamptz[])) as done (record, property, interaction_key, end_time)) "
    "update rejected set state = 'cured', reason = case when rejected.interaction_key = done.interaction_key "
    "then :reason else 'superseded' end from done "
    "where rejected.configuration = :configuration and rejected.type_id = :type_id and rejected.state <> 'cured' "
    "and rejected.property = done.property and (rejected.interaction_key = done.interaction_key and not :others "
    "or rejected.record = done.record and rejected.interaction_key <> done.interaction_key "
    'and (rejected.end_time, rejected.interaction_key collate "C") '
    '< (done.end_time, done.interaction_key collate "C"))'
)
"""SQL: of values that stand for good now: their own rows (but for `others`), and those of older interactions there."""


def offered(
    ledger: Ledger, configuration: str, until: datetime, since: datetime
) -> tuple[frozenset[str], datetime | None]:
    """Keys of interactions that began at or after `since` and have a refused value due again at `until`, and when
    the first of them began."""
    rows = ledger.rows(
        "select distinct interaction_key, start_time from rejected where configuration = :configuration "
        "and state = 'open' and next_at <= :until and start_time >= :since",
        configuration=configuration, until=until, since=since,
    )  # fmt: skip
    return frozenset(row["interaction_key"] for row in rows), min((row["start_time"] for row in rows), default=None)


def out_of_reach(ledger: Ledger, configuration: str, since: datetime) -> int:
    """Refused values of interactions that began before `since` expire: no later run meets them by itself."""
    statement = (
        "update rejected set state = 'expired', reason = 'reach' "
        "where configuration = :configuration and state = 'open' and start_time < :since"
    )
    return ledger.carry_out({"rejected": statement}, configuration=configuration, since=since)["rejected"]


def places(ledger: Ledger, configuration: str, type_id: str) -> list[dict[str, Any]]:
    """interaction_key, record and property of what is not cured, of one record type."""
    return ledger.rows(
        "select interaction_key, record, property from rejected "
        "where configuration = :configuration and type_id = :type_id and state <> 'cured'",
        configuration=configuration, type_id=type_id,
    )  # fmt: skip


def uncured(
    ledger: Ledger, configuration: str, type_id: str | None = None, *, state: str | None = None
) -> list[dict[str, Any]]:
    """The columns of `rejected` and the contact's GUID, the oldest refusal first; of one record type, or in one state,
    or all."""
    return ledger.rows(
        "select rejected.*, interactions.contact_guid from rejected "
        "left join interactions using (configuration, interaction_key) "
        "where configuration = :configuration and rejected.state <> 'cured' "
        "and (cast(:type_id as text) is null or type_id = :type_id) "
        "and (cast(:state as text) is null or rejected.state = :state) "
        "order by first_at, interaction_key, property",
        configuration=configuration, type_id=type_id, state=state,
    )  # fmt: skip


def cure(
    ledger: Ledger, configuration: str, type_id: str, values: pd.DataFrame, reason: str, *, others: bool = False
) -> None:
    """`values`: record, property, interaction_key, end_time; `others`: the rows of these interactions stay."""
    ledger.carry_out(
        {"rejected": _CURED_BY},
        configuration=configuration, type_id=type_id, reason=reason, others=others,
        records=values["record"].tolist(), properties=values["property"].tolist(),
        keys=values["interaction_key"].tolist(), ends=[end.isoformat() for end in values["end_time"]],
    )  # fmt: skip


def decide(ledger: Ledger, configuration: str, rows: Sequence[dict[str, Any]], state: str) -> None:
    """A person's word about these rows: `dismissed`, or `open` and offered by the next run."""
    statement = (
        "update rejected set state = :state, reason = null, "
        "next_at = case when :state = 'open' then rejected.end_time else next_at end "
        "from unnest(cast(:types as text[]), cast(:keys as text[]), cast(:properties as text[])) "
        "as meant (type_id, interaction_key, property) where configuration = :configuration "
        "and rejected.type_id = meant.type_id and rejected.interaction_key = meant.interaction_key "
        "and rejected.property = meant.property"
    )
    ledger.carry_out(
        {"rejected": statement},
        configuration=configuration, state=state, types=[row["type_id"] for row in rows],
        keys=[row["interaction_key"] for row in rows], properties=[row["property"] for row in rows],
    )  # fmt: skip
