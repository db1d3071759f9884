"""Search sees the portal as it was a few seconds ago, and only so much of it (hubspot-api, section 2.5).

The index lags by `Call.lag` milliseconds of the twin's clock: a record is found by, and shown with, its
values of that time; its date of change is the newest. Decided here: without `sorts` the oldest records come
first; a `*` in CONTAINS_TOKEN stands for any characters of one token or of the whole value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from sandbox.hubspot.call import Answer, Call, names_of, rendered, shown_names
from sandbox.hubspot.errors import validation, wrong_json
from sandbox.hubspot.store import Record, Store
from sandbox.hubspot.values import Property, iso, millis, normalised

BODY_LIMIT, CEILING, PAGE_LIMIT = 3_000, 10_000, 200
GROUP_LIMIT, FILTER_LIMIT, FILTERS_IN_ALL = 5, 6, 18
_TOKEN = re.compile(r"[^\W_]+")
_Values = dict[str, str]
_Hit = tuple[Record, _Values]
_Reader = Callable[[_Hit], str | None]
_Test = Callable[[_Hit], bool]


def search(call: Call) -> Answer:
    store = call.store()
    call.need_records(store.kind, "read")
    body = call.json()
    if len(call.raw.decode()) > BODY_LIMIT:
        raise validation(f"The request body is longer than {BODY_LIMIT} characters.")
    limit, start = _whole(body.get("limit", 10), "limit"), _whole(body.get("after") or 0, "after")
    if not 0 <= limit <= PAGE_LIMIT:
        raise validation(f"limit must be at most {PAGE_LIMIT}")
    if start + limit > CEILING:
        raise validation(f"Paging past {CEILING} results is not possible.")
    groups = _groups(body)
    tests = [[_test(store, item) for item in group] for group in groups]
    words = str(body.get("query") or "").lower().split()
    instant = millis(call.now) - call.lag
    hits: list[_Hit] = []
    for record in _candidates(store, groups):
        if record.archived or record.created > instant:
            continue
        hit = (record, record.values if record.modified <= instant else record.values_at(instant))
        if groups and not any(all(test(hit) for test in group) for group in tests):
            continue
        if _mentions(store, hit[1], words):
            hits.append(hit)
    _sort(store, hits, body.get("sorts") or [])
    names = shown_names(store, names_of(body.get("properties")))
    results = [rendered(store, record, names, values) for record, values in hits[start : start + limit]]
    answer: dict[str, Any] = {"total": len(hits), "results": results}
    if start + limit < len(hits):
        answer["paging"] = {"next": {"after": str(start + limit)}}
    return Answer(200, answer)


def _whole(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise validation(f"{name} must be a whole number") from None


def _groups(body: dict[str, Any]) -> list[list[dict[str, Any]]]:
    try:
        groups = [list(group["filters"]) for group in body.get("filterGroups") or ()]
    except (KeyError, TypeError):
        raise wrong_json("Cannot deserialize value of type `FilterGroup`") from None
    if len(groups) > GROUP_LIMIT or any(len(group) > FILTER_LIMIT for group in groups):
        raise validation(f"At most {GROUP_LIMIT} filterGroups of {FILTER_LIMIT} filters are allowed.")
    if sum(map(len, groups)) > FILTERS_IN_ALL:
        raise validation(f"At most {FILTERS_IN_ALL} filters are allowed in all.")
    return groups


def _candidates(store: Store, groups: list[list[dict[str, Any]]]) -> Iterable[Record]:
    """The records worth testing: by index where every group names an indexed value, else all of them."""
    ids: dict[str, None] = {}
    for group in groups:
        keyed = next((item for item in group if _keys(store, item) is not None), None)
        if keyed is None:
            ids = {}
            break
        for key in _keys(store, keyed) or ():
            ids.update(dict.fromkeys(store.index[keyed["propertyName"]].get(key, ())))
    else:
        if groups:
            return [store.records[record_id] for record_id in sorted(ids, key=int)]
    return (store.records[record_id] for record_id in store.ids())


def _keys(store: Store, item: dict[str, Any]) -> list[str] | None:
    name, operator = item.get("propertyName"), item.get("operator")
    if name not in store.index or operator not in ("EQ", "IN"):
        return None
    values = item.get("values") if operator == "IN" else [item.get("value")]
    keys = [str(value) for value in values or ()]
    exact = all(key.isdecimal() for key in keys) or name == "email"
    return [normalised(store.properties[str(name)], key) for key in keys] if exact else None


def _reader(store: Store, name: str) -> _Reader:
    """How to read a property of a hit; the ones HubSpot keeps itself are not among the values."""
    if name == "hs_object_id":
        return lambda hit: hit[0].id
    if name == store.kind.created:
        return lambda hit: hit[1].get(name) or iso(hit[0].created)
    if name == store.kind.modified:
        return lambda hit: iso(hit[0].modified)
    return lambda hit: hit[1].get(name)


def _mentions(store: Store, values: _Values, words: list[str]) -> bool:
    if not words:
        return True
    text = " ".join(values.get(name, "") for name in store.kind.searchable).lower()
    return all(word in text for word in words)


def _sort(store: Store, hits: list[_Hit], sorts: list[Any]) -> None:
    if len(sorts) > 1:
        raise validation("Only one sort is allowed.")
    wanted = sorts[0] if sorts else {"propertyName": store.kind.created}
    if isinstance(wanted, str):
        wanted = {"propertyName": wanted.lstrip("-"), "direction": "DESCENDING" if wanted[0] == "-" else ""}
    definition = _definition(store, wanted.get("propertyName"))
    down = wanted.get("direction") == "DESCENDING"
    read = _reader(store, definition.name)
    held = [(_ordered(definition, value), hit) for hit in hits if (value := read(hit)) is not None]
    held.sort(key=lambda pair: pair[0], reverse=down)
    hits[:] = [hit for _, hit in held] + [hit for hit in hits if read(hit) is None]


def _definition(store: Store, name: Any) -> Property:
    definition = store.properties.get(str(name))
    if definition is None:
        raise validation(f"There was a problem with the request: property {name} does not exist.")
    return definition


def _ordered(definition: Property, stored: str) -> Any:
    """A stored value as something that compares as its type does."""
    if definition.type == "number":
        return float(stored)
    if definition.type == "datetime":  # "...:00Z" and "...:00.500Z" must sort by time: the fraction is written out
        return stored if "." in stored else f"{stored[:-1]}.000Z"
    return stored if definition.type in ("date", "enumeration") else stored.lower()


def _asked(definition: Property, value: object) -> Any:
    """The same for a value of a filter, which may be spelled differently; raises ValueError."""
    return _ordered(definition, normalised(definition, str(value)))


def _test(store: Store, item: Any) -> _Test:
    if not isinstance(item, dict):
        raise wrong_json("Cannot deserialize value of type `Filter`")
    definition = _definition(store, item.get("propertyName"))
    name, operator = definition.name, item.get("operator")
    read = _reader(store, name)
    if operator == "HAS_PROPERTY":
        return lambda hit: read(hit) is not None
    if operator == "NOT_HAS_PROPERTY":
        return lambda hit: read(hit) is None
    if operator in ("IN", "NOT_IN"):
        return _membership(definition, read, item.get("values"), wanted=operator == "IN")
    value = item.get("value")
    if value is None:
        raise validation(f"A filter with the operator {operator} needs a value.")
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        return _token(read, str(value).lower(), wanted=operator == "CONTAINS_TOKEN")
    try:
        bound = _asked(definition, value)
        upper = _asked(definition, item["highValue"]) if operator == "BETWEEN" else None
    except (KeyError, ValueError):
        raise validation(f"The filter on {name} has no valid value.") from None
    compare: dict[Any, Callable[[Any], bool]] = {
        "EQ": lambda held: held == bound,
        "GT": lambda held: held > bound,
        "GTE": lambda held: held >= bound,
        "LT": lambda held: held < bound,
        "LTE": lambda held: held <= bound,
        "BETWEEN": lambda held: bound <= held <= upper,
    }
    if operator == "NEQ":
        return lambda hit: (held := read(hit)) is None or _ordered(definition, held) != bound
    if operator not in compare:
        raise validation(f"{operator} is not a search operator.")
    holds = compare[operator]
    if name == "email" and operator == "EQ":
        return lambda hit: bound in _emails(hit[1])
    return lambda hit: (held := read(hit)) is not None and holds(_ordered(definition, held))


def _membership(definition: Property, read: _Reader, wanted_values: Any, *, wanted: bool) -> _Test:
    if not isinstance(wanted_values, list) or not wanted_values:
        raise validation(f"The filter on {definition.name} needs values.")
    # string values are compared lower-cased, what is asked for as it was sent: upper case never matches
    text = definition.type in ("string", "enumeration", "bool")
    try:
        given = {str(value) if text else _asked(definition, value) for value in wanted_values}
    except ValueError:
        raise validation(f"The filter on {definition.name} has no valid values.") from None

    def holds(hit: _Hit) -> bool:
        held = read(hit)
        return held is not None and _ordered(definition, held) in given

    return lambda hit: holds(hit) is wanted


def _token(read: _Reader, pattern: str, *, wanted: bool) -> _Test:
    def holds(hit: _Hit) -> bool:
        text = (read(hit) or "").lower()
        return bool(text) and any(fnmatchcase(part, pattern) for part in (text, *_TOKEN.findall(text)))

    return lambda hit: holds(hit) is wanted


def _emails(values: _Values) -> list[str]:
    return [values.get("email", ""), *values.get("hs_additional_emails", "").split(";")]
