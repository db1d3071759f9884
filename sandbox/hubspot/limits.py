"""No more calls pass than the account allows: in the rolling window, in the day, in a second of searches.

The windows run on real time whatever the twin's clock does; the day is the portal's own, by the twin's clock.
A refused call counts for nothing. Figures and headers: hubspot-api, section 5.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Limits:
    """`burst` calls per `interval` seconds, `daily` calls a day, `search_per_second` searches a second."""

    burst: int = 190
    interval: float = 10.0
    daily: int = 625_000
    search_per_second: float = 5.0


class Meter:
    """Counts the calls of one account against its limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._calls: deque[float] = deque()
        self._searches: deque[float] = deque()
        self._day: date | None = None
        self.today = 0

    def take(self, day: date, *, search: bool) -> str | None:
        """Count one call; the name of the limit that refuses it ("burst", "daily", "search"), or None."""
        if day != self._day:
            self._day, self.today = day, 0
        if self.today >= self._limits.daily:
            return "daily"
        limit = self._limits.search_per_second if search else self._limits.burst
        window = self._window(search)
        if len(window) >= limit:
            return "search" if search else "burst"
        window.append(time.monotonic())
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
            f"{name}-Remaining": str(max(0, self._limits.burst - len(self._window(False)))),
            f"{name}-Interval-Milliseconds": str(round(self._limits.interval * 1000)),
        }

    def _window(self, search: bool) -> deque[float]:
        window, span = (self._searches, 1.0) if search else (self._calls, self._limits.interval)
        oldest = time.monotonic() - span
        while window and window[0] <= oldest:
            window.popleft()
        return window
