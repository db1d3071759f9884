"""The admin's CRM configuration, as NICE's own editor reads it (cxone-api, section 1.3): gone with its system user.

Field pairs of a mapping are not told, as the real lists do not tell them.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.catalogue import guid
from sandbox.cxone.answers import Refused, answer
from sandbox.hubspot.portal import UnknownType
from sandbox.world import World

_WORKFLOWS = ("search", "create", "DataMemorialization")
_MAPPINGS = ("acme voice", "acme digital")
_ENTITIES = {"contact": "Contact", "ticket": "Ticket", "company": "Company"}


class Integration:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def configuration_id(self) -> str:
        return guid(self._world.settings.seed, "configuration")

    def configurations(self) -> Response:
        """GET /agent-integration/configuration."""
        row = {
            "id": self.configuration_id,
            "name": "acme HubSpot",
            "description": "",
            "status": "active",
            "typeId": "hubspot",
            "typeName": "HubSpot",
            "instanceId": guid(self._world.settings.seed, "instance"),
        }
        rows = [row] if self._stands else []
        return answer({"configurations": rows, "links": {}, "totalRecords": len(rows)})

    def workflows(self, configuration_id: str) -> Response:
        """GET /agent-integration/configuration/{id}/workflow."""
        self._known(configuration_id)
        seed = self._world.settings.seed
        rows = [
            {"workflowAction": name, "workflowId": guid(seed, "workflow", name), "workflowName": f"acme {name}"}
            for name in _WORKFLOWS
        ]
        instance = guid(seed, "instance")
        return answer({"id": configuration_id, "instanceId": instance, "typeId": "hubspot", "workflows": rows})

    def data_mappings(self, configuration_id: str) -> Response:
        """GET /agent-integration/configuration/{id}/data-mappings."""
        return self._mappings(configuration_id, _MAPPINGS)

    def dynamic_data_mappings(self, configuration_id: str) -> Response:
        """GET /agent-integration/configuration/{id}/dynamic-data-mappings."""
        return self._mappings(configuration_id, ("acme card",))

    def entities(self, request: Request, configuration_id: str) -> Response:
        """GET /agent-integration/configuration/{id}/entities; with `name` the fields of one."""
        self._known(configuration_id)
        name = request.query_params.get("name")
        if name is None:
            return answer({"entities": [{"name": key, "label": label} for key, label in _ENTITIES.items()]})
        try:
            properties = self._world.portal.store(name.lower()).properties.values()
        except UnknownType:
            raise Refused(404, f"entity {name} not found") from None
        fields = [
            {"name": one.name, "label": one.item["label"], "isUpdatable": not one.read_only} for one in properties
        ]
        return answer({"entities": [{"name": name, "label": _ENTITIES.get(name, name), "fields": fields}]})

    def _mappings(self, configuration_id: str, names: tuple[str, ...]) -> Response:
        self._known(configuration_id)
        rows: list[dict[str, Any]] = [
            {
                "id": guid(self._world.settings.seed, name),
                "name": name,
                "description": "",
                "entities": "contact,ticket",
                "status": "active",
            }
            for name in names
        ]
        return answer({"dataMappings": rows, "totalRecords": len(rows)})

    @property
    def _stands(self) -> bool:
        return not self._world.live_stopped(self._world.clock.ms())

    def _known(self, configuration_id: str) -> None:
        if configuration_id != self.configuration_id or not self._stands:
            raise Refused(404, f"configuration {configuration_id} not found")
