"""Each path leads to one handler; the dated form of a path is the v3 or v4 form with another beginning.

hubspot-api, sections 0 and 10. Templates are named in the form the client used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.hubspot import account, associations, batches, objects, pipelines, schema, search
from sandbox.hubspot.call import Answer, Call

Handler = Callable[[Call], Answer]

# dated beginnings and what they stand for; the first one that fits counts
_DATED = re.compile(
    r"/(crm|account-info|crm-object-schemas)/(?:(objects|properties|associations|property-validations|owners|"
    r"pipelines)/)?(2026-0[39])(?=/|$)(.*)"
)
_OBJECTS, _PROPERTIES, _LINKS = (
    "/crm/v3/objects/{type}",
    "/crm/v3/properties/{type}",
    "/crm/v4/associations/{from}/{to}",
)
_V4_OBJECTS = "/crm/v4/objects/"
_VALIDATIONS = "/crm/v3/property-validations/{type}"

_TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("POST", f"{_OBJECTS}/batch/read", batches.read),
    ("POST", f"{_OBJECTS}/batch/upsert", batches.upsert),
    ("POST", f"{_OBJECTS}/batch/update", batches.update),
    ("POST", f"{_OBJECTS}/batch/create", batches.create),
    ("POST", f"{_OBJECTS}/batch/archive", batches.archive),
    ("POST", f"{_OBJECTS}/search", search.search),
    ("POST", f"{_OBJECTS}/merge", objects.merge),
    ("GET", _OBJECTS, objects.page),
    ("POST", _OBJECTS, objects.create),
    ("GET", f"{_OBJECTS}/{{id}}", objects.one),
    ("PATCH", f"{_OBJECTS}/{{id}}", objects.update),
    ("DELETE", f"{_OBJECTS}/{{id}}", objects.archive),
    ("GET", _PROPERTIES, schema.properties),
    ("POST", _PROPERTIES, schema.create),
    ("GET", f"{_PROPERTIES}/groups", schema.groups),
    ("POST", f"{_PROPERTIES}/groups", schema.create_group),
    ("POST", f"{_PROPERTIES}/batch/create", schema.batch_create),
    ("POST", f"{_PROPERTIES}/batch/read", schema.batch_read),
    ("POST", f"{_PROPERTIES}/batch/archive", schema.batch_archive),
    ("GET", f"{_PROPERTIES}/groups/{{name}}", schema.group),
    ("PATCH", f"{_PROPERTIES}/groups/{{name}}", schema.update_group),
    ("DELETE", f"{_PROPERTIES}/groups/{{name}}", schema.archive_group),
    ("GET", f"{_PROPERTIES}/{{name}}", schema.one),
    ("PATCH", f"{_PROPERTIES}/{{name}}", schema.update),
    ("DELETE", f"{_PROPERTIES}/{{name}}", schema.archive),
    ("GET", _VALIDATIONS, schema.validations),
    ("GET", f"{_VALIDATIONS}/{{name}}", schema.validation_of),
    ("GET", "/crm-object-schemas/v3/schemas", schema.schemas),
    ("GET", "/crm-object-schemas/v3/schemas/{type}", schema.schema),
    ("GET", "/crm/v3/schemas", schema.schemas),
    ("GET", "/crm/v3/schemas/{type}", schema.schema),
    ("GET", "/crm/v3/pipelines/{type}", pipelines.all),
    ("GET", "/crm/v3/pipelines/{type}/{id}", pipelines.one),
    ("GET", "/crm/v3/pipelines/{type}/{id}/stages", pipelines.stages),
    ("GET", "/crm/v3/pipelines/{type}/{id}/stages/{stage}", pipelines.stage),
    ("GET", "/crm/v3/owners", account.owners),
    ("GET", "/crm/v3/owners/{id}", account.owner),
    ("POST", f"{_LINKS}/batch/create", associations.create),
    ("POST", f"{_LINKS}/batch/associate/default", associations.create_default),
    ("POST", f"{_LINKS}/batch/read", associations.read),
    ("POST", f"{_LINKS}/batch/archive", associations.archive),
    ("POST", f"{_LINKS}/batch/labels/archive", associations.archive_labels),
    ("GET", f"{_LINKS}/labels", associations.labels),
    ("PUT", "/crm/v4/objects/{from}/{id}/associations/default/{to}/{to_id}", associations.put_default),
    ("GET", "/crm/v4/objects/{from}/{id}/associations/{to}", associations.of_record),
    ("PUT", "/crm/v4/objects/{from}/{id}/associations/{to}/{to_id}", associations.put),
    ("DELETE", "/crm/v4/objects/{from}/{id}/associations/{to}/{to_id}", associations.delete),
    ("GET", "/account-info/v3/details", account.details),
    ("GET", "/account-info/v3/api-usage/daily/private-apps", account.usage),
    ("POST", "/oauth/v2/private-apps/get/access-token-info", account.token_info),
)


@dataclass(frozen=True)
class Match:
    """Where a request leads: its path's template (as the client spelled it), the parameters and the handler.

    `version` is the dated version in the path, "" for v3 and v4.
    """

    template: str
    params: dict[str, str]
    handler: Handler
    version: str

    @property
    def is_search(self) -> bool:
        return self.handler is search.search


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


PATHS = tuple(f"{method} {template}" for method, template, _ in _TABLE)
"""All that is served, in the v3 and v4 form."""
_COMPILED = tuple((method, template, _pattern(template), handler) for method, template, handler in _TABLE)


def match(method: str, path: str) -> Match | None:
    """The handler of a request, or None when no path (or not with this method) is known."""
    path = path.rstrip("/")
    dated = _DATED.fullmatch(path)
    spelled, canonical, version = "", "", ""
    if dated is not None:
        area, family, version, rest = dated.groups()
        number = "v4" if family == "associations" or "/associations/" in rest else "v3"
        spelled = f"/{area}/{family}/{version}" if family else f"/{area}/{version}"
        canonical = f"/{area}/{number}/{family}" if family else f"/{area}/{number}"
        path = canonical + rest
    elif path.startswith(_V4_OBJECTS) and "/associations/" not in path:  # the same, and some programs call it
        spelled, canonical = _V4_OBJECTS, _OBJECTS.removesuffix("{type}")
        path = canonical + path.removeprefix(_V4_OBJECTS)
    for verb, template, pattern, handler in _COMPILED:
        if verb == method and (found := pattern.fullmatch(path)):
            return Match(spelled + template.removeprefix(canonical), found.groupdict(), handler, version)
    return None
