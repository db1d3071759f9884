"""What can be drawn for a run beforehand: how HubSpot and CXone fail, what its clock says, how little room it has.

Each is a function of a chance alone. `LATE_AFTER` is longer than the client waits: HubSpot has then carried out what
nobody heard the answer of. (What it carries out only after our client gave up cannot be told from what it never will;
that is left out here, see docs/reliability.md.)
"""

from datetime import timedelta
from random import Random
from typing import Any, Final

from sandbox.hubspot.shares import ALL
from tests.chaos.child import GIVES_UP
from tests.chaos.plans import BY_SHARE, CLOCK, CXONE, DISK, HUBSPOT, JUMP, KILLED_AT_CALL

LATE_AFTER: Final = GIVES_UP + 1
HELD: Final = 1.5
"""Seconds that HubSpot takes for the call at which a run is killed; a delay that no other order has."""

_BY_SHARE: Final = sorted(ALL.keys() - {"daily limit", "late"})

_ORDERS: Final[tuple[dict[str, Any], ...]] = (
    {"match": "batch/", "status": 503, "times": 999},
    {"match": "batch/update", "status": 401},
    {"match": "batch/update", "status": 403},
    {"match": "batch/update", "status": 429, "body": "daily"},
    {"match": "batch/update", "status": 200, "body": "empty", "times": 99},
    {"match": "batch/u", "drop": True, "after_commit": True, "times": 3},
    {"match": "batch/u", "delay": LATE_AFTER, "after_commit": True},
    {"match": "batch/u", "garble": "swapped", "times": 9},
    {"match": "batch/read", "status": 502, "body": "html", "times": 40},
    {"match": "/search", "status": 500, "times": 2},
    {"match": "properties", "drop": True, "times": 2},
)

_CXONE: Final[tuple[dict[str, Any], ...]] = (
    {"match": "contacts/completed", "status": 401},
    {"match": "contacts/completed", "status": 429, "times": 2},
    {"match": "contacts/completed", "status": 408},
    {"match": "contacts/completed", "status": 503, "times": 1000},
    {"match": "contacts/completed", "drop": True},
    {"match": "skip=", "duplicate": True, "times": 3},
    {"match": "/history", "status": 401},
    {"match": "/history", "status": 503, "times": 2},
    {"match": "/messages", "status": 429},
    {"match": "/messages", "status": 503, "times": 1000},
    {"match": "/messages", "drop": True, "times": 2},
    {"match": "token", "status": 500},
    {"match": "", "delay": 0.5, "times": 4},
)


def hubspot_orders(kinds: tuple[str, ...], chance: Random) -> list[list[dict[str, Any]] | dict[str, Any]]:
    """What HubSpot's twin is told, one after the other."""
    orders: list[list[dict[str, Any]] | dict[str, Any]] = []
    if BY_SHARE in kinds:
        share = {"share": chance.uniform(0.03, 0.3), "only": _BY_SHARE, "seed": chance.randrange(10**6)}
        orders.append(share)
    if KILLED_AT_CALL in kinds:
        match, most = chance.choice([("", 40), ("batch/u", 6), ("batch/u", 12), ("batch/read", 8)])
        after = chance.random() < 0.5
        orders.append([{"match": match, "skip": chance.randrange(most), "delay": HELD, "after_commit": after}])
    if HUBSPOT in kinds:
        chosen = chance.sample(_ORDERS, 2)
        orders.append([order | {"skip": chance.randrange(5)} for order in chosen])
    return orders


def cxone_orders(kinds: tuple[str, ...], chance: Random) -> list[dict[str, Any]]:
    return [dict(order) for order in chance.sample(_CXONE, 3)] if CXONE in kinds else []


def clock(kinds: tuple[str, ...], chance: Random) -> tuple[timedelta, tuple[int, timedelta]]:
    """(how far the machine's clock is ahead; after how many looks at it it jumps, and how far)."""
    wrong, jumps = timedelta(), (0, timedelta())
    hours = [-30, -3, -0.2, 0.2, 3, 30]
    if CLOCK in kinds:
        wrong = timedelta(hours=chance.choice(hours))
    if JUMP in kinds:
        jumps = (chance.randrange(2, 30), timedelta(hours=chance.choice(hours)))
    return wrong, jumps


def room(kinds: tuple[str, ...], chance: Random) -> int | None:
    """Bytes that one file may have; what the run says of itself always has room."""
    return chance.choice([6_000, 12_000, 30_000, 90_000]) if DISK in kinds else None
