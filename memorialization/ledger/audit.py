"""What is asked of the ledger afterwards: who wrote what, when, and for which interaction; reads, and nothing else."""

from typing import Any, Final

import pandas as pd

from memorialization.ledger.store import Ledger

_WROTE: Final = (
    "select type_id, record, property, record_id, interaction_key from receipts "
    "where run_id = cast(:run_id as uuid) and outcome = 'written' order by type_id, record, property"
)


def written_by(ledger: Ledger, run_id: str) -> pd.DataFrame:
    """What a run wrote: type_id, record (id, or new:<key>), property, record_id, interaction_key; all str."""
    columns = ["type_id", "record", "property", "record_id", "interaction_key"]
    return pd.DataFrame(ledger.rows(_WROTE, run_id=run_id), columns=columns).astype("str")


_SEEN: Final = (
    "select * from interactions where configuration = :configuration "
    "and (interaction_key = :contact or split_part(interaction_key, ':', 2) = :contact or contact_guid = :contact) "
    "order by end_time nulls last, interaction_key"
)
_WRITTEN_OF: Final = (
    "select property, runs.started_at as at, run_id::text, reverts::text, interaction_key, outcome, verified, "
    "before_hash, before_length, after_hash, after_length, code "
    "from receipts join runs using (run_id) where configuration = :configuration "
    "and type_id = :type_id and record_id = :record order by runs.started_at, run_id"
)


def seen(ledger: Ledger, configuration: str, contact: str) -> list[dict[str, Any]]:
    """The interactions of a contact (CXone's Contact ID or its GUID, or an interaction key), the oldest first."""
    return ledger.rows(_SEEN, configuration=configuration, contact=contact)


def written_of(ledger: Ledger, configuration: str, type_id: str, record: str) -> list[dict[str, Any]]:
    """Every receipt of a record, the oldest first: who wrote what, when, and for which interaction."""
    return ledger.rows(_WRITTEN_OF, configuration=configuration, type_id=type_id, record=record)


_UNDONE: Final = (
    "select record_id, property, before_hash, after_hash from receipts join runs using (run_id) "
    "where reverts is not null and configuration = :configuration and type_id = :type_id "
    "and record_id = any(:records) and verified order by runs.started_at desc, run_id desc"
)


def undone(
    ledger: Ledger, configuration: str, type_id: str, records: list[str]
) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """(record id, property) -> what reverts did there, newest first: (hash of the undone, hash of the restored)."""
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in ledger.rows(_UNDONE, configuration=configuration, type_id=type_id, records=records):
        found.setdefault((row["record_id"], row["property"]), []).append((row["before_hash"], row["after_hash"]))
    return found
