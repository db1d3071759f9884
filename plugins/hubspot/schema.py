"""The account, its record types, and their properties and pipelines are asked for once per store.

Sources: hubspot-api, sections 2 (type ids), 2.6 (properties, validation rules) and 6 (account, scopes).
"""

from typing import Any

from memorialization.errors import (
    AuthenticationError,
    ConfigurationError,
    MemorializationError,
)
from memorialization.ports import Account, Entity, Pipeline, Property
from plugins.hubspot.client import Client
from plugins.hubspot.failures import Refused

STANDARD = {
    "Contact": "0-1",
    "Company": "0-2",
    "Deal": "0-3",
    "Ticket": "0-5",
    "Communication": "0-18",
    "Task": "0-27",
    "Note": "0-46",
    "Meeting": "0-47",
    "Call": "0-48",
    "Email": "0-49",
    "Lead": "0-136",
}
CONTACT = STANDARD["Contact"]


class Schema:
    """The account of a token and its record types."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._account: Account | None = None
        self._scopes: tuple[frozenset[str] | None] | None = None
        self._custom: dict[str, str] | None = None
        self._properties: dict[str, dict[str, Property]] = {}
        self._pipelines: dict[str, dict[str, Pipeline] | None] = {}

    def account(self) -> Account:
        if self._account is None:
            body = self._client.account().body
            kind = str(body.get("accountType") or "STANDARD")
            self._account = Account(int(body["portalId"]), str(body["timeZone"]), str(body["uiDomain"]), kind)
        return self._account

    def scopes(self) -> frozenset[str] | None:
        """None for tokens that HubSpot tells nothing about: those of OAuth apps."""
        if self._scopes is None:
            self._scopes = (self._granted(),)
        return self._scopes[0]

    def _granted(self) -> frozenset[str] | None:
        try:
            scopes = self._client.token_info().body.get("scopes")
        except Refused:
            return None
        return frozenset(map(str, scopes)) if isinstance(scopes, list) else None

    def entity(self, name: str) -> Entity:
        """Custom objects are asked for only where the name is none of HubSpot's own."""
        if name in STANDARD:
            return Entity(name, STANDARD[name])
        if self._custom is None:
            self._custom = self._custom_types()
        if name in self._custom:
            return Entity(name, self._custom[name])
        known = ", ".join(sorted({*STANDARD, *self._custom}))
        raise ConfigurationError(f"HubSpot has no record type {name!r}. Name one of: {known}.")

    def properties(self, entity: Entity) -> dict[str, Property]:
        if entity.type_id not in self._properties:
            items = self._client.properties(entity.type_id).results
            lengths = _max_lengths(self._client.validations(entity.type_id).results)
            self._properties[entity.type_id] = {
                item["name"]: _property(item, lengths.get(item["name"])) for item in items if _readable(item)
            }
        return self._properties[entity.type_id]

    def pipelines(self, entity: Entity) -> dict[str, Pipeline] | None:
        if entity.type_id not in self._pipelines:
            self._pipelines[entity.type_id] = self._listed(entity)
        return self._pipelines[entity.type_id]

    def _listed(self, entity: Entity) -> dict[str, Pipeline] | None:
        try:
            items = self._client.pipelines(entity.type_id).results
        except AuthenticationError:
            raise
        except MemorializationError as error:
            if error.retry:
                raise
            return None
        return {
            str(item["id"]): Pipeline(item["label"], {str(stage["id"]): stage["label"] for stage in item["stages"]})
            for item in items
        }

    def _custom_types(self) -> dict[str, str]:
        try:
            items = self._client.schemas().results
        except AuthenticationError:
            raise
        except MemorializationError as error:
            if error.retry:
                raise
            return {}  # accounts without custom objects, and tokens without their scope, are refused
        return {item.get("labels", {}).get("singular") or item["name"]: item["objectTypeId"] for item in items}


def _readable(item: dict[str, Any]) -> bool:
    return not item.get("archived") and item.get("dataSensitivity", "non_sensitive") == "non_sensitive"


def _property(item: dict[str, Any], max_length: int | None) -> Property:
    return Property(
        name=item["name"],
        label=item.get("label") or item["name"],
        type=item["type"],
        field_type=item.get("fieldType") or "",
        options=tuple(
            (option["value"], option.get("label") or option["value"]) for option in item.get("options") or ()
        ),
        unique=bool(item.get("hasUniqueValue")),
        read_only=bool((item.get("modificationMetadata") or {}).get("readOnlyValue")),
        calculated=bool(item.get("calculated")),
        max_length=max_length,
    )


def _max_lengths(results: list[dict[str, Any]]) -> dict[str, int]:
    """property -> its smallest MAX_LENGTH rule."""
    lengths: dict[str, int] = {}
    for item in results:
        for rule in item.get("propertyValidationRules") or ():
            arguments = rule.get("ruleArguments") or ()
            if rule.get("ruleType") == "MAX_LENGTH" and arguments and str(arguments[0]).isdigit():
                length = int(arguments[0])
                lengths[item["propertyName"]] = min(length, lengths.get(item["propertyName"], length))
    return lengths
