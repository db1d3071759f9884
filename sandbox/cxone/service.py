"""The twin's CXone over HTTP: every request passes the same gate (faults, world to now, token, limits, one handler).

Control paths (`/_twin/...`) need no token and are never counted.
"""

import asyncio
from collections import Counter
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.cxone.answers import Refused, answer, digital_error, no_content, playback_error, reporting_error
from sandbox.cxone.behaviour import Behaviour
from sandbox.cxone.faults import HTML, Fault, as_texts
from sandbox.cxone.limits import Limits
from sandbox.cxone.routes import DIGITAL, OPEN, PLAYBACK, Match, Routes
from sandbox.cxone.shares import Share
from sandbox.orders import Orders
from sandbox.shares import Share as ByShare
from sandbox.times import parse, zulu
from sandbox.truth import truth
from sandbox.world import World

CONTROL = (
    "GET /_twin",
    "GET /_twin/requests",
    "GET /_twin/faults",
    "POST /_twin/faults",
    "GET /_twin/clock",
    "POST /_twin/clock",
    "GET /_twin/truth?from={time}&to={time}",
    "POST /_twin/corrections",
)
_REPORTING = "/incontactapi"


class Service:
    """Routes requests to the handlers of one world; counts them."""

    def __init__(self, world: World, behaviour: Behaviour, share: ByShare | None) -> None:
        self._world, self._behaviour = world, behaviour
        self._routes, self._limits = Routes(world, behaviour), Limits(behaviour)
        self._faults = Orders(Fault, Share, world.clock.ms, world.settings.seed, share)
        self._counts: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        if request.url.path.startswith("/_twin"):
            await (await self._control(request))(scope, receive, send)
            return
        found = self._routes.match(request.method, request.url.path)
        endpoint = f"{request.method} {found.template}"
        query = f"?{request.url.query}" if request.url.query else ""
        fault = self._faults.take(f"{request.method} {request.url.path}{query}", endpoint) or Fault()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.drop:
            self._counts[f"{endpoint} dropped"] += 1
            await _cut_off(send)
            return
        response = self._answer(request, found, fault, await request.body())
        self._counts[f"{endpoint} {response.status_code}"] += 1
        await response(scope, receive, send)

    def _answer(self, request: Request, found: Match, fault: Fault, body: bytes) -> Response:
        self._world.advance()
        try:
            if fault.html:
                return Response(HTML, fault.status or 502, media_type="text/html")
            if fault.status == 204:
                return no_content()
            if fault.status:
                raise Refused(fault.status, f"ordered fault {fault.status}")
            if found.handler is None:
                raise Refused(404, f"no such path: {request.method} {request.url.path}")
            if not found.template.startswith(OPEN):
                self._admit(request, found.template)
            if not self._limits.take(f"{request.method} {found.template}"):
                raise Refused(429, "too many requests")
            response = found.handler(request, found.parts | {"body": body.decode("utf-8", errors="replace")}, fault)
            return self._shaped(found, fault, response)
        except Refused as refused:
            response = _refusal(refused, found.template)
            if fault.retry_after is not None:
                response.headers["Retry-After"] = str(fault.retry_after)
            return response

    def _admit(self, request: Request, template: str) -> None:
        if not self._routes.admits(request):
            raise Refused(401, "the access token is missing, unknown or expired")
        if self._behaviour.accept_any or not template.startswith(_REPORTING):
            return
        if "application/json" not in request.headers.get("accept", ""):
            raise Refused(406, "there is no way to render the data; send Accept: application/json")

    def _shaped(self, found: Match, fault: Fault, response: Response) -> Response:
        """The answer under its fault, and as this tenant gives lists."""
        if not (fault.texts or self._behaviour.result_set) or not found.template.startswith(_REPORTING):
            return response
        if response.status_code != 200:
            return response
        body = orjson.loads(response.body)
        if fault.texts:
            body = as_texts(body)
        if self._behaviour.result_set and isinstance(body, dict) and any(isinstance(v, list) for v in body.values()):
            body.pop("totalRecords", None)
            body = {"resultSet": body}
        return answer(body)

    async def _control(self, request: Request) -> Response:
        """The tests' own paths."""
        world, query = self._world, request.query_params
        asked = f"{request.method} {request.url.path}"
        try:
            if asked == "GET /_twin":
                return answer(self._shown())
            if asked == "GET /_twin/requests":
                return answer(dict(sorted(self._counts.items())))
            if asked == "GET /_twin/truth":
                return answer(truth(world, parse(query["from"]), parse(query["to"])))
            if asked == "GET /_twin/clock":
                return answer({"now": zulu(world.clock.ms())})
            if asked == "GET /_twin/faults":
                return answer(self._faults.happened)
            if asked == "POST /_twin/faults":
                rules = orjson.loads(await request.body())
                self._faults.order(rules)
                return answer({"ordered": len(rules)})
            if asked == "POST /_twin/corrections":
                rows = orjson.loads(await request.body())
                self._routes.reporting.correct(rows)
                return answer({"corrected": len(rows)})
            if asked == "POST /_twin/clock":
                world.clock.forward(parse(orjson.loads(await request.body())["now"]))
                world.advance()
                return answer({"now": zulu(world.clock.ms())})
        except (KeyError, TypeError, ValueError) as wrong:
            return answer({"error": f"{asked}: {wrong}"}, 400)
        return answer({"error": f"no such control path: {asked}"}, 404)

    def _shown(self) -> dict[str, Any]:
        """What the world is, and how far it has come."""
        world, now = self._world, self._world.clock.ms()
        return {
            "now": zulu(now),
            "seed": world.settings.seed,
            "tenant": world.catalogue.tenant_id,
            "days": [day.isoformat() for day in world.dates],
            "calls": sum(leg.contact_warehoused <= now for leg in world.legs.values()),
            "cases": sum(case.created <= now for case in world.cases.values()),
            "limits": self._limits.shown(),
            "requests": sum(self._counts.values()),
            "faults": len(self._faults.happened),
            "control": CONTROL,
            "paths": self._routes.paths,
        }


def create_app(world: World, behaviour: Behaviour, share: ByShare | None = None) -> ASGIApp:
    """The CXone half as an ASGI application; `share` are faults from the first request on."""
    return Service(world, behaviour, share)


def _refusal(refused: Refused, template: str) -> Response:
    """An error in the words of the API that a path belongs to."""
    if template.startswith(DIGITAL):
        return digital_error(refused)
    if template.startswith(PLAYBACK):
        return playback_error(refused, template)
    return reporting_error(refused)


async def _cut_off(send: Send) -> None:
    """Promise a body and deliver none: the server closes the connection in the client's face."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
