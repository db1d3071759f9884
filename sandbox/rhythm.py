"""When contacts arrive: minutes of a UTC day weighted by business hours in Berlin and in Utah."""

import random
from bisect import bisect
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from math import exp
from zoneinfo import ZoneInfo

from sandbox.times import MINUTE, midnight

_SITES = (("de", ZoneInfo("Europe/Berlin"), 0.6), ("en", ZoneInfo("America/Denver"), 0.4))
_NIGHT = 0.02


class Rhythm:
    """Gives (moment in ms, language) pairs of one UTC day; a call may well end on the next one."""

    def __init__(self, day: date) -> None:
        self._midnight = midnight(day)
        weights: list[float] = []
        for _, zone, share in _SITES:
            noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            shift = (noon.astimezone(zone).utcoffset() or timedelta()) // timedelta(minutes=1)
            weights += [share * _weight((minute + shift) % 1440 / 60) for minute in range(1440)]
        self._cumulative = list(accumulate(weights))

    def draws(self, rng: random.Random, count: int) -> list[tuple[int, str]]:
        """`count` pairs in time order."""
        return sorted(self._draw(rng) for _ in range(count))

    def _draw(self, rng: random.Random) -> tuple[int, str]:
        index = bisect(self._cumulative, rng.random() * self._cumulative[-1])
        site, minute = divmod(index, 1440)
        return self._midnight + minute * MINUTE + int(rng.random() * MINUTE), _SITES[site][0]


def _weight(hour: float) -> float:
    """Two humps, late morning and afternoon, and a trickle at night."""
    return _NIGHT + exp(-(((hour - 10.5) / 1.8) ** 2)) + 0.8 * exp(-(((hour - 15.0) / 2.2) ** 2))
