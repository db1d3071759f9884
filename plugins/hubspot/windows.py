"""A rolling window never grants more calls than HubSpot can count in its own, whenever a granted call arrives.

Calls are granted in small leases. A lease counts from its grant until `interval` after the last of its calls was
answered, for HubSpot cannot have counted it later than that; a lease whose process died counts as if its calls had
been made as late as they may be. What HubSpot counts beyond our leases is other programs' use: it is left to them,
with a margin, as long as it was seen within the last two windows (hubspot-api, section 5).

All times are milliseconds of one clock. Pure: nothing here waits, asks or stores.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any, Final

HOLD: Final = 2_000  # of a lease: how long after its grant its calls may still reach HubSpot
USE_BY: Final = 1_000  # of a lease: how long after its grant a call of it may be begun
MARGIN: Final = 0.04  # of the maximum, kept free while others use the window: what they add between two looks


@dataclass(slots=True)
class Lease:
    """`weight` calls granted at `granted`; they no longer count at `until`."""

    name: str
    weight: int
    granted: int
    until: int


@dataclass(slots=True)
class Window:
    """At most `maximum` calls in any `interval`. `others`: second -> most calls of others seen in the window then."""

    maximum: int
    interval: int
    leases: list[Lease] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Window":
        """What `as_dict` made, perhaps after a way through JSON."""
        leases = [Lease(**lease) for lease in data["leases"]]
        return cls(data["maximum"], data["interval"], leases, dict(data["others"]))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def pass_to(self, now: int) -> None:
        """Forgets what no longer counts; a lease is kept one interval more, for looks at the past."""
        far = now + 2 * (self.interval + HOLD)  # beyond it the clock was set back since
        self.leases = [x for x in self.leases if now - self.interval < x.until <= far]
        oldest = (now - 2 * self.interval) / 1_000
        self.others = {second: n for second, n in self.others.items() if oldest <= int(second) <= far / 1_000}

    def grant(self, name: str, weight: int, now: int) -> None:
        self.leases.append(Lease(name, weight, now, now + HOLD + self.interval))

    def settle(self, name: str, used: int, answered: int) -> None:
        """All calls of a lease are answered, the last at `answered`; what is unused returns to the window."""
        for lease in self.leases:
            if lease.name == name:
                lease.weight, lease.until = used, min(lease.until, answered + self.interval)

    def look(self, sent: int, answered: int, remaining: int) -> None:
        """HubSpot said, on a call sent and answered at these times, how many calls `remaining` in its window."""
        ours = sum(x.weight for x in self.leases if x.granted <= answered and x.until > sent)
        second = str(answered // 1_000)
        self.others[second] = max(self.others.get(second, 0), self.maximum - remaining - ours)

    def limit(self, reserve: float) -> int:
        """Calls that may count at a time: at least one, else nothing would ever be learned again."""
        free = int(self.maximum * (1 - reserve))
        seen = max(self.others.values(), default=0)
        if seen > 0:
            free = min(free, self.maximum - seen - ceil(self.maximum * MARGIN))
        return max(1, free)

    def counted(self, now: int) -> list[int]:
        """For every call that counts now, when it would have been made at the latest; the newest first."""
        times = [x.until - self.interval for x in self.leases if x.until > now for _ in range(x.weight)]
        return sorted(times, reverse=True)
