"""The truth for tests: what happened to each leg, told by the generator's facts alone.

Nothing here looks into the portal or at what the API shows.
"""

from typing import Any

from sandbox import live
from sandbox.catalogue import Agent
from sandbox.interactions import DigitalCase, DigitalLeg, Fate, VoiceLeg
from sandbox.people import Customer
from sandbox.times import zulu
from sandbox.world import World

ADDRESSES = {"whatsapp": "phone", "facebook": "none"}
"""By what the customer of a digital channel is searched for; else by e-mail."""


def truth(world: World, start: int, end: int) -> dict[str, Any]:
    """`{legs: [...], edits: [...]}`: the legs with leg end in [start, end), by end and id, and people's edits
    (never workflows) of the records those legs are linked to, whenever they happen.

    `values` of a leg: {ticket, contact}, each {property: text}, as a flawless live system sends it; null if never due.
    """
    rows = [_voice(leg) for leg in world.legs.values() if start <= leg.end < end]
    rows += [
        _digital(case, leg)
        for case in world.cases.values()
        for leg in case.legs
        if leg.end is not None and start <= leg.end < end
    ]
    rows.sort(key=lambda row: (row["end"], row["id"], row["start"]))
    records = {row[key] for row in rows for key in ("contact_record_id", "ticket_id")}
    edits = [
        {
            "at": zulu(edit.at),
            "type_id": edit.type_id,
            "record_id": edit.record_id,
            "property": edit.property,
            "value": edit.value,
            "append": edit.append,
            "user_id": edit.user_id,
        }
        for edit in world.edits
        if edit.user_id and edit.record_id in records
    ]
    return {"legs": rows, "edits": edits}


def _voice(leg: VoiceLeg) -> dict[str, Any]:
    row = {"id": str(leg.contact_id), "channel": "voice", "master_id": str(leg.master_id)}
    row |= _common(leg.agent, leg.start, leg.end, leg.due, leg.never_due, leg.ended_by, leg.linked, leg.ticket_id)
    sent: dict[str, str] = {}
    if leg.fate:
        sent |= live.voice_ticket(leg) if leg.ticket_id else {}
        sent |= live.voice_contact(leg) if leg.linked else {}
    return row | {
        "media_type_id": leg.media_type_id,
        "contact_ended_first": False,
        "found_by": _found_by(leg.linked, "phone"),
        "values": {"ticket": live.voice_ticket(leg), "contact": live.voice_contact(leg)} if leg.fate else None,
        "fate": _fate(leg.fate, sent),
    }


def _digital(case: DigitalCase, leg: DigitalLeg) -> dict[str, Any]:
    row = {"id": case.case_id, "channel": "digital", "master_id": None}
    row |= _common(
        leg.agent, leg.start, leg.end or 0, leg.due, leg.never_due, leg.ended_by, case.linked, case.ticket_id
    )
    sent: dict[str, str] = {}
    values = None
    if leg.fate:
        text = live.leg_transcript(case, leg)
        values = {"ticket": live.digital_ticket(case, leg, text), "contact": live.digital_contact(case, leg, text)}
        sent |= values["ticket"] if case.ticket_id else {}
        sent |= values["contact"] if case.linked else {}
    return row | {
        "media_type_id": 9,
        "contact_ended_first": leg.contact_ended_first,
        "found_by": _found_by(case.linked, ADDRESSES.get(case.channel.platform, "email")),
        "values": values,
        "fate": _fate(leg.fate, sent),
    }


def _common(
    agent: Agent | None,
    start: int,
    end: int,
    due: int | None,
    never_due: str | None,
    ended_by: str,
    linked: Customer | None,
    ticket_id: str | None,
) -> dict[str, Any]:
    return {
        "agent_id": agent.agent_id if agent else None,
        "start": zulu(start),
        "end": zulu(end),
        "due_at": zulu(due) if due else None,
        "never_due": never_due,
        "ended_by": ended_by,
        "contact_record_id": linked.record_id if linked else None,
        "ticket_id": ticket_id,
    }


def _found_by(linked: Customer | None, address: str) -> str | None:
    """How the browser came to the linked record: `search` for the customer's phone or e-mail, or `hand`."""
    if linked is None:
        return None
    known = {"phone": linked.phone is not None and not linked.shared, "email": bool(linked.emails), "none": False}
    return "search" if known[address] else "hand"


def _fate(fate: Fate | None, sent: dict[str, str]) -> dict[str, Any] | None:
    """None for a leg that is never due; only properties that were `sent` can be lost, cut or emptied."""
    if fate is None:
        return None
    lost, over = [], []
    if fate.write == "whole":
        lost = [name for name in sent if name == fate.lost_field]
        over = [name for name in live.overflowing(sent) if name != fate.lost_field]
    return {
        "write": fate.write,
        "written_at": zulu(fate.written_at) if fate.written_at else None,
        "fields_lost": lost,
        "cut": over if fate.overflow == "cut" else [],
        "emptied": over if fate.overflow == "empty" else [],
    }
