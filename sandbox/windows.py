"""No more calls pass in any stretch of `span` seconds than the limit allows; a refused call counts for nothing.

Spans are real time, whatever the twin's clock does.
"""

import time
from collections import deque


class Rolling:
    """At most `limit` calls in any `span` seconds."""

    def __init__(self, limit: float, span: float) -> None:
        self.limit, self.span = limit, span
        self._calls: deque[float] = deque()

    @property
    def used(self) -> int:
        """How many calls the stretch that ends now holds."""
        oldest = time.monotonic() - self.span
        while self._calls and self._calls[0] <= oldest:
            self._calls.popleft()
        return len(self._calls)

    def take(self) -> bool:
        """Count one call; False, uncounted, when the limit refuses it."""
        if self.used >= self.limit:
            return False
        self._calls.append(time.monotonic())
        return True
