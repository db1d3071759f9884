"""The state of one HubSpot portal: every value knows its history, and every index agrees with the values.

This is the trusted path: nothing is validated, but values take the spelling the API would store. Writes may
come late: such a write goes to its place in time and changes only what nothing newer has set.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.hubspot.kinds import STANDARD_KINDS, Kind, association_labels, inverse_association
from sandbox.hubspot.phones import national_digits
from sandbox.hubspot.standard import standard_properties
from sandbox.hubspot.store import (
    CALCULATED,
    EMAIL_NAMES,
    Record,
    RecordView,
    Source,
    Store,
    UnknownRecord,
    UnknownType,
)
from sandbox.hubspot.values import LengthUnit, Property, iso, millis, normalised

__all__ = ["Portal", "RecordView", "Source", "UnknownRecord", "UnknownType"]

CALCULATED_PHONES = {
    "phone": "hs_searchable_calculated_phone_number",
    "mobilephone": "hs_searchable_calculated_mobile_number",
}
_INDEXED = frozenset({"email", *CALCULATED_PHONES.values()})
_ID_FLOOR, _ID_SPAN, _ID_STEP = 100_000_000_000, 900_000_000_000, 370_248_451_001  # step coprime with span


class Portal:
    """A portal's records and definitions. Object types go by any spelling that the API takes.

    `token` is the one bearer token, `scopes` what it may do; all ids and orders follow from `seed`. `respells`:
    it rewrites texts as it stores them (`values.respelled`), which nobody knows of the real one; nor what a character
    of a limit is (`unit`). `required`: (type id, property) pairs that a create in dated paths must bring.
    """

    def __init__(
        self,
        *,
        portal_id: int,
        time_zone: str,
        ui_domain: str,
        token: str,
        scopes: frozenset[str],
        seed: int,
        account_type: str = "STANDARD",
        respells: bool = False,
        unit: LengthUnit = "utf16",
        required: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self.portal_id = portal_id
        self.time_zone = time_zone
        self.ui_domain = ui_domain
        self.token = token
        self.scopes = scopes
        self.seed = seed
        self.account_type = account_type
        self.respells, self.unit, self.required = respells, unit, required
        self.stores: dict[str, Store] = {}
        self._spellings: dict[str, Store] = {}
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}
        for kind in STANDARD_KINDS:
            self.define_kind(kind)

    def define_kind(self, kind: Kind) -> None:
        """Add an object type (a custom one: type id 2-NNN) with the properties every type has."""
        store = Store(kind, groups={f"{kind.singular}information": f"{kind.singular.capitalize()} information"})
        fqn = f"p{self.portal_id}_{kind.singular}" if kind.custom else kind.fqn
        self.stores[kind.type_id] = store
        names = (fqn,) if kind.custom else (kind.plural, kind.singular, fqn)
        self._spellings.update(dict.fromkeys((kind.type_id, *names), store))
        for item in standard_properties(kind.type_id, kind.created, kind.modified):
            self.define(kind.type_id, item)

    def store(self, type_id: str) -> Store:
        """The store of a type; raises UnknownType."""
        found = self._spellings.get(type_id)
        if found is None:
            raise UnknownType(f"Unable to infer object type from: {type_id}")
        return found

    def define(self, type_id: str, item: Mapping[str, Any], *, max_length: int | None = None) -> None:
        """Add or replace a property, given in the API's item form; missing keys get HubSpot's defaults.

        `max_length` (UTF-16 code units) makes a MAX_LENGTH validation rule. Define before records hold
        values.
        """
        store = self.store(type_id)
        item = _full_item(item, store.kind)
        name = item["name"]
        store.groups.setdefault(item["groupName"], item["groupName"])
        store.archived.pop(name, None)
        store.properties[name] = Property(
            name=name,
            type=item["type"],
            field_type=item["fieldType"],
            unique=item["hasUniqueValue"],
            read_only=bool(item["modificationMetadata"].get("readOnlyValue")),
            options=tuple(option["value"] for option in item["options"]),
            max_length=max_length,
            item=item,
            respells=self.respells,
            unit=self.unit,
        )
        if (item["hasUniqueValue"] and name != "hs_object_id") or name in _INDEXED:
            store.index.setdefault(name, {})

    def undefine(self, type_id: str, name: str) -> None:
        """Take a property away, with every record's value; one that is not there is left alone."""
        store = self.store(type_id)
        if store.properties.pop(name, None) is None:
            return
        store.index.pop(name, None)
        for record in store.records.values():
            record.values.pop(name, None)

    def archive_property(self, type_id: str, name: str, *, at: datetime) -> None:
        """Take a property away as `undefine` does, but remember its definition."""
        store = self.store(type_id)
        if name in store.properties:
            archived = {"archived": True, "archivedAt": iso(millis(at))}
            store.archived[name] = store.properties[name].item | archived
            self.undefine(type_id, name)

    def define_group(self, type_id: str, name: str, label: str) -> None:
        """Add or rename a property group."""
        self.store(type_id).groups[name] = label

    def undefine_group(self, type_id: str, name: str) -> None:
        """Take a property group away; one that is not there is left alone."""
        self.store(type_id).groups.pop(name, None)

    def create(
        self,
        type_id: str,
        properties: Mapping[str, str],
        *,
        at: datetime,
        source: Source,
        record_id: str | None = None,
    ) -> str:
        """Make a record and return its id (12 digits, from the seed, when not given).

        Raises ValueError for an undefined property, an unreadable date, or an id that is taken.
        """
        store = self.store(type_id)
        record_id = record_id or self._next_id(store)
        if store.locate(record_id) is not None:
            raise ValueError(f"{store.kind.singular} {record_id} exists already; choose another id")
        instant = millis(at)
        record = Record(record_id, created=instant, modified=instant)
        changes = self._changes(store, record, properties)
        store.records[record_id] = record
        store.sorted_ids = None
        self._apply(store, record, changes, instant, source)
        return record_id

    def update(
        self, type_id: str, record_id: str, properties: Mapping[str, str], *, at: datetime, source: Source
    ) -> None:
        """Write values; "" clears one, an unchanged one leaves no trace.

        Raises UnknownRecord, or ValueError for an undefined property or an unreadable date.
        """
        store = self.store(type_id)
        record = self._live(store, record_id)
        self._apply(store, record, self._changes(store, record, properties), millis(at), source)

    def archive(self, type_id: str, record_id: str, *, at: datetime) -> None:
        """Archive a record and free its unique values; one that is unknown or archived is left alone."""
        store = self.store(type_id)
        record = store.live(record_id)
        if record is None:
            return
        record.archived = record.modified = millis(at)
        for name, value in record.values.items():
            store.reindex(record.id, name, value, "")

    def merge(self, type_id: str, survivor: str, merged: str, *, at: datetime) -> None:
        """Fold one record into another: ids, e-mails and associations of `merged` lead to `survivor` from
        now on.

        The survivor's values stay, empty ones are filled. Raises UnknownRecord, or ValueError for a
        self-merge.
        """
        store = self.store(type_id)
        winner, loser = self._live(store, survivor), self._live(store, merged)
        if winner is loser:
            raise ValueError(f"{store.kind.singular} {winner.id} cannot be merged with itself")
        self.archive(type_id, loser.id, at=at)
        del store.records[loser.id]
        store.sorted_ids = None
        store.merged_into[loser.id] = winner.id
        gained = {name: value for name, value in loser.values.items() if name not in winner.values}
        emails = _joined(winner.values.get("hs_additional_emails"), *map(loser.values.get, EMAIL_NAMES))
        if emails and "email" in winner.values:
            gained["hs_additional_emails"] = emails
        if "hs_merged_object_ids" in store.properties:
            earlier = (winner.values.get("hs_merged_object_ids"), loser.values.get("hs_merged_object_ids"))
            gained["hs_merged_object_ids"] = _joined(*earlier, loser.id)
        self._apply(store, winner, gained, millis(at), Source("MERGE_OBJECTS", loser.id))
        for to_type in list(store.links):
            for to_id, association in self.associations(type_id, loser.id, to_type):
                self.dissociate(type_id, loser.id, to_type, to_id)
                self.associate(type_id, winner.id, to_type, to_id, association, at=at)

    def associate(self, from_type: str, from_id: str, to_type: str, to_id: str, type_id: int, *, at: datetime) -> None:
        """Associate two records, seen from both ends; `type_id` is the association's type seen from
        `from_id`.

        Raises UnknownRecord when one of the two is missing.
        """
        near, far = self.store(from_type), self.store(to_type)
        here, there = self._live(near, from_id).id, self._live(far, to_id).id
        inverse = inverse_association(near.kind.type_id, far.kind.type_id, type_id)
        for store, to, start, end, link in (
            (near, far, here, there, type_id),
            (far, near, there, here, inverse),
        ):
            links = store.links.setdefault(to.kind.type_id, {}).setdefault(start, [])
            if (end, link) not in links:
                links.append((end, link))

    def dissociate(self, from_type: str, from_id: str, to_type: str, to_id: str, type_id: int | None = None) -> None:
        """Take away one association of a pair, or all of them; what is not there is left alone."""
        near, far = self.store(from_type), self.store(to_type)
        for end, link in self.associations(from_type, from_id, to_type):
            if end == to_id and type_id in (None, link):
                inverse = inverse_association(near.kind.type_id, far.kind.type_id, link)
                near.links[far.kind.type_id][from_id].remove((to_id, link))
                far.links[near.kind.type_id][to_id].remove((from_id, inverse))

    def associations(self, from_type: str, from_id: str, to_type: str) -> list[tuple[str, int]]:
        """The pairs (record id, association type id) a record is associated with, oldest first."""
        return list(self.store(from_type).links.get(self.store(to_type).kind.type_id, {}).get(from_id, ()))

    def far_end(self, from_type: str, type_id: int) -> Store | None:
        """The store that an association type leads to from a type; None for a pair that has no such type."""
        near = self.store(from_type).kind.type_id
        for store in self.stores.values():
            if type_id in (label["typeId"] for label in association_labels(near, store.kind.type_id)):
                return store
        return None

    def find(self, type_id: str, property: str, value: str) -> list[str]:
        """The ids of the live records that hold exactly this value.

        At once for `hs_object_id`, e-mail (case ignored, additional ones too), unique properties and
        calculated phones; by going through all records for any other property. Raises ValueError when it is
        undefined.
        """
        store = self.store(type_id)
        if property == "hs_object_id":
            record = store.live(value)
            return [] if record is None else [record.id]
        definition = self._definition(store, property)
        index = store.index.get(property)
        if index is not None:
            return list(index.get(normalised(definition, value), ()))
        return [r.id for r in store.records.values() if not r.archived and r.values.get(property) == value]

    def record(self, type_id: str, record_id: str) -> RecordView:
        """A copy of a record (archived ones too); raises UnknownRecord."""
        store = self.store(type_id)
        record = store.locate(record_id)
        if record is None:
            raise _unknown(store, record_id)
        return store.view(record)

    def _changes(self, store: Store, record: Record, properties: Mapping[str, str]) -> dict[str, str]:
        changes = {}
        for name, value in properties.items():
            definition = self._definition(store, name)
            changes[name] = normalised(definition, value, record.values.get(name, ""))
        return changes

    def _apply(self, store: Store, record: Record, changes: dict[str, str], at: int, source: Source) -> None:
        writes, held = record.writes, record.values
        late = bool(writes) and at < writes[-1][0]
        newer = {name for when, _, names, _ in writes if when > at for name in names} if late else ()
        changed = {name: value for name, value in changes.items() if name in newer or value != held.get(name, "")}
        if not changed:
            return
        self._log(record, changed, at, source)
        current = {name: value for name, value in changed.items() if name not in newer}
        calculated = {
            CALCULATED_PHONES[name]: national_digits(value)
            for name, value in current.items()
            if CALCULATED_PHONES.get(name) in store.properties
        }
        if calculated:
            self._log(record, calculated, at, CALCULATED)
            current |= calculated
        indexed = store.index
        for name, value in current.items():
            if name in indexed or name in EMAIL_NAMES:
                store.reindex(record.id, name, held.get(name, ""), value)
            if value:
                held[name] = value
            else:
                held.pop(name, None)
        record.modified = max(record.modified, at)

    def _log(self, record: Record, changed: dict[str, str], at: int, source: Source) -> None:
        names = tuple(changed)
        entry = (at, source, self._shapes.setdefault(names, names), tuple(changed.values()))
        writes = record.writes
        if not writes or at >= writes[-1][0]:
            writes.append(entry)
        else:
            writes.insert(bisect_right(writes, at, key=lambda write: write[0]), entry)

    def _next_id(self, store: Store) -> str:
        salt = (self.seed * 7_919 + list(self.stores).index(store.kind.type_id)) * 104_729
        while True:
            store.made += 1
            record_id = str(_ID_FLOOR + (salt + store.made * _ID_STEP) % _ID_SPAN)
            if store.locate(record_id) is None:
                return record_id

    @staticmethod
    def _definition(store: Store, name: str) -> Property:
        definition = store.properties.get(name)
        if definition is None:
            raise ValueError(f'{store.kind.plural} have no property "{name}"; define it first')
        return definition

    @staticmethod
    def _live(store: Store, record_id: str) -> Record:
        record = store.live(record_id)
        if record is None:
            raise _unknown(store, record_id)
        return record


def _unknown(store: Store, record_id: str) -> UnknownRecord:
    return UnknownRecord(f"no {store.kind.singular} has the id {record_id}")


def _joined(*lists: str | None) -> str:
    return ";".join(dict.fromkeys(part for text in lists if text for part in text.split(";")))


def _full_item(item: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    known: Iterable[Mapping[str, Any]] = item.get("options", ())
    options = [
        {"label": option["value"], "description": "", "displayOrder": position, "hidden": False, **option}
        for position, option in enumerate(known)
    ]
    meta = {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False}
    return {
        "updatedAt": "2024-01-01T00:00:00Z",
        "createdAt": "2024-01-01T00:00:00Z",
        "label": item["name"],
        "type": "string",
        "fieldType": "text",
        "description": "",
        "groupName": f"{kind.singular}information",
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": False,
        "hasUniqueValue": False,
        "hidden": False,
        "formField": True,
        "dataSensitivity": "non_sensitive",
        **item,
        "options": options,
        "modificationMetadata": meta | item.get("modificationMetadata", {}),
    }
