"""Interaction Analytics (cxone-api, section 5.2): analysed segments by a cursor of inclusive epoch milliseconds.

The twin's assumptions: a call is analysed half an hour after it was warehoused, every tenth never is; with
order=desc the next page is `links.previous`, else `links.next`; a page holds at most 100. Transcripts are made up of
the same words as chats.
"""

import random
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.catalogue import guid
from sandbox.cxone.answers import Refused, answer, instant, whole
from sandbox.cxone.playback import recorded
from sandbox.interactions import VoiceLeg
from sandbox.live import segment_id
from sandbox.texts import passage
from sandbox.times import MINUTE, SECOND, zulu
from sandbox.world import World

MOST = 100
_LATE = 30 * MINUTE
_TURNS = 6


class Analytics:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def _legs(self) -> list[VoiceLeg]:
        calls = (leg for leg in self._world.legs.values() if leg.media_type_id == 4 and leg.contact_id % 10)
        return sorted(calls, key=lambda leg: (leg.start, leg.contact_id))

    @cached_property
    def _by_segment(self) -> dict[str, VoiceLeg]:
        return {segment_id(leg): leg for leg in self._legs}

    def analyzed(self, request: Request) -> Response:
        """GET /segments/analyzed."""
        query, now = request.query_params, self._world.clock.ms()
        start, end = instant(request, "beginningDate", "honour"), instant(request, "endingDate", "honour")
        if start is None or end is None:
            raise Refused(400, "beginningDate and endingDate are required")
        down = query.get("order", "asc").lower() == "desc"
        found = [leg for leg in self._legs if self._seen(leg, now) and start <= leg.start <= end]
        if down:
            found.reverse()
        total, size, cursor = len(found), whole(request, "pageSize", MOST, MOST), whole(request, "cursor", 0)
        if cursor:
            found = [leg for leg in found if (leg.start <= cursor if down else leg.start >= cursor)]
        page = found[:size]
        more = str(request.url.include_query_params(cursor=page[-1].start)) if len(found) > size else None
        links = {"self": str(request.url), "previous": more if down else None, "next": None if down else more}
        return answer({"totalRecords": total, "interactions": [_segment(leg) for leg in page], "links": links})

    def transcript(self, wanted: str) -> Response:
        """GET /segments/{id}/analyzed-transcript; 404 while there is none."""
        leg = self._by_segment.get(wanted)
        if leg is None or not self._seen(leg, self._world.clock.ms()):
            raise Refused(404, f"no transcript of segment {wanted}")
        rng, talk = random.Random(leg.contact_id), leg.end - leg.start
        blocks = []
        for turn in range(_TURNS):
            begins, ends = (turn * talk // _TURNS, (turn + 1) * talk // _TURNS)
            text = passage(rng, leg.skill.language, 120)
            blocks.append(
                {
                    "channelName": "agent" if turn % 2 == 0 else "customer",
                    "offset": begins // SECOND,
                    "length": (ends - begins) // SECOND,
                    "text": text,
                    "userType": "AGENT" if turn % 2 == 0 else "CUSTOMER",
                    "voiceMetadata": {"startTime": begins, "endTime": ends, "confidence": 0.9},
                }
            )
        return answer({"transcriptBlocks": blocks, "segmentSummary": {"summary": blocks[0]["text"]}})

    @staticmethod
    def _seen(leg: VoiceLeg, now: int) -> bool:
        return recorded(leg, now - _LATE)


def _segment(leg: VoiceLeg) -> dict[str, Any]:
    return {
        "segmentId": segment_id(leg),
        "acdContactId": leg.contact_id,
        "agentContactId": str(leg.contact_id),
        "interactionId": guid("voice", leg.master_id),
        "contactNo": [leg.caller],
        "mediaType": "VOICE",
        "startTime": zulu(leg.start),
        "endTime": zulu(leg.end),
        "contactEndReason": leg.end_reason,
        "dispositionCode": leg.disposition.name if leg.disposition else None,
        "holdSeconds": leg.hold_seconds,
        "segmentSummary": None,
    }
