"""The transcript of a digital leg: every message up to the leg's end, oldest first, one template per message.

Text is kept as it is, line breaks included. Attachments and notes are never part of it; a message that holds
neither text nor fallback text has no line; one that CXone has removed (GDPR, TTL) shows `removed_text` only.
Source: cxone-api, section 4.3; layout: CxoneOptions.transcript_template.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugins.cxone.client import CxoneClient
from plugins.cxone.fields import count_of, rows_of, text_of
from plugins.cxone.history import moment_of
from plugins.cxone.options import CxoneOptions


@dataclass(frozen=True, slots=True)
class Line:
    """One message, rendered."""

    at: datetime
    text: str


def lines_of_case(
    client: CxoneClient, case_id: str, until: datetime, customer_name: str | None, options: CxoneOptions
) -> list[Line] | None:
    """Messages up to `until`, oldest first; shortened ones are fetched again, whole.

    None if a message, or the rest of one, is not to be had: a part must not pass for the whole.
    """
    body = client.dfo(f"contacts/{case_id}/messages", missing_ok=True)
    if body is None:
        return None
    rows, envelope = rows_of(body, "data", "messages")
    if (count_of(envelope, "hits") or 0) > len(rows):
        return None
    dated = sorted(
        ((moment_of(row, "createdAtWithMilliseconds", "createdAt"), row) for row in rows), key=lambda m: m[0]
    )
    lines = []
    for at, row in dated:
        if at > until:
            break
        whole = row
        if row.get("hasAdditionalMessageContent"):
            whole = client.dfo(f"messages/{row['id']}", missing_ok=True)
            if whole is None:
                return None
        text = options.removed_text if whole.get("contentRemoved") else _text(whole)
        if text:
            name = _name(whole, customer_name)
            lines.append(Line(at, options.transcript_template.format(time=at, name=name, text=text)))
    return lines


def transcript_until(lines: Sequence[Line], end: datetime) -> str:
    """What the live system saw when the leg ended."""
    return "\n".join(line.text for line in lines if line.at <= end)


def _text(row: Mapping[str, Any]) -> str:
    content = row.get("messageContent") or {}
    payload = content.get("payload")
    if content.get("type", "TEXT") != "TEXT":
        return str(content.get("fallbackText") or "")
    text = payload.get("text") if isinstance(payload, dict) else None
    return str(text or content.get("text") or content.get("fallbackText") or "")


def _name(row: Mapping[str, Any], customer_name: str | None) -> str:
    user = row.get("authorUser")
    if isinstance(user, dict):
        return full_name(user) or "Agent"
    return full_name(row.get("authorEndUserIdentity") or {}) or customer_name or "Customer"


def full_name(person: Mapping[str, Any]) -> str | None:
    """fullName, else first and last name (surname or lastName; either may be blank), else nickname."""
    parts = [text_of(person, "firstName"), text_of(person, "surname", "lastName")]
    return text_of(person, "fullName") or " ".join(filter(None, parts)) or text_of(person, "nickname")
