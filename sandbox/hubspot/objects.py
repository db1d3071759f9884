"""Single records and lists: the same checks and spellings as in batches, one record at a time.

hubspot-api, sections 2.1, 2.5 and 10. A list page with history holds at most 50 records.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from sandbox.hubspot.batches import HISTORY_LIMIT, links_of, locate
from sandbox.hubspot.call import API, Answer, Call, names_of, rendered, shown_names, with_history
from sandbox.hubspot.errors import InputError, Refused, not_found, validation
from sandbox.hubspot.store import Record, Store
from sandbox.hubspot.writes import Plan, planned, written


def page(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "read")
    past = names_of(call.query.get("propertiesWithHistory"))
    limit = number(call.query.get("limit", "10"), "limit")
    if not 1 <= limit <= (HISTORY_LIMIT if past else 100):
        raise validation(f"limit must be between 1 and {HISTORY_LIMIT if past else 100}")
    names = shown_names(store, names_of(call.query.get("properties")))
    archived = call.flag("archived")
    ids = store.ids()
    after = call.query.get("after")
    start = 0 if after is None else bisect_right(ids, number(after, "after"), key=int)
    results: list[dict[str, Any]] = []
    for position in range(start, len(ids)):
        record = store.records[ids[position]]
        if bool(record.archived) is not archived:
            continue
        if len(results) == limit:
            last = results[-1]["id"]
            link = f"{API}{call.path}?after={last}"
            return Answer(200, {"results": results, "paging": {"next": {"after": last, "link": link}}})
        results.append(_shown(call, store, record, names, past))
    return Answer(200, {"results": results})


def one(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "read")
    record = _find(call, store, "read")
    names = shown_names(store, names_of(call.query.get("properties")))
    past = names_of(call.query.get("propertiesWithHistory"))
    return Answer(200, _shown(call, store, record, names, past))


def create(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "write")
    body = call.json()
    properties = body.get("properties", {})
    checked = _accepted(planned(store, None, properties, {}, call.required(store.kind)))
    links = links_of(call, store, body.get("associations"))
    result = written(call, store, Plan(None, checked.values, links), properties)
    location = f"{API}{call.path}/{result['id']}"
    return Answer(201, result, {"Location": location})


def update(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "write")
    record = _find(call, store, "update/upsert")
    properties = call.json().get("properties", {})
    return Answer(200, written(call, store, _accepted(planned(store, record, properties, {}, ())), properties))


def archive(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "write")
    record = store.live(call.params["id"])
    if record is not None:
        call.make("archive", type_id=store.kind.type_id, record_id=record.id)
    return Answer(204)


def merge(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "write")
    body = call.json()
    survivor = store.live(str(body.get("primaryObjectId")))
    merged = store.live(str(body.get("objectIdToMerge")))
    if survivor is None or merged is None:
        raise not_found()
    if survivor is merged:
        raise validation("The two objects to merge must be different.")
    call.make("merge", type_id=store.kind.type_id, survivor=survivor.id, merged=merged.id)
    return Answer(200, rendered(store, survivor, shown_names(store, sorted(survivor.values))))


def number(text: str, name: str) -> int:
    """A query parameter that must be a whole number; a 400 when it is not."""
    if not text.isdecimal():
        raise validation(f"{name} must be a whole number")
    return int(text)


def _find(call: Call, store: Store, verb: str) -> Record:
    archived = call.flag("archived")
    id_property = call.query.get("idProperty")
    record = locate(store, id_property, call.params["id"], archived=archived, verb=verb)
    if record is None:
        raise not_found()
    return record


def _accepted(checked: Plan | InputError) -> Plan:
    if isinstance(checked, InputError):
        raise Refused([checked]).blanket()
    return checked


def _shown(call: Call, store: Store, record: Record, names: list[str], past: list[str]) -> dict[str, Any]:
    result = rendered(store, record, names)
    if past:
        result["propertiesWithHistory"] = with_history(store, record, past)
    wanted = names_of(call.query.get("associations"))
    linked = {}
    for name in wanted:
        far = call.portal.store(name)
        pairs = call.portal.associations(store.kind.type_id, record.id, far.kind.type_id)
        if pairs:
            kind = f"{store.kind.singular}_to_{far.kind.singular}"
            linked[far.kind.plural] = {
                "results": [{"id": to, "type": kind} for to in dict.fromkeys(p[0] for p in pairs)]
            }
    if linked:
        result["associations"] = linked
    return result
