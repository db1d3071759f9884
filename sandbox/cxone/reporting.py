"""The reporting and admin API (cxone-api, section 3): reads only, `Z` timestamps only, 204 for nothing.

Every handler takes the lower-cased path's parts and the request, and looks at the world as of one moment.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.catalogue import CAMPAIGNS, DISPOSITIONS, TAGS, TEAMS, Agent, Skill, guid
from sandbox.cxone.answers import Refused, answer, flag, no_content, whole
from sandbox.cxone.rows import (
    LAST_OLD_VERSION,
    OLD_NAMES,
    agent_leg,
    case_closing,
    case_row,
    case_warehoused,
    shaper,
    voice_known,
    voice_row,
    voice_updated,
)
from sandbox.interactions import DigitalCase, VoiceLeg
from sandbox.times import DAY, parse, zulu
from sandbox.world import World

MAX_TOP = 10_000
ADMIN_TOP = 100
CUSTOM_DATA_DAYS = 15
_ORDERS = {"contactstartdate": 0, "lastupdatetime": 1, "contactid": 2}

Found = tuple[int, int, int, Callable[[], dict[str, Any]]]
"""(start, lastUpdateTime, contact id, how to make the row)."""


def instant(request: Request, name: str) -> int | None:
    """A query timestamp in ms, None when absent. Anything but a literal `Z` is refused (strict mode)."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        if text.endswith("Z"):
            return parse(text)
    except ValueError:
        pass
    raise Refused(400, f"{name} must be an ISO 8601 UTC time ending in Z, got {text!r}")


