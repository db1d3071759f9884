"""Associations v4: types are named one way when written, another when read (hubspot-api, section 2.7).

Creating replaces the labels of a pair. Object ids are answered as JSON numbers, as recordings of 2026 show
them.
"""

from __future__ import annotations

from typing import Any

from sandbox.hubspot.call import Answer, Call, paged
from sandbox.hubspot.errors import not_found, wrong_json
from sandbox.hubspot.kinds import association_labels, default_association
from sandbox.hubspot.store import Record, Store

CREATE_LIMIT, READ_LIMIT, PAGE = 2_000, 1_000, 500


def create(call: Call) -> Answer:
    return _create(call, 201)


def create_default(call: Call) -> Answer:
    return _create(call, 200)


def read(call: Call) -> Answer:
    near, far = _ends(call, "read")
    results, without = [], []
    for item in call.inputs(READ_LIMIT):
        record = near.live(_id(item))
        shown = [] if record is None else _shown(call, near, record, far)
        if shown:
            results.append({"from": {"id": _id(item)}, "to": shown})
        else:
            without.append(_id(item))
    message = f"No {far.kind.singular} is associated with {near.kind.fqn} {', '.join(without)}."
    error = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": message,
        "context": {"fromObjectId": without},
    }
    return call.batch(200, results, [error] if without else [])


def archive(call: Call) -> Answer:
    near, far = _ends(call, "write")
    for item in call.inputs(CREATE_LIMIT):
        ends = item.get("to")
        if not isinstance(ends, list):
            raise wrong_json("Cannot deserialize value of type `PublicObjectId`")
        for end in ends:
            _dissociate(call, near, far, _id(item.get("from")), _id(end), None)
    return Answer(204)


def archive_labels(call: Call) -> Answer:
    near, far = _ends(call, "write")
    for item in call.inputs(CREATE_LIMIT):
        for type_id in _types(item):
            _dissociate(call, near, far, _id(item.get("from")), _id(item.get("to")), type_id)
    return Answer(204)


def labels(call: Call) -> Answer:
    near, far = _ends(call, "read")
    return Answer(200, {"results": association_labels(near.kind.type_id, far.kind.type_id)})


def put_default(call: Call) -> Answer:
    near, far = _ends(call, "write")
    here, there = near.live(call.params["id"]), far.live(call.params["to_id"])
    if here is None or there is None:
        raise not_found()
    type_id = default_association(near.kind.type_id, far.kind.type_id)
    _associate(call, near, far, here, there, [type_id])
    return call.batch(200, [_made(near, far, here, there)], [])


def put(call: Call) -> Answer:
    """Body: the types, a bare list; they replace those that the pair had."""
    near, far = _ends(call, "write")
    here, there = near.live(call.params["id"]), far.live(call.params["to_id"])
    if here is None or there is None:
        raise not_found()
    type_ids = _types({"types": call.array()})
    _associate(call, near, far, here, there, type_ids)
    named = {label["typeId"]: label["label"] for label in association_labels(near.kind.type_id, far.kind.type_id)}
    labels = [named[type_id] for type_id in type_ids if named.get(type_id)]
    return Answer(201, _made(near, far, here, there) | {"labels": labels})


def delete(call: Call) -> Answer:
    """All associations of the pair; what is not there is no error."""
    near, far = _ends(call, "write")
    _dissociate(call, near, far, call.params["id"], call.params["to_id"], None)
    return Answer(204)


def of_record(call: Call) -> Answer:
    near, far = _ends(call, "read")
    record = near.live(call.params["id"])
    if record is None:
        raise not_found()
    return Answer(200, paged(call, _shown(call, near, record, far), PAGE, PAGE))


def _create(call: Call, status: int) -> Answer:
    near, far = _ends(call, "write")
    results, errors = [], []
    for item in call.inputs(CREATE_LIMIT):
        from_id, to_id = _id(item.get("from")), _id(item.get("to"))
        here, there = near.live(from_id), far.live(to_id)
        default = default_association(near.kind.type_id, far.kind.type_id)
        type_ids = [default] if status == 200 else _types(item)
        if here is None or there is None:
            errors.append(_error(f"{from_id if here is None else to_id} is not a valid object id"))
        elif here is there:
            errors.append(_error(f"Object {from_id} cannot be associated to itself"))
        else:
            _associate(call, near, far, here, there, type_ids)
            results.append(_made(near, far, here, there))
    return call.batch(status, results, errors)


def _ends(call: Call, verb: str) -> tuple[Store, Store]:
    near, far = call.store("from"), call.store("to")
    for store in (near, far):
        call.need_records(store.kind, verb)
    return near, far


def _associate(call: Call, near: Store, far: Store, here: Record, there: Record, type_ids: list[int]) -> None:
    for end, type_id in call.portal.associations(near.kind.type_id, here.id, far.kind.type_id):
        if end == there.id and type_id not in type_ids:
            _dissociate(call, near, far, here.id, end, type_id)
    for type_id in type_ids:
        call.make(
            "associate",
            from_type=near.kind.type_id,
            from_id=here.id,
            to_type=far.kind.type_id,
            to_id=there.id,
            type_id=type_id,
        )


def _dissociate(call: Call, near: Store, far: Store, from_id: str, to_id: str, type_id: int | None) -> None:
    here, there = near.live(from_id), far.live(to_id)
    if here is not None and there is not None:
        call.make(
            "dissociate",
            from_type=near.kind.type_id,
            from_id=here.id,
            to_type=far.kind.type_id,
            to_id=there.id,
            type_id=type_id,
        )


def _shown(call: Call, near: Store, record: Record, far: Store) -> list[dict[str, Any]]:
    named = {label["typeId"]: label for label in association_labels(near.kind.type_id, far.kind.type_id)}
    ends: dict[str, list[Any]] = {}
    for to_id, type_id in call.portal.associations(near.kind.type_id, record.id, far.kind.type_id):
        unknown = {"category": "USER_DEFINED", "typeId": type_id, "label": None}
        ends.setdefault(to_id, []).append(named.get(type_id, unknown))
    return [
        {"toObjectId": int(to_id), "associationTypes": types}
        for to_id, types in ends.items()
        if far.live(to_id) is not None
    ]


def _made(near: Store, far: Store, here: Record, there: Record) -> dict[str, Any]:
    return {
        "fromObjectTypeId": near.kind.type_id,
        "fromObjectId": int(here.id),
        "toObjectTypeId": far.kind.type_id,
        "toObjectId": int(there.id),
        "labels": [],
    }


def _error(message: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "subCategory": "crm.associations.INVALID_IDENTIFIER",
        "message": message,
    }


def _id(item: Any) -> str:
    value = item.get("id") if isinstance(item, dict) else None
    if not isinstance(value, (str, int)):
        raise wrong_json("Cannot deserialize value of type `PublicObjectId`")
    return str(value)


def _types(item: dict[str, Any]) -> list[int]:
    try:
        types = [int(entry["associationTypeId"]) for entry in item["types"]]
    except (KeyError, TypeError, ValueError):
        types = []
    if not types:
        raise wrong_json("Cannot deserialize value of type `AssociationSpec`")
    return types
