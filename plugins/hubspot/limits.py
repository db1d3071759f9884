"""No call leaves before its limiter grants it: one for bursts, one for searches.

HubSpot counts bursts per token over a rolling interval and searches per account and second
(hubspot-api, section 5). `Limits` holds for one process; a limiter shared between processes takes its
place by offering the same two methods.
"""

from pyrate_limiter import InMemoryBucket, Limiter, Rate

LOWEST_BURST = 100  # of the smallest account; the first answer's headers tell the real figure
INTERVAL = 10.0  # seconds


class Limits:
    """Burst and search limits of one HubSpot token, in this process.

    `reserve` is the share of the burst limit left to others that use the same token; `searches` is a number
    per second, below the account's five.
    """

    def __init__(self, *, reserve: float = 0.25, searches: int = 4) -> None:
        if not 0 <= reserve < 1:
            raise ValueError(f"reserve is a share from 0 up to, not including, 1; it is {reserve}")
        self._reserve = reserve
        self._burst = InMemoryBucket([self._rate(LOWEST_BURST, INTERVAL)])
        self._bursts = Limiter(self._burst)
        self._searches = Limiter(Rate(searches, 1_000))

    def take(self, *, search: bool) -> None:
        """Waits until one more call may be made."""
        (self._searches if search else self._bursts).try_acquire("hubspot")

    def learn(self, maximum: int, interval: float) -> None:
        """Takes over what HubSpot said: `maximum` calls in `interval` seconds; calls made still count."""
        rate = self._rate(maximum, interval)
        known = self._burst.rates[0]
        if (rate.limit, rate.interval) != (known.limit, known.interval):
            self._burst.rates = [rate]

    @property
    def per_second(self) -> float:
        """Calls a second that `take` grants, searches left aside; the smallest account's until HubSpot told its own."""
        rate = self._burst.rates[0]
        return rate.limit / (rate.interval / 1_000)

    def _rate(self, maximum: int, interval: float) -> Rate:
        return Rate(max(1, int(maximum * (1 - self._reserve))), max(1, int(interval * 1_000)))
