"""What a contact went through: states, family, files (cxone-api, section 3.4), told by the facts and the clock.

The twin's assumptions: a leg is queued, active, then released, numbered as in `admin.STATES`; a logged call has
one recording, whose link leads nowhere.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.cxone.admin import STATES
from sandbox.cxone.answers import Refused, answer, instant, no_content, whole
from sandbox.cxone.behaviour import Behaviour
from sandbox.cxone.reporting import MAX_TOP, links
from sandbox.cxone.rows import voice_row, voice_updated
from sandbox.interactions import VoiceLeg
from sandbox.times import SECOND, zulu
from sandbox.world import World

_IN_QUEUE, _ACTIVE, _RELEASED = 2, 4, 16
_HISTORY = ("contactId", "masterContactId", "agentId", "skillId", "skillName", "mediaTypeId", "mediaTypeName",
            "teamId", "campaignId", "isOutbound", "lastUpdateTime")  # fmt: skip


class States:
    """Handlers over the voice legs of one world."""

    def __init__(self, world: World, behaviour: Behaviour) -> None:
        self._world, self._behaviour = world, behaviour

    @cached_property
    def _legs(self) -> list[VoiceLeg]:
        return sorted(self._world.legs.values(), key=lambda leg: (leg.start, leg.contact_id))

    def of_contact(self, contact_id: str) -> Response:
        """GET /contacts/{id}/state-history, in older versions /statehistory."""
        leg, now = self._get(contact_id)
        return answer({"contactStateHistory": list(_states(leg, now))})

    def all(self, request: Request) -> Response:
        """GET /contacts/state-history: by contact start, and by change with updatedSince."""
        now, legs = self._asked(request)
        rows = [row for leg in legs for row in _states(leg, now)]
        return self._page(request, "contactStateHistory", rows)

    def of_agents(self, request: Request) -> Response:
        """GET /agents/interaction-history: old address names in every version."""
        now, legs = self._asked(request)
        rows = []
        for leg in legs:
            if leg.agent is None:
                continue
            row = voice_row(leg, now)
            shown = {name: row[name] for name in _HISTORY} | {"startDate": zulu(leg.start)}
            rows.append(shown | {"fromAddr": row["fromAddress"], "toAddr": row["toAddress"]})
        return self._page(request, "contactStates", rows)

    def hierarchy(self, contact_id: str) -> Response:
        """GET /contacts/{id}/hierarchy: the one place with an end time."""
        leg, now = self._get(contact_id)
        family = [other for other in self._world.legs.values() if other.master_id == leg.master_id]
        rows = [
            {
                "contactId": other.contact_id,
                "startTime": zulu(other.start),
                "endTime": zulu(other.end) if other.end <= now else None,
            }
            for other in sorted(family, key=lambda other: other.contact_id)
            if other.start <= now
        ]
        return answer({"masterContactId": leg.master_id, "childContacts": rows})

    def files(self, contact_id: str) -> Response:
        """GET /contacts/{id}/files."""
        leg, now = self._get(contact_id)
        if not voice_row(leg, now)["isLogged"] or leg.contact_warehoused > now:
            return answer({"files": []})
        name = f"{leg.contact_id}.wav"
        file = {
            "fileName": name,
            "fullFileName": f"/recordings/{name}",
            "weblink": f"https://files.acme.example/recordings/{name}",
            "contactId": leg.contact_id,
            "createDate": zulu(leg.contact_warehoused),
            "size": 16_000 * ((leg.end - leg.start) // SECOND),
            "purposeId": 1,
            "purposeName": "Recording",
            "isDeleted": False,
        }
        return answer({"files": [file]})

    def _get(self, contact_id: str) -> tuple[VoiceLeg, int]:
        now, leg = self._world.clock.ms(), self._world.legs.get(int(contact_id))
        if leg is None or leg.start > now:
            raise Refused(404, f"contact {contact_id} not found")
        return leg, now

    def _asked(self, request: Request) -> tuple[int, Iterator[VoiceLeg]]:
        now, offsets = self._world.clock.ms(), self._behaviour.offset_times
        start, end = instant(request, "startDate", offsets), instant(request, "endDate", offsets)
        since, media = instant(request, "updatedSince", offsets), request.query_params.get("mediaTypeId")
        if since is None and (start is None or end is None):
            raise Refused(400, "startDate and endDate are required")
        found = (
            leg
            for leg in self._legs
            if leg.contact_warehoused <= now
            and (start is None or leg.start >= start)
            and (end is None or leg.start <= end)
            and (since is None or voice_updated(leg, now) >= since)
            and (media is None or str(leg.media_type_id) == media)
        )
        return now, found

    def _page(self, request: Request, key: str, rows: list[dict[str, Any]]) -> Response:
        top, skip = whole(request, "top", MAX_TOP, MAX_TOP), whole(request, "skip", 0)
        page = rows[skip : skip + top]
        if not page:
            return no_content()
        envelope = {
            "businessUnitId": self._world.catalogue.business_unit,
            "lastPollTime": zulu(self._world.clock.ms()),
            "totalRecords": len(rows),
            "_links": links(request, skip, top, len(rows)),
        }
        return answer(envelope | {key: page})


def _states(leg: VoiceLeg, now: int) -> Iterator[dict[str, Any]]:
    """The states a leg had entered at `now`, oldest first; the duration of one that lasts is what it lasted so far."""
    answered = leg.start + leg.queue_seconds * SECOND
    entered = [(leg.start, _IN_QUEUE)] if leg.queue_seconds else []
    entered += [(answered, _ACTIVE)] if leg.agent and not leg.refused else []
    entered.append((leg.end, _RELEASED))
    for index, (at, state) in enumerate(entered):
        if at > now:
            return
        until = entered[index + 1][0] if index + 1 < len(entered) else at
        acting = leg.agent if leg.agent and state != _IN_QUEUE else None
        yield {
            "stateIndex": index,
            "contactId": leg.contact_id,
            "contactStateId": state,
            "contactStateName": STATES[state][0],
            "digitalContactStateId": None,
            "digitalContactStateName": None,
            "startDate": zulu(at),
            "isWarehoused": leg.contact_warehoused <= now,
            "agentId": acting.agent_id if acting else None,
            "skillId": leg.skill.skill_id,
            "skillName": leg.skill.name,
            "duration": (min(until, now) - at) / SECOND,
            "divisionNo": None,
        }
