"""A record keeps one entry per write (instant, source, names, values); history is read from these.

`Store` holds the records of one type with its indexes: e-mail (primary and additional ones share an index),
unique properties and calculated phones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.kinds import Kind
from sandbox.hubspot.values import Property, iso

EMAIL_NAMES = ("email", "hs_additional_emails")


@dataclass(frozen=True)
class Source:
    """Who wrote a value, in the words of property history: sourceType, sourceId, sourceLabel,
    updatedByUserId.
    """

    type: str
    id: str
    label: str | None = None
    user_id: int | None = None


CALCULATED = Source("CALCULATED", "CalculatedPropertyComputer")


class UnknownRecord(ValueError):
    """Raised when a record id is not in the portal (or archived); asking again does not help."""


class UnknownType(ValueError):
    """Raised when a spelling leads to no object type; asking again does not help."""


@dataclass(slots=True)
class Record:
    """One record; instants in ms since 1970, `archived` is 0 while the record lives."""

    id: str
    created: int
    modified: int
    archived: int = 0
    values: dict[str, str] = field(default_factory=dict)
    writes: list[tuple[int, Source, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)

    def values_at(self, instant: int) -> dict[str, str]:
        """The values as they stood at an instant; what is unset or cleared is absent."""
        state: dict[str, str] = {}
        for at, _, names, values in self.writes:
            if at > instant:
                break
            state.update(zip(names, values, strict=True))
        return {name: value for name, value in state.items() if value}


@dataclass(frozen=True)
class RecordView:
    """A copy for reading: all set properties, and each one's history, newest first."""

    id: str
    properties: dict[str, str]
    history: dict[str, list[dict[str, Any]]]
    created_at: str
    updated_at: str
    archived: bool


@dataclass(slots=True)
class Store:
    """All records of one type, with its definitions, indexes and associations."""

    kind: Kind
    properties: dict[str, Property] = field(default_factory=dict)
    archived: dict[str, dict[str, object]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    merged_into: dict[str, str] = field(default_factory=dict)
    index: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    links: dict[str, dict[str, list[tuple[str, int]]]] = field(default_factory=dict)
    made: int = 0
    sorted_ids: list[str] | None = None

    def locate(self, record_id: str) -> Record | None:
        """The record of an id, through merges, archived ones too."""
        while record_id in self.merged_into:
            record_id = self.merged_into[record_id]
        return self.records.get(record_id)

    def live(self, record_id: str) -> Record | None:
        record = self.locate(record_id)
        return None if record is None or record.archived else record

    def ids(self) -> list[str]:
        """All ids in ascending order."""
        if self.sorted_ids is None:
            self.sorted_ids = sorted(self.records, key=int)
        return self.sorted_ids

    def value_of(self, record: Record, name: str) -> str | None:
        """The value of a property now; the ones HubSpot keeps itself included."""
        if name == "hs_object_id":
            return record.id
        if name == self.kind.modified:
            return iso(record.modified)
        if name == self.kind.created:
            return record.values.get(name) or iso(record.created)
        return record.values.get(name)

    def reindex(self, record_id: str, name: str, old: str, new: str) -> None:
        index = self.index.get("email" if name in EMAIL_NAMES else name)
        if index is None:
            return
        several = name in EMAIL_NAMES
        for key in old.split(";") if several else (old,):
            if rest := tuple(other for other in index.get(key, ()) if other != record_id):
                index[key] = rest
            else:
                index.pop(key, None)
        for key in new.split(";") if several else (new,):
            if key and record_id not in index.get(key, ()):
                index[key] = (*index.get(key, ()), record_id)

    def view(self, record: Record) -> RecordView:
        own = (self.kind.created, self.kind.modified, "hs_object_id")
        written = {name for _, _, names, _ in record.writes for name in names}
        return RecordView(
            id=record.id,
            properties={name: self.value_of(record, name) or "" for name in sorted({*record.values, *own})},
            history={name: self.history(record, name) for name in sorted({*written, *own})},
            created_at=iso(record.created),
            updated_at=iso(record.modified),
            archived=bool(record.archived),
        )

    def history(self, record: Record, name: str) -> list[dict[str, Any]]:
        """The history of one property, newest first, each entry as the API shows it."""
        entries = [
            _entry(values[names.index(name)], at, source)
            for at, source, names, values in reversed(record.writes)
            if name in names
        ]
        if entries or name not in (self.kind.created, self.kind.modified, "hs_object_id"):
            return entries
        at = record.modified if name == self.kind.modified else record.created
        return [_entry(self.value_of(record, name) or "", at, CALCULATED)]


def _entry(value: str, at: int, source: Source) -> dict[str, Any]:
    return {
        "value": value,
        "timestamp": iso(at),
        "sourceType": source.type,
        "sourceId": source.id,
        "sourceLabel": source.label,
        "updatedByUserId": source.user_id,
    }
