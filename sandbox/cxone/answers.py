"""Errors as CXone gives them: the reporting API hides the text in a header, Digital Experience lists errors.

Raised anywhere in a handler, turned into the answer in one place (service).
"""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.cxone.behaviour import OffsetTimes
from sandbox.times import parse


class Refused(Exception):
    """Raised when a request cannot be answered; carries the HTTP status. Asking again does not help."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def no_content() -> Response:
    """An empty result of the reporting API: 204 and no body at all."""
    return Response(status_code=204)


def reporting_error(refused: Refused) -> Response:
    """Empty body, text in `icStatusDescription` (cxone-api, section 6)."""
    return Response(status_code=refused.status, headers={"icStatusDescription": refused.reason})


def digital_error(refused: Refused) -> Response:
    """`{errors: [...], uid}` (cxone-api, section 4.1)."""
    error: dict[str, Any] = {
        "field": None,
        "message": refused.reason,
        "parameters": [],
        "errorCode": str(refused.status),
    }
    return answer({"errors": [error], "uid": "00000000-0000-4000-8000-000000000000"}, refused.status)


def playback_error(refused: Refused, route: str) -> Response:
    """`{internalCode, message}`, throttled `{message, route}` (cxone-api, section 3.6)."""
    if refused.status == 429:
        return answer({"message": refused.reason, "route": route}, 429)
    return answer({"internalCode": refused.status, "message": refused.reason}, refused.status)


def json_object(text: str) -> dict[str, Any]:
    """A body that must be a JSON object. Raises Refused (400)."""
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    return body


def whole(request: Request, name: str, default: int, most: int | None = None) -> int:
    """A non-negative whole number of the query, capped at `most`. Raises Refused (400)."""
    text = request.query_params.get(name, str(default))
    if not text.isdigit():
        raise Refused(400, f"{name} must be a non-negative whole number, got {text!r}")
    return int(text) if most is None else min(int(text), most)


def flag(request: Request, name: str) -> bool | None:
    """A boolean of the query, None when absent. Raises Refused (400)."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise Refused(400, f"{name} must be true or false, got {text!r}")
    return text.lower() == "true"


def instant(request: Request, name: str, offsets: OffsetTimes) -> int | None:
    """A query timestamp in ms, None when absent; `offsets` says what becomes of one without a literal `Z`.

    Raises Refused (400).
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        if text.endswith("Z") or offsets == "honour":
            return parse(text)
        if offsets == "ignore":
            return parse(text[:19])
    except ValueError:
        pass
    raise Refused(400, f"{name} must be an ISO 8601 UTC time ending in Z, got {text!r}")
