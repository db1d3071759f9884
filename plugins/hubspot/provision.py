"""Creates property groups and properties, and nothing that exists is ever changed.

A name that turns out to be taken is no error: creating is repeated safely after an answer that never came. What
HubSpot made is compared with what was asked, because creating the name of an archived property brings the old
one back (hubspot-api, section 2.6).
"""

from collections.abc import Mapping
from typing import Any, Literal

from memorialization.ports import Entity
from plugins.hubspot.client import Client
from plugins.hubspot.failures import Refused, contract

Outcome = Literal["created", "taken", "differs"]

_DECIDING = ("type", "fieldType", "hasUniqueValue")


def ensure_group(client: Client, entity: Entity, name: str, label: str) -> bool:
    """Whether the group had to be created. Raises PermissionMissing without the right to write schemas."""
    with contract("reading the property groups"):
        if any(item["name"] == name for item in client.property_groups(entity.type_id).results):
            return False
    try:
        client.create_property_group(entity.type_id, {"name": name, "label": label})
    except Refused as refusal:
        if refusal.status != 409:
            raise
        return False
    return True


def create_property(client: Client, entity: Entity, definition: Mapping[str, Any]) -> Outcome:
    """`taken`: the name exists, hidden from the list (sensitive); `differs`: HubSpot made something else of it."""
    try:
        made = client.create_property(entity.type_id, dict(definition)).body
    except Refused as refusal:
        if refusal.status != 409:
            raise
        return "taken"
    return "created" if all(made.get(key) == definition.get(key) for key in _DECIDING) else "differs"
