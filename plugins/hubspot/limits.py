"""No call leaves before it is granted; bursts, searches and the day are budgets of their own.

HubSpot counts bursts over a rolling interval, searches per account and second, and calls per account and day
(hubspot-api, section 5). What is known of an account is one small state, `SharedState`: kept in the ledger by all
processes of a run, or in this process where there is no ledger.

The waiting and the sliding window are pyrate-limiter's. Its own PostgresBucket does carry 190 calls in 10 s over
four processes, but the limit it was made with is each process's own, it knows of no other programs, takes nothing
back, and compares local times without a zone; so `_Leases` takes its place behind the library's interface.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from pyrate_limiter import AbstractBucket, Limiter, Rate, RateItem, SingleBucketFactory

from memorialization.ports import Kept, SharedState
from plugins.hubspot.failures import day_is_used_up
from plugins.hubspot.windows import USE_BY, Window

LOWEST_BURST: Final = 100  # of the smallest account; the first answer's headers tell the real figure
INTERVAL: Final = 10_000  # ms
SEARCHES: Final = 5  # a second, of an account
BLOCK: Final = 5  # calls leased at a time: a fifth of the questions, and little lost with a killed process
RESERVE: Final = 0.25
TELL_EVERY: Final = 100  # calls of the day, until they are scarce: then at each answer
FRESH: Final = 60_000  # ms that a day's figure holds; what is older may be of another day and is asked anew


@dataclass(frozen=True, slots=True)
class Told:
    """What the headers of one answer say of the limits; None where they are silent."""

    maximum: int | None = None
    interval: int | None = None  # ms
    remaining: int | None = None
    daily: int | None = None
    daily_remaining: int | None = None


def told(headers: Mapping[str, str] | None) -> Told:
    """Reads the X-HubSpot-RateLimit family; searches carry the daily ones only."""
    names = ("Max", "Interval-Milliseconds", "Remaining", "Daily", "Daily-Remaining")
    texts = [(headers or {}).get(f"X-HubSpot-RateLimit-{name}") for name in names]
    return Told(*(int(text) if text and text.isdecimal() else None for text in texts))


class InProcess:
    """The state of an account where only this process knows of it; see ports.SharedState."""

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}
        self._lock = threading.Lock()

    @contextmanager
    def change(self) -> Iterator[Kept]:
        with self._lock:
            yield Kept(self._data, now=_here(), here=_here())


@dataclass(slots=True)
class _Block:
    """A lease in this process: calls not begun, under way and begun, and when the last was answered."""

    name: str
    left: int
    granted: int
    flying: int = 0
    used: int = 0
    answered: int = 0


@dataclass(slots=True)
class Call:
    """One granted call under way."""

    sent: int
    _seen: Callable[[int, Told], None]

    def learn(self, said: Told) -> None:
        """To be called as soon as the answer's headers are there."""
        self._seen(self.sent, said)


@dataclass(slots=True)
class _Reports:
    """What this process has to tell the state at its next change; times are this process's."""

    settled: list[tuple[str, int, int]] = field(default_factory=list)
    looks: list[tuple[int, int, Told]] = field(default_factory=list)

    def apply(self, window: Window, shift: int) -> None:
        for sent, answered, said in self.looks:
            if said.maximum:
                window.maximum = said.maximum
                window.interval = said.interval or window.interval
            if said.remaining is not None and _here() - sent < window.interval:
                window.look(sent + shift, answered + shift, said.remaining)
        for name, used, answered in self.settled:
            window.settle(name, used, answered + shift)


