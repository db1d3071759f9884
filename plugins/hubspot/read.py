"""A record is told by what it says it is, never by its place in the answer.

HubSpot permutes results, lowers e-mails, answers a merged record's id with the survivor and an additional
e-mail with its owner (hubspot-api, sections 2.1 to 2.4). A batch read settles every id it asked for: found,
or named as not found; anything else raises.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import pandas as pd
import pyarrow as pa

from memorialization.errors import ContractBroken
from memorialization.logs import threads
from memorialization.ports import Change, Entity
from plugins.hubspot import frames
from plugins.hubspot.client import THREADS, Answer, Body, Client
from plugins.hubspot.failures import Refused, reason
from plugins.hubspot.frames import Record

BATCH = 100  # ids a call
HISTORY_BATCH = 50  # ids a call that asks for histories

T = TypeVar("T")


def read(
    client: Client, entity: Entity, ids: Sequence[str], properties: Sequence[str], id_property: str | None
) -> pd.DataFrame:
    """See RecordStore.read; rows come in the order asked. Blank ids are nobody's."""
    asked = _unique([value.strip().lower() if id_property == "email" else value for value in ids])
    wanted = {"properties": _unique([*properties, *_telling(id_property)])}

    def one(batch: list[str]) -> pa.Table:
        found = _found(client, entity, batch, wanted, id_property)
        return frames.table(list(found.values()), properties, entity.name, list(found))

    return frames.frame(side_by_side(one, asked, BATCH), properties, asked=True)


def histories(
    client: Client, entity: Entity, ids: Sequence[str], properties: Sequence[str]
) -> dict[str, dict[str, list[Change]]]:
    """See RecordStore.histories; keyed by the ids asked for."""
    wanted = {"properties": _telling(None), "propertiesWithHistory": _unique(properties)}

    def one(batch: list[str]) -> dict[str, dict[str, list[Change]]]:
        found = _found(client, entity, batch, wanted, None)
        return {record_id: _changes(record, properties) for record_id, record in found.items()}

    merged: dict[str, dict[str, list[Change]]] = {}
    for part in side_by_side(one, _unique(ids), HISTORY_BATCH):
        merged |= part
    return merged


def side_by_side(call: Callable[[list[str]], T], ids: Sequence[str], size: int) -> list[T]:
    """`call` for each part of at most `size` ids, some at a time; results in the order of the parts."""
    parts = [list(ids[start : start + size]) for start in range(0, len(ids), size)]
    if len(parts) <= 1:
        return [call(part) for part in parts]
    with threads(THREADS) as pool:
        return list(pool.map(call, parts))  # the first error cancels what has not begun


def absent_ids(endpoint: str, answer: Answer) -> set[str]:
    """The ids that a 207 says are not there; any other item of its `errors` raises."""
    absent: set[str] = set()
    for item in answer.errors:
        why = reason(item)
        if why.category != "OBJECT_NOT_FOUND" and "NO_ASSOCIATIONS_FOUND" not in (why.code or ""):
            raise Refused(endpoint, 207, why)
        absent.update(why.ids)
    return absent


def _found(client: Client, entity: Entity, asked: list[str], wanted: Body, key: str | None) -> dict[str, Record]:
    """asked id -> record, of those that exist, in the order asked."""
    body = {**wanted, "inputs": [{"id": value} for value in asked]} | ({"idProperty": key} if key else {})
    answer = client.batch_read(entity.type_id, body)
    records = answer.results
    by_name: dict[str, Record] = {}
    for record in records:
        for name in _names(record, key):
            by_name.setdefault(name, record)
    absent = {name.lower() if key == "email" else name for name in absent_ids("batch/read", answer)}
    found = {name: by_name[name] for name in asked if name in by_name}
    left = [name for name in asked if name not in found and name not in absent]
    if not left:
        return found
    strangers = len(records) > len({record["id"] for record in found.values()})
    if len(asked) == 1 and len(records) == 1:
        return {asked[0]: records[0]}  # the sole answer to a sole question
    if len(asked) == 1 and answer.errors and not records:
        return {}
    if len(asked) > 1 and (strangers or answer.errors):
        for name in left:
            found |= _found(client, entity, [name], wanted, key)
        return {name: found[name] for name in asked if name in found}
    raise ContractBroken(
        f"HubSpot's batch/read of {entity.name} left {len(left)} of {len(asked)} ids out, neither found nor "
        "named as missing: nothing may be concluded from it."
    )


def _names(record: Record, key: str | None) -> Iterator[str]:
    properties = record["properties"]
    if key is None:
        yield record["id"]
        yield from (properties.get("hs_merged_object_ids") or "").split(";")
    elif key == "email":
        yield (properties.get("email") or "").lower()
        yield from (properties.get("hs_additional_emails") or "").lower().split(";")
    else:
        yield properties.get(key) or ""


def _telling(key: str | None) -> list[str]:
    """Properties that tell under which names a record can be asked for."""
    if key is None:
        return ["hs_merged_object_ids"]
    return ["email", "hs_additional_emails"] if key == "email" else [key]


def _changes(record: Record, properties: Sequence[str]) -> dict[str, list[Change]]:
    history = record.get("propertiesWithHistory") or {}
    changes = {
        name: [
            Change(
                value=item.get("value") or "",
                at=datetime.fromisoformat(item["timestamp"]),
                source_type=item.get("sourceType") or "",
                source_id=item.get("sourceId") or "",
            )
            for item in history.get(name) or ()
        ]
        for name in properties
    }
    for entries in changes.values():
        entries.sort(key=lambda change: change.at, reverse=True)
    return changes


def _unique(values: Sequence[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]
