"""Rows of completed contacts as they stand at a moment: facts plus clock, nothing stored.

Names and types: cxone-api, section 3.1. Before after-call work is closed and warehoused a row has no
disposition, notes or tags and dateACWWarehoused is null; lastUpdateTime moves when they arrive. The twin's
assumptions: legs of a skill without ACW, and legs nobody took, keep dateACWWarehoused null; every
fiftieth row gives its durations as strings; old versions know whole seconds only, as readers of theirs rely on.
"""

from collections.abc import Callable
from typing import Any

from sandbox.catalogue import Agent, Skill
from sandbox.interactions import DigitalCase, DigitalLeg, VoiceLeg
from sandbox.times import MINUTE, SECOND, zulu

OLD_NAMES = {
    "contactStartDate": "contactStart",
    "acwSeconds": "ACWSeconds",
    "mediaTypeId": "mediaType",
    "fromAddress": "fromAddr",
    "toAddress": "toAddr",
    "conferenceSeconds": "confSeconds",
}
LAST_OLD_VERSION = 24
MEDIA_NAMES = {
    1: "E-Mail",
    3: "Chat",
    4: "Call",
    5: "Voice Mail",
    6: "Work Item",
    7: "SMS",
    8: "Social",
    9: "Digital",
}
ENDED = ("closed", "trashed", "resolved")
_SECONDS = ("totalDurationSeconds", "agentSeconds", "holdSeconds", "acwSeconds", "inQueueSeconds")
_TRANSFERS = {"None": 0, "ReSkill": 1, "ReAgent": 2}


def voice_known(leg: VoiceLeg, now: int) -> bool:
    """Whether disposition, notes and tags have reached the reporting store."""
    return now >= (leg.acw_warehoused or leg.contact_warehoused)


def voice_updated(leg: VoiceLeg, now: int) -> int:
    """lastUpdateTime."""
    late = leg.acw_warehoused
    return late if late and now >= late else leg.contact_warehoused


def voice_row(leg: VoiceLeg, now: int) -> dict[str, Any]:
    """A completed voice (or legacy) leg in the new names, tags included."""
    known = voice_known(leg, now)
    ours, theirs = leg.skill.number, leg.caller
    total = (leg.end - leg.start) / SECOND
    row = _row(leg.contact_id, leg.master_id, leg.media_type_id, leg.start, leg.agent, leg.skill)
    row |= {
        "lastUpdateTime": zulu(voice_updated(leg, now)),
        "dateContactWarehoused": zulu(leg.contact_warehoused),
        "dateACWWarehoused": zulu(leg.acw_warehoused) if leg.acw_warehoused and known else None,
        "acwSeconds": leg.acw_seconds if known else 0,
        "fromAddress": ours if leg.outbound else theirs,
        "toAddress": theirs if leg.outbound else ours,
        "isOutbound": leg.outbound,
        "isLogged": leg.agent is not None and not leg.refused,
        "isRefused": leg.refused,
        "abandoned": leg.abandoned,
        "isShortAbandon": leg.abandoned and total < 30,
        "endReason": leg.end_reason,
        "primaryDispositionId": leg.disposition.disposition_id if leg.disposition and known else None,
        "dispositionNotes": leg.notes if leg.notes and known else None,
        "tags": [{"tagId": tag.tag_id, "tagName": tag.name} for tag in leg.tags] if known else [],
        "transferIndicatorId": _TRANSFERS[leg.transfer],
        "transferIndicatorName": leg.transfer,
        "totalDurationSeconds": total,
        "agentSeconds": max(0.0, total - leg.queue_seconds) if leg.agent and not leg.refused else 0.0,
        "holdSeconds": leg.hold_seconds,
        "holdCount": 1 if leg.hold_seconds else 0,
        "inQueueSeconds": leg.queue_seconds,
        "abandonSeconds": total if leg.abandoned else 0,
        "refuseTime": zulu(leg.end) if leg.refused else None,
        "refuseReason": "Refused" if leg.refused else None,
    }
    if leg.contact_id % 50 == 0:
        row |= {name: str(row[name]) for name in _SECONDS}
    return row


def case_closing(case: DigitalCase, now: int) -> int | None:
    """When the case was last closed and left, as known at `now`; None while it is open."""
    at = None
    for event in case.events:
        if event.at > now:
            break
        if event.status not in ENDED or not (event.assignee is None or event.assignee.is_survey):
            at = None
        elif at is None:
            at = event.at
    return at


