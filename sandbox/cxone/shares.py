"""The ways in which CXone fails, and which of its endpoints can meet which.

cxone-api, sections 3.1, 4.3, 6, 8 and 9.
"""

from sandbox import shares
from sandbox.shares import LATE, Faults

ANY: Faults = {
    "limit": {"status": 429},
    "limit with a time": {"status": 429, "retry_after": 1},
    "timed out": {"status": 408},
    "unavailable": {"status": 503},
    "gateway page": {"status": 502, "html": True},
    "page instead of json": {"status": 200, "html": True},
    "reset": {"drop": True},
    "slow": {"delay": 0.2},
}
BEARER: Faults = {"token expired": {"status": 401}}
REPORTING: Faults = {"numbers as texts": {"texts": True}}
COMPLETED: Faults = {
    "row on two pages": {"duplicate": True},
    "row moved": {"moved": True},
    "names of another version": {"renamed": True},
    "page of 204": {"empty": True},
}
MESSAGES: Faults = {"messages shortened": {"shortened": True}}
NAMED: Faults = {
    "content removed": {"removed": True},
    "late": {},  # its delay is the order's
}
"""Only when named: the one changes what is true, the other takes minutes."""
ALL: Faults = {**ANY, **BEARER, **REPORTING, **COMPLETED, **MESSAGES, **NAMED}


class Share(shares.Share):
    """Of CXone's calls: all usual ones that fit an endpoint, or `only` those named."""

    def __init__(self, seed: int, share: float, only: list[str] | None = None, late: float = LATE) -> None:
        super().__init__(seed, share, ALL, fitting, ALL.keys() - NAMED.keys(), only, late)


def fitting(endpoint: str) -> list[str]:
    """The faults that an endpoint can meet."""
    names = [*ANY, "late"]
    if " /incontactapi/" in endpoint:
        names += [*BEARER, *REPORTING]
    if " /dfo/" in endpoint:
        names += BEARER
    if endpoint.endswith("/contacts/completed"):
        names += COMPLETED
    if endpoint.endswith("/contacts/{id}/messages"):
        names += [*MESSAGES, "content removed"]
    return names
