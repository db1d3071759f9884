"""A CRM and a contact centre in memory: everything a port promises, and nothing it does not.

As in HubSpot, values are strings, an unset value is null, setting "" clears, every real change leaves a
history entry with time and source, e-mail is blind to case, an old id finds the survivor of a merger, and a
batch answers in an order of its own. Tests say what goes wrong; nothing here is random.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from memorialization.errors import ConfigurationError, MemorializationError
from memorialization.interactions import INTERACTIONS, TRANSCRIPTS
from memorialization.ports import (
    Account,
    Batch,
    Change,
    Channel,
    Entity,
    NewRecord,
    Pipeline,
    Property,
    Receipt,
    Usage,
    Wanted,
    Window,
    WriteRow,
    nothing,
    pair_trace,
)
from memorialization.text import Measure
from sandbox.hubspot.phones import national_digits

CONTACT, COMPANY, TICKET = Entity("Contact", "0-1"), Entity("Company", "0-2"), Entity("Ticket", "0-5")
NOTE = Entity("Note", "0-46")
PORTAL = 4711001
_CALCULATED = {
    "hs_searchable_calculated_phone_number": "phone",
    "hs_searchable_calculated_mobile_number": "mobilephone",
}


def text(name: str, *, unique: bool = False, max_length: int | None = None, area: bool = False) -> Property:
    """A text property."""
    return Property(name, name, "string", "textarea" if area else "text", unique=unique, max_length=max_length)


@dataclass
class MemoryStore:
    """A `RecordStore`. `now` and `source` stamp every change; the sets plan what goes wrong in `write`."""

    schema: dict[str, dict[str, Property]]  # entity name -> property name -> property
    now: datetime = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    source: tuple[str, str] = ("INTEGRATION", "cxone")
    refused: set[str] = field(default_factory=set)  # record ids or key values whose row is rejected
    unanswered: set[str] = field(default_factory=set)  # written, but the answer is lost
    lost: set[str] = field(default_factory=set)  # neither written nor answered
    respelled: dict[str, str] = field(default_factory=dict)  # property -> what HubSpot makes of any value
    shift: int = 1  # by how much the answers of a batch are rotated
    records: dict[str, dict[str, dict[str, list[Change]]]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    primary: dict[str, str] = field(default_factory=dict)  # record -> which of its links is the primary one
    calls: dict[str, int] = field(default_factory=dict)
    written: list[WriteRow] = field(default_factory=list)

    # ---- what a test does

    def create(self, entity: Entity, **values: str) -> str:
        """A new record; returns its id."""
        there = self.records.setdefault(entity.type_id, {})
        record_id = str(100 * int(entity.type_id[2:]) + 1 + len(there))
        there[record_id] = {}
        for name, value in values.items():
            self.set(entity, record_id, name, value)
        return record_id

    def set(self, entity: Entity, record_id: str, name: str, value: str) -> None:
        """A change by `source` at `now`; one that changes nothing leaves no history."""
        changes = self.records[entity.type_id][record_id].setdefault(name, [])
        value = value.lower() if name == "email" else value
        if value != (changes[0].value if changes else ""):
            changes.insert(0, Change(value, self.now, *self.source))

    def person(self, entity: Entity, record_id: str, name: str, value: str) -> None:
        """A change that a person makes in HubSpot's pages."""
        before, self.source = self.source, ("CRM_UI", "userId:7")
        self.set(entity, record_id, name, value)
        self.source = before

    def value(self, entity: Entity, record_id: str, name: str) -> str | None:
        if name in _CALCULATED:
            return national_digits(self.value(entity, record_id, _CALCULATED[name]) or "") or None
        changes = self.records[entity.type_id][record_id].get(name)
        return (changes[0].value or None) if changes else None

    # ---- what the port promises

    def account(self) -> Account:
        return Account(PORTAL, "Europe/Berlin", "app-eu1.hubspot.com")

    def scopes(self) -> frozenset[str] | None:
        return None

    def entity(self, name: str) -> Entity:
        for entity in (CONTACT, COMPANY, TICKET, NOTE):
            if entity.name == name:
                return entity
        raise ConfigurationError(f"no record type {name!r}. Known: Contact, Company, Ticket, Note.")

    def properties(self, entity: Entity) -> dict[str, Property]:
        return self.schema[entity.name]

    def pipelines(self, entity: Entity) -> dict[str, Pipeline] | None:
        return None  # as for a token that may not list them

    def read(
        self, entity: Entity, ids: Sequence[str], properties: Sequence[str], *, id_property: str | None = None
    ) -> pd.DataFrame:
        self._called("read")
        if id_property not in (None, "email"):
            assert self.schema[entity.name][id_property].unique
        assert len(set(ids)) == len(ids), "HubSpot refuses an id that stands twice in a batch"
        rows = []
        for asked in ids:
            asked = asked.lower() if id_property == "email" else asked
            record_id = self._find(entity, asked, id_property)
            if record_id is not None:
                rows.append({"record_id": record_id, "asked": asked, **self._values(entity, record_id, properties)})
        return _frame(rows, ["record_id", "asked", *properties])

    def histories(
        self, entity: Entity, ids: Sequence[str], properties: Sequence[str]
    ) -> dict[str, dict[str, list[Change]]]:
        self._called("histories")
        there = self.records.get(entity.type_id, {})
        return {i: {name: list(there[i].get(name, [])) for name in properties} for i in ids if i in there}

    def search(self, entity: Entity, filters: Mapping[str, Sequence[str]], properties: Sequence[str]) -> pd.DataFrame:
        self._called("search")
        wanted = {name: {value.lower() for value in values} for name, values in filters.items()}
        rows = [
            {"record_id": record_id, **self._values(entity, record_id, properties)}
            for record_id in self.records.get(entity.type_id, {})
            if any((self.value(entity, record_id, name) or "").lower() in values for name, values in wanted.items())
        ]
        return _frame(rows, ["record_id", *properties])

    def associated(
        self, source: Entity, ids: Sequence[str], target: Entity, *, primary: bool = False
    ) -> dict[str, list[str]]:
        self._called("associated")
        if primary:
            return {i: [self.primary[i]] if i in self.primary else self.links.get(i, []) for i in ids}
        there = self.records.get(target.type_id, {})
        return {i: [far for far in self.links.get(i, []) if far in there] for i in ids}

    def add(
        self, entity: Entity, rows: Sequence[NewRecord], associated: Entity, *, before: Callable[[], None] = nothing
    ) -> list[Receipt]:
        self._called("add")
        receipts = []
        for row in rows:
            before()
            if row.associated_id in self.refused:
                receipts.append(Receipt(row.trace, "rejected", category="VALIDATION_ERROR"))
            elif row.associated_id in self.lost:
                receipts.append(Receipt(row.trace, "unaccounted"))
            else:
                record_id = self.create(entity, **row.properties)
                self._link(record_id, row.associated_id)
                answered = row.associated_id not in self.unanswered
                receipts.append(
                    Receipt(row.trace, "written", record_id, created=True)
                    if answered
                    else Receipt(row.trace, "unaccounted")
                )
        return receipts[::-1]

    def associate(
        self, source: Entity, pairs: Sequence[tuple[str, str]], target: Entity, *, before: Callable[[], None] = nothing
    ) -> list[Receipt]:
        self._called("associate")
        before()
        for near, far in pairs:
            assert far not in self.links.get(near, []), "its labels would be replaced"
            if near not in self.refused | self.lost:
                self._link(near, far)
        return [
            Receipt(pair_trace(pair), "rejected" if pair[0] in self.refused else "unaccounted")
            if pair[0] in self.refused | self.lost
            else Receipt(pair_trace(pair), "written")
            for pair in pairs
        ]

    def write(
        self,
        entity: Entity,
        rows: Sequence[WriteRow],
        *,
        before: Callable[[], None] = nothing,
        told: Callable[[Sequence[Receipt]], None] | None = None,
    ) -> list[Receipt]:
        self._called("write")
        assert len({row.trace for row in rows}) == len(rows)
        receipts = []
        for row in rows:
            before()
            receipts.append(self._write(entity, row))
            if told is not None:
                told(receipts[-1:])
        turn = self.shift % len(receipts) if receipts else 0
        return receipts[turn:] + receipts[:turn]

    @property
    def stopped_by(self) -> MemorializationError | None:
        return None

    def usage(self) -> Usage:
        return Usage(calls=dict(self.calls))

    # ---- within

    def _link(self, near: str, far: str) -> None:
        for one, other in ((near, far), (far, near)):
            self.links[one] = [*self.links.get(one, []), other]

    def _called(self, endpoint: str) -> None:
        self.calls[endpoint] = self.calls.get(endpoint, 0) + 1

    def _find(self, entity: Entity, asked: str, id_property: str | None) -> str | None:
        there = self.records.get(entity.type_id, {})
        if id_property is None:
            found = self.merged.get(asked, asked)
            return found if found in there else None
        for record_id in there:
            held = [self.value(entity, record_id, id_property)]
            if id_property == "email":
                held += (self.value(entity, record_id, "hs_additional_emails") or "").lower().split(";")
            if asked in held:
                return record_id
        return None

    def _values(self, entity: Entity, record_id: str, properties: Sequence[str]) -> dict[str, str | None]:
        return {name: self.value(entity, record_id, name) for name in properties}

    def _write(self, entity: Entity, row: WriteRow) -> Receipt:
        self.written.append(row)
        name = row.record_id or row.key_value or ""
        found = self._find(entity, name, row.key_property)
        too_long = [
            key
            for key, value in row.properties.items()
            if (limit := Measure().limit_of(self.schema[entity.name][key])) is not None and len(value) > limit
        ]
        if name in self.refused or too_long:
            return Receipt(row.trace, "rejected", category="VALIDATION_ERROR", code="INVALID", correlation_id="c-1")
        if found is None and row.key_property is None:
            return Receipt(row.trace, "rejected", category="OBJECT_NOT_FOUND", code="NOT_FOUND")
        if name in self.lost:
            return Receipt(row.trace, "unaccounted")
        record_id = found or self.create(entity, **{str(row.key_property): name})
        for key, value in row.properties.items():
            self.set(entity, record_id, key, self.respelled.get(key, value))
        if name in self.unanswered:
            return Receipt(row.trace, "unaccounted")
        return Receipt(row.trace, "written", record_id, created=found is None)