def agent_leg(case: DigitalCase, now: int) -> DigitalLeg | None:
    """The last leg of a person that has begun at `now`."""
    for leg in reversed(case.legs):
        if leg.start <= now and not (leg.agent.is_bot or leg.agent.is_survey):
            return leg
    return None


def case_warehoused(closed: int) -> int:
    return closed + 2 * MINUTE


def case_row(case: DigitalCase, closed: int, now: int) -> dict[str, Any]:
    """The media type 9 row of a closed case: contactId is the case id, the outcome its last agent leg's."""
    leg = agent_leg(case, now)
    warehoused = case_warehoused(closed)
    ended = leg is not None and leg.end is not None and leg.end <= now
    disposition = leg.disposition if leg and ended else None
    row = _row(int(case.case_id), int(case.case_id), 9, case.created, leg.agent if leg else None, case.skill)
    return row | {
        "lastUpdateTime": zulu(warehoused),
        "dateContactWarehoused": zulu(warehoused),
        "fromAddress": case.address,
        "toAddress": case.channel.name,
        "isOutbound": case.outbound,
        "abandoned": case.abandoned_at is not None,
        "primaryDispositionId": disposition.disposition_id if disposition else None,
        "dispositionNotes": (leg.notes or None) if leg and ended else None,
        "mediaSubTypeName": case.channel.platform,
        "totalDurationSeconds": (closed - case.created) / SECOND,
    }


def _row(contact_id: int, master: int, media: int, start: int, agent: Agent | None, skill: Skill) -> dict[str, Any]:
    return {
        "contactId": contact_id,
        "masterContactId": master,
        "contactStartDate": zulu(start),
        "lastUpdateTime": None,
        "dateContactWarehoused": None,
        "dateACWWarehoused": None,
        "acwSeconds": 0,
        "agentId": agent.agent_id if agent else 0,
        "firstName": agent.first if agent else "",
        "lastName": agent.last if agent else "",
        "teamId": agent.team.team_id if agent else None,
        "teamName": agent.team.name if agent else None,
        "skillId": skill.skill_id,
        "skillName": skill.name,
        "campaignId": skill.campaign.campaign_id,
        "campaignName": skill.campaign.name,
        "mediaTypeId": media,
        "mediaTypeName": MEDIA_NAMES[media],
        "mediaSubTypeId": None,
        "mediaSubTypeName": None,
        "isLogged": False,
        "isRefused": False,
        "isTakeover": False,
        "isShortAbandon": False,
        "endReason": "",
        "secondaryDispositionId": None,
        "tags": [],
        "transferIndicatorId": 0,
        "transferIndicatorName": "None",
        "agentSeconds": 0.0,
        "holdSeconds": 0,
        "holdCount": 0,
        "preQueueSeconds": 0,
        "inQueueSeconds": 0,
        "postQueueSeconds": 0,
        "abandonSeconds": 0,
        "releaseSeconds": 0,
        "conferenceSeconds": 0,
        "serviceLevelFlag": 0,
        "pointOfContactId": 770_001,
        "pointOfContactName": skill.number or skill.name,
        "isAnalyticsProcessed": False,
        "analyticsProcessedDate": None,
    }


def shaper(version: int, fields: str | None, tags: bool) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """How a row leaves: names of the API version, only the fields asked for, tags only with tags=true."""
    wanted = {name.strip().lower() for name in fields.split(",")} if fields else None

    def shape(row: dict[str, Any]) -> dict[str, Any]:
        if not tags:
            row["tags"] = []
        if version <= LAST_OLD_VERSION:
            row["tags"] = [
                {"Contact_Id": row["contactId"], "TagId": t["tagId"], "TagName": t["tagName"]} for t in row["tags"]
            ]
            row = {OLD_NAMES.get(name, name): _whole(name, value) for name, value in row.items()}
        elif row["tags"]:
            row["tags"] = [{"contactId": row["contactId"], **tag} for tag in row["tags"]]
        return {name: value for name, value in row.items() if name.lower() in wanted} if wanted else row

    return shape


def _whole(name: str, value: Any) -> Any:
    """A duration in whole seconds, a string still a string."""
    if not name.endswith("Seconds") or value is None:
        return value
    seconds = int(float(value))
    return str(seconds) if isinstance(value, str) else seconds
