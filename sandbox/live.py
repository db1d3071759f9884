"""What the live system writes when a leg is finished: the values of the admin's mapping, spelled its way.

A blank value is not sent. A voice script variable never arrives from a skill without screen pops, and after
"contact ended first" status, disposition and notes do not (memorialization, section 4).
"""

from sandbox.catalogue import guid
from sandbox.conversation import transcript, utf16_cut, utf16_units
from sandbox.interactions import DigitalCase, DigitalLeg, Fate, VoiceLeg
from sandbox.schema import TEXT_LIMIT, TICKET_TRANSCRIPT_LIMIT
from sandbox.times import zulu

MEDIA_TYPES = {4: "PhoneCall", 5: "VoiceMail", 6: "WorkItem"}
PLAYER = "https://na1.nice-incontact.com/player/#/cxone-player/segments/"
LIMITS = {"cxone_transcript": TICKET_TRANSCRIPT_LIMIT, "cxone_last_transcript": TEXT_LIMIT}


def segment_id(leg: VoiceLeg) -> str:
    """The id of a leg's recording, which player links end in."""
    return str(leg.contact_id % 100_000_000_000)


def voice_ticket(leg: VoiceLeg) -> dict[str, str]:
    """Ticket <- voice."""
    agent = leg.agent.name if leg.agent else ""
    variables = {name.lower(): value for name, value in leg.variables} if leg.skill.screen_pops else {}
    return _filled(
        {
            "cxone_contact_id": str(leg.contact_id),
            "cxone_master_contact_id": str(leg.master_id),
            "cxone_interaction_id": guid("voice", leg.master_id),
            "cxone_agent_id": str(leg.agent.agent_id) if leg.agent else "",
            "cxone_agent_name": agent,
            "cxone_ani": leg.caller,
            "cxone_contact_type": "voice",
            "cxone_direction": "outbound" if leg.outbound else "inbound",
            "cxone_disposition": leg.disposition.name if leg.disposition else "",
            "cxone_disposition_notes": leg.notes,
            "cxone_dnis": leg.skill.number,
            "cxone_start_time": zulu(leg.start),
            "cxone_end_time": zulu(leg.end),
            "cxone_final_state": "true",
            "cxone_media_type": MEDIA_TYPES[leg.media_type_id],
            "cxone_recording_url": PLAYER + segment_id(leg),
            "cxone_skill_id": str(leg.skill.skill_id),
            "cxone_skill_name": leg.skill.name,
            "cxone_status": "Disconnected",
            "cxone_to": agent,
            "cxone_tags": ";".join(tag.name for tag in leg.tags),
            "cxone_order_number": variables.get("ordernumber", ""),
            "cxone_callback_date": variables.get("callbackdate", ""),
        }
    )


def voice_contact(leg: VoiceLeg) -> dict[str, str]:
    """Contact <- voice."""
    return _filled(
        {
            "cxone_last_contact_id": str(leg.contact_id),
            "cxone_last_agent": leg.agent.name if leg.agent else "",
            "cxone_last_channel": MEDIA_TYPES[leg.media_type_id],
            "cxone_last_disposition": leg.disposition.name if leg.disposition else "",
            "cxone_last_notes": leg.notes,
            "cxone_last_interaction_at": zulu(leg.end),
            "cxone_last_skill": leg.skill.name,
        }
    )


def digital_ticket(case: DigitalCase, leg: DigitalLeg, text: str) -> dict[str, str]:
    """Ticket <- digital; `text` is the transcript up to the leg's end."""
    outcome = not leg.contact_ended_first
    return _filled(
        {
            "cxone_contact_id": case.case_id,
            "cxone_interaction_id": guid(case.case_id, "interaction") if case.guids else "",
            "cxone_agent_id": str(leg.agent.agent_id),
            "cxone_agent_name": leg.agent.name,
            "cxone_channel_name": case.channel.name,
            "cxone_channel_type": case.channel.platform,
            "cxone_customer_name": case.customer_name,
            "cxone_direction": "outbound" if case.outbound else "inbound",
            "cxone_disposition": leg.disposition.name if leg.disposition and outcome else "",
            "cxone_disposition_notes": leg.notes if outcome else "",
            "cxone_start_time": zulu(leg.start),
            "cxone_end_time": zulu(leg.end or 0),
            "cxone_event_type": leg.event_type,
            "cxone_final_state": "true",
            "cxone_from": case.customer_name,
            "cxone_media_type": "Digital",
            "cxone_skill_id": str(case.skill.skill_id),
            "cxone_skill_name": case.skill.name,
            "cxone_status": leg.status.capitalize() if outcome else "",
            "cxone_to": leg.agent.name,
            "cxone_transcript": text,
            "cxone_transcript_url": detail_url(case),
            "cxone_order_number": case.order_number,
        }
    )


def digital_contact(case: DigitalCase, leg: DigitalLeg, text: str) -> dict[str, str]:
    """Contact <- digital."""
    outcome = not leg.contact_ended_first
    return _filled(
        {
            "cxone_last_contact_id": case.case_id,
            "cxone_last_agent": leg.agent.name,
            "cxone_last_channel": case.channel.platform,
            "cxone_last_disposition": leg.disposition.name if leg.disposition and outcome else "",
            "cxone_last_notes": leg.notes if outcome else "",
            "cxone_last_interaction_at": zulu(leg.end or 0),
            "cxone_last_skill": case.skill.name,
            "cxone_last_transcript": text,
        }
    )


def detail_url(case: DigitalCase) -> str:
    """Where the case opens in Digital Experience."""
    return f"https://acme.digital-engagement.example/contact/{case.case_id}"


def leg_transcript(case: DigitalCase, leg: DigitalLeg) -> str:
    return transcript(case, leg.end or 0)


def delivered(values: dict[str, str], fate: Fate) -> dict[str, str]:
    """What HubSpot ends up holding: a lost field is absent, a transcript too long is cut or empty."""
    arrived = {name: value for name, value in values.items() if name != fate.lost_field}
    for name in overflowing(arrived):
        arrived[name] = utf16_cut(arrived[name], LIMITS[name]) if fate.overflow == "cut" else ""
    return arrived


def overflowing(values: dict[str, str]) -> list[str]:
    """The properties whose value is longer than HubSpot takes."""
    return [name for name, limit in LIMITS.items() if utf16_units(values.get(name, "")) > limit]


def _filled(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
