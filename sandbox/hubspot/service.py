"""Every request passes the same gate: world to now, faults, token, limits, one handler, one answer.

All of it happens in one thread without a pause between check and write, so requests never mix. Control paths
(`/_twin/...`) need no token and count for no limit.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.hubspot.account import app_id
from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import ApiError, not_found, rate_limited, unauthenticated
from sandbox.hubspot.faults import HTML, Fault, garbled, spoiled
from sandbox.hubspot.journal import Change, Journal
from sandbox.hubspot.limits import Limits, Meter
from sandbox.hubspot.portal import Portal, Source, UnknownRecord, UnknownType
from sandbox.hubspot.routes import PATHS, Match, match
from sandbox.hubspot.shares import Share
from sandbox.hubspot.values import iso, millis
from sandbox.orders import Orders
from sandbox.shares import Share as ByShare

JSON = "application/json;charset=utf-8"
QUERY_LIMIT = 8_192
"""Characters of a query; a longer one is a 414 (hubspot-api, section 2.5). Where the real limit lies, nobody tells."""
PERSON = Source("CRM_UI", "userId:7")
CONTROL = (
    "GET /_twin",
    "GET /_twin/requests",
    "GET /_twin/faults",
    "POST /_twin/faults",
    "GET /_twin/records/{type}/{id}",
    "POST /_twin/records/{type}/{id}",
    "GET /_twin/records/{type}?property={name}&value={value}",
)


def create_app(
    portal: Portal,
    *,
    clock: Callable[[], datetime],
    limits: Limits,
    before_request: Callable[[], None] | None = None,
    journal: Journal | None = None,
    search_lag: float = 5.0,
    share: ByShare | None = None,
) -> ASGIApp:
    """The portal as an ASGI app, to be served by uvicorn.

    `clock` gives the twin's time (aware); `before_request` is called first on each request; `journal` keeps
    every change and names every fault; `search_lag` is in seconds of the twin's time (0 switches the lag off); `share`
    are faults from the first request on.
    """
    return _Service(portal, clock, limits, before_request, journal, round(search_lag * 1000), share)


class _Service:
    def __init__(
        self,
        portal: Portal,
        clock: Callable[[], datetime],
        limits: Limits,
        before_request: Callable[[], None] | None,
        journal: Journal | None,
        lag: int,
        share: ByShare | None,
    ) -> None:
        self._portal, self._clock, self._before, self._journal = portal, clock, before_request, journal
        self._lag, self._daily = lag, limits.daily
        self._meter = Meter(limits)
        self._faults = Orders(Fault, Share, lambda: millis(self._clock()), portal.seed, share)
        self._counts: Counter[str] = Counter()
        self._rng = Random(portal.seed)
        self._zone = ZoneInfo(portal.time_zone)
        self._source = Source("INTEGRATION", str(app_id(portal.token)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        raw = await request.body()
        method, path = request.method, request.url.path
        if self._before is not None:
            self._before()
        if path.startswith("/_twin"):
            await self._control(method, path, request.query_params, raw)(scope, receive, send)
            return
        found = match(method, path)
        endpoint = f"{method} {path if found is None else found.template}"
        fault = self._faults.take(f"{method} {path}", endpoint)
        if fault is not None and self._journal is not None:
            self._journal.note(f"{method} {path}", fault.told, self._clock())
        if fault is not None and not fault.after_commit:
            await self._pause(fault)
        response: Response | None = None
        if fault is None or fault.after_commit or not (fault.status or fault.drop):
            response = self._respond(request, found, spoiled(fault, raw))
        if fault is not None and fault.after_commit:
            await self._pause(fault)
        if fault is not None and (fault.status or fault.drop):
            response = None if fault.drop else self._faulty(fault)
        if fault is not None and fault.garble not in (None, "blanket") and response is not None:
            response = self._garbled(fault, raw, response)
        self._counts[f"{endpoint} {'dropped' if response is None else response.status_code}"] += 1
        if response is None:
            await _cut(receive)
        else:
            await response(scope, receive, send)

    def _garbled(self, fault: Fault, raw: bytes, response: Response) -> Response:
        """A refusal of the whole stays as it is."""
        if response.status_code >= 300:
            return response
        status, body = garbled(str(fault.garble), raw, response.status_code, orjson.loads(response.body))
        return self._answer(Answer(status, body), {})

    async def _pause(self, fault: Fault) -> None:
        if fault.delay:
            await asyncio.sleep(fault.delay)
            if self._before is not None:
                self._before()

    def _respond(self, request: Request, found: Match | None, raw: bytes) -> Response:
        headers: dict[str, str] = {}
        is_search = found is not None and found.is_search
        try:
            if request.headers.get("authorization") != f"Bearer {self._portal.token}":
                raise unauthenticated()
            now = self._clock().astimezone(UTC)
            refused_by = self._meter.take(now.astimezone(self._zone).date(), search=is_search)
            headers = self._meter.headers(search=is_search)
            if refused_by is not None:
                raise rate_limited(refused_by)
            if found is None:
                raise not_found()
            if len(request.url.query) > QUERY_LIMIT:
                raise ApiError(414, "Request-URI Too Long")
            return self._answer(self._handle(found, request, raw, now), headers)
        except ApiError as error:
            return self._refusal(error, headers)

    def _handle(self, found: Match, request: Request, raw: bytes, now: datetime) -> Answer:
        call = Call(
            portal=self._portal,
            path=request.url.path,
            params=found.params,
            query=request.query_params,
            raw=raw,
            now=now.replace(microsecond=now.microsecond // 1000 * 1000),
            source=self._source,
            rng=self._rng,
            calls_today=self._meter.today,
            daily=self._daily,
            lag=self._lag,
            version=found.version,
        )
        try:
            return found.handler(call)
        except UnknownType as error:
            raise ApiError(400, str(error)) from None
        finally:
            if self._journal is not None and call.changes:
                self._journal.append(call.changes, call.now)

    def _answer(self, answer: Answer, headers: dict[str, str]) -> Response:
        content = b"" if answer.body is None else orjson.dumps(answer.body)
        media = None if answer.body is None else JSON
        extra = {"X-HubSpot-Correlation-Id": self._uuid(), **headers, **answer.headers}
        return Response(content, answer.status, extra, media)

    def _refusal(self, error: ApiError, headers: dict[str, str]) -> Response:
        correlation = self._uuid()
        extra = {"X-HubSpot-Correlation-Id": correlation, **headers, **error.headers}
        return Response(orjson.dumps(error.body | {"correlationId": correlation}), error.status, extra, JSON)

    def _faulty(self, fault: Fault) -> Response:
        status = fault.status or 200
        wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        if fault.body == "empty":
            return self._answer(Answer(status, {"status": "COMPLETE", "results": [], "errors": []}), {})
        if fault.body == "nothing":
            return self._answer(Answer(status), {})
        if fault.body == "html" or (fault.body is None and status >= 500):
            return Response(HTML, status, wait, "text/html")
        if status == 401:
            return self._refusal(unauthenticated(), wait)
        if status == 429:
            return self._refusal(rate_limited(fault.body or "burst"), wait)
        return self._refusal(ApiError(status, "The request could not be completed."), wait)

    def _uuid(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def _control(self, method: str, path: str, query: Mapping[str, str], raw: bytes) -> Response:
        parts = path.split("/")[2:]
        try:
            if method == "GET" and parts == []:
                return _plain(200, self._shown())
            if method == "GET" and parts == ["requests"]:
                return _plain(200, dict(sorted(self._counts.items())))
            if method == "POST" and parts == ["faults"]:
                self._faults.order(orjson.loads(raw))
                return _plain(200, {})
            if method == "GET" and parts == ["faults"]:
                return _plain(200, self._faults.happened)
            if method == "GET" and len(parts) == 3 and parts[0] == "records":
                return _plain(200, asdict(self._portal.record(parts[1], parts[2])))
            if method == "POST" and len(parts) == 3 and parts[0] == "records":
                self._by_hand(parts[1], parts[2], orjson.loads(raw))
                return _plain(200, {})
            if method == "GET" and len(parts) == 2 and parts[0] == "records":
                return _plain(200, self._portal.find(parts[1], query["property"], query["value"]))
        except (UnknownRecord, UnknownType) as error:
            return _plain(404, {"message": str(error)})
        except (ValueError, TypeError, KeyError) as error:
            return _plain(400, {"message": str(error)})
        return _plain(404, {"message": f"no such control path: {method} {path}"})

    def _shown(self) -> dict[str, Any]:
        """What the portal is and holds now."""
        portal = self._portal
        return {
            "now": iso(millis(self._clock())),
            "seed": portal.seed,
            "portal": portal.portal_id,
            "scopes": sorted(portal.scopes),
            "limits": self._meter.shown(),
            "search_lag_seconds": self._lag / 1000,
            "records": {
                store.kind.plural: sum(not record.archived for record in store.records.values())
                for store in portal.stores.values()
            },
            "requests": sum(self._counts.values()),
            "faults": len(self._faults.happened),
            "control": CONTROL,
            "paths": PATHS,
        }

    def _by_hand(self, type_id: str, record_id: str, properties: dict[str, str]) -> None:
        """A person changes values in HubSpot's pages."""
        now = self._clock().astimezone(UTC)
        arguments = {"type_id": type_id, "record_id": record_id, "properties": properties}
        done = Change("update", arguments, PERSON).apply(self._portal, now)
        if self._journal is not None:
            self._journal.append([done], now)


def _plain(status: int, body: Any) -> Response:
    return Response(orjson.dumps(body), status, media_type=JSON)


async def _cut(receive: Receive) -> None:
    """Cut the connection without an answer; only uvicorn's request cycle lets an app reach its transport."""
    cycle = getattr(receive, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise RuntimeError("a connection can be cut under uvicorn only; serve the app with it")
    transport.abort()
    await asyncio.sleep(0.01)  # let uvicorn see the loss, so that it does not answer in our place