class _Leases(AbstractBucket):
    """The bucket that pyrate-limiter asks: one window of the account's state, granted in leases."""

    is_async = False

    def __init__(self, state: SharedState, kind: str, rate: Rate, reserve: float) -> None:
        self.rates = [rate]
        self.reports = _Reports()
        self.block = _Block("", 0, 0)
        self._state, self._kind, self._reserve = state, kind, reserve
        self._maximum = rate.limit

    def now(self) -> int:
        return 0  # the state's clock is read with the state, in `put`

    def put(self, item: RateItem) -> bool:
        with self._state.change() as kept:
            _refuse_beyond_the_day(kept, self._reserve)
            window = self._window(kept)
            reports, self.reports = self.reports, _Reports()
            reports.apply(window, kept.now - kept.here)
            window.pass_to(kept.now)
            rate = Rate(window.limit(self._reserve), window.interval)
            times = window.counted(kept.now)
            item.timestamp = kept.now
            item.weight = min(item.weight, max(1, rate.limit // 20))
            self.rates = [rate]
            granted = self._record(
                item,
                self._algorithm.decide(
                    self.rates, [len(times)], item.weight, kept.now, lambda n: times[n] if n < len(times) else None
                ),
            )
            if granted:
                self.block = _Block(uuid4().hex[:8], item.weight, kept.here)
                window.grant(self.block.name, item.weight, kept.now)
            kept.state[self._kind] = window.as_dict()
        return granted

    def _window(self, kept: Kept) -> Window:
        if self._kind in kept.state:
            return Window.read(kept.state[self._kind])
        return Window(self._maximum, self.rates[0].interval)

    def count(self) -> int:
        with self._state.change() as kept:
            return len(self._window(kept).counted(kept.now))

    def peek(self, index: int) -> RateItem | None:
        with self._state.change() as kept:
            times = self._window(kept).counted(kept.now)
        return RateItem(self._kind, times[index]) if index < len(times) else None

    def leak(self, current_timestamp: int | None = None) -> int:
        return 0  # `put` forgets what no longer counts

    def flush(self) -> None:
        with self._state.change() as kept:
            kept.state.pop(self._kind, None)


class _Budget:
    """Calls of one kind: threads share the block that one of them leased."""

    def __init__(self, bucket: _Leases) -> None:
        self._bucket = bucket
        self._limiter = Limiter(SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=2)
        self._asking = threading.Lock()
        self._lock = threading.Lock()
        self._blocks: list[_Block] = []

    def begin(self) -> _Block:
        with self._asking:  # one leases, the others wait for what it brings
            while True:
                with self._lock:
                    if block := self._usable():
                        block.left -= 1
                        block.flying += 1
                        block.used += 1
                        return block
                    self._settle()
                self._limiter.try_acquire(weight=BLOCK)
                with self._lock:
                    self._blocks.append(self._bucket.block)

    def end(self, block: _Block) -> None:
        with self._lock:
            block.flying -= 1
            block.answered = _here()

    def look(self, sent: int, said: Told) -> None:
        self._bucket.reports.looks.append((sent, _here(), said))

    @property
    def rate(self) -> Rate:
        return self._bucket.rates[0]

    def _usable(self) -> _Block | None:
        fresh = _here() - USE_BY
        return next((block for block in self._blocks if block.left and block.granted > fresh), None)

    def _settle(self) -> None:
        done = [block for block in self._blocks if not block.flying]
        self._blocks = [block for block in self._blocks if block.flying]
        self._bucket.reports.settled += [(block.name, block.used, block.answered) for block in done]


class Limits:
    """The budgets of one HubSpot account. Safe to share between threads.

    `reserve` is the share of each budget left to the account's other programs; `state` is shared with the other
    processes that call the same account, or None.
    """

    def __init__(self, state: SharedState | None = None, *, reserve: float = RESERVE) -> None:
        if not 0 <= reserve < 1:
            raise ValueError(f"reserve is a share from 0 up to, not including, 1; it is {reserve}")
        self.reserve = reserve
        self._state = state or InProcess()
        self._burst = _Budget(_Leases(self._state, "burst", Rate(LOWEST_BURST, INTERVAL), reserve))
        self._searches = _Budget(_Leases(self._state, "search", Rate(SEARCHES, 1_000), reserve))
        self.daily: tuple[int, int] | None = None  # limit and what remains, as last told to this process

    @contextmanager
    def call(self, *, search: bool = False) -> Iterator[Call]:
        """Waits until one more call may be made; the call is over when the context is left.

        Raises QuotaExhausted, without a call, while the day's calls are known to be used up to the reserve,
        and what the state raises.
        """
        budget = self._searches if search else self._burst
        block = budget.begin()
        try:
            yield Call(_here(), budget.look)
        finally:
            budget.end(block)

    def keep_day(self, limit: int, remaining: int) -> None:
        """What HubSpot said of the day's calls; told to the other processes where it matters to them."""
        before, self.daily = self.daily, (limit, remaining)
        scarce = remaining <= self.reserve * limit
        if scarce or before is None or before[1] // TELL_EVERY != remaining // TELL_EVERY:
            with self._state.change() as kept:
                kept.state["daily"] = {"limit": limit, "remaining": remaining, "at": kept.now}

    def day_is_over(self) -> None:
        """HubSpot refused a call because of the day's limit."""
        limit = self.daily[0] if self.daily else 0
        self.keep_day(limit, 0)

    def zone(self) -> str | None:
        """The account's time zone, as any process has told it."""
        with self._state.change() as kept:
            zone: str | None = kept.state.get("zone")
        return zone

    def keep_zone(self, zone: str) -> None:
        with self._state.change() as kept:
            kept.state["zone"] = zone

    @property
    def per_second(self) -> float:
        """Calls a second that are granted, searches left aside; the smallest account's until HubSpot told its own."""
        rate = self._burst.rate
        return rate.limit / (rate.interval / 1_000)


def _refuse_beyond_the_day(kept: Kept, reserve: float) -> None:
    """Raises QuotaExhausted where the day's calls are known, and known of late, to be down to the reserve."""
    day = kept.state.get("daily")
    if day and 0 <= kept.now - day["at"] < FRESH and day["remaining"] <= reserve * day["limit"]:
        left = f"{day['remaining']:,} of {day['limit']:,} are left, kept for other programs (quota in crm.yaml)"
        raise day_is_used_up(left if day["remaining"] else "none is left", kept.state.get("zone"))


def _here() -> int:
    """This process's clock, which nobody sets: milliseconds."""
    return time.monotonic_ns() // 1_000_000
