"""Every refusal has HubSpot's own body (hubspot-api, sections 2.3, 4); the edge adds the correlation id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.hubspot.values import Problem


class ApiError(Exception):
    """Raised to answer a request with an error body; whether a retry helps depends on the status."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {"status": "error", "message": message, **fields}


@dataclass(frozen=True)
class InputError:
    """Why one input of a write is refused; a retry does not help.

    `problems` are (property, problem) pairs of a 400; a conflict has a message and the id in the way instead.
    """

    problems: tuple[tuple[str, Problem], ...] = ()
    message: str = ""
    existing_id: str | None = None

    def standard(self, trace: str) -> dict[str, Any]:
        """The error as an item of a 207."""
        context = {"objectWriteTraceId": [trace]}
        if self.existing_id is not None:
            context["existingId"] = [self.existing_id]
        category = "VALIDATION_ERROR" if self.problems else "CONFLICT"
        message = invalid_values(self.problems) if self.problems else self.message
        return {"status": "error", "category": category, "message": message, "context": context}


@dataclass
class Refused:
    """The inputs of a call that were refused."""

    errors: list[InputError] = field(default_factory=list)

    def blanket(self) -> ApiError:
        """One answer for the whole call: all invalid values, without saying which record; else the first
        conflict.
        """
        problems = [pair for error in self.errors for pair in error.problems]
        if not problems:
            first = self.errors[0]
            known = "" if first.existing_id is None else f". Existing ID: {first.existing_id}"
            return ApiError(409, first.message + known, category="CONFLICT")
        details = [{"message": p.message, "code": p.code, "context": {"propertyName": [name]}} for name, p in problems]
        return ApiError(400, invalid_values(problems), errors=details, category="VALIDATION_ERROR")


def invalid_values(problems: Iterable[tuple[str, Problem]]) -> str:
    """HubSpot's message: the list of problems as JSON inside a sentence."""
    listed = [{"isValid": False, "message": p.message, "error": p.code, "name": name} for name, p in problems]
    return f"Property values were not valid: {orjson.dumps(listed).decode()}"


def validation(message: str, **fields: Any) -> ApiError:
    """A 400 about the request as a whole."""
    return ApiError(400, message, category="VALIDATION_ERROR", **fields)


def wrong_json(what: str) -> ApiError:
    """A 400 for a body of the wrong shape: no category."""
    return ApiError(400, f"Invalid input JSON on line 1, column 1: {what}")


def not_found() -> ApiError:
    return ApiError(404, "resource not found")


def unauthenticated() -> ApiError:
    return ApiError(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
        "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        category="INVALID_AUTHENTICATION",
    )


def missing_scopes(scopes: list[str]) -> ApiError:
    return ApiError(
        403,
        "One or more of the following scopes are required.",
        context={"requiredGranularScopes": scopes},
        category="MISSING_SCOPES",
    )


def rate_limited(limit: str) -> ApiError:
    """The 429 of a limit: "burst", "daily" or "search"; the last one speaks its own dialect."""
    if limit == "search":
        return ApiError(429, "You have reached your secondly limit.", category="RATE_LIMITS")
    name = "daily" if limit == "daily" else "ten_secondly_rolling"
    return ApiError(
        429,
        f"You have reached your {name} limit.",
        errorType="RATE_LIMIT",
        policyName=name.upper(),
        groupName=f"publicapi:private_app-api-calls-{name.replace('_', '-')}",
    )
