"""A search asks for every value exactly once and never reaches a page that HubSpot would refuse.

Bodies stay within 3,000 characters and five groups; pages follow each other by `hs_object_id`, not by offset,
so that neither the ceiling of 10,000 results nor records changing meanwhile leave a gap (hubspot-api, 2.5).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import pandas as pd

from memorialization.errors import ConfigurationError
from memorialization.ports import Entity, Property
from plugins.hubspot import frames
from plugins.hubspot.client import Body, Client
from plugins.hubspot.frames import Record

LONGEST_BODY = 3_000  # characters
MOST_GROUPS = 5
PAGE = 200
LONGEST_ID = "9" * 20


def search(
    client: Client,
    entity: Entity,
    known: Mapping[str, Property],
    filters: Mapping[str, Sequence[str]],
    properties: Sequence[str],
) -> pd.DataFrame:
    """See RecordStore.search; rows are in the order of record ids. `known` are the entity's properties."""
    wanted = list(dict.fromkeys(properties))
    pairs = [
        (name, value)
        for name, values in filters.items()
        for value in dict.fromkeys(_comparable(known, name, value) for value in values if value)
    ]
    found: dict[str, Record] = {}
    for groups in _packed(pairs, wanted, entity):
        found |= {record["id"]: record for record in _pages(client, entity, groups, wanted)}
    records = [found[record_id] for record_id in sorted(found, key=int)]
    return frames.frame([frames.table(records, wanted, entity.name)], wanted, asked=False)


def _comparable(known: Mapping[str, Property], name: str, value: str) -> str:
    """IN compares texts in lower case, but enumerations letter by letter (hubspot-api, section 2.5)."""
    declared = known.get(name)
    return value.lower() if declared is None or declared.type in ("string", "phone_number") else value


def _packed(pairs: list[tuple[str, str]], properties: list[str], entity: Entity) -> Iterator[dict[str, list[str]]]:
    """property -> values, as many as one body holds; a body is measured at its longest, on a later page."""
    empty = len(json.dumps(_body({}, properties, LONGEST_ID)))
    groups: dict[str, list[str]] = {}
    length = empty
    for name, value in pairs:
        item = len(json.dumps(value)) + len(", ")
        opening = len(json.dumps(_body({name: []}, properties, LONGEST_ID))) - empty + len(", ")
        cost = item + (0 if name in groups else opening)
        if groups and (length + cost > LONGEST_BODY or (name not in groups and len(groups) == MOST_GROUPS)):
            yield groups
            groups, length, cost = {}, empty, item + opening
        if length + cost > LONGEST_BODY:
            raise ConfigurationError(
                f"A search of {entity.name} by {name} does not fit HubSpot's {LONGEST_BODY:,} characters: "
                f"{len(properties)} properties are asked for and the value has {len(value):,} characters."
            )
        groups.setdefault(name, []).append(value)
        length += cost
    if groups:
        yield groups


def _pages(
    client: Client, entity: Entity, groups: Mapping[str, Sequence[str]], properties: list[str]
) -> Iterator[Record]:
    after: str | None = None
    while True:
        answer = client.search(entity.type_id, _body(groups, properties, after))
        yield from answer.results
        if not answer.results or int(answer.body.get("total", 0)) <= len(answer.results):
            return
        after = max((record["id"] for record in answer.results), key=int)


def _body(groups: Mapping[str, Sequence[str]], properties: list[str], after: str | None) -> Body:
    beyond = [{"propertyName": "hs_object_id", "operator": "GT", "value": after}] if after else []
    return {
        "filterGroups": [
            {"filters": list(chain([{"propertyName": name, "operator": "IN", "values": list(values)}], beyond))}
            for name, values in groups.items()
        ],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": properties,
        "limit": PAGE,
    }
