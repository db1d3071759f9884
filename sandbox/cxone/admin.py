"""The tenant's lists and their single entries (cxone-api, section 3.4): 50 a page, at most 100, 204 past the end.

The twin's assumptions, for nothing is published: a single entry is the list's row as it stands, except that an agent
and a skill stand under the list's key; states and their numbers.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.catalogue import CAMPAIGNS, DISPOSITIONS, TAGS, TEAMS, Agent, Catalogue, Skill
from sandbox.cxone.answers import Refused, answer, flag, no_content, whole

ADMIN_TOP = 100
STATES = {1: ("PreQueue", "Queue"), 2: ("InQueue", "Queue"), 4: ("Active", "Active"), 5: ("EndContact", "End"),
          16: ("Released", "End")}  # fmt: skip
VERSIONS = ("21.0", "23.0", "24.0", "26.0", "27.0", "29.0", "30.0", "33.0", "34.0")
_KEYS = {"agents": "agentId", "skills": "skillId", "dispositions": "dispositionId"}


class Admin:
    """Handlers over one tenant."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def listing(self, request: Request, name: str) -> Response:
        """GET /dispositions, /skills, /agents, /tags, /teams, /campaigns."""
        rows = self._rows(name)
        media, active = request.query_params.get("mediaTypeId"), flag(request, "isActive")
        rows = [row for row in rows if media is None or str(row.get("mediaTypeId")) == media]
        rows = [row for row in rows if active is None or row.get("isActive") is active]
        skip = whole(request, "skip", 0)
        page = rows[skip : skip + whole(request, "top", 50, ADMIN_TOP)]
        if not page:
            return no_content()
        return answer({"businessUnitId": self._catalogue.business_unit, "totalRecords": len(rows), name: page})

    def single(self, name: str, wanted: str) -> Response:
        """GET /dispositions/{id}, /skills/{id}, /agents/{id}."""
        for row in self._rows(name):
            if row[_KEYS[name]] == int(wanted):
                return answer(row if name == "dispositions" else {name: [row]})
        raise Refused(404, f"{name.removesuffix('s')} {wanted} not found")

    def agents_of(self, skill_id: str) -> Response:
        """GET /skills/{id}/agents: rows with agentId and userId; here every person has every skill."""
        if int(skill_id) not in (skill.skill_id for skill in self._catalogue.skills):
            raise Refused(404, f"skill {skill_id} not found")
        rows = [
            {"skillId": int(skill_id), "agentId": agent.agent_id, "userId": agent.user_id, "isActive": True}
            for agent in self._catalogue.agents
        ]
        return answer({"businessUnitId": self._catalogue.business_unit, "totalRecords": len(rows), "agents": rows})

    def states(self) -> Response:
        """GET /contact-state-descriptions: a bare list, in Pascal case."""
        return answer(
            [
                {"ContactStateId": number, "ContactStateDescription": name, "ContactStateCategory": category}
                for number, (name, category) in STATES.items()
            ]
        )

    def versions(self, table: list[tuple[str, str]]) -> Response:
        """GET /apiversion, of (method, path) pairs."""
        rows = [{"uri": uri, "version": version, "verb": verb} for verb, uri in table for version in VERSIONS]
        return answer({"apiVersions": rows})

    def _rows(self, name: str) -> list[dict[str, Any]]:
        catalogue = self._catalogue
        made: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "agents": lambda: [_agent(agent) for agent in catalogue.users],
            "skills": lambda: [_skill(skill) for skill in catalogue.skills],
            "tags": lambda: [{"tagId": t.tag_id, "tagName": t.name, "isActive": True, "notes": ""} for t in TAGS],
            "teams": lambda: [{"teamId": t.team_id, "teamName": t.name, "isActive": True} for t in TEAMS],
            "campaigns": lambda: [
                {"campaignId": c.campaign_id, "campaignName": c.name, "isActive": True} for c in CAMPAIGNS
            ],
            "dispositions": _dispositions,
        }
        return made[name]()


def _dispositions() -> list[dict[str, Any]]:
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
