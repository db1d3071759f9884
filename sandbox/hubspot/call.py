"""A handler turns a `Call` into an `Answer`, and all it changes goes through `Call.make`.

So each change of a request is made at one instant, by one source, and reaches the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import orjson

from sandbox.hubspot.errors import missing_scopes, validation, wrong_json
from sandbox.hubspot.journal import Change
from sandbox.hubspot.kinds import Kind
from sandbox.hubspot.portal import Portal, Source
from sandbox.hubspot.store import Record, Store
from sandbox.hubspot.values import iso, millis

BATCH_LIMIT = 100
API = "https://api.hubapi.com"


@dataclass(frozen=True)
class Answer:
    """A status, a JSON body (None: empty) and extra headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request.

    `path` is what was asked for, `version` the dated version in it, "" for v3 and v4; `calls_today` of `daily` is the
    account's quota; `lag` how far search is behind, in ms.
    """

    portal: Portal
    path: str
    params: dict[str, str]
    query: Mapping[str, str]
    raw: bytes
    now: datetime
    source: Source
    rng: Random
    calls_today: int
    daily: int
    lag: int
    version: str = ""
    changes: list[Change] = field(default_factory=list)

    @property
    def at(self) -> str:
        return iso(millis(self.now))

    def make(self, method: str, *, sourced: bool = False, **arguments: Any) -> Change:
        """Apply a change (a Portal method by name) and keep it for the journal."""
        done = Change(method, arguments, self.source if sourced else None).apply(self.portal, self.now)
        self.changes.append(done)
        return done

    def store(self, name: str = "type") -> Store:
        """The store a path parameter names; raises UnknownType, which is answered with a 400."""
        return self.portal.store(self.params[name])

    def need(self, *scopes: str) -> None:
        """A 403 unless the token has one of the scopes."""
        if not self.portal.scopes.intersection(scopes):
            raise missing_scopes(list(scopes))

    def need_records(self, kind: Kind, verb: str) -> None:
        """The scope to "read" or "write" records (hubspot-api, section 6)."""
        self.need(f"crm.objects.{'custom' if kind.custom else kind.scope_object}.{verb}", *tickets_scope(kind))

    def need_schema(self, kind: Kind, verb: str) -> None:
        """The scope to "read" or "write" definitions; whoever reads records reads their definitions."""
        name = "custom" if kind.custom else kind.scope_object
        readers = (f"crm.objects.{name}.read",) if verb == "read" else ()
        self.need(f"crm.schemas.{name}.{verb}", *readers, *tickets_scope(kind))

    def required(self, kind: Kind) -> list[str]:
        """What the admin demands of a new record; only dated paths enforce it (hubspot-api, section 0)."""
        demanded = sorted(name for type_id, name in self.portal.required if type_id == kind.type_id)
        return demanded if self.version else []

    def flag(self, name: str) -> bool:
        """A switch of the query; the SDK spells it True."""
        return self.query.get(name, "").lower() == "true"

    def json(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        try:
            body = orjson.loads(self.raw)
        except orjson.JSONDecodeError:
            raise wrong_json("Unexpected character") from None
        if not isinstance(body, dict):
            raise wrong_json("Cannot deserialize value of type object")
        return body

    def array(self) -> list[Any]:
        """The body, which must be a JSON array."""
        try:
            body = orjson.loads(self.raw)
        except orjson.JSONDecodeError:
            raise wrong_json("Unexpected character") from None
        if not isinstance(body, list):
            raise wrong_json("Cannot deserialize value of type `java.util.ArrayList`")
        return body

    def inputs(self, limit: int = BATCH_LIMIT) -> list[dict[str, Any]]:
        """The `inputs` of a batch: objects, not more than the limit."""
        inputs = self.json().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
            raise wrong_json("Cannot deserialize value of type `java.util.ArrayList` for inputs")
        if len(inputs) > limit:
            raise validation(f"The maximum number of inputs supported in a batch request is {limit}.")
        return inputs

    def batch(self, status: int, results: list[Any], errors: list[dict[str, Any]]) -> Answer:
        """A batch answer, results in an order of their own; any error makes it a 207."""
        given = list(results)
        self.rng.shuffle(results)
        if len(results) > 1 and results == given:
            results.append(results.pop(0))
        body = {"status": "COMPLETE", "results": results, "startedAt": self.at, "completedAt": self.at}
        if not errors:
            return Answer(status, body)
        return Answer(207, body | {"numErrors": len(errors), "errors": errors})


def paged(call: Call, items: list[Any], usual: int, most: int) -> dict[str, Any]:
    """A page of a list that pages by place: `limit` (`usual` unless told) and `after`; a 400 beyond `most`."""
    try:
        limit, start = int(call.query.get("limit", usual)), int(call.query.get("after", 0))
    except ValueError:
        raise validation("limit and after must be whole numbers") from None
    if not 1 <= limit <= most or start < 0:
        raise validation(f"limit must be between 1 and {most}")
    body: dict[str, Any] = {"results": items[start : start + limit]}
    if start + limit < len(items):
        after = str(start + limit)
        body["paging"] = {"next": {"after": after, "link": f"{API}{call.path}?after={after}"}}
    return body


def tickets_scope(kind: Kind) -> tuple[str, ...]:
    return ("tickets",) if kind.type_id == "0-5" else ()


def names_of(value: Any) -> list[str]:
    """A list of names from a JSON array or a comma-separated query parameter."""
    if value is None:
        return []
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise wrong_json("Cannot deserialize value of type `java.lang.String` for properties")
    return names


def shown_names(store: Store, wanted: list[str]) -> list[str]:
    """The names to show, sorted: what is wanted (or the type's defaults) and defined, and the three always
    shown.
    """
    own = {"hs_object_id", store.kind.created, store.kind.modified}
    return sorted(own.union(name for name in wanted or store.kind.defaults if name in store.properties))


def rendered(store: Store, record: Record, names: list[str], values: dict[str, str] | None = None) -> dict[str, Any]:
    """A record as the API shows it (hubspot-api, section 2.1), or as it was with the `values` of another
    time.
    """
    held = record.values if values is None else values
    kind = store.kind
    created, modified = iso(record.created), iso(record.modified)
    shown: dict[str, str | None] = {name: held.get(name) for name in names}
    if kind.created in shown and not shown[kind.created]:
        shown[kind.created] = created
    if kind.modified in shown:
        shown[kind.modified] = modified
    if "hs_object_id" in shown:
        shown["hs_object_id"] = record.id
    result: dict[str, Any] = {"id": record.id, "properties": shown}
    result |= {"createdAt": created, "updatedAt": modified, "archived": bool(record.archived)}
    if record.archived:
        result["archivedAt"] = iso(record.archived)
    return result


def with_history(store: Store, record: Record, names: list[str]) -> dict[str, Any]:
    """The `propertiesWithHistory` of a record: the defined ones among the names, keys HubSpot leaves out
    left out.
    """
    return {
        name: [{k: v for k, v in entry.items() if v is not None} for entry in store.history(record, name)]
        for name in sorted(names)
        if name in store.properties
    }
