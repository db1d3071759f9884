"""Nothing of an error body passes this module but category, code, property name, scopes and correlation id.

HubSpot's messages echo customers' values, and the SDK's exceptions hold whole bodies; both end here. What is
kept must look like an identifier, so that free text in an unexpected place is dropped (hubspot-api, section
4).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from memorialization.errors import (
    AuthenticationError,
    ContractBroken,
    MemorializationError,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    ServiceUnavailable,
)

LONGEST_WAIT = 60.0  # seconds a Retry-After is obeyed within a run
BURST_WAIT = 10.0
SEARCH_WAIT = 1.0
LOCK_WAIT = 2.0

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,99}")
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_SCOPE = re.compile(r"[a-z][a-z0-9_.\-]{0,99}")
_CORRELATION = re.compile(r"[0-9A-Fa-f\-]{8,64}")


class Refused(RequestRefused):
    """HubSpot refused a request with a 4xx. A retry does not help; the attributes say why."""

    def __init__(self, endpoint: str, status: int, reason: "Reason") -> None:
        super().__init__(f"HubSpot refused {endpoint} with {status}{reason}.")
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reason:
    """What may be kept of an error body or of one item of a 207's `errors`.

    `traces` and `ids` say which inputs an item is about; an id may be an e-mail address: neither is printed.
    """

    category: str | None = None
    code: str | None = None
    property: str | None = None
    correlation_id: str | None = None
    traces: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        named = {
            "category": self.category,
            "code": self.code,
            "property": self.property,
            "correlation id": self.correlation_id,
        }
        known = ", ".join(f"{name} {value}" for name, value in named.items() if value)
        return f" ({known})" if known else ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed try: the error it means, and whether and when the same call may be tried again.

    `wait` is in seconds; None with `again` leaves the waiting time to the caller's back-off.
    """

    error: MemorializationError
    again: bool = False
    wait: float | None = None


def reason(body: object) -> Reason:
    """Reads an error body, or an item of `errors`, whichever of HubSpot's dialects it speaks."""
    if not isinstance(body, dict):
        return Reason()
    context = _mapping(body.get("context"))
    details = [item for item in _items(body.get("errors")) if isinstance(item, dict)] or _embedded(body.get("message"))
    first = details[0] if details else {}
    named = _strings(_mapping(first.get("context")).get("propertyName")) or _strings(context.get("propertyName"))
    return Reason(
        category=_kept(_WORD, body.get("category") or body.get("errorType")),
        code=_kept(_WORD, first.get("code") or first.get("error") or body.get("subCategory")),
        property=_kept(_PROPERTY, named[0] if named else first.get("name")),
        correlation_id=_kept(_CORRELATION, body.get("correlationId")),
        traces=_strings(context.get("objectWriteTraceId")),
        ids=_strings(context.get("ids") or context.get("id")),
    )


def refusal(endpoint: str, status: int, raw: str | bytes | None, headers: Mapping[str, str] | None) -> Failure:
    """What an answer outside 2xx means (hubspot-api, section 5, "Policy")."""
    body = _json(raw)
    why = reason(body)
    after = _seconds((headers or {}).get("Retry-After"))
    if status == 401:
        return Failure(
            AuthenticationError(
                f"HubSpot refused the token at {endpoint} (401){why}: put a valid private app token or "
                "service key into the connection's password."
            )
        )
    if status == 403:
        return Failure(
            PermissionMissing(
                f"HubSpot's token lacks a right for {endpoint} (403){why}: grant {_scopes(body)} to its app or key."
            )
        )
    if status == 429:
        return _throttled(endpoint, body, why, after)
    if status == 423:
        busy = ServiceUnavailable(f"HubSpot keeps a record locked at {endpoint} (423){why}: try again later.")
        return Failure(busy, again=True, wait=max(LOCK_WAIT, after or 0.0))
    if status == 477:
        moving = ServiceUnavailable(f"HubSpot is moving this account (477 at {endpoint}){why}: try again later.")
        return Failure(moving, again=after is not None and after <= LONGEST_WAIT, wait=after)
    if status >= 500:
        down = ServiceUnavailable(f"HubSpot answered {status} at {endpoint}{why}: try again later.")
        return Failure(down, again=True)
    if 400 <= status < 500:
        return Failure(Refused(endpoint, status, why))
    return Failure(ContractBroken(f"HubSpot answered {status} at {endpoint}, which its contract does not know."))


def broken_connection(endpoint: str, cause: BaseException) -> Failure:
    """A reset, a time-out, a failed look-up or handshake: only the kind of `cause` is told."""
    kind = type(getattr(cause, "reason", None) or cause).__name__
    return Failure(ServiceUnavailable(f"No answer from HubSpot at {endpoint} ({kind}): try again later."), again=True)


def not_json(endpoint: str) -> Failure:
    """A 2xx whose body is no JSON: a page of some gateway."""
    page = ServiceUnavailable(f"Something before HubSpot answered {endpoint} with a page, not JSON: try again later.")
    return Failure(page, again=True)


@contextmanager
def contract(doing: str) -> Iterator[None]:
    """An answer of an unknown shape met while `doing` becomes ContractBroken, for it may hold values."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        kind = type(error).__name__
        raise ContractBroken(
            f"HubSpot's answer has a shape its contract does not know ({kind} while {doing})."
        ) from None


def _throttled(endpoint: str, body: Mapping[str, Any], why: Reason, after: float | None) -> Failure:
    if "DAILY" in str(body.get("policyName", "")).upper():
        return Failure(
            QuotaExhausted(
                f"HubSpot's calls of this day are used up (429 at {endpoint}){why}: "
                "run again after midnight of the account's time zone."
            )
        )
    error = RateLimited(
        f"HubSpot kept answering 429 at {endpoint}{why}: other programs use the same limit; try again later."
    )
    wait = after if after is not None else SEARCH_WAIT if why.category == "RATE_LIMITS" else BURST_WAIT
    return Failure(error, again=wait <= LONGEST_WAIT, wait=wait)


def _scopes(body: Mapping[str, Any]) -> str:
    contexts = [body.get("context"), *(_mapping(item).get("context") for item in _items(body.get("errors")))]
    named = [name for item in contexts for name in _strings(_mapping(item).get("requiredGranularScopes"))]
    return ", ".join(sorted({name for name in named if _SCOPE.fullmatch(name)})) or "the scopes the mappings need"


def _embedded(message: object) -> list[dict[str, Any]]:
    """Validation details that HubSpot packs as JSON into its message."""
    if not isinstance(message, str) or "[{" not in message:
        return []
    try:
        found = orjson.loads(message[message.index("[{") :])
    except ValueError:
        return []
    return [item for item in found if isinstance(item, dict)]


def _json(raw: str | bytes | None) -> dict[str, Any]:
    try:
        return _mapping(orjson.loads(raw or b"{}"))
    except ValueError:
        return {}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _strings(value: object) -> tuple[str, ...]:
    values: Iterable[object] = value if isinstance(value, list) else () if value is None else (value,)
    return tuple(str(item) for item in values)


def _kept(shape: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and shape.fullmatch(value) else None


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
