"""Finds the HubSpot record of every (interaction, section): one outcome each, and never by guessing.

The ladder, each rung only for what the rungs above left open (memorialization reference, section 7):
kept -> key property -> stored record id -> the search replayed, accepted only when exactly one record fits.
What is left is `to_create` where the section says so, else `parked` if it is required, else `not_attempted`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import phonenumbers

from memorialization.canonical import readings
from memorialization.configuration import KEY_FIELDS, Section
from memorialization.interactions import SCRIPT, SCRIPT_PREFIX
from memorialization.mapping import VALUE
from memorialization.ports import Channel, Entity, Property, RecordStore

MATCHED: Final = "matched"
TO_CREATE: Final = "to_create"
PARKED: Final = "parked"
NOT_ATTEMPTED: Final = "not_attempted"

AMBIGUOUS: Final = "ambiguous"
UNMATCHED: Final = "unmatched"

_PHONES: Final = ("phone", "mobilephone")
_SEARCHABLE_PHONES: Final = (
    "hs_searchable_calculated_phone_number",
    "hs_searchable_calculated_mobile_number",
)

Found = Mapping[str, tuple[str, ...]]
"""A value that was looked for -> ids of the records that hold it."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to find records: its name in reports, the value each interaction looks for, and the look-up."""

    rule: str
    wanted: pd.Series
    look_up: Callable[[list[str]], Found]


def match(
    due: pd.DataFrame,
    channel: Channel,
    section: Section,
    desired: pd.DataFrame,
    entity: Entity,
    properties: Mapping[str, Property],
    store: RecordStore,
    *,
    kept: Mapping[str, str],
    contacts: Mapping[str, str],
    regions: tuple[str, ...],
) -> pd.DataFrame:
    """One row per interaction: interaction_key, outcome, record_id, rule, reason, candidates (list of ids).

    `desired` is the section's desired frame (`mapping`), aligned with `due`: keys are looked for as they are
    spelled in HubSpot. `kept` maps interaction keys to records of earlier runs; `contacts` maps them to their
    matched Contact.
    All columns are str but `candidates`. Raises what the store raises.
    """
    keys = due["interaction_key"]
    result = pd.DataFrame(
        {
            "interaction_key": keys.to_numpy(),
            "record_id": pd.Series(np.nan, index=range(len(due)), dtype="str"),
            "rule": pd.Series(np.nan, index=range(len(due)), dtype="str"),
            "candidates": pd.Series([()] * len(due), index=range(len(due)), dtype="object"),
        }
    )
    rungs = _rungs(
        due,
        channel,
        section,
        desired,
        entity,
        properties,
        store,
        kept=kept,
        contacts=contacts,
        regions=regions,
    )
    for rung in rungs:
        wanted = rung.wanted.reset_index(drop=True)
        open_ = result["record_id"].isna() & ~result["candidates"].map(len).gt(1) & wanted.notna()
        if not open_.any():
            continue
        found = rung.look_up(sorted(wanted[open_].unique()))
        hits = wanted[open_].map(lambda value, found=found: found.get(value, ()))
        one = hits[hits.map(len).eq(1)]
        result.loc[one.index, "record_id"] = one.map(lambda ids: ids[0]).astype("str")
        result.loc[one.index, "rule"] = rung.rule
        several = hits[hits.map(len).gt(1)]
        for index, ids in several.items():
            result.at[index, "candidates"] = ids
        result.loc[several.index, "rule"] = rung.rule
    return _outcome(result, section, desired["key_value"])


def _outcome(result: pd.DataFrame, section: Section, key_value: pd.Series) -> pd.DataFrame:
    matched = result["record_id"].notna().to_numpy()
    ambiguous = result["candidates"].map(len).gt(1).to_numpy()
    creatable = key_value.notna().to_numpy() & (section.on_unmatched == "create") & ~ambiguous
    open_outcome = PARKED if section.required else NOT_ATTEMPTED
    result["outcome"] = np.select([matched, creatable], [MATCHED, TO_CREATE], default=open_outcome)
    result["reason"] = np.select([matched | creatable, ambiguous], ["", AMBIGUOUS], default=UNMATCHED)
    result["reason"] = result["reason"].astype("str").where(~(matched | creatable))
    return result


