"""Nothing of an error body passes this module but category, code, property name, scopes and correlation id.

HubSpot's messages echo customers' values, and the SDK's exceptions hold whole bodies; both end here. What is
kept must look like an identifier, so that free text in an unexpected place is dropped (hubspot-api, section
4).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

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
        self.correlation_id = reason.correlation_id


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

    `wait` is in seconds; None with `again` leaves the waiting time to the caller's back-off. `undone`: the call did
    certainly nothing, for it was refused before it was looked at, or never left.
    """

    error: MemorializationError
    again: bool = False
    wait: float | None = None
    undone: bool = False


def reason(body: object) -> Reason:
    """Reads an error body, or an item of `errors`, whichever of HubSpot's dialects it speaks."""
    if not isinstance(body, dict):
        return Reason()
    context = _mapping(body.get("context"))
    details = [item for item in _items(body.get("errors")) if isinstance(item, dict)] or _embedded(body.get("message"))
    first = details[0] if details else {}
    contexts = [context, *(_mapping(item.get("context")) for item in details)]
    named = _strings(_mapping(first.get("context")).get("propertyName")) or _strings(context.get("propertyName"))
    return Reason(
        category=_kept(_WORD, body.get("category") or body.get("errorType")),
        code=_kept(_WORD, first.get("code") or first.get("error") or body.get("subCategory")),
        property=_kept(_PROPERTY, named[0] if named else first.get("name")),
        correlation_id=_kept(_CORRELATION, body.get("correlationId")),
        traces=tuple(t for c in contexts for t in _strings(c.get("objectWriteTraceId"))),
        ids=tuple(i for c in contexts for i in _strings(c.get("ids") or c.get("id"))),
    )


def refusal(
    endpoint: str,
    status: int,
    raw: str | bytes | None,
    headers: Mapping[str, str] | None,
    zone: Callable[[], str | None] = lambda: None,
) -> Failure:
    """What an answer outside 2xx means (hubspot-api, section 5, "Policy"; docs/delivery.md has the table).

    `zone` tells the account's time zone; asked where the day's calls are used up.
    """
    body = _json(raw)
    why = reason(body)
    failure = _meant(endpoint, status, body, why, headers, zone)
    named = _kept(_CORRELATION, (headers or {}).get("X-HubSpot-Correlation-Id"))  # of a page, whose body names none
    failure.error.correlation_id = why.correlation_id or named
    return failure


def _meant(
    endpoint: str,
    status: int,
    body: dict[str, Any],
    why: Reason,
    headers: Mapping[str, str] | None,
    zone: Callable[[], str | None],
) -> Failure:
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
        return _throttled(endpoint, body, why, after, zone)
    if status == 423:
        busy = ServiceUnavailable(f"HubSpot keeps a record locked at {endpoint} (423){why}: try again later.")
        wait = max(LOCK_WAIT, after or 0.0)
        return Failure(busy, again=wait <= LONGEST_WAIT, wait=wait, undone=True)
    if status == 477:
        moving = ServiceUnavailable(f"HubSpot is moving this account (477 at {endpoint}){why}: try again later.")
        return Failure(moving, again=after is not None and after <= LONGEST_WAIT, wait=after, undone=True)
    if status >= 500:
        down = ServiceUnavailable(f"HubSpot answered {status} at {endpoint}{why}: try again later.")
        return Failure(down, again=after is None or after <= LONGEST_WAIT, wait=after)
    if 400 <= status < 500:
        return Failure(Refused(endpoint, status, why))
    return Failure(ContractBroken(f"HubSpot answered {status} at {endpoint}, which its contract does not know."))


def broken_connection(endpoint: str, cause: BaseException) -> Failure:
    """A reset, a time-out, a failed look-up or handshake: only the kind of `cause` is told."""
    root = getattr(cause, "reason", None) or cause
    silent = ServiceUnavailable(f"No answer from HubSpot at {endpoint} ({type(root).__name__}): try again later.")
    return Failure(silent, again=True, undone=isinstance(root, (NewConnectionError, ConnectTimeoutError)))


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


def day_is_used_up(told: str, zone: str | None, now: datetime | None = None) -> QuotaExhausted:
    """The stop until midnight of the account, which the message names in its time `zone` (IANA) and in UTC."""
    return QuotaExhausted(
        f"HubSpot's calls of this day are used up ({told}): the first run after {_midnight(zone, now)} goes on."
    )


def _midnight(zone: str | None, now: datetime | None) -> str:
    try:
        there = ZoneInfo(zone or "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "midnight of the account's time zone"
    tomorrow = (now or datetime.now(UTC)).astimezone(there).date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=there)
    return f"{midnight:%Y-%m-%d %H:%M} {zone} ({midnight.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"


def _throttled(
    endpoint: str, body: Mapping[str, Any], why: Reason, after: float | None, zone: Callable[[], str | None]
) -> Failure:
    if "DAILY" in str(body.get("policyName", "")).upper():
        return Failure(day_is_used_up(f"429 at {endpoint}{why}", zone()))
    error = RateLimited(
        f"HubSpot kept answering 429 at {endpoint}{why}: other programs use the same limit; try again later."
    )
    wait = after if after is not None else SEARCH_WAIT if why.category == "RATE_LIMITS" else BURST_WAIT
    return Failure(error, again=wait <= LONGEST_WAIT, wait=wait, undone=True)


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
