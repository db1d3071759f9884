"""Agent legs of a digital case, told from its event history alone; one assignment of the case is one leg.

A leg runs from an assignment to the event after which somebody else, or nobody, is assigned: a transfer or an
unassignment. A change of status never ends a leg. The event schema is assumed (cxone-api, section 4.2):
rows with eventType, createdAt(WithMilliseconds), user or endUser, before and after {inboxAssigneeUser,
status, routingQueueId}; a key that an event leaves out of `after` did not change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from plugins.cxone.fields import text_of

Ender = Literal["agent", "contact", "unknown"]

CLOSED: Final = frozenset({"closed", "trashed"})
SETTLED: Final = CLOSED | {"resolved"}
_UNASSIGNED: Final = "CaseInboxUnassigned"
_TRANSFERRED: Final = "CaseInboxAssigneeChanged"
_STATUS_CHANGED: Final = "CaseStatusChanged"


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a case; `author` is who made it. `after` holds only what the event states.

    `settles`: the case became closed, trashed or resolved by it. Other events merely repeat a status.
    """

    at: datetime
    kind: str
    author: Literal["agent", "contact", "bot", "system"]
    after: Mapping[str, Any]
    settles: bool


@dataclass(frozen=True, slots=True)
class Leg:
    """One assignment; `status` and `queue_id` as at its end, `user` null if nobody was ever assigned."""

    start: datetime
    end: datetime | None
    user: Mapping[str, Any] | None
    event_type: str | None
    status: str | None
    queue_id: str | None
    ended_by: Ender


def events_of(rows: Sequence[Mapping[str, Any]]) -> list[Event]:
    """Oldest first; rows of one moment keep their order. ValueError for a row without a readable time."""
    events = [
        Event(
            at=moment_of(row, "createdAtWithMilliseconds", "createdAt"),
            kind=text_of(row, "eventType") or "",
            author=_author(row),
            after=row.get("after") or {},
            settles=_settles(row),
        )
        for row in rows
    ]
    return sorted(events, key=lambda event: event.at)


def legs_of_case(case: Mapping[str, Any], events: Sequence[Event]) -> list[Leg]:
    """All legs, oldest first; the last may be open. Empty if the history shows no assignment."""
    legs: list[Leg] = []
    current: Leg | None = None
    status = queue_id = None
    for event in events:
        status = text_of(event.after, "status") or status
        if "inboxAssigneeUser" in event.after:
            user = event.after["inboxAssigneeUser"] or None
            if current and _user_id(user) != _user_id(current.user):
                kind = event.kind or (_TRANSFERRED if user else _UNASSIGNED)
                ended = replace(current, end=event.at, event_type=kind, status=status, queue_id=queue_id)
                legs.append(replace(ended, ended_by=_ender(current.start, event.at, case, events)))
                current = None
            if user and not current:
                current = Leg(event.at, None, user, None, None, None, "unknown")
        # only now: an event that moves a case to another queue ends a leg of the old one
        queue_id = text_of(event.after, "routingQueueId") or queue_id
    if current:
        legs.append(replace(current, status=status, queue_id=queue_id))
    return legs


def leg_without_history(case: Mapping[str, Any]) -> Leg | None:
    """The one leg that the case itself shows; None while it is open and nobody is known.

    Starts at the last assignment, else when the case was created; ends when its status last changed, unless
    someone is still assigned. A closed case without anyone has a leg without a user.
    """
    assigned = case.get("inboxAssigneeUser") or None
    user = assigned or case.get("ownerAssigneeUser") or None
    status = text_of(case, "status")
    if not user and status not in CLOSED:
        return None
    start_fields = ("inboxAssigneeLastAssignedAt",) if user else ()
    start = moment_of(case, *start_fields, "createdAtWithMilliseconds", "createdAt")
    end = None if assigned else moment_of(case, "statusUpdatedAtWithMilliseconds", "statusUpdatedAt")
    return Leg(
        start=start,
        end=max(start, end) if end else None,
        user=user,
        event_type=None,
        status=status,
        queue_id=text_of(case, "routingQueueId"),
        ended_by="contact" if case.get("abandon") else "unknown",
    )


def moment_of(row: Mapping[str, Any], *names: str) -> datetime:
    """The first named time as UTC, cut to milliseconds; ValueError if the row holds none."""
    spelled = text_of(row, *names)
    if spelled is None:
        raise ValueError(f"no {names[-1]}")
    moment = datetime.fromisoformat(spelled)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _ender(start: datetime, end: datetime, case: Mapping[str, Any], events: Sequence[Event]) -> Ender:
    """Who ended the interaction of a leg; the first clue wins (cxone-api, section 4.2).

    The author of the event that settled the case during the leg; an abandonment by then; the author of the
    event that ended the leg, if an agent; a live chat that was settled without any agent's doing. Else
    unknown.
    """
    within = [event for event in events if start <= event.at <= end]
    settling = [event for event in within if event.settles]
    if settling and settling[-1].author in ("agent", "contact"):
        return "contact" if settling[-1].author == "contact" else "agent"
    abandon = case.get("abandon")
    if isinstance(abandon, dict) and (not abandon.get("abandonedAt") or moment_of(abandon, "abandonedAt") <= end):
        return "contact"
    if any(event.author == "agent" and event.at == end for event in within):
        return "agent"
    if settling and str(case.get("channelId")).startswith("chat"):
        return "contact"
    return "unknown"


def _settles(row: Mapping[str, Any]) -> bool:
    before, after = text_of(row.get("before") or {}, "status"), text_of(row.get("after") or {}, "status")
    changed = before not in SETTLED if before else row.get("eventType") == _STATUS_CHANGED
    return changed and after in SETTLED


def _author(row: Mapping[str, Any]) -> Literal["agent", "contact", "bot", "system"]:
    user = row.get("user")
    if isinstance(user, dict):
        return "bot" if user.get("isBotUser") or user.get("isSurveyUser") else "agent"
    return "contact" if row.get("endUser") else "system"


def _user_id(user: Mapping[str, Any] | None) -> str | None:
    return text_of(user, "id", "incontactId") if user else None
