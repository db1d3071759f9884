"""Of each endpoint's calls one in so many meets a fault; where and which is the seed's choice alone.

The n-th call of an endpoint meets the same fault in every world of one seed, however the calls of different
endpoints mix: calls are counted per endpoint, in stretches of 1/share calls with one fault each. The faults come in a
drawn order, each once before any comes again. They are the ways in which HubSpot fails: hubspot-api, sections 2.3, 4, 5
and 9; peers, section D.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

Faults = dict[str, dict[str, Any]]

LATE = 90.0  # seconds: longer than a client waits

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


class Share:
    """Faults for a `share` of the calls (0 to 1), all that fit an endpoint or `only` those named.

    `late` is how many seconds of real time an answer takes that is "late". Raises ValueError for a share outside
    of 0 to 1 and a name that is none.
    """

    def __init__(self, seed: int, share: float, only: list[str] | None = None, late: float = LATE) -> None:
        if not 0 < share <= 1:
            raise ValueError(f"{share:g} is no share of the calls: give more than 0 and at most 1")
        if unknown := set(only or ()) - ALL.keys():
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}; there are: {', '.join(ALL)}")
        self._seed, self._stretch, self._late = seed, max(1, round(1 / share)), late
        self._only = ALL.keys() if only is None else set(only)
        self._calls: Counter[str] = Counter()

    def take(self, endpoint: str) -> dict[str, Any] | None:
        """The fault of the next call of an endpoint ("METHOD /path/{template}"), as arguments of a Fault."""
        stretch, place = divmod(self._calls[endpoint], self._stretch)
        self._calls[endpoint] += 1
        names = [name for name in fitting(endpoint) if name in self._only]
        if not names or Random(f"{self._seed}:{endpoint}:{stretch}").randrange(self._stretch) != place:
            return None
        turn, number = divmod(stretch, len(names))
        Random(f"{self._seed}:{endpoint}:turn {turn}").shuffle(names)
        drawn = names[number]
        return {"name": drawn, **ALL[drawn], **({"delay": self._late} if drawn == "late" else {})}


def fitting(endpoint: str) -> list[str]:
    """The faults that an endpoint can meet; HubSpot's searches have a limit of their own."""
    if endpoint.endswith("/search"):
        return [*ANY, *SEARCH]
    if endpoint.endswith(("/batch/update", "/batch/upsert", "/batch/create")) and "/{type}/" in endpoint:
        return [*ANY, *WRITE, *(RECORDS if "/objects/" in endpoint else ())]
    writes = endpoint.startswith(("PATCH ", "PUT ", "DELETE ")) or "/batch/associate/" in endpoint
    return [*ANY, *(WRITE if writes else ())]