def _frame(rows: list[dict[str, str | None]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns).replace({None: np.nan}).astype("str")


@dataclass
class MemorySource:
    """An `InteractionSource` over rows as `nights.interaction` makes them."""

    rows: list[dict[str, object]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # transcript_ref -> text
    script_variables: tuple[str, ...] = ()

    @property
    def skipped(self) -> Mapping[str, int]:
        return {}

    @property
    def assumed(self) -> Mapping[str, int]:
        return {}

    def interactions(self, channel: Channel, window: Window, wanted: Wanted) -> Iterator[Batch]:
        rows = [r for r in self.rows if r["channel"] == channel and self._belongs(r, window, wanted)]
        schema = INTERACTIONS
        for name in self.script_variables:
            schema = schema.append(pa.field(f"script.{name}", pa.large_string()))
        table = pa.Table.from_pylist([{name: r.get(name) for name in schema.names} for r in rows], schema=schema)
        refs = {str(r["transcript_ref"]) for r in rows if r.get("transcript_ref")}
        texts = [{"transcript_ref": ref, "text": self.texts[ref]} for ref in sorted(refs)]
        yield Batch(table, pa.Table.from_pylist(texts, schema=TRANSCRIPTS))

    @staticmethod
    def _belongs(row: dict[str, object], window: Window, wanted: Wanted) -> bool:
        end = row["end_time"]
        if row["interaction_key"] in wanted.again or end is None:
            return True
        assert isinstance(end, datetime)
        changed = row["updated_at"]
        if end < window.start and wanted.changed_since is not None and isinstance(changed, datetime):
            seen = wanted.known.get(str(row["interaction_key"]))
            return changed >= wanted.changed_since and (seen is None or changed > seen)
        return window.start <= end < window.end
