"""A batch is judged input by input when each has its own trace id; otherwise as a whole, all or nothing.

hubspot-api, sections 2.2 to 2.4. Decided here: ids that lead to one record through a merge are one result of
a read, and one result each of a write; archived records free their unique values, so an upsert makes a new
record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.hubspot.call import Answer, Call, names_of, rendered, shown_names, with_history
from sandbox.hubspot.errors import InputError, Refused, validation, wrong_json
from sandbox.hubspot.store import Record, Store
from sandbox.hubspot.writes import Plan, planned, written

HISTORY_LIMIT = 50
_Claims = dict[tuple[str, str], str]


def read(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "read")
    body = call.json()
    wanted, past = names_of(body.get("properties")), names_of(body.get("propertiesWithHistory"))
    inputs = call.inputs()
    if past and len(inputs) > HISTORY_LIMIT:
        raise validation(f"A batch read with history takes at most {HISTORY_LIMIT} inputs.")
    id_property = body.get("idProperty")
    ids = [_identity(item) for item in inputs]
    _refuse_duplicates(store, [(id_property, value) for value in ids])
    archived = call.flag("archived")
    names = shown_names(store, wanted)
    found: dict[str, dict[str, Any]] = {}
    missing = []
    for value in ids:
        record = locate(store, id_property, value, archived=archived, verb="read")
        if record is None:
            missing.append(value)
        elif record.id not in found:
            found[record.id] = rendered(store, record, names)
            if past:
                found[record.id]["propertiesWithHistory"] = with_history(store, record, past)
    return call.batch(200, list(found.values()), _missing(store, missing))


def create(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "write")

    def plan(item: dict[str, Any], claimed: _Claims) -> Plan | InputError:
        checked = planned(store, None, item.get("properties", {}), claimed, call.required(store.kind))
        if isinstance(checked, InputError):
            return checked
        return Plan(None, checked.values, links_of(call, store, item.get("associations")))

    results, errors = _write(call, store, call.inputs(), plan)
    return call.batch(201, results, errors)


def update(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "write")
    inputs = call.inputs()
    _refuse_duplicates(store, [(item.get("idProperty"), _identity(item)) for item in inputs])
    targets = {id(item): _target(store, item) for item in inputs}
    present = [item for item in inputs if targets[id(item)] is not None]
    missing = [_identity(item) for item in inputs if targets[id(item)] is None]

    def plan(item: dict[str, Any], claimed: _Claims) -> Plan | InputError:
        return planned(store, targets[id(item)], item.get("properties", {}), claimed, ())

    results, errors = _write(call, store, present, plan)
    return call.batch(200, results, errors + _missing(store, missing))


def upsert(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "write")
    inputs = call.inputs()
    _refuse_duplicates(store, [(item.get("idProperty"), _identity(item)) for item in inputs])
    for item in inputs:
        _refuse_common_property(store, item.get("idProperty") or "hs_object_id", "update/upsert")

    def plan(item: dict[str, Any], claimed: _Claims) -> Plan | InputError:
        record = _target(store, item)
        properties = item.get("properties", {})
        if record is None and isinstance(properties, dict):
            properties = {item["idProperty"]: _identity(item)} | properties
        return planned(store, record, properties, claimed, call.required(store.kind))

    results, errors = _write(call, store, inputs, plan, with_new=True)
    return call.batch(200, results, errors)


def archive(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "write")
    for item in call.inputs():
        record = store.live(_identity(item))
        if record is not None:
            call.make("archive", type_id=store.kind.type_id, record_id=record.id)
    return Answer(204)


def locate(store: Store, id_property: str | None, value: str, *, verb: str, archived: bool = False) -> Record | None:
    """The record an id or a unique value leads to; a 400 for a property that is not unique."""
    if id_property is None or (id_property == "hs_object_id" and verb == "read"):
        record = store.locate(value)
        return record if record is not None and bool(record.archived) is archived else None
    _refuse_common_property(store, id_property, verb)
    ids = store.index[id_property].get(_key(id_property, value), ())
    return store.live(ids[0]) if ids else None


def links_of(call: Call, store: Store, associations: Any) -> list[tuple[str, str, int]]:
    """The `associations` of a create as (type, id, association type id); a 400 for a record that is
    missing.
    """
    links = []
    for item in associations or ():
        try:
            to_id = str(item["to"]["id"])
            types = [int(entry["associationTypeId"]) for entry in item["types"]]
        except (KeyError, TypeError, ValueError):
            raise wrong_json("Cannot deserialize value of type `PublicAssociationsForObject`") from None
        for type_id in types:
            far = call.portal.far_end(store.kind.type_id, type_id)
            if far is None or far.live(to_id) is None:
                raise validation(f"The association to object {to_id} (type {type_id}) is not valid.")
            links.append((far.kind.type_id, to_id, type_id))
    return links


def _write(
    call: Call,
    store: Store,
    inputs: list[dict[str, Any]],
    plan: Callable[[dict[str, Any], _Claims], Plan | InputError],
    *,
    with_new: bool = False,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    traces = [item.get("objectWriteTraceId") for item in inputs]
    traced = all(traces) and len(set(traces)) == len(traces)
    results, errors = [], []
    if not traced:
        claimed: _Claims = {}
        checked = [plan(item, claimed) for item in inputs]
        if refused := [one for one in checked if isinstance(one, InputError)]:
            raise Refused(refused).blanket()
    for position, item in enumerate(inputs):
        one = plan(item, {}) if traced else checked[position]
        if isinstance(one, InputError):
            errors.append(one.standard(str(traces[position])))
            continue
        result = written(call, store, one, item.get("properties", {}))
        if with_new:
            result["new"] = one.record is None
        if traces[position]:
            result["objectWriteTraceId"] = traces[position]
        results.append(result)
    return results, errors


def _identity(item: dict[str, Any]) -> str:
    value = item.get("id")
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise wrong_json("Cannot deserialize value of type `java.lang.String` for id")
    return str(value)


def _target(store: Store, item: dict[str, Any]) -> Record | None:
    return locate(store, item.get("idProperty"), _identity(item), verb="update/upsert")


def _key(id_property: str, value: str) -> str:
    return value.strip().lower() if id_property == "email" else value


def _refuse_common_property(store: Store, id_property: str, verb: str) -> None:
    if id_property not in store.index or not (id_property == "email" or store.properties[id_property].unique):
        type_id = store.kind.type_id
        raise validation(f"Unable to perform {verb} by non-unique {type_id} property {id_property}")


def _refuse_duplicates(store: Store, identities: list[tuple[str | None, str]]) -> None:
    seen: set[tuple[str | None, str]] = set()
    twice = []
    for id_property, value in identities:
        key = (id_property, _key(id_property or "", value))
        if key in seen:
            twice.append(value)
        seen.add(key)
    if twice:
        listed = ", ".join(twice)
        message = f"Duplicate IDs found in batch input: [{listed}]. IDs must be unique"
        raise validation(message, context={"ids": twice})


def _missing(store: Store, ids: list[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    what = f"Could not get some {store.kind.fqn} objects, they may be deleted or not exist."
    message = f"{what} Check that ids are valid."
    return [{"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": ids}}]
