"""Legs and enders from hand-written histories; times are 2026-11-16, named by their minute."""

from datetime import UTC, datetime
from typing import Any

import pytest

from plugins.cxone.history import events_of, leg_without_history, legs_of_case, moment_of

ANNA = {"id": 1, "incontactId": "20000001", "firstName": "Anna"}
BEN = {"id": 2, "incontactId": "20000002", "firstName": "Ben"}
BOT = {"id": 3, "isBotUser": True}
CUSTOMER = {"id": "c", "fullName": "Jane Doe"}
EMAIL, CHAT = {"channelId": "email_1"}, {"channelId": "chat_1"}


def at(minute: int) -> datetime:
    return datetime(2026, 11, 16, 9, minute, tzinfo=UTC)


class Story:
    """Writes events the way CXone shows them: every one repeats assignee and status."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.side: dict[str, Any] = {"inboxAssigneeUser": None, "status": "new", "routingQueueId": "q1"}

    def then(self, minute: int, kind: str, by: dict[str, Any] | None, **after: Any) -> "Story":
        before, self.side = self.side, {**self.side, **after}
        author = {"user": None, "endUser": CUSTOMER} if by is CUSTOMER else {"user": by, "endUser": None}
        time = f"2026-11-16T09:{minute:02d}:00+00:00"
        self.rows.append({"eventType": kind, "createdAt": time, **author, "before": before, "after": self.side})
        return self

    def assigned(self, minute: int, agent: dict[str, Any]) -> "Story":
        return self.then(minute, "CaseInboxAssigned", None, inboxAssigneeUser=agent)

    def status(self, minute: int, by: dict[str, Any] | None, status: str) -> "Story":
        return self.then(minute, "CaseStatusChanged", by, status=status)

    def transferred(self, minute: int, by: dict[str, Any], to: dict[str, Any], queue: str = "q1") -> "Story":
        return self.then(minute, "CaseInboxAssigneeChanged", by, inboxAssigneeUser=to, routingQueueId=queue)

    def dismissed(self, minute: int, by: dict[str, Any] | None) -> "Story":
        return self.then(minute, "CaseInboxUnassigned", by, inboxAssigneeUser=None)

    def legs(self, case: dict[str, Any] = EMAIL) -> list[tuple[Any, ...]]:
        return [
            (
                leg.user and leg.user["id"],
                leg.start,
                leg.end,
                leg.event_type,
                leg.status,
                leg.queue_id,
                leg.ended_by,
            )
            for leg in legs_of_case(case, events_of(self.rows))
        ]


def test_a_transfer_ends_one_leg_and_begins_the_next() -> None:
    story = Story().assigned(1, ANNA).status(2, None, "open").transferred(5, ANNA, BEN, "q2")
    story.status(8, BEN, "closed").dismissed(9, BEN)
    assert story.legs() == [
        (1, at(1), at(5), "CaseInboxAssigneeChanged", "open", "q1", "agent"),
        (2, at(5), at(9), "CaseInboxUnassigned", "closed", "q2", "agent"),
    ]


def test_a_change_to_closed_does_not_end_a_leg() -> None:
    assert Story().assigned(1, ANNA).status(3, ANNA, "closed").legs() == [
        (1, at(1), None, None, "closed", "q1", "unknown")
    ]


def test_the_contact_ended_first_although_the_agent_dismissed() -> None:
    story = Story().assigned(1, ANNA).status(3, CUSTOMER, "closed")
    story.then(4, "MessageAddedIntoCase", ANNA).dismissed(5, ANNA)
    assert [leg[-1] for leg in story.legs()] == ["contact"]


def test_a_message_after_the_end_settles_nothing() -> None:
    story = Story().assigned(1, ANNA).status(3, ANNA, "resolved")
    story.then(4, "MessageAddedIntoCase", CUSTOMER).dismissed(5, None)
    assert [leg[-1] for leg in story.legs()] == ["agent"]


def test_the_ender_is_unknown_unless_a_chat_was_closed_by_no_agent() -> None:
    story = Story().assigned(1, ANNA).status(3, None, "closed").dismissed(5, None)
    assert [leg[-1] for leg in story.legs(EMAIL)] == ["unknown"]
    assert [leg[-1] for leg in story.legs(CHAT)] == ["contact"]
    abandoned = {**EMAIL, "abandon": {"type": "abandon", "abandonedAt": "2026-11-16T09:02:00+00:00"}}
    assert [leg[-1] for leg in story.legs(abandoned)] == ["contact"]


def test_reopening_begins_a_new_leg_of_the_same_agent() -> None:
    story = Story().assigned(1, BOT).dismissed(2, BOT).assigned(10, ANNA).dismissed(12, ANNA).assigned(20, ANNA)
    assert [(leg[0], leg[1], leg[2]) for leg in story.legs()] == [
        (3, at(1), at(2)),
        (1, at(10), at(12)),
        (1, at(20), None),
    ]


def test_events_come_in_any_order_and_a_missing_assignee_means_no_change() -> None:
    story = Story().assigned(1, ANNA).dismissed(9, ANNA)
    story.rows.reverse()
    story.rows.insert(1, {"eventType": "Tagged", "createdAt": "2026-11-16T09:05:00Z", "after": {"status": "open"}})
    assert [(leg[1], leg[2]) for leg in story.legs()] == [(at(1), at(9))]


def test_an_event_without_a_time_is_an_error() -> None:
    with pytest.raises(ValueError, match="createdAt"):
        events_of([{"eventType": "CaseInboxAssigned"}])


def test_a_case_without_history() -> None:
    case: dict[str, Any] = {
        "createdAt": "2026-11-16T09:00:00+00:00",
        "statusUpdatedAt": "2026-11-16T09:30:00+00:00",
        "inboxAssigneeLastAssignedAt": "2026-11-16T09:10:00+00:00",
        "status": "open",
    }
    assert leg_without_history(case) is None
    waiting = leg_without_history({**case, "inboxAssigneeUser": ANNA})
    assert waiting is not None and (waiting.start, waiting.end) == (at(10), None)
    left = leg_without_history({**case, "ownerAssigneeUser": ANNA})
    assert left is not None and (left.start, left.end, left.user) == (at(10), at(30), ANNA)
    nobody = leg_without_history({**case, "status": "closed", "abandon": {"type": "abandon"}})
    assert nobody is not None
    assert (nobody.start, nobody.end, nobody.user, nobody.ended_by) == (at(0), at(30), None, "contact")


def test_moments_are_cut_to_milliseconds() -> None:
    row = {"a": "2026-11-16T10:00:00.123999+01:00"}
    assert moment_of(row, "b", "a") == datetime(2026, 11, 16, 9, 0, 0, 123_000, tzinfo=UTC)
