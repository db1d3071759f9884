"""Definitions over HTTP: properties, groups, validation rules, schemas (hubspot-api, section 2.6).

Sensitive properties are left out of the list unless asked for with `dataSensitivity`.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import ApiError, not_found, validation, wrong_json
from sandbox.hubspot.kinds import Kind
from sandbox.hubspot.store import Store
from sandbox.hubspot.values import Property

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_REQUIRED = ("groupName", "name", "label", "type", "fieldType")
_CHANGEABLE = ("label", "description", "groupName", "options", "displayOrder", "hidden", "formField", "fieldType")
_READ_NEEDS = ("archived", "dataSensitivity", "inputs")
_TYPES = {"bool", "date", "datetime", "enumeration", "number", "string", "phone_number"}


def properties(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    wanted = call.query.get("dataSensitivity", "non_sensitive")
    if call.flag("archived"):
        return Answer(200, {"results": list(store.archived.values())})
    items = [item for one in store.properties.values() if (item := one.item)["dataSensitivity"] == wanted]
    return Answer(200, {"results": items})


def one(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    return Answer(200, _definition(call, store).item)


def create(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "write")
    body = call.json()
    if refused := _refused(store, body):
        raise refused
    return Answer(201, _defined(call, store, body))


def update(call: Call) -> Answer:
    """What a property is called and offers can be changed; what it holds (its type, its uniqueness) cannot."""
    store = call.store()
    call.need_schema(store.kind, "write")
    definition, body = _definition(call, store), call.json()
    if definition.item["modificationMetadata"].get("readOnlyDefinition"):  # type: ignore[attr-defined]
        raise validation(f"'{definition.name}' is a read-only property definition.")
    changes = {name: value for name, value in body.items() if name in _CHANGEABLE and value is not None}
    if "groupName" in changes and changes["groupName"] not in store.groups:
        raise validation(f"The property group '{changes['groupName']}' does not exist.")
    item = definition.item | changes | {"updatedAt": call.at}
    call.make("define", type_id=store.kind.type_id, item=item, max_length=definition.max_length)
    return Answer(200, store.properties[definition.name].item)


def archive(call: Call) -> Answer:
    """Its values are gone; creating one of its name again ends its archived life."""
    store = call.store()
    call.need_schema(store.kind, "write")
    _archive(call, store, _definition(call, store).name)
    return Answer(204)


def batch_archive(call: Call) -> Answer:
    """Names that are none are passed over, as archiving is idempotent."""
    store = call.store()
    call.need_schema(store.kind, "write")
    for item in call.inputs():
        if str(item.get("name")) in store.properties:
            _archive(call, store, str(item["name"]))
    return Answer(204)


def batch_create(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "write")
    results, errors = [], []
    for item in call.inputs():
        if refused := _refused(store, item):
            errors.append({"context": {"name": [str(item.get("name"))]}, **refused.body})
        else:
            results.append(_defined(call, store, item))
    return call.batch(201, results, errors)


def batch_read(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    body = call.json()
    if call.version and any(key not in body for key in _READ_NEEDS):
        raise wrong_json("Some required fields were not set: [archived, dataSensitivity]")
    names = [str(item.get("name")) for item in call.inputs()]
    missing = [name for name in names if name not in store.properties]
    error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Some properties do not exist"}
    errors = [error | {"context": {"name": missing}}] if missing else []
    found = [store.properties[name].item for name in names if name in store.properties]
    return call.batch(200, found, errors)


def groups(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    return Answer(200, {"results": [_group(name, label) for name, label in store.groups.items()]})


def create_group(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "write")
    body = call.json()
    name, label = body.get("name"), body.get("label")
    if not isinstance(name, str) or not isinstance(label, str):
        raise wrong_json("Cannot deserialize value of type `PropertyGroupCreate`")
    if name in store.groups:
        raise ApiError(409, f"A group named '{name}' already exists.", category="OBJECT_ALREADY_EXISTS")
    call.make("define_group", type_id=store.kind.type_id, name=name, label=label)
    return Answer(201, _group(name, label))


def group(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    return Answer(200, _group(*_group_of(call, store)))


def update_group(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "write")
    name, label = _group_of(call, store)
    label = str(call.json().get("label") or label)
    call.make("define_group", type_id=store.kind.type_id, name=name, label=label)
    return Answer(200, _group(name, label))


def archive_group(call: Call) -> Answer:
    """Only an empty group: the twin's assumption."""
    store = call.store()
    call.need_schema(store.kind, "write")
    name, _ = _group_of(call, store)
    if any(one.item["groupName"] == name for one in store.properties.values()):
        raise validation(f"The property group '{name}' still holds properties.")
    call.make("undefine_group", type_id=store.kind.type_id, name=name)
    return Answer(204)


