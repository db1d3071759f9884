"""What happened, as facts: voice legs and digital cases. Nothing here changes after it was generated;
what a caller sees at a moment is derived from these facts and the clock.
"""

from dataclasses import dataclass

from sandbox.catalogue import Agent, Channel, Disposition, Skill, Tag
from sandbox.people import Customer


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one leg's live write, drawn when the leg is generated.

    `write` is `whole`, `lost:first_of_day`, `lost:tab`, `lost:5xx`, `stopped`, or `lost:` and a trouble
    (`troubles`); `written_at` (ms) is None when lost. `lost_field` names one HubSpot property that does not
    arrive. `overflow` says what the target does with a transcript that is too long: `cut` or `empty`.
    """

    write: str
    written_at: int | None
    lost_field: str | None
    overflow: str


@dataclass(frozen=True, slots=True, eq=False)
class VoiceLeg:
    """One row of completed contacts (media types 1 and 3 to 8); times in ms, durations in seconds."""

    contact_id: int
    master_id: int
    media_type_id: int
    start: int
    end: int
    agent: Agent | None
    skill: Skill
    customer: Customer | None
    linked: Customer | None
    caller: str
    outbound: bool
    refused: bool
    abandoned: bool
    queue_seconds: int
    hold_seconds: int
    acw_seconds: int
    contact_warehoused: int
    acw_warehoused: int | None
    end_reason: str
    ended_by: str
    transfer: str
    disposition: Disposition | None
    notes: str
    tags: tuple[Tag, ...]
    variables: tuple[tuple[str, str], ...]
    ticket_id: str | None
    due: int | None
    never_due: str | None
    fate: Fate | None

    @property
    def acw_closed(self) -> int:
        """The moment from which disposition, notes and tags are known."""
        return self.end + self.acw_seconds * 1000


@dataclass(frozen=True, slots=True)
class DigitalLeg:
    """One assignment of a case to a user. `end` None: still assigned. `event_type` is what ended it."""

    agent: Agent
    start: int
    end: int | None
    event_type: str
    status: str
    ended_by: str
    contact_ended_first: bool
    disposition: Disposition | None
    notes: str
    due: int | None
    never_due: str | None
    fate: Fate | None


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One change of a case: who did it (`user`, or the contact), and assignee and status afterwards."""

    at: int
    event_type: str
    user: Agent | None
    by_contact: bool
    assignee: Agent | None
    status: str


@dataclass(frozen=True, slots=True, eq=False)
class DigitalCase:
    """A Digital Experience case; `address` is the customer's idOnExternalPlatform."""

    case_id: str
    created: int
    channel: Channel
    skill: Skill
    customer: Customer | None
    linked: Customer | None
    customer_name: str
    address: str
    outbound: bool
    guids: bool
    order_number: str
    abandoned_at: int | None
    ticket_id: str | None
    legs: tuple[DigitalLeg, ...]
    events: tuple[CaseEvent, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """A person (`user_id`) or a HubSpot workflow (None) sets one property of one record at `at` (ms).

    `value` None keeps what the record holds and appends `append` to it.
    """

    at: int
    type_id: str
    record_id: str
    property: str
    value: str | None
    append: str
    user_id: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """Everything that began because of one UTC day."""

    legs: tuple[VoiceLeg, ...]
    cases: tuple[DigitalCase, ...]
    edits: tuple[Edit, ...]
