"""Moments are integers: milliseconds since the epoch, UTC, everywhere inside the twin.

Only the edges (HubSpot's portal, JSON answers) turn them into datetimes or text.
"""

import time
from datetime import UTC, date, datetime, timedelta

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(ms: int) -> datetime:
    """The aware UTC datetime of `ms`."""
    return _EPOCH + timedelta(milliseconds=ms)


def millis(at: datetime) -> int:
    """Milliseconds since the epoch of an aware datetime."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def midnight(day: date) -> int:
    """The first moment of the UTC day."""
    return (day.toordinal() - _EPOCH.toordinal()) * DAY


def parse(text: str) -> int:
    """Milliseconds of an ISO 8601 text; without an offset it is UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return millis(at if at.tzinfo else at.replace(tzinfo=UTC))


def zulu(ms: int) -> str:
    """`2026-11-16T09:00:00.120Z`, the reporting API's form (cxone-api, section 3.1)."""
    return moment(ms).isoformat(timespec="milliseconds")[:-6] + "Z"


def offset(ms: int) -> str:
    """`2026-11-16T09:00:00+00:00`, Digital Experience's form (cxone-api, section 4.1)."""
    return moment(ms).isoformat(timespec="seconds")


def offset_millis(ms: int) -> str:
    """The `...WithMilliseconds` twin of `offset`."""
    return moment(ms).isoformat(timespec="milliseconds")


class Clock:
    """The twin's one clock: starts at a given moment, runs at `speed` times real time, can jump forward only."""

    def __init__(self, start: int, speed: float = 1.0) -> None:
        self._start, self._speed = start, speed
        self._since = time.monotonic()

    def ms(self) -> int:
        return self._start + int((time.monotonic() - self._since) * self._speed * SECOND)

    def now(self) -> datetime:
        return moment(self.ms())

    def forward(self, to: int) -> None:
        """Jump to `to`. Raises ValueError when that lies in the clock's past."""
        now = self.ms()
        if to < now:
            raise ValueError(f"the clock only moves forward: it is {zulu(now)}, asked for {zulu(to)}")
        self._start, self._since = to, time.monotonic()
