"""What the domain asks of the outside world: a source of interactions and a store of CRM records.

The domain names neither CXone's nor HubSpot's client; both come in through these Protocols.
Implementations raise only errors of `memorialization.errors`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

import pandas as pd
import pyarrow as pa

from memorialization.errors import MemorializationError

Channel = Literal["voice", "digital"]


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open interval [start, end) in UTC that an interaction's leg end falls into."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the mappings need of a source; nothing else is fetched.

    `since` is how far back (by leg start) to look: voice calls that started, and digital cases that were
    created, at or after it. `again` are interaction keys of earlier nights that were provisional: they are
    returned whenever they are met, whatever their leg end. `changed_since`: so are legs that ended before the
    window, if CXone changed them at or after it and later than `known` says (interaction key -> the last change
    that was seen). `read`: cases that an earlier try of the same reading came to; they are not read again.
    """

    since: datetime
    transcripts: bool
    script_variables: frozenset[str]
    again: frozenset[str] = frozenset()
    changed_since: datetime | None = None
    known: Mapping[str, datetime] = field(default_factory=dict)
    read: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of the interactions of a window, and the texts that its rows refer to.

    `cases`: the ids of all cases that were read one by one for it, also of those that yielded no row.
    """

    interactions: pa.Table  # schema: interactions.INTERACTIONS (+ script.* columns, large_string)
    transcripts: pa.Table  # schema: interactions.TRANSCRIPTS
    cases: tuple[str, ...] = ()


class InteractionSource(Protocol):
    """Completed and still open agent legs of one contact centre."""

    @property
    def skipped(self) -> Mapping[str, int]:
        """Rows and cases that could not be read so far, by reason; never silent."""
        ...

    @property
    def assumed(self) -> Mapping[str, int]:
        """Legs of which a fact had to be assumed or withheld so far, by reason."""
        ...

    def interactions(self, channel: Channel, window: Window, wanted: Wanted) -> Iterator[Batch]:
        """Legs whose end lies in `window`, legs still open at its end, those of `wanted.again`, and older ones
        that CXone changed since (`wanted.changed_since`).

        Each interaction_key appears once over all batches. A batch holds at most some 10,000 rows.
        """
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """The CRM account that a token belongs to."""

    portal_id: int
    time_zone: str
    ui_domain: str
    account_type: str = "STANDARD"  # or DEVELOPER_TEST, SANDBOX, APP_DEVELOPER (hubspot-api, section 6)


LARGEST_TEXT: Final = 65_536
"""Characters that HubSpot's documents grant a text property (hubspot-api, section 3)."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a record type, as the CRM declares it."""

    name: str
    label: str
    type: str  # string, number, date, datetime, enumeration, bool, phone_number
    field_type: str  # text, textarea, html, select, checkbox, ...
    options: tuple[tuple[str, str], ...] = ()  # (value, label), of an enumeration; empty = defined elsewhere
    unique: bool = False
    read_only: bool = False
    calculated: bool = False
    max_length: int | None = None  # a MAX_LENGTH validation rule; None = no rule

    @property
    def holds_text(self) -> bool:
        """Whether its values have a length that is limited; how much it takes is `text.Measure`'s to say."""
        return self.type in ("string", "phone_number")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of tickets or deals: its label, and its stages (id -> label)."""

    label: str
    stages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entity:
    """A record type of the CRM: the name in mappings and the type id on the wire."""

    name: str  # "Contact", "Ticket", ... or the label of a custom object
    type_id: str  # "0-1", "0-5", "2-4711"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a property's history, newest first in lists."""

    value: str
    at: datetime
    source_type: str
    source_id: str


