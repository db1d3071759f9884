"""Transcripts from scripted messages; the layout is the live system's."""

from datetime import UTC, datetime
from typing import Any

import pytest

from plugins.cxone.options import CxoneOptions
from plugins.cxone.transcript import lines_of_case, transcript_until

AGENT = {"firstName": "Jörg", "surname": "Äh"}
CUSTOMER = {"fullName": "Jane Doe"}


def message(second: int, text: str | None, **more: Any) -> dict[str, Any]:
    author = {} if "authorUser" in more else {"authorEndUserIdentity": CUSTOMER}
    content = {"type": "TEXT", "payload": {"text": text}}
    time = f"2026-11-16T09:00:{second:02d}+00:00"
    return {"id": f"m{second}", "createdAt": time, "messageContent": content, **author, **more}


def read(
    scripted: Any, rows: list[dict[str, Any]], until: int = 59, hits: int | None = None, **options: Any
) -> str | None:
    scripted.dfo("contacts/1/messages", {"hits": len(rows) if hits is None else hits, "data": rows})
    end = datetime(2026, 11, 16, 9, 0, until, tzinfo=UTC)
    lines = lines_of_case(scripted.client(), "1", end, "Card Name", CxoneOptions(**options))
    return None if lines is None else transcript_until(lines, end)


def test_messages_are_sorted_cut_at_the_end_and_kept_as_they_are(scripted: Any) -> None:
    rows = [
        message(40, "too late"),
        message(20, "Guten Tag 👋\nIhre Bestellung?", authorUser=AGENT),
        message(10, "  <b>hello</b>  "),
    ]
    assert read(scripted, rows, until=30) == (
        "[2026-11-16 09:00:10] Jane Doe:   <b>hello</b>  \n"
        "[2026-11-16 09:00:20] Jörg Äh: Guten Tag 👋\nIhre Bestellung?"
    )


def test_other_content_shows_its_fallback_and_nothing_else(scripted: Any) -> None:
    rows = [
        message(1, None, messageContent={"type": "LIST_PICKER", "payload": {}, "fallbackText": "Yes / No"}),
        message(2, None, messageContent={"type": "PLUGIN", "payload": {"text": "x"}, "fallbackText": ""}),
        message(3, None, messageContent={"text": "old spelling"}),
        message(4, None, messageContent=None, attachments=[{"friendlyName": "cat.png"}]),
    ]
    assert (
        read(scripted, rows) == "[2026-11-16 09:00:01] Jane Doe: Yes / No\n[2026-11-16 09:00:03] Jane Doe: old spelling"
    )


@pytest.mark.parametrize(
    ("removed_text", "shown"), [("[removed]", "[2026-11-16 09:00:01] Jane Doe: [removed]"), ("", "")]
)
def test_a_removed_message_shows_no_text(scripted: Any, removed_text: str, shown: str) -> None:
    rows = [message(1, "secret", contentRemoved={"reason": "GDPR"})]
    assert read(scripted, rows, removed_text=removed_text) == shown


def test_a_shortened_message_is_fetched_whole(scripted: Any) -> None:
    scripted.dfo("messages/m1", message(1, "all of it"))
    rows = [message(1, "all", hasAdditionalMessageContent=True)]
    assert read(scripted, rows) == "[2026-11-16 09:00:01] Jane Doe: all of it"


def test_a_part_never_passes_for_the_whole(scripted: Any) -> None:
    assert read(scripted, [message(1, "one")], hits=2) is None
    scripted.answers.clear()
    scripted.on("/authentication/v1/token/access-key", {"access_token": "t", "expires_in": 3600})
    assert read(scripted, [message(1, "sho", hasAdditionalMessageContent=True)]) is None


@pytest.mark.parametrize("status", [204, 404])
def test_no_answer_is_no_conversation_without_a_word(scripted: Any, status: int) -> None:
    later = datetime(2026, 11, 17, tzinfo=UTC)
    scripted.dfo("contacts/1/messages", None, status=status)
    assert lines_of_case(scripted.client(), "1", later, None, CxoneOptions()) is None
    scripted.answers["/dfo/3.0/contacts/1/messages"] = [(200, {"hits": 0, "data": []}, {})]
    assert lines_of_case(scripted.client(), "1", later, None, CxoneOptions()) == []


def test_a_template_and_a_customer_without_a_name(scripted: Any) -> None:
    rows = [message(1, "{hi}", authorEndUserIdentity={"nickname": ""})]
    assert read(scripted, rows, transcript_template="{time:%H:%M} <{name}> {text}") == "09:00 <Card Name> {hi}"