def validations(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    results = [
        {"propertyName": one.name, "propertyValidationRules": _rules(one.max_length)}
        for one in store.properties.values()
        if one.max_length is not None
    ]
    return Answer(200, {"results": results})


def validation_of(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    definition = store.properties.get(call.params["name"])
    if definition is None:
        raise not_found()
    return Answer(200, {"results": _rules(definition.max_length)})


def schemas(call: Call) -> Answer:
    call.need("crm.schemas.custom.read")
    custom = [store for store in call.portal.stores.values() if store.kind.custom]
    return Answer(200, {"results": [_schema(call, store) for store in custom]})


def schema(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    return Answer(200, _schema(call, store))


def _definition(call: Call, store: Store) -> Property:
    definition = store.properties.get(call.params["name"])
    if definition is None:
        raise ApiError(404, f"Property {call.params['name']} does not exist", category="OBJECT_NOT_FOUND")
    return definition


def _archive(call: Call, store: Store, name: str) -> None:
    if store.properties[name].item.get("hubspotDefined"):
        raise validation(f"'{name}' is defined by HubSpot and cannot be archived.")
    call.make("archive_property", type_id=store.kind.type_id, name=name)


def _group_of(call: Call, store: Store) -> tuple[str, str]:
    name = call.params["name"]
    if name not in store.groups:
        raise ApiError(404, f"Group {name} does not exist", category="OBJECT_NOT_FOUND")
    return name, store.groups[name]


def _refused(store: Store, item: dict[str, Any]) -> ApiError | None:
    missing = [key for key in _REQUIRED if not isinstance(item.get(key), str)]
    if missing:
        return validation(f"Some required fields were not set: [{', '.join(missing)}]")
    name = item["name"]
    if name in store.properties:
        return ApiError(
            409,
            f"A property named '{name}' already exists.",
            category="OBJECT_ALREADY_EXISTS",
            subCategory="Properties.PROPERTY_WITH_NAME_EXISTS",
        )
    if not _NAME.fullmatch(name):
        return validation(f"'{name}' is not a valid property name.")
    if item["type"] not in _TYPES:
        return validation(f"'{item['type']}' is not a valid property type.")
    if item["groupName"] not in store.groups:
        return validation(f"The property group '{item['groupName']}' does not exist.")
    if item["type"] == "enumeration" and not item.get("options"):
        return validation(f"The enumeration '{name}' needs options.")
    unique = sum(one.unique for one in store.properties.values() if one.name != "hs_object_id")
    if item.get("hasUniqueValue") and (unique >= 10 or item["type"] not in ("string", "number")):
        return validation(f"'{name}' cannot have unique values.")
    return None


def _defined(call: Call, store: Store, item: dict[str, Any]) -> dict[str, object]:
    stamped = item | {"createdAt": call.at, "updatedAt": call.at, "hubspotDefined": False}
    call.make("define", type_id=store.kind.type_id, item=stamped)
    return store.properties[item["name"]].item


def _group(name: str, label: str) -> dict[str, Any]:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}


def _rules(max_length: int | None) -> list[dict[str, Any]]:
    if max_length is None:
        return []
    return [{"ruleType": "MAX_LENGTH", "ruleArguments": [str(max_length)], "shouldApplyNormalization": False}]


def _schema(call: Call, store: Store) -> dict[str, Any]:
    kind: Kind = store.kind
    fqn = f"p{call.portal.portal_id}_{kind.singular}" if kind.custom else kind.fqn
    return {
        "id": kind.type_id.split("-")[1],
        "objectTypeId": kind.type_id,
        "name": kind.singular,
        "fullyQualifiedName": fqn,
        "labels": {"singular": kind.singular.capitalize(), "plural": kind.plural.capitalize()},
        "primaryDisplayProperty": kind.primary,
        "requiredProperties": list(kind.required),
        "searchableProperties": list(kind.searchable),
        "secondaryDisplayProperties": [],
        "archived": False,
        "properties": [one.item for one in store.properties.values()],
        "associations": [],
    }