def _rungs(
    due: pd.DataFrame,
    channel: Channel,
    section: Section,
    desired: pd.DataFrame,
    entity: Entity,
    properties: Mapping[str, Property],
    store: RecordStore,
    *,
    kept: Mapping[str, str],
    contacts: Mapping[str, str],
    regions: tuple[str, ...],
) -> Iterable[Rung]:
    def by_id(ids: list[str]) -> Found:
        return _pairs(store.read(entity, ids, []))

    def by_unique(name: str) -> Callable[[list[str]], Found]:
        return lambda values: _pairs(store.read(entity, values, [], id_property=name))

    def by_search(name: str) -> Callable[[list[str]], Found]:
        return lambda values: _held(store.search(entity, {name: values}, [name]), name)

    yield Rung("kept", due["interaction_key"].map(dict(kept)).astype("str"), by_id)
    if section.key is not None and section.key_property is not None:
        name = section.key_property
        yield Rung("key", desired["key_value"], by_unique(name) if properties[name].unique else by_search(name))
        return  # a per-interaction record has no other way to be found
    for row in section.rows(channel):
        if row.cxone_data in KEY_FIELDS and row.has_source and row.channel != SCRIPT:
            name = row.external_crm_field
            look_up = by_unique(name) if properties[name].unique else by_search(name)
            yield Rung(f"property {name}", desired[VALUE + name], look_up)
    if section.record_id_from:
        column = SCRIPT_PREFIX + section.record_id_from
        if column in due:
            yield Rung("stored id", due[column].astype("str"), by_id)
    if entity.name == "Contact":
        yield Rung("e-mail", due["customer_email"].astype("str"), by_unique("email"))
    if entity.name in ("Contact", "Company"):
        yield Rung(
            "phone",
            due["customer_phone"].astype("str"),
            lambda numbers: _by_phone(entity, properties, store, numbers, regions),
        )
    if section.through_contact:
        contact = store.entity("Contact")

        def primary(ids: list[str]) -> Found:
            return {k: tuple(v[:1]) for k, v in store.associated(contact, ids, entity).items()}

        yield Rung("company of the contact", due["interaction_key"].map(dict(contacts)).astype("str"), primary)


def _pairs(records: pd.DataFrame) -> Found:
    return {a: (r,) for a, r in zip(records["asked"], records["record_id"], strict=True)}


def _held(records: pd.DataFrame, name: str) -> Found:
    found = records.dropna(subset=[name]).groupby(name)["record_id"].agg(lambda ids: tuple(sorted(set(ids))))
    return {str(k): v for k, v in found.items()}


def _by_phone(
    entity: Entity,
    properties: Mapping[str, Property],
    store: RecordStore,
    numbers: list[str],
    regions: tuple[str, ...],
) -> Found:
    """Numbers as CXone spells them, each looked for in all its readings; every hit is confirmed.

    The calculated property drops the country code, and stored spellings vary (hubspot-api, section 3).
    """
    wanted = {number: set(readings(number, regions)) for number in numbers}
    all_readings = sorted(set().union(*wanted.values()))
    if not all_readings:
        return {}
    holders = [name for name in _PHONES if name in properties]
    searchable = [name for name in _SEARCHABLE_PHONES if name in properties]
    if searchable:
        values = sorted({_national(reading) for reading in all_readings})
        records = store.search(entity, dict.fromkeys(searchable, values), holders)
    else:
        records = store.search(entity, dict.fromkeys(holders, all_readings), holders)
    holding: dict[str, set[str]] = {}
    for name in holders:
        for record_id, stored in zip(records["record_id"], records[name], strict=True):
            for reading in readings(stored, regions) if isinstance(stored, str) else ():
                holding.setdefault(reading, set()).add(record_id)
    return {
        number: tuple(sorted(set().union(*(holding.get(reading, set()) for reading in forms))))
        for number, forms in wanted.items()
    }


def _national(number: str) -> str:
    return str(phonenumbers.national_significant_number(phonenumbers.parse(number)))
