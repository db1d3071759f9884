"""Every asked record appears in the answer, with no ids where nothing is associated.

Source: hubspot-api, section 2.7; ids come as numbers or as strings, so they are made strings.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from memorialization.ports import Entity
from plugins.hubspot.client import Client
from plugins.hubspot.read import absent_ids, side_by_side

BATCH = 1_000
PRIMARY_TYPES = {1, 26}  # HubSpot's own: contact and ticket to their primary company


def associated(client: Client, source: Entity, ids: Sequence[str], target: Entity) -> dict[str, list[str]]:
    """See RecordStore.associated."""

    def one(batch: list[str]) -> dict[str, list[str]]:
        pairs: dict[str, list[tuple[bool, str]]] = defaultdict(list)
        inputs: list[dict[str, str]] = [{"id": record_id} for record_id in batch]
        while inputs:
            answer = client.associations(source.type_id, target.type_id, inputs)
            absent_ids("associations/batch/read", answer)
            for item in answer.results:
                pairs[str(item["from"]["id"])] += [(not _primary(to), str(to["toObjectId"])) for to in item["to"]]
            inputs = [
                {"id": str(item["from"]["id"]), "after": str(item["paging"]["next"]["after"])}
                for item in answer.results
                if (item.get("paging") or {}).get("next")
            ]
        return {record_id: _ordered(pairs[record_id]) for record_id in batch}

    merged: dict[str, list[str]] = {}
    for part in side_by_side(one, list(dict.fromkeys(ids)), BATCH):
        merged |= part
    return merged


def _ordered(found: list[tuple[bool, str]]) -> list[str]:
    """The primary ones first, else by age: ids grow with time."""
    return list(dict.fromkeys(record_id for _, record_id in sorted(found, key=lambda pair: (pair[0], int(pair[1])))))


def _primary(to: dict[str, Any]) -> bool:
    return any(
        str(kind.get("label") or "").casefold() == "primary"
        or (kind.get("category") == "HUBSPOT_DEFINED" and kind.get("typeId") in PRIMARY_TYPES)
        for kind in to.get("associationTypes") or ()
    )
