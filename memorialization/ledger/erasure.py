"""What the ledger holds of one customer: found by record or by the hash of an address, and deleted everywhere.

Tables are taken from `tables`: every row that names one of the interactions goes, and every row about the record. A
new table with the same columns is covered by itself.
"""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Executable, Table, delete, or_, select, text
from sqlalchemy.dialects.postgresql import array

from memorialization.ledger.store import Ledger
from memorialization.ledger.tables import matches, metadata, runs

CONTACT: Final = "Contact"
_CONTACT_TYPE: Final = "0-1"  # hubspot-api, section 2

_ECHOES: Final = text(
    "delete from echoes using receipts join runs using (run_id) where echoes.configuration = :configuration "
    "and runs.configuration = :configuration and receipts.type_id = echoes.type_id "
    "and receipts.property = echoes.property and receipts.after_hash in (echoes.sent_hash, echoes.echoed_hash) "
    "and (receipts.interaction_key = any(:keys) or receipts.type_id = :type_id and receipts.record_id = any(:records))"
)
_OF_OTHER_KEYS: Final = (
    "select count(*) as n from "
    "(select interaction_key, entity, addresses from parked where configuration = :configuration "
    "union select interaction_key, entity, addresses from resolutions where configuration = :configuration) kept "
    "where exists (select from jsonb_array_elements_text(addresses) one where not starts_with(one, :named))"
)
_CANDIDATES: Final = text(
    "update parked set candidates = candidates - cast(:records as text[]) where configuration = :configuration "
    "and exists (select from jsonb_array_elements_text(candidates) one where one = any(:records)) "
    "and not interaction_key = any(:keys)"
)


def interactions_of(
    ledger: Ledger, configuration: str, records: Collection[str], hashes: Sequence[str]
) -> frozenset[str]:
    """Keys of the interactions that the ledger knows to be of these Contact records or addresses (keyed hashes)."""
    found: set[str] = set()
    for table in metadata.tables.values():
        if "interaction_key" not in table.c:
            continue
        whose = _of_records(table, records)
        if "addresses" in table.c and hashes:
            whose.append(table.c.addresses.has_any(array(list(hashes))))
        if whose:
            query = select(table.c.interaction_key).where(_within(table, configuration), or_(*whose))
            found |= {row["interaction_key"] for row in ledger.rows(query)}
    return frozenset(found)


def contacts_of(ledger: Ledger, configuration: str, keys: Collection[str]) -> frozenset[str]:
    """Ids of the Contact records that these interactions were matched to."""
    mine = matches.c.interaction_key.in_(keys) & (matches.c.entity == CONTACT)
    query = select(matches.c.record_id).where(matches.c.configuration == configuration, mine)
    return frozenset(row["record_id"] for row in ledger.rows(query))


def of_other_keys(ledger: Ledger, configuration: str, named: str) -> int:
    """How many targets keep addresses whose hashes do not begin with `named`: no address given now finds them."""
    (found,) = ledger.rows(_OF_OTHER_KEYS, configuration=configuration, named=named)
    return int(found["n"])


def erase(
    ledger: Ledger, configuration: str, keys: Collection[str], records: Collection[str], *, dry_run: bool
) -> dict[str, int]:
    """Delete all of it, or nothing; returns table -> rows. In a dry run the rows are counted and stay."""
    named = {"configuration": configuration, "keys": list(keys), "records": list(records)}
    statements: dict[str, Executable] = {  # echoes first: the receipts tell which of them are of these values
        "echoes": _ECHOES.bindparams(**named, type_id=_CONTACT_TYPE)
    }
    for table in metadata.tables.values():
        whose = _of_records(table, records)
        if "interaction_key" in table.c:
            whose.append(table.c.interaction_key.in_(keys))
        if whose:
            statements[str(table.name)] = delete(table).where(_within(table, configuration), or_(*whose))
    statements["candidates of parked"] = _CANDIDATES.bindparams(**named)
    return ledger.carry_out(statements, keep=not dry_run)


def _of_records(table: Table, records: Collection[str]) -> list[ColumnElement[bool]]:
    """Conditions under which a row is about one of these Contact records; none where the table names no record."""
    columns = [table.c[name] for name in ("record_id", "record") if name in table.c]
    if "type_id" in table.c:
        return [(table.c.type_id == _CONTACT_TYPE) & column.in_(records) for column in columns]
    if "entity" in table.c:
        return [(table.c.entity == CONTACT) & column.in_(records) for column in columns]
    return []


def _within(table: Table, configuration: str) -> ColumnElement[bool]:
    if "configuration" in table.c:
        mine: ColumnElement[bool] = table.c.configuration == configuration
        return mine
    return table.c.run_id.in_(select(runs.c.run_id).where(runs.c.configuration == configuration))
