"""Finds the HubSpot record of every (interaction, section): one outcome each, and never by guessing.

The ladder, each rung only for what the rungs above left open (memorialization reference, section 7):
kept -> resolved by a person -> key property -> stored record id -> the search replayed, accepted only when exactly
one record fits.
What is left is `to_create` where the section says so, else `parked` if it is required, else `not_attempted`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import phonenumbers

from memorialization.canonical import readings
from memorialization.interactions import SCRIPT, SCRIPT_PREFIX
from memorialization.mapping import VALUE
from memorialization.mappings import KEY_FIELDS, Section
from memorialization.ports import Channel, Entity, Property, RecordStore

MATCHED: Final = "matched"
TO_CREATE: Final = "to_create"
PARKED: Final = "parked"
NOT_ATTEMPTED: Final = "not_attempted"

RESOLVED: Final = "resolved"
"""The rule of a match that a person decided (`resolutions`)."""

AMBIGUOUS: Final = "ambiguous"
UNMATCHED: Final = "unmatched"

RECORD_ID: Final = r"[0-9]{1,20}"

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


@dataclass(frozen=True, slots=True)
class Ladder:
    """How the records of one section are looked for, in one partition of one channel.

    `kept` maps interaction keys to records of earlier runs, `contacts` to their matched Contact, `resolved` to the
    records that people decided on; `regions` are the countries of phone numbers without country code.
    """

    channel: Channel
    section: Section
    entity: Entity
    properties: Mapping[str, Property]
    store: RecordStore
    kept: Mapping[str, str]
    contacts: Mapping[str, str]
    regions: tuple[str, ...]
    resolved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def match(self, due: pd.DataFrame, desired: pd.DataFrame) -> pd.DataFrame:
        """One row per interaction: interaction_key, outcome, record_id, rule, reason, candidates (list of ids).

        `desired` is the section's desired frame (`mapping`), aligned with `due`: keys are looked for as they are
        spelled in HubSpot. All columns are str but `candidates`. Raises what the store raises.
        """
        index = range(len(due))
        result = pd.DataFrame(
            {
                "interaction_key": due["interaction_key"].to_numpy(),
                "record_id": pd.Series(np.nan, index=index, dtype="str"),
                "rule": pd.Series(np.nan, index=index, dtype="str"),
                "candidates": pd.Series([()] * len(due), index=index, dtype="object"),
            }
        )
        ambiguous = pd.Series(False, index=index)
        for rung in self._rungs(due, desired):
            wanted = rung.wanted.reset_index(drop=True)
            open_ = result["record_id"].isna() & ~ambiguous & wanted.notna()
            if not open_.any():
                continue
            found = rung.look_up(sorted(wanted[open_].drop_duplicates().to_numpy()))
            one = wanted[open_].map({value: ids[0] for value, ids in found.items() if len(ids) == 1}).dropna()
            several = wanted[open_ & wanted.isin([value for value, ids in found.items() if len(ids) > 1])]
            result.loc[one.index, "record_id"] = one.astype("str")
            for index_, value in several.items():
                result.at[index_, "candidates"] = found[value]
            ambiguous[several.index] = True
            result.loc[one.index.union(several.index), "rule"] = rung.rule
        return _outcome(result, ambiguous.to_numpy(), self.section, desired["key_value"])

    def _rungs(self, due: pd.DataFrame, desired: pd.DataFrame) -> Iterable[Rung]:
        keys, section = due["interaction_key"], self.section
        yield Rung("kept", keys.map(dict(self.kept)).astype("str"), self._by_id)
        yield Rung(RESOLVED, keys.where(keys.isin(list(self.resolved))), self._by_resolution)
        if section.key is not None and section.key_property is not None:
            yield Rung("key", desired["key_value"], self._by_property(section.key_property))
        else:
            for row in section.rows(self.channel):
                if row.cxone_data in KEY_FIELDS and row.has_source and row.channel != SCRIPT:
                    name = row.external_crm_field
                    yield Rung(f"property {name}", desired[VALUE + name], self._by_property(name))
        column = f"{SCRIPT_PREFIX}{section.record_id_from}"
        if section.record_id_from and column in due:
            stored = due[column].astype("str").str.strip()  # a script stores what it likes; one wrong id fails a batch
            yield Rung("stored id", stored.where(stored.str.fullmatch(RECORD_ID)), self._by_id)
        if section.key is not None:
            return  # the search replayed finds people and companies, never the record of one interaction
        if self.entity.name == "Contact":
            yield Rung("e-mail", due["customer_email"].astype("str").str.strip().str.lower(), self._by_unique("email"))
        if self.entity.name in ("Contact", "Company"):
            yield Rung("phone", due["customer_phone"].astype("str"), self._by_phone)
        if section.through_contact:
            yield Rung("company of the contact", keys.map(dict(self.contacts)).astype("str"), self._by_contact)

    def _by_id(self, ids: list[str]) -> Found:
        return _pairs(self.store.read(self.entity, ids, []))

    def _by_resolution(self, keys: list[str]) -> Found:
        """Records that are still there; several, where remembered decisions do not agree."""
        there = self._by_id(sorted({record for key in keys for record in self.resolved[key]}))
        return {key: tuple(sorted({r for i in self.resolved[key] for r in there.get(i, ())})) for key in keys}

    def _by_property(self, name: str) -> Callable[[list[str]], Found]:
        return self._by_unique(name) if self.properties[name].unique else self._by_search(name)

    def _by_unique(self, name: str) -> Callable[[list[str]], Found]:
        return lambda values: _pairs(self.store.read(self.entity, values, [], id_property=name))

    def _by_search(self, name: str) -> Callable[[list[str]], Found]:
        return lambda values: _held(self.store.search(self.entity, {name: values}, [name]), name)

    def _by_contact(self, ids: list[str]) -> Found:
        """The primary company of each Contact; where none is primary, all of them."""
        found = self.store.associated(self.store.entity("Contact"), ids, self.entity, primary=True)
        return {contact: tuple(companies) for contact, companies in found.items()}

    def _by_phone(self, numbers: list[str]) -> Found:
        """Numbers as CXone spells them, each looked for in all its readings; every hit is confirmed.

        The calculated property drops the country code, and stored spellings vary (hubspot-api, section 3): of one
        without "+" no country code can be told, so all digits are looked for as well.
        """
        wanted = {number: set(readings(number, self.regions)) for number in numbers}
        all_readings = sorted(set().union(*wanted.values()))
        if not all_readings:
            return {}
        holders = [name for name in _PHONES if name in self.properties]
        searchable = [name for name in _SEARCHABLE_PHONES if name in self.properties]
        if searchable:
            values = sorted({form for reading in all_readings for form in (_national(reading), reading[1:])})
            records = self.store.search(self.entity, dict.fromkeys(searchable, values), holders)
        else:
            records = self.store.search(self.entity, dict.fromkeys(holders, all_readings), holders)
        holding: dict[str, set[str]] = {}
        for name in holders:
            for record_id, stored in zip(records["record_id"], records[name], strict=True):
                for reading in readings(stored, self.regions) if isinstance(stored, str) else ():
                    holding.setdefault(reading, set()).add(record_id)
        return {
            number: tuple(sorted(set().union(*(holding.get(reading, set()) for reading in forms))))
            for number, forms in wanted.items()
        }


def _outcome(result: pd.DataFrame, ambiguous: np.ndarray, section: Section, key_value: pd.Series) -> pd.DataFrame:
    matched = result["record_id"].notna().to_numpy()
    creatable = key_value.notna().to_numpy() & (section.on_unmatched == "create") & ~ambiguous
    open_outcome = PARKED if section.required else NOT_ATTEMPTED
    result["outcome"] = np.select([matched, creatable], [MATCHED, TO_CREATE], default=open_outcome)
    result["reason"] = np.select([matched | creatable, ambiguous], ["", AMBIGUOUS], default=UNMATCHED)
    result["reason"] = result["reason"].astype("str").where(~(matched | creatable))
    return result


def _pairs(records: pd.DataFrame) -> Found:
    return {a: (r,) for a, r in zip(records["asked"].to_numpy(), records["record_id"].to_numpy(), strict=True)}


def _held(records: pd.DataFrame, name: str) -> Found:
    found = records.dropna(subset=[name]).groupby(name)["record_id"].agg(lambda ids: tuple(sorted(set(ids))))
    return {str(k): v for k, v in found.items()}


def _national(number: str) -> str:
    return str(phonenumbers.national_significant_number(phonenumbers.parse(number)))
