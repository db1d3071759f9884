"""The ways in which HubSpot fails, and which of its endpoints can meet which.

hubspot-api, sections 2.3, 4, 5 and 9; peers, section D.
"""

from __future__ import annotations

from sandbox import shares
from sandbox.shares import LATE, Faults

ANY: Faults = {
    "burst limit": {"status": 429, "body": "burst"},
    "daily limit": {"status": 429, "body": "daily"},
    "account moving": {"status": 477, "body": "json", "retry_after": 1},
    "server error": {"status": 500, "body": "json"},
    "gateway page": {"status": 502, "body": "html"},
    "unavailable": {"status": 503, "body": "json"},
    "page instead of json": {"status": 200, "body": "html"},
    "reset": {"drop": True},
    "slow": {"delay": 0.2},
    "late": {},  # its delay is the order's
}
SEARCH: Faults = {"secondly limit": {"status": 429, "body": "search"}}
WRITE: Faults = {
    "locked": {"status": 423, "body": "json"},
    "reset after commit": {"drop": True, "after_commit": True},
    "gateway page after commit": {"status": 504, "body": "html", "after_commit": True},
    "no body after commit": {"status": 200, "body": "nothing", "after_commit": True},
    "empty success": {"status": 200, "body": "empty"},
}
RECORDS: Faults = {
    "one row refused": {"garble": "refused"},
    "one row refused under complete": {"garble": "hidden"},
    "no trace ids read": {"garble": "blanket"},
    "no trace ids told": {"garble": "untraced"},
    "strange trace ids": {"garble": "strange"},
    "two rows swapped": {"garble": "swapped"},
    "row twice in the answer": {"garble": "doubled"},
    "row missing in the answer": {"garble": "short"},
}
ALL: Faults = {**ANY, **SEARCH, **WRITE, **RECORDS}


class Share(shares.Share):
    """Of HubSpot's calls: all that fit an endpoint, or `only` those named."""

    def __init__(self, seed: int, share: float, only: list[str] | None = None, late: float = LATE) -> None:
        super().__init__(seed, share, ALL, fitting, ALL, only, late)


def fitting(endpoint: str) -> list[str]:
    """The faults that an endpoint can meet; HubSpot's searches have a limit of their own."""
    if endpoint.endswith("/search"):
        return [*ANY, *SEARCH]
    if endpoint.endswith(("/batch/update", "/batch/upsert", "/batch/create")) and "/{type}/" in endpoint:
        return [*ANY, *WRITE, *(RECORDS if "/objects/" in endpoint else ())]
    writes = endpoint.startswith(("PATCH ", "PUT ", "DELETE ")) or "/batch/associate/" in endpoint
    return [*ANY, *(WRITE if writes else ())]
