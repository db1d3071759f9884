"""What a CXone tenant has, as facts for the linter: skills with their screen pops, outcomes, tags (cxone-api, 3.4)."""

from collections.abc import Iterator, Mapping
from typing import Any

from memorialization.lint.facts import Skill, Tenant
from plugins.cxone.client import CxoneClient
from plugins.cxone.fields import text_of

_TRUTH = {"true": True, "false": False}


def tenant_facts(client: CxoneClient) -> Tenant:
    """Active skills by name; names of dispositions (those still given) and of tags."""
    skills = {
        name: Skill(
            id=text_of(row, "skillId") or "",
            media_type=text_of(row, "mediaTypeId"),
            screen_pops=_TRUTH.get((text_of(row, "useScreenPops") or "").lower()),
        )
        for row in _active(client, "skills")
        if (name := text_of(row, "skillName"))
    }
    return Tenant(skills=skills, dispositions=_names(client, "dispositions"), tags=_names(client, "tags"))


def _names(client: CxoneClient, path: str) -> tuple[str, ...]:
    field = f"{path.removesuffix('s')}Name"
    return tuple(sorted({name for row in _active(client, path) if (name := text_of(row, field))}))


def _active(client: CxoneClient, path: str) -> Iterator[Mapping[str, Any]]:
    for rows, _ in client.acd_pages(path, path):
        yield from (row for row in rows if isinstance(row, dict) and row.get("isActive") not in (False, "False"))
