"""Names behind CXone's ids, read once per run: dispositions, skills, agents, tags, channels, routing queues.

Inactive entries stay, because history refers to them. Ids are text throughout (cxone-api, sections 3.4 and
4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from plugins.cxone.client import CxoneClient
from plugins.cxone.fields import rows_of, text_of

_NO_ACW: Final = "1"  # acwTypeId: 1 none, 2 disposition, 3 automatic wrap-up (the remark in NICE's OpenAPI file)


@dataclass(frozen=True, slots=True)
class Skill:
    """An ACD skill; `has_acw`: its contacts have after-call work; `screen_pops`: it uses screen pops."""

    name: str | None
    has_acw: bool
    screen_pops: bool


@dataclass(frozen=True, slots=True)
class Channel:
    """A digital channel; `kind` is chat, email, whatsapp, ..."""

    name: str | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Queue:
    """A digital routing queue and the ACD skill it belongs to."""

    name: str | None
    skill_id: str | None


class Lookups:
    """Each list is fetched at its first use; touch them before sharing this between threads."""

    def __init__(self, client: CxoneClient) -> None:
        self._client = client
        self._single: dict[str, str | None] = {}

    def disposition(self, disposition_id: str | None) -> str | None:
        """The name; one that the list leaves out is asked for singly, once."""
        if not disposition_id or disposition_id == "0":
            return None
        if disposition_id in self._dispositions:
            return self._dispositions[disposition_id]
        if disposition_id not in self._single:
            found = self._client.acd(f"dispositions/{disposition_id}", missing_ok=True)
            self._single[disposition_id] = text_of(found, "dispositionName") if isinstance(found, dict) else None
        return self._single[disposition_id]

    @property
    def disposition_names(self) -> list[str]:
        """All names, inactive ones too, each once and in order."""
        return sorted({name for name in self._dispositions.values() if name})

    @cached_property
    def _dispositions(self) -> Mapping[str, str | None]:
        return {i: text_of(row, "dispositionName") for i, row in self._admin("dispositions", "dispositionId").items()}

    @cached_property
    def skills(self) -> Mapping[str, Skill]:
        """Skill id -> what is known of it; after-call work and screen pops are assumed where it does not say."""
        return {
            i: Skill(
                text_of(row, "skillName"),
                has_acw=text_of(row, "acwTypeId") != _NO_ACW,
                screen_pops=(text_of(row, "useScreenPops") or "true").lower() != "false",
            )
            for i, row in self._admin("skills", "skillId").items()
        }

    @cached_property
    def agent_uuids(self) -> Mapping[str, str]:
        """Agent id -> user UUID, where the tenant's list tells it."""
        found = {i: text_of(row, "userId", "uuid") for i, row in self._admin("agents", "agentId").items()}
        return {i: uuid.lower() for i, uuid in found.items() if uuid}

    @cached_property
    def agent_ids(self) -> Mapping[str, str]:
        """User UUID, lower case -> agent id."""
        return {uuid: agent_id for agent_id, uuid in self.agent_uuids.items()}

    @cached_property
    def tags(self) -> Mapping[str, str | None]:
        """Tag id -> name."""
        return {i: text_of(row, "tagName") for i, row in self._admin("tags", "tagId").items()}

    @cached_property
    def channels(self) -> Mapping[str, Channel]:
        """Channel id -> name and kind; where the list tells no kind, the prefix of the id does."""
        return {
            i: Channel(
                text_of(row, "name"),
                text_of(row, "channelType", "realExternalPlatformId", "externalPlatformId"),
            )
            for i, row in self._digital("channels").items()
        }

    @cached_property
    def queues(self) -> Mapping[str, Queue]:
        """Routing queue id -> name and skill; the first 500 (cxone-api, section 4.1)."""
        return {
            i: Queue(text_of(row, "name"), text_of(row, "skillId"))
            for i, row in self._digital("routing-queues").items()
        }

    def _admin(self, path: str, id_field: str) -> dict[str, Mapping[str, Any]]:
        return _by_id((row for rows, _ in self._client.acd_pages(path, path) for row in rows), id_field)

    def _digital(self, path: str) -> dict[str, Mapping[str, Any]]:
        body = self._client.dfo(path, {"size": 500})
        rows = [] if body is None else rows_of(body, "data", path)[0]
        return _by_id(rows, "id")


def _by_id(rows: Any, id_field: str) -> dict[str, Mapping[str, Any]]:
    return {i: row for row in rows if isinstance(row, dict) and (i := text_of(row, id_field))}
