"""No more calls pass than the account allows: in the rolling window, in the day, in a second of searches.

The windows run on real time whatever the twin's clock does; the day is the portal's own, by the twin's clock.
A refused call counts for nothing. Figures and headers: hubspot-api, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sandbox.windows import Rolling


@dataclass(frozen=True)
class Limits:
    """`burst` calls per `interval` seconds, `daily` calls a day, `search_per_second` searches per `second` seconds."""

    burst: int = 190
    interval: float = 10.0
    daily: int = 625_000
    search_per_second: float = 5.0
    second: float = 1.0

    def scaled(self, factor: float) -> Limits:
        """The same counts in windows that are `factor` times as short; the day follows the twin's clock."""
        return replace(self, interval=self.interval / factor, second=self.second / factor)


class Meter:
    """Counts the calls of one account against its limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._calls = Rolling(limits.burst, limits.interval)
        self._searches = Rolling(limits.search_per_second, limits.second)
        self._day: date | None = None
        self.today = 0

    def take(self, day: date, *, search: bool) -> str | None:
        """Count one call; the name of the limit that refuses it ("burst", "daily", "search"), or None."""
        if day != self._day:
            self._day, self.today = day, 0
        if self.today >= self._limits.daily:
            return "daily"
        if not (self._searches if search else self._calls).take():
            return "search" if search else "burst"
        self.today += 1
        return None

    def headers(self, *, search: bool) -> dict[str, str]:
        """The X-HubSpot-RateLimit family; searches carry the daily ones only."""
        name = "X-HubSpot-RateLimit"
        daily = {
            f"{name}-Daily": str(self._limits.daily),
            f"{name}-Daily-Remaining": str(self._limits.daily - self.today),
        }
        if search:
            return daily
        return daily | {
            f"{name}-Max": str(self._limits.burst),
            f"{name}-Remaining": str(max(0, self._limits.burst - self._calls.used)),
            f"{name}-Interval-Milliseconds": str(round(self._limits.interval * 1000)),
        }

    def shown(self) -> dict[str, float]:
        """The limits, and how much of each is used now."""
        return {
            "burst": self._limits.burst,
            "burst_used": self._calls.used,
            "interval_seconds": self._limits.interval,
            "daily": self._limits.daily,
            "daily_used": self.today,
            "searches": self._limits.search_per_second,
            "searches_used": self._searches.used,
            "search_interval_seconds": self._limits.second,
        }
