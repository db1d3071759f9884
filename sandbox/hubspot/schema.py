"""Definitions over HTTP: properties, groups, validation rules, schemas, pipelines (hubspot-api, section 2.6).

Sensitive properties are left out of the list unless asked for with `dataSensitivity`.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import ApiError, not_found, validation, wrong_json
from sandbox.hubspot.kinds import Kind
from sandbox.hubspot.standard import PIPELINES
from sandbox.hubspot.store import Store

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_REQUIRED = ("groupName", "name", "label", "type", "fieldType")
_TYPES = {"bool", "date", "datetime", "enumeration", "number", "string", "phone_number"}


def properties(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    wanted = call.query.get("dataSensitivity", "non_sensitive")
    if call.query.get("archived") == "true":  # properties are never archived here
        return Answer(200, {"results": []})
    items = [item for one in store.properties.values() if (item := one.item)["dataSensitivity"] == wanted]
    return Answer(200, {"results": items})


def one(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    definition = store.properties.get(call.params["name"])
    if definition is None:
        raise ApiError(404, f"Property {call.params['name']} does not exist", category="OBJECT_NOT_FOUND")
    return Answer(200, definition.item)


def create(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "write")
    body = call.json()
    if refused := _refused(store, body):
        raise refused
    return Answer(201, _defined(call, store, body))


def archive(call: Call) -> Answer:
    """Archived properties are gone here: neither listed with `archived` nor brought back by their name."""
    store = call.store()
    call.need_schema(store.kind, "write")
    definition = store.properties.get(call.params["name"])
    if definition is None:
        raise ApiError(404, f"Property {call.params['name']} does not exist", category="OBJECT_NOT_FOUND")
    if definition.item.get("hubspotDefined"):
        raise validation(f"'{definition.name}' is defined by HubSpot and cannot be archived.")
    call.make("undefine", type_id=store.kind.type_id, name=definition.name)
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


def pipelines(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    return Answer(200, {"results": [_pipeline(one) for one in PIPELINES.get(store.kind.type_id, ())]})


def pipeline(call: Call) -> Answer:
    store = call.store()
    call.need_schema(store.kind, "read")
    for found in PIPELINES.get(store.kind.type_id, ()):
        if found["id"] == call.params["id"]:
            return Answer(200, _pipeline(found))
    raise not_found()


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


def _pipeline(given: dict[str, Any]) -> dict[str, Any]:
    stamps = {"createdAt": "2024-01-01T00:00:00Z", "updatedAt": "2024-01-01T00:00:00Z", "archived": False}
    stages = [
        {
            "id": stage,
            "label": label,
            "displayOrder": position,
            "metadata": {},
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            **stamps,
        }
        for position, (stage, label) in enumerate(zip(given["stage_ids"], given["stages"], strict=True))
    ]
    return {"id": given["id"], "label": given["label"], "displayOrder": 0, "stages": stages, **stamps}