class Reporting:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._legs = sorted(world.legs.values(), key=lambda leg: (leg.start, leg.contact_id))
        self._starts = [leg.start for leg in self._legs]
        self._cases = sorted(world.cases.values(), key=lambda case: (case.created, case.case_id))
        self._opened = [case.created for case in self._cases]
        self._corrections: dict[int, dict[str, Any]] = {}

    def correct(self, rows: dict[str, dict[str, Any]]) -> None:
        """From now on these contacts' rows of completed contacts say this: {contact id: {new field name: value}}.

        CXone changed them just now, unless `lastUpdateTime` is among the fields: late corrections and faulty clocks.
        """
        changed = {"lastUpdateTime": zulu(self._world.clock.ms())}
        for contact_id, fields in rows.items():
            self._corrections[int(contact_id)] = self._corrections.get(int(contact_id), {}) | changed | fields

    def completed(self, request: Request, version: int, duplicate: bool) -> Response:
        """GET /contacts/completed; `duplicate` repeats the row before a later page (a fault)."""
        now, query, corrected = self._world.clock.ms(), request.query_params, self._corrections
        since, start, end = (instant(request, name) for name in ("updatedSince", "startDate", "endDate"))
        if since is None and start is None:
            raise Refused(400, "give startDate or updatedSince")
        found = list(self._found(request, now, start, now if end is None else end, since))
        self._order(found, query.get("orderBy") or query.get("orderby") or "contactStartDate asc", version)
        top, skip = whole(request, "top", MAX_TOP, MAX_TOP), whole(request, "skip", 0)
        page = found[max(0, skip - 1) if duplicate else skip : skip + top]
        if not page:
            return no_content()
        shape = shaper(version, query.get("fields"), flag(request, "tags") is True)
        return answer(
            {
                "businessUnitId": self._world.catalogue.business_unit,
                "lastPollTime": zulu(now),
                "totalRecords": len(found),
                "_links": {"self": str(request.url), "next": "", "previous": ""},
                "completedContacts": [shape(make() | corrected.get(contact_id, {})) for *_, contact_id, make in page],
            }
        )

    def contact(self, contact_id: str) -> Response:
        """GET /contacts/{id}: the record sits under a key called contactId (cxone-api, section 3.3)."""
        now = self._world.clock.ms()
        leg, case = self._world.legs.get(int(contact_id)), self._world.cases.get(contact_id)
        if leg and leg.start <= now:
            warehoused, row = now >= leg.contact_warehoused, voice_row(leg, now)
            if not warehoused:
                row |= {"totalDurationSeconds": (min(now, leg.end) - leg.start) / 1000, "endReason": ""}
                row |= {"dateContactWarehoused": None, "lastUpdateTime": zulu(min(now, leg.end))}
        elif case and case.created <= now:
            closed = case_closing(case, now)
            warehoused, row = closed is not None, case_row(case, closed or now, now)
        else:
            raise Refused(404, f"contact {contact_id} not found")
        row |= {"isActive": not warehoused, "isWarehoused": warehoused, "stateId": 5 if warehoused else 4}
        row |= {"stateName": "EndContact" if warehoused else "Active"}
        return answer(self._envelope(now) | {"contactId": row})

    def disposition(self, contact_id: str) -> Response:
        """GET /contacts/{id}/disposition, digital or ACD; nulls while there is none."""
        now = self._world.clock.ms()
        leg, case = self._world.legs.get(int(contact_id)), self._world.cases.get(contact_id)
        outcome, notes, agent, at = None, "", None, 0
        if leg and leg.contact_warehoused <= now:
            if voice_known(leg, now):
                outcome, notes, agent, at = leg.disposition, leg.notes, leg.agent, leg.acw_closed
        elif case and case.created <= now:
            part = agent_leg(case, now)
            if part and part.end and part.end <= now:
                outcome, notes, agent, at = part.disposition, part.notes, part.agent, part.end
        else:
            raise Refused(404, f"contact {contact_id} not found")
        return answer(
            {
                "dispositionId": outcome.disposition_id if outcome else None,
                "dispositionName": outcome.name if outcome else None,
                "dispositionByAgendId": agent.agent_id if agent and outcome else None,
                "notes": notes or None,
                "lastUpdated": zulu(at) if outcome else None,
            }
        )

    def custom_data(self, request: Request) -> Response:
        """GET /contacts/custom-data: capital C, at most 15 days, no totalRecords (cxone-api, section 3.4)."""
        now, start, end = self._world.clock.ms(), instant(request, "startDate"), instant(request, "endDate")
        if start is None:
            raise Refused(400, "startDate is required")
        end = now if end is None else end
        if end - start > CUSTOM_DATA_DAYS * DAY:
            raise Refused(400, f"the window must not exceed {CUSTOM_DATA_DAYS} days")
        rows = [
            {"contactId": leg.contact_id, "name": name, "value": value}
            for leg in self._between(start, end)
            if leg.contact_warehoused <= now
            for name, value in leg.variables
        ]
        skip = whole(request, "skip", 0)
        page = rows[skip : skip + whole(request, "top", MAX_TOP, MAX_TOP)]
        if not page:
            return no_content()
        links = {"self": str(request.url), "next": "", "previous": ""}
        return answer(self._envelope(now) | {"_links": links, "ContactCustomData": page})

    def contact_custom_data(self, contact_id: str) -> Response:
        """GET /contacts/{id}/custom-data."""
        leg = self._world.legs.get(int(contact_id))
        if leg is None or leg.start > self._world.clock.ms():
            raise Refused(404, f"contact {contact_id} not found")
        return answer({"contactCustomData": [{"name": n, "value": v} for n, v in leg.variables]})

    def listing(self, request: Request, name: str) -> Response:
        """The admin lists: dispositions, skills, agents, tags, teams, campaigns; 50 a page, at most 100."""
        rows = self._admin(name)
        media, active = request.query_params.get("mediaTypeId"), flag(request, "isActive")
        rows = [row for row in rows if media is None or str(row.get("mediaTypeId")) == media]
        rows = [row for row in rows if active is None or row.get("isActive") is active]
        skip = whole(request, "skip", 0)
        page = rows[skip : skip + whole(request, "top", 50, ADMIN_TOP)]
        if not page:
            return no_content()
        return answer({"businessUnitId": self._world.catalogue.business_unit, "totalRecords": len(rows), name: page})

    def disposition_by_id(self, disposition_id: str) -> Response:
        """GET /dispositions/{id}."""
        for row in self._admin("dispositions"):
            if row["dispositionId"] == int(disposition_id):
                return answer(row)
        raise Refused(404, f"disposition {disposition_id} not found")

    def server_time(self) -> Response:
        return answer({"ServerTime": zulu(self._world.clock.ms())})

    def configurations(self) -> Response:
        """GET /agent-integration/configuration: gone with the system user (cxone-api, section 1.3)."""
        row = {
            "id": self.configuration_id,
            "name": "acme HubSpot",
            "description": "",
            "status": "active",
            "typeId": "hubspot",
            "typeName": "HubSpot",
            "instanceId": guid(self._world.settings.seed, "instance"),
        }
        rows = [] if self._world.live_stopped(self._world.clock.ms()) else [row]
        return answer({"configurations": rows, "links": {}, "totalRecords": len(rows)})

    def data_mappings(self, configuration_id: str) -> Response:
        """GET /agent-integration/configuration/{id}/data-mappings."""
        if configuration_id != self.configuration_id or self._world.live_stopped(self._world.clock.ms()):
            raise Refused(404, f"configuration {configuration_id} not found")
        rows = [
            {
                "id": guid(self._world.settings.seed, name),
                "name": name,
                "description": "",
                "entities": "contact,ticket",
                "status": "active",
            }
            for name in ("acme voice", "acme digital")
        ]
        return answer({"dataMappings": rows, "totalRecords": len(rows)})

    @property
    def configuration_id(self) -> str:
        return guid(self._world.settings.seed, "configuration")

    def _found(self, request: Request, now: int, start: int | None, end: int, since: int | None) -> Iterable[Found]:
        query = request.query_params
        media, skill, agent = (query.get(name) for name in ("mediaTypeId", "skillId", "agentId"))
        refused, outbound = flag(request, "isRefused"), flag(request, "isOutbound")
        if media != "9":
            for leg in self._between(start, end):
                updated = self._corrected(leg.contact_id, voice_updated(leg, now))
                if leg.contact_warehoused > now or (since is not None and updated < since):
                    continue
                if media is not None and str(leg.media_type_id) != media:
                    continue
                if refused is not None and leg.refused is not refused:
                    continue
                if _skipped(skill, agent, outbound, leg.skill, leg.agent, leg.outbound):
                    continue
                yield leg.start, updated, leg.contact_id, _Row(voice_row, leg, now)
        if media in (None, "9") and refused is not True:
            for case in self._opened_between(start, end):
                closed = case_closing(case, now)
                if closed is None or case_warehoused(closed) > now:
                    continue
                part, updated = agent_leg(case, now), self._corrected(int(case.case_id), case_warehoused(closed))
                if since is not None and updated < since:
                    continue
                if _skipped(skill, agent, outbound, case.skill, part.agent if part else None, case.outbound):
                    continue
                yield case.created, updated, int(case.case_id), _Row(case_row, case, closed, now)

    def _corrected(self, contact_id: int, updated: int) -> int:
        """lastUpdateTime of a row, as it was or as it was corrected."""
        told = self._corrections.get(contact_id, {}).get("lastUpdateTime")
        return parse(told) if told else updated

    def _between(self, start: int | None, end: int) -> list[VoiceLeg]:
        """Legs by contact start, both ends inclusive."""
        first = 0 if start is None else bisect_left(self._starts, start)
        return self._legs[first : bisect_right(self._starts, end)]

    def _opened_between(self, start: int | None, end: int) -> list[DigitalCase]:
        first = 0 if start is None else bisect_left(self._opened, start)
        return self._cases[first : bisect_right(self._opened, end)]

    @staticmethod
    def _order(found: list[Found], order: str, version: int) -> None:
        name, _, direction = order.partition(" ")
        old = {alias: new for new, alias in OLD_NAMES.items()} if version <= LAST_OLD_VERSION else {}
        column = _ORDERS.get(old.get(name, name).lower())
        if column is None or direction.lower() not in ("", "asc", "desc"):
            raise Refused(400, f"orderBy {order!r} is not supported")
        found.sort(key=itemgetter(2))
        found.sort(key=itemgetter(column), reverse=direction.lower() == "desc")

    def _envelope(self, now: int) -> dict[str, Any]:
        return {"businessUnitId": self._world.catalogue.business_unit, "lastPollTime": zulu(now)}

    def _admin(self, name: str) -> list[dict[str, Any]]:
        catalogue = self._world.catalogue
        if name == "agents":
            return [_agent(agent) for agent in catalogue.users]
        if name == "skills":
            return [_skill(skill) for skill in catalogue.skills]
        if name == "tags":
            return [{"tagId": t.tag_id, "tagName": t.name, "isActive": True, "notes": ""} for t in TAGS]
        if name == "teams":
            return [{"teamId": t.team_id, "teamName": t.name, "isActive": True} for t in TEAMS]
        if name == "campaigns":
            return [{"campaignId": c.campaign_id, "campaignName": c.name, "isActive": True} for c in CAMPAIGNS]
        return [
            {
                "dispositionId": d.disposition_id,
                "dispositionName": d.name,
                "notes": "",
                "lastUpdated": "2025-01-01T00:00:00.000Z",
                "classificationId": 1,
                "classificationName": "Neutral",
                "isActive": d.active,
                "systemOutcome": None,
                "isPreviewDisposition": False,
            }
            for d in DISPOSITIONS
        ]


