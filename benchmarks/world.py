"""A contact centre and a CRM of any size that hold nothing: every row is made from its number when it is asked for.

So they cost no memory, and what HubSpot holds can be told from what it should. Of every thousand interactions the live
writes of 100 never came, 20 values drifted, 10 transcripts (of those that have one) were cut, and 10 found no record.
Four of ten are chats with a transcript of 1.5 kB in the mean; 14 values are mapped of each interaction.
"""

import hashlib
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from memorialization.configuration import Configuration
from memorialization.crm import Approval, Crm
from memorialization.interactions import DIGITAL, INTERACTIONS, TRANSCRIPTS, VOICE
from memorialization.ledger import Ledger
from memorialization.mappings import Assignment, FieldRow, Section, Workflows
from memorialization.mappings import Mapping as DataMapping
from memorialization.ports import (
    Account,
    Batch,
    Change,
    Channel,
    Entity,
    Property,
    Receipt,
    Usage,
    Wanted,
    Window,
    WriteRow,
)
from memorialization.rendering import iso
from memorialization.run import Ports

DAY: Final = Window(datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
TICKET: Final = Entity("Ticket", "0-5")
KEY: Final = "contact_id"
TRANSCRIPT: Final = "transcript"
_PORTAL: Final = 4711001
_FIRST_CONTACT: Final = 700_000_000
_FIRST_RECORD: Final = 50_000_000_000
_PLAIN: Final = {
    "contact_id": "Contact ID", "agent_id": "Agent ID", "agent_name": "Agent Name", "direction": "Direction",
    "disposition_name": "Disposition Name", "disposition_notes": "Disposition Notes", "end_time": "End Time",
    "media_type": "Media Type", "skill_id": "Skill ID", "skill_name": "Skill Name", "start_time": "Start Time",
    "status": "Status", "to_name": "To",
}  # fmt: skip
"""Property -> CXone field, of calls and chats; a call has its number beside these, a chat its transcript."""
PROPERTIES: Final = (*_PLAIN, "ani", TRANSCRIPT)
_BATCH: Final = 10_000
_WORDS: Final = (
    "the", "kettle", "you", "sent", "me", "leaks", "again", "could", "I", "have", "another", "one", "please", "thanks"
)  # fmt: skip


def configuration(name: str) -> Configuration:
    """One section for the tickets of calls and chats, with limits that no plan is above."""
    rows = [
        FieldRow.model_validate({"external_crm_field": name, "channel": channel, "cxone_data": data})
        for channel, own in ((VOICE, {"ani": "ANI"}), (DIGITAL, {TRANSCRIPT: "Transcription Text"}))
        for name, data in (_PLAIN | own).items()
    ]
    section = Section(entity="Ticket", key="Contact ID", required=True, fields=tuple(rows))
    return Configuration(
        name=name,
        crm=Crm(
            configuration_name="Bench", integration_type="HubSpot", authentication_name="key",
            external_screenpop_domain_hs="https://ven12345.hubspot.com", account_id=_PORTAL, mode="adopted",
            phone_regions=("DE", "US"),
            approval=Approval(max_changed_share=1.0, max_overwrites=10_000_000),
        ),
        mappings={"All": DataMapping(memorialization_mapping="All", sections=(section,))},
        dynamic={},
        workflows=Workflows(
            assignments=tuple(Assignment(channel=c, memorialization_mapping="All") for c in (VOICE, DIGITAL))
        ),
    )  # fmt: skip


def facts(numbers: np.ndarray) -> pd.DataFrame:
    """What CXone says of these interactions, by the columns of `INTERACTIONS`."""
    chat = numbers % 5 < 2
    text = pd.Series(numbers).astype("str")
    ends = pd.Series(pd.Timestamp(DAY.start) + pd.to_timedelta(numbers * 7919 % 86_000, unit="s")).dt.as_unit("ms")
    agent, skill = pd.Series(numbers % 400), pd.Series(numbers % 37)
    contact = pd.Series(_FIRST_CONTACT + numbers).astype("str")
    frame = pd.DataFrame(
        {
            "interaction_key": ("v:" + contact).mask(chat, "d:" + contact + ":0:1"),
            "channel": np.where(chat, "digital", "voice"),
            "contact_id": contact,
            "start_time": ends - pd.Timedelta(minutes=6),
            "end_time": ends,
            "due_at": ends + pd.Timedelta(seconds=40),
            "updated_at": ends + pd.Timedelta(seconds=40),
            "media_type_id": np.where(chat, 9, 4),
            "agent_kind": "human",
            "refused": False,
            "abandoned": False,
            "wrap_up_closed": True,
            "ended_by": "agent",
            "screen_pops": True,
            "customer_email": "customer" + text + "@example.com",
            "customer_phone": "4930" + pd.Series(10_000_000 + numbers // 3).astype("str"),
            "agent_id": (9000 + agent).astype("str"),
            "agent_name": "Agent " + agent.astype("str"),
            "ani": "4930" + pd.Series(10_000_000 + numbers // 3).astype("str"),
            "direction": np.where(numbers % 9, "inbound", "outbound"),
            "disposition_name": "Solved " + pd.Series(numbers % 23).astype("str"),
            "disposition_notes": "the customer of case " + text + " will be called back on the next working day",
            "media_type": np.where(chat, "Digital", "PhoneCall"),
            "skill_id": (300 + skill).astype("str"),
            "skill_name": "Skill " + skill.astype("str"),
            "status": np.where(chat, "closed", "EndContact"),
            "to_name": "Agent " + agent.astype("str"),
        }
    )
    texts = transcripts(numbers[chat])
    refs = [hashlib.sha256(t.encode()).hexdigest() for t in texts]
    frame["transcript_ref"] = pd.Series(refs, index=np.flatnonzero(chat), dtype="str").reindex(frame.index)
    frame[TRANSCRIPT] = pd.Series(texts, index=np.flatnonzero(chat), dtype="str").reindex(frame.index)
    return frame


def transcripts(numbers: np.ndarray) -> list[str]:
    """A text of its own for each number: 0.2 to 8 kB, 1.5 kB in the mean."""
    return [f"{_BODIES[n % len(_BODIES)]}\n[18:59:00] Agent: case {n} is closed" for n in numbers.tolist()]


def _bodies() -> list[str]:
    """The beginnings of all transcripts."""
    chance = random.Random(7)
    made = []
    for _ in range(500):
        size, lines, clock = min(8000.0, chance.lognormvariate(7.03, 0.7)), list[str](), 0
        while sum(map(len, lines)) < size:
            clock += chance.randrange(5, 60)
            said = " ".join(chance.choices(_WORDS, k=chance.randrange(4, 25)))
            lines.append(f"[18:{clock // 60 % 60:02}:{clock % 60:02}] {'Kim' if len(lines) % 2 else 'Agent'}: {said}")
        made.append("\n".join(lines))
    return made


_BODIES: Final = _bodies()


def wanted(told: pd.DataFrame) -> pd.DataFrame:
    """The mapped values of `facts`, as HubSpot spells them: one column per property, by row."""
    values = told[list(PROPERTIES)].copy()
    for name in ("start_time", "end_time"):
        values[name] = iso(told[name])
    values["ani"] = values["ani"].mask(told["channel"].eq("digital"))
    return values.astype("str")


def _fates(numbers: np.ndarray) -> np.ndarray:
    """0 to 999 for each interaction, evenly and in no order."""
    mixed: np.ndarray = numbers.astype("uint64") * np.uint64(2_654_435_761) % np.uint64(2**32) % np.uint64(1000)
    return mixed


def held(numbers: np.ndarray) -> pd.DataFrame:
    """What HubSpot holds of the tickets of these interactions, by row."""
    fate = _fates(numbers)
    values = wanted(facts(numbers))
    lost = (fate < 100)[:, None] & (values.columns != KEY)[None, :]
    values = values.mask(lost)
    values.loc[(fate >= 100) & (fate < 120), "disposition_name"] = "Unknown"
    cut = (fate >= 120) & (fate < 145) & values[TRANSCRIPT].notna().to_numpy()
    values.loc[cut, TRANSCRIPT] = values.loc[cut, TRANSCRIPT].str[:600]
    return values


def found(numbers: np.ndarray) -> np.ndarray:
    """Which interactions have a ticket."""
    return _fates(numbers) < 990


@dataclass
class Clock:
    """Seconds spent in what stands for the outside world: by the clock, and of them by this process's own work."""

    seconds: float = 0.0
    cpu: float = 0.0


class Metered:
    """Passes every call on to `inner` and adds its time to `clock`."""

    def __init__(self, inner: Any, clock: Clock) -> None:
        self._inner, self._clock = inner, clock

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def timed(*given: Any, **named: Any) -> Any:
            begun, used = time.perf_counter(), time.process_time()
            try:
                return found(*given, **named)
            finally:
                self._clock.seconds += time.perf_counter() - begun
                self._clock.cpu += time.process_time() - used

        return timed


@dataclass
class NumberedSource:
    """An `InteractionSource` of so many interactions."""

    interactions_in_all: int

    @property
    def skipped(self) -> Mapping[str, int]:
        return {}

    @property
    def assumed(self) -> Mapping[str, int]:
        return {}

    def interactions(self, channel: Channel, window: Window, wanted: Wanted) -> Iterator[Batch]:
        numbers = np.arange(self.interactions_in_all)
        numbers = numbers[(numbers % 5 < 2) == (channel == "digital")]
        for first in range(0, len(numbers), _BATCH):
            told = facts(numbers[first : first + _BATCH])
            texts = told[["transcript_ref", TRANSCRIPT]].dropna().rename(columns={TRANSCRIPT: "text"})
            yield Batch(
                _table(told),
                pa.Table.from_pandas(texts, schema=TRANSCRIPTS, preserve_index=False),
            )


def _table(told: pd.DataFrame) -> pa.Table:
    """`told` with all columns of `INTERACTIONS`, null where nothing is told."""
    nothing = pa.nulls(len(told))
    columns = [
        pa.array(told[f.name], type=f.type, from_pandas=True) if f.name in told else nothing.cast(f.type)
        for f in INTERACTIONS
    ]
    return pa.Table.from_arrays(columns, schema=INTERACTIONS)


@dataclass
class NumberedStore:
    """A `RecordStore` of the tickets; what is written is kept, by number."""

    written: dict[int, dict[str, str]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)

    def account(self) -> Account:
        return Account(_PORTAL, "Europe/Berlin", "app-eu1.hubspot.com")

    def scopes(self) -> frozenset[str] | None:
        return None

    def entity(self, name: str) -> Entity:
        assert name == TICKET.name
        return TICKET

    def properties(self, entity: Entity) -> dict[str, Property]:
        kinds = {
            "end_time": ("datetime", "date"),
            "start_time": ("datetime", "date"),
            TRANSCRIPT: ("string", "textarea"),
        }
        return {
            name: Property(name, name, *kinds.get(name, ("string", "text")), unique=name == KEY) for name in PROPERTIES
        }

    def pipelines(self, entity: Entity) -> None:
        return None

    def read(
        self, entity: Entity, ids: Sequence[str], properties: Sequence[str], *, id_property: str | None = None
    ) -> pd.DataFrame:
        first = _FIRST_RECORD if id_property is None else _FIRST_CONTACT
        numbers = np.array(ids, dtype="int64") - first
        numbers = numbers[found(numbers)]
        frame = pd.DataFrame(
            {
                "record_id": pd.Series(_FIRST_RECORD + numbers).astype("str"),
                "asked": pd.Series(first + numbers).astype("str"),
            }
        )
        if not properties:
            return frame
        values = held(numbers)[list(properties)]
        for row, number in enumerate(numbers.tolist()) if self.written else ():
            for name, value in self.written.get(number, {}).items():
                if name in properties:
                    values.at[row, name] = value
        return frame.join(values)

    def histories(
        self, entity: Entity, ids: Sequence[str], properties: Sequence[str]
    ) -> dict[str, dict[str, list[Change]]]:
        numbers = np.array(ids, dtype="int64") - _FIRST_RECORD
        at = facts(numbers)["due_at"] + timedelta(seconds=20)
        values = held(numbers)[list(properties)].astype("object")
        return {
            record: {
                name: [Change(value, moment, "INTEGRATION", "cxone")] if isinstance(value, str) else []
                for name, value in zip(properties, row, strict=True)
            }
            for record, moment, row in zip(
                ids, at.dt.to_pydatetime(), values.itertuples(index=False, name=None), strict=True
            )
        }

    def write(self, entity: Entity, rows: Sequence[WriteRow], *, before: Any, told: Any = None) -> list[Receipt]:
        receipts = []
        for row in rows:
            self.written.setdefault(int(row.record_id or 0) - _FIRST_RECORD, {}).update(row.properties)
            receipts.append(Receipt(row.trace, "written", row.record_id))
        before()
        if told is not None:
            told(receipts)
        return receipts

    @property
    def stopped_by(self) -> None:
        return None

    def usage(self) -> Usage:
        return Usage(calls=dict(self.calls))


def ports(interactions: int, ledger_url: str, services: Clock, ledger: Clock) -> Ports:
    """The stand-ins and the ledger, each with the clock that its calls go on."""
    source: Any = Metered(NumberedSource(interactions), services)
    store: Any = Metered(NumberedStore(), services)
    kept: Any = Metered(Ledger(ledger_url), ledger)
    return Ports(source, store, kept)
