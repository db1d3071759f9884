"""The twin's CXone over HTTP: discovery, log-in, reporting and digital API, and the tests' own control paths.

Every request first moves the world to now. Paths are matched without regard to case, as the real host does.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.cxone.answers import Refused, answer, digital_error, reporting_error
from sandbox.cxone.digital import DigitalApi
from sandbox.cxone.faults import Fault, Faults
from sandbox.cxone.reporting import Reporting
from sandbox.cxone.tokens import Tokens
from sandbox.times import parse, zulu
from sandbox.truth import truth
from sandbox.world import World

SERVICES = r"/incontactapi/services/v(?P<version>\d+)\.0"
DIGITAL = "/dfo/3.0"
_LISTS = "dispositions|skills|agents|tags|teams|campaigns"

Handler = Callable[[Request, dict[str, str], Fault], Response]


class Service:
    """Routes requests to the handlers of one world; counts them."""

    def __init__(self, world: World, token_lifetime: int) -> None:
        self._world = world
        self._tokens = Tokens(world.catalogue.tenant_id, token_lifetime)
        self._reporting, self._digital = Reporting(world), DigitalApi(world)
        self._faults = Faults()
        self._counts: Counter[str] = Counter()
        self._routes = [(method, re.compile(path), path, handler) for method, path, handler in self._table()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        template, handler, parts = self._match(request)
        if template.startswith("/_twin"):
            await (await self._control(request))(scope, receive, send)
            return
        query = f"?{request.url.query}" if request.url.query else ""
        fault = self._faults.take(f"{request.method} {request.url.path}{query}") or Fault()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.drop:
            self._counts[f"{request.method} {template} dropped"] += 1
            await _cut_off(send)
            return
        body = await request.body()
        response = self._answer(request, template, handler, parts, fault, body)
        self._counts[f"{request.method} {template} {response.status_code}"] += 1
        await response(scope, receive, send)

    def _answer(
        self,
        request: Request,
        template: str,
        handler: Handler | None,
        parts: dict[str, str],
        fault: Fault,
        body: bytes,
    ) -> Response:
        self._world.advance()
        digital = template.startswith(DIGITAL)
        try:
            if fault.status:
                raise Refused(fault.status, f"ordered fault {fault.status}")
            if handler is None:
                raise Refused(404, f"no such path: {request.method} {request.url.path}")
            if digital or template.startswith("/incontactapi"):
                self._admit(request, digital)
            parts["body"] = body.decode("utf-8", errors="replace")
            return handler(request, parts, fault)
        except Refused as refused:
            response = digital_error(refused) if digital else reporting_error(refused)
            if fault.retry_after is not None:
                response.headers["Retry-After"] = str(fault.retry_after)
            return response

    def _admit(self, request: Request, digital: bool) -> None:
        if not self._tokens.valid(request.headers.get("authorization")):
            raise Refused(401, "the access token is missing, unknown or expired")
        if not digital and "application/json" not in request.headers.get("accept", ""):
            raise Refused(406, "there is no way to render the data; send Accept: application/json")

    def _match(self, request: Request) -> tuple[str, Handler | None, dict[str, str]]:
        path = request.url.path.lower()
        if path.startswith("/_twin"):
            return path, None, {}
        for method, pattern, template, handler in self._routes:
            found = pattern.fullmatch(path)
            if found and method == request.method:
                return _shown(template), handler, found.groupdict()
        return path, None, {}

    def _table(self) -> list[tuple[str, str, Handler]]:
        reporting, digital = self._reporting, self._digital
        contact, case = SERVICES + r"/contacts/(?P<id>\d+)", DIGITAL + r"/contacts/(?P<id>\d+)"
        setup = SERVICES + "/agent-integration/configuration"
        return [
            ("POST", "/authentication/v1/token/access-key", self._log_in),
            ("POST", "/public/user/refresh", self._refresh),
            ("GET", "/.well-known/cxone-configuration", self._discover),
            (
                "GET",
                SERVICES + "/contacts/completed",
                lambda r, p, f: reporting.completed(r, int(p["version"]), f.duplicate),
            ),
            ("GET", SERVICES + "/contacts/custom-data", lambda r, p, f: reporting.custom_data(r)),
            ("GET", contact, lambda r, p, f: reporting.contact(p["id"])),
            ("GET", contact + "/custom-data", lambda r, p, f: reporting.contact_custom_data(p["id"])),
            ("GET", contact + "/disposition", lambda r, p, f: reporting.disposition(p["id"])),
            ("GET", SERVICES + rf"/(?P<list>{_LISTS})", lambda r, p, f: reporting.listing(r, p["list"])),
            (
                "GET",
                SERVICES + r"/dispositions/(?P<id>\d+)",
                lambda r, p, f: reporting.disposition_by_id(p["id"]),
            ),
            ("GET", SERVICES + "/server-time", lambda r, p, f: reporting.server_time()),
            ("GET", setup, lambda r, p, f: reporting.configurations()),
            (
                "GET",
                setup + r"/(?P<id>[0-9a-f-]+)/data-mappings",
                lambda r, p, f: reporting.data_mappings(p["id"]),
            ),
            ("GET", DIGITAL + "/contacts", lambda r, p, f: digital.search(r)),
            ("GET", case, lambda r, p, f: digital.case(p["id"])),
            ("GET", case + "/history", lambda r, p, f: digital.history(r, p["id"])),
            ("GET", case + "/messages", lambda r, p, f: digital.messages(p["id"])),
            ("GET", DIGITAL + r"/messages/(?P<id>\d+-\d+)", lambda r, p, f: digital.message(p["id"])),
            ("GET", DIGITAL + "/channels", lambda r, p, f: digital.channels()),
            ("GET", DIGITAL + "/routing-queues", lambda r, p, f: digital.queues(r)),
            ("GET", DIGITAL + "/users", lambda r, p, f: digital.users()),
        ]

    def _log_in(self, request: Request, parts: dict[str, str], fault: Fault) -> Response:
        body = _json(parts["body"])
        granted = self._tokens.log_in(body.get("accessKeyId"), body.get("accessKeySecret"))
        return Response("invalid access key", 401) if granted is None else answer(granted)

    def _refresh(self, request: Request, parts: dict[str, str], fault: Fault) -> Response:
        granted = self._tokens.renew(_json(parts["body"]).get("token"))
        return Response("invalid refresh token", 401) if granted is None else answer(granted)

    def _discover(self, request: Request, parts: dict[str, str], fault: Fault) -> Response:
        """This very service is every endpoint; `/dfo/3.0` lies under the same api host."""
        tenant = request.query_params.get("tenantId")
        if tenant is not None and tenant != self._world.catalogue.tenant_id:
            raise Refused(404, f"tenant {tenant} not found")
        here = str(request.base_url).rstrip("/")
        return answer(
            {
                "api_endpoint": here,
                "auth_endpoint": here,
                "area": "na1",
                "domain": "niceincontact.com",
                "uhDomain": "nice-incontact.com",
                "acdDomain": "nice-incontact.com",
                "cluster": "C42",
                "tenantId": self._world.catalogue.tenant_id,
            }
        )

    async def _control(self, request: Request) -> Response:
        """The tests' own paths: no token, never counted."""
        world, query = self._world, request.query_params
        asked = f"{request.method} {request.url.path}"
        try:
            if asked == "GET /_twin/requests":
                return answer(dict(sorted(self._counts.items())))
            if asked == "GET /_twin/truth":
                return answer(truth(world, parse(query["from"]), parse(query["to"])))
            if asked == "GET /_twin/clock":
                return answer({"now": zulu(world.clock.ms())})
            if asked == "POST /_twin/faults":
                rules = orjson.loads(await request.body())
                self._faults.order(rules)
                return answer({"ordered": len(rules)})
            if asked == "POST /_twin/corrections":
                rows = orjson.loads(await request.body())
                self._reporting.correct(rows)
                return answer({"corrected": len(rows)})
            if asked == "POST /_twin/clock":
                world.clock.forward(parse(orjson.loads(await request.body())["now"]))
                world.advance()
                return answer({"now": zulu(world.clock.ms())})
        except (KeyError, TypeError, ValueError) as wrong:
            return answer({"error": f"{asked}: {wrong}"}, 400)
        return answer({"error": f"no such control path: {asked}"}, 404)


def create_app(world: World, token_lifetime: int) -> ASGIApp:
    """The CXone half as an ASGI application; `token_lifetime` in seconds of real time."""
    return Service(world, token_lifetime)


async def _cut_off(send: Send) -> None:
    """Promise a body and deliver none: the server closes the connection in the client's face."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


def _json(text: str) -> dict[str, Any]:
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    return body


def _shown(pattern: str) -> str:
    """A route's regular expression as a readable path template."""
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern).replace("\\", "")