class _Row:
    """A row not yet rendered: only the rows of the page asked for are."""

    __slots__ = ("_arguments", "_render")

    def __init__(self, render: Callable[..., dict[str, Any]], *arguments: object) -> None:
        self._render, self._arguments = render, arguments

    def __call__(self) -> dict[str, Any]:
        return self._render(*self._arguments)


def _skipped(
    skill: str | None, agent: str | None, outbound: bool | None, of: Skill, by: Agent | None, out: bool
) -> bool:
    if skill is not None and str(of.skill_id) != skill:
        return True
    if agent is not None and (by is None or str(by.agent_id) != agent):
        return True
    return outbound is not None and out is not outbound


def _agent(agent: Agent) -> dict[str, Any]:
    return {
        "agentId": agent.agent_id,
        "userId": agent.user_id,
        "userName": agent.email,
        "firstName": agent.first,
        "lastName": agent.last,
        "emailAddress": agent.email,
        "isActive": True,
        "teamId": agent.team.team_id,
        "teamName": agent.team.name,
    }


def _skill(skill: Skill) -> dict[str, Any]:
    return {
        "skillId": skill.skill_id,
        "skillName": skill.name,
        "mediaTypeId": skill.media_type_id,
        "mediaTypeName": "Call" if skill.media_type_id == 4 else "Digital",
        "isOutbound": skill.outbound,
        "isActive": True,
        "campaignId": skill.campaign.campaign_id,
        "campaignName": skill.campaign.name,
        "acwTypeId": 2 if skill.acw else 1,  # 1 = none: the twin's assumption
        "maxSecondsACW": 600 if skill.acw else 0,
        "requireDisposition": False,
        "useScreenPops": skill.screen_pops,
        "makeTranscriptAvailable": True,
    }
