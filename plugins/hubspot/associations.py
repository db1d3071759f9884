"""Every asked record or pair appears in the answer; nothing that is associated already is ever changed.

Creating replaces the labels of a pair, so only pairs without any association may be given here. Source:
hubspot-api, section 2.7; ids come as numbers or as strings, so they are made strings.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from memorialization.errors import ConfigurationError
from memorialization.ports import Entity, Receipt, nothing, pair_trace
from plugins.hubspot.client import Client
from plugins.hubspot.failures import Reason, contract, reason
from plugins.hubspot.read import absent_ids, side_by_side

BATCH = 1_000
CREATE_BATCH = 2_000
PRIMARY_TYPES = {1, 26}  # HubSpot's own: contact and ticket to their primary company


def associated(
    client: Client, source: Entity, ids: Sequence[str], target: Entity, *, primary: bool
) -> dict[str, list[str]]:
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
        return {record_id: _ordered(pairs[record_id], primary) for record_id in batch}

    merged: dict[str, list[str]] = {}
    for part in side_by_side(one, list(dict.fromkeys(ids)), BATCH):
        merged |= part
    return merged


def associate(
    client: Client,
    source: Entity,
    pairs: Sequence[tuple[str, str]],
    target: Entity,
    before: Callable[[], None] = nothing,
) -> list[Receipt]:
    """See RecordStore.associate. HubSpot does not say which pair an error is about: where exactly as many pairs
    are left out as there are errors, those are rejected, else unaccounted."""
    told: dict[tuple[str, str], Receipt] = {}
    for start in range(0, len(pairs), CREATE_BATCH):
        batch = list(dict.fromkeys(pairs[start : start + CREATE_BATCH]))
        inputs = [{"from": {"id": near}, "to": {"id": far}} for near, far in batch]
        before()
        answer = client.associate(source.type_id, target.type_id, inputs)
        with contract("associating records"):
            made = {(str(item["fromObjectId"]), str(item["toObjectId"])) for item in answer.results}
            left = [pair for pair in batch if pair not in made]
            errors = [reason(item) for item in answer.errors]
        told |= {pair: Receipt(pair_trace(pair), "written") for pair in batch if pair in made}
        if len(errors) == len(left):
            told |= {pair: _rejected(pair, why) for pair, why in zip(left, errors, strict=True)}
    return [told.get(pair) or Receipt(pair_trace(pair), "unaccounted") for pair in pairs]


def default_type(client: Client, source: Entity, target: Entity) -> int:
    """The type id of the unlabelled association of two record types."""
    answer = client.association_labels(source.type_id, target.type_id)
    with contract("reading association labels"):
        for item in answer.results:
            if item["category"] == "HUBSPOT_DEFINED" and not item.get("label"):
                return int(item["typeId"])
    raise ConfigurationError(f"HubSpot cannot associate {source.name} with {target.name}. Remove what asks for it.")


def _rejected(pair: tuple[str, str], why: Reason) -> Receipt:
    return Receipt(
        pair_trace(pair), "rejected", category=why.category, code=why.code, correlation_id=why.correlation_id
    )


def _ordered(found: list[tuple[bool, str]], primary: bool) -> list[str]:
    """The primary ones first (or alone, where there are any), else by age: ids grow with time."""
    if primary and not all(other for other, _ in found):
        found = [pair for pair in found if not pair[0]]
    return list(dict.fromkeys(record_id for _, record_id in sorted(found, key=lambda pair: (pair[0], int(pair[1])))))


def _primary(to: dict[str, Any]) -> bool:
    return any(
        str(kind.get("label") or "").casefold() == "primary"
        or (kind.get("category") == "HUBSPOT_DEFINED" and kind.get("typeId") in PRIMARY_TYPES)
        for kind in to.get("associationTypes") or ()
    )