@dataclass(frozen=True, slots=True)
class WriteRow:
    """The changed properties of one record. `record_id` xor (`key_property`, `key_value`)."""

    trace: str  # unique in a call and stable over tries
    properties: Mapping[str, str]
    record_id: str | None = None
    key_property: str | None = None
    key_value: str | None = None


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record without a unique property, to be made together with its association to one record of another type."""

    trace: str  # unique in a call
    properties: Mapping[str, str]
    associated_id: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What happened to one WriteRow, told by trace or key, never by position."""

    trace: str
    outcome: Literal["written", "rejected", "unaccounted"]
    record_id: str | None = None  # of a written row
    created: bool = False
    category: str | None = None  # HubSpot's category of a rejected row
    code: str | None = None  # and its error code
    property: str | None = None  # and the property it names, where it names one
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls made so far, and what the account has left."""

    calls: Mapping[str, int] = field(default_factory=dict)  # endpoint -> calls
    throttled: int = 0  # answers 429
    daily_limit: int | None = None
    daily_remaining: int | None = None
    per_second: float | None = None  # calls a second that the account grants this program
    waited: float = 0.0  # seconds until calls might be made, of all threads together


def pair_trace(pair: tuple[str, str]) -> str:
    """By which the receipt of an association names its pair of record ids."""
    return ">".join(pair)


@dataclass(frozen=True, slots=True)
class Kept:
    """A small JSON state, for as long as nobody else may change it, and the time by two clocks in milliseconds.

    `now` is of the clock that all who share the state go by, `here` this process's (monotonic) of the same moment
    or a little before.
    """

    state: dict[str, Any]
    now: int
    here: int


class SharedState(Protocol):
    """A state that programs change one after another: what is left in `Kept.state` is what the next one finds."""

    def change(self) -> AbstractContextManager[Kept]:
        """An error inside leaves the state as it was."""
        ...


def nothing() -> None:
    """What comes before a call that nothing needs to come before."""


class RecordStore(Protocol):
    """The CRM. Record ids and values are strings; an unset property is null (None)."""

    def account(self) -> Account:
        """The account of the token (account-info)."""
        ...

    def scopes(self) -> frozenset[str] | None:
        """The token's scopes; None where they cannot be told."""
        ...

    def entity(self, name: str) -> Entity:
        """The record type of this name; ConfigurationError with the known names if there is none."""
        ...

    def properties(self, entity: Entity) -> dict[str, Property]:
        """Declared properties by name, with their MAX_LENGTH rules; archived and sensitive ones are absent."""
        ...

    def pipelines(self, entity: Entity) -> dict[str, Pipeline] | None:
        """Pipelines by id, of tickets and deals only; None where the token may not list them."""
        ...

    def read(
        self, entity: Entity, ids: Sequence[str], properties: Sequence[str], *, id_property: str | None = None
    ) -> pd.DataFrame:
        """Records by id or unique property, in batches; those that do not exist are absent.

        Returns a frame: `record_id`, `asked` (the id or key that was asked for; e-mail in lower case), and one
        column per property, all dtype str with missing values for unset ones. One row per asked id found.
        """
        ...

    def histories(
        self, entity: Entity, ids: Sequence[str], properties: Sequence[str]
    ) -> dict[str, dict[str, list[Change]]]:
        """record id -> property -> changes, newest first. Fifty records a call (hubspot-api, section 2)."""
        ...

    def search(self, entity: Entity, filters: Mapping[str, Sequence[str]], properties: Sequence[str]) -> pd.DataFrame:
        """Records where ANY of the named properties has ANY of its values: property -> values.

        Batched within the search limits (5 groups, 3,000 characters, 10,000 results). Columns as in `read`
        without `asked`; no duplicates. Index lag applies: absence proves nothing.
        """
        ...

    def associated(
        self, source: Entity, ids: Sequence[str], target: Entity, *, primary: bool = False
    ) -> dict[str, list[str]]:
        """record id -> ids of the associated records of the target type, the primary one first.

        With `primary`, the primary one alone where there is one.
        """
        ...

    def write(
        self,
        entity: Entity,
        rows: Sequence[WriteRow],
        *,
        before: Callable[[], None] = nothing,
        told: Callable[[Sequence[Receipt]], None] | None = None,
    ) -> list[Receipt]:
        """Update by record id, or upsert by unique property; one receipt per row, whatever HubSpot answered.

        Nothing is sent twice that may have been carried out: of an answer that never came the rows are unaccounted.
        `before` is called before each call that writes, in any thread; an error it raises ends the sending.
        `told` is given the receipts of each call as soon as it is answered, in the caller's thread.
        """
        ...

    def add(
        self, entity: Entity, rows: Sequence[NewRecord], associated: Entity, *, before: Callable[[], None] = nothing
    ) -> list[Receipt]:
        """Make records, each with its association to a record of `associated`; one receipt per row.

        Nothing is sent twice: of an answer that never came the rows are unaccounted, and may exist. `before`: as in
        `write`.
        """
        ...

    def associate(
        self, source: Entity, pairs: Sequence[tuple[str, str]], target: Entity, *, before: Callable[[], None] = nothing
    ) -> list[Receipt]:
        """Associate records by the unlabelled default; one receipt per pair, told by `pair_trace`. `before`: as in
        `write`.

        Only for pairs that are not associated at all: the labels of others would be replaced (hubspot-api, 2.7).
        """
        ...

    @property
    def stopped_by(self) -> MemorializationError | None:
        """The error for which rows of the last `write` were not sent or not answered; None when none was."""
        ...

    def usage(self) -> Usage:
        """Counted since this store was opened."""
        ...
