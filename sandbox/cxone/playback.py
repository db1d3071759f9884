"""Media Playback (cxone-api, section 3.6): recordings of a call, by its master contact or by its segment.

One leg of a logged call is one segment. The twin's assumption: links lead nowhere, since no sound is kept.
"""

from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.catalogue import guid
from sandbox.cxone.answers import Refused, answer
from sandbox.cxone.rows import voice_row
from sandbox.interactions import VoiceLeg
from sandbox.live import segment_id
from sandbox.times import HOUR, zulu
from sandbox.world import World

LINK_HOURS = 1


def recorded(leg: VoiceLeg, now: int) -> bool:
    """Whether a leg's recording is there at `now`."""
    return leg.contact_warehoused <= now and leg.media_type_id == 4 and bool(voice_row(leg, now)["isLogged"])


class Playback:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def _legs(self) -> dict[str, VoiceLeg]:
        return {segment_id(leg): leg for leg in self._world.legs.values() if leg.media_type_id == 4}

    def contacts(self, request: Request) -> Response:
        """GET /media-playback/v1/contacts?acd-call-id=: of a master contact, or of a leg."""
        asked = request.query_params.get("acd-call-id", "")
        if not asked.isdigit():
            raise Refused(400, "acd-call-id is required")
        now = self._world.clock.ms()
        legs = [leg for leg in self._legs.values() if int(asked) in (leg.master_id, leg.contact_id)]
        legs = [leg for leg in legs if recorded(leg, now)]
        if not legs:
            raise Refused(404, f"no media for {asked}")
        if request.query_params.get("isDownload", "").lower() == "true":
            return answer({"redirectUrl": _link(legs[0], now)})
        body = {
            "contactId": guid("voice", legs[0].master_id),
            "acdcontactId": str(legs[0].master_id),
            "elevatedInteraction": False,
            "interactions": [_interaction(leg, now) for leg in legs],
        }
        return answer(body)

    def segment(self, wanted: str) -> Response:
        """GET /media-playback/v1/segments/{id}: the key is `Interactions`, in capitals."""
        now, leg = self._world.clock.ms(), self._legs.get(wanted)
        if leg is None or not recorded(leg, now):
            raise Refused(404, f"no media for segment {wanted}")
        return answer({"contactId": guid("voice", leg.master_id), "Interactions": [_interaction(leg, now)]})


def _link(leg: VoiceLeg, now: int) -> str:
    """Presigned: another one every time, and it ends."""
    return f"https://media.acme.example/{segment_id(leg)}.mp4?expires={zulu(now + LINK_HOURS * HOUR)}"


def _interaction(leg: VoiceLeg, now: int) -> dict[str, Any]:
    segment = {
        "segmentId": segment_id(leg),
        "directionType": "OUT_BOUND" if leg.outbound else "IN_BOUND",
        "openReasonType": "SEGMENT",
        "closeReasonType": "TRANSFER" if leg.transfer != "None" else "SEGMENT",
    }
    agent = str(leg.agent.agent_id) if leg.agent else None
    data = {
        "fileToPlayUrl": _link(leg, now),
        "startTime": zulu(leg.start),
        "endTime": zulu(leg.end),
        "acwEndTime": zulu(leg.acw_closed) if leg.acw_closed <= now else None,
        "participantDataList": [{"participantType": "AGENT", "agentId": agent}],
        "segmentsDataList": [segment],
    }
    return {
        "mediaType": "voice-only",
        "channelType": "VOICE",
        "startTime": zulu(leg.start),
        "endTime": zulu(leg.end),
        "@type": "VoicePlaybackInteraction",
        "data": data,
        "callTaggingList": [],
        "dynamicBusinessData": [],
    }
