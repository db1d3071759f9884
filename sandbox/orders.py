"""An ordered fault happens exactly as often as it was ordered, to the first requests that match, in order.

Faults by share (`shares`) come after those ordered one by one. Times are those of the twin's clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from sandbox.shares import Share
from sandbox.times import parse


@dataclass
class Rule:
    """Which requests meet a fault, and when.

    Those whose "METHOD /path" (at CXone's port with the query) holds `match`, case ignored; of them the first
    `skip` are let pass, and `times` meet it: 1 unless told, all of them when `until` is given. `at` and `until`
    (ISO times, the end not included) keep it to a stretch of time. `name` is what GET /_twin/faults calls it.
    Raises ValueError for a time that cannot be read.
    """

    match: str = ""
    skip: int = 0
    times: int | None = None
    at: str | None = None
    until: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        self._begins = parse(self.at) if self.at else None
        self._ends = parse(self.until) if self.until else None
        self._left = 1 if self.times is None and self.until is None else self.times

    @property
    def told(self) -> str:
        """Its name, or what was ordered."""
        every = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        asked = {name: value for name, (value, usual) in every.items() if name not in _WHICH and value != usual}
        return self.name or " ".join(f"{name}={value}" for name, value in asked.items())

    def spent(self, now: int) -> bool:
        """Whether no request can meet it any more."""
        return (self._left is not None and self._left <= 0) or (self._ends is not None and now >= self._ends)

    def meets(self, request: str, now: int) -> bool:
        """Whether this request meets it; counts the request."""
        if self.match.lower() not in request.lower() or (self._begins is not None and now < self._begins):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._left is not None:
            self._left -= 1
        return True


_WHICH = frozenset(field.name for field in fields(Rule))
F = TypeVar("F", bound=Rule)


class Orders(Generic[F]):
    """The rules of one service that are not yet used up, then its faults by share.

    `kind` makes a fault of a rule or of a drawn one, `sharing` makes a Share of its keywords; `now` tells the
    twin's time in ms; `seed` is the seed of shares that name none.
    """

    def __init__(
        self,
        kind: type[F],
        sharing: Callable[..., Share],
        now: Callable[[], int],
        seed: int,
        share: Share | None = None,
    ) -> None:
        self._kind, self._sharing, self._now, self._seed = kind, sharing, now, seed
        self._rules: list[F] = []
        self._share = share
        self.happened: list[dict[str, str]] = []

    def order(self, wanted: list[dict[str, Any]] | dict[str, Any]) -> None:
        """Add rules, or order faults by share ({share, only, late, seed}); an empty list takes all away.

        Raises TypeError for an unknown key, ValueError for an unknown fault, a share that is none or a time that
        cannot be read.
        """
        if isinstance(wanted, dict):
            self._share = self._sharing(**{"seed": self._seed, **wanted})
        elif wanted:
            self._rules += [self._kind(**rule) for rule in wanted]
        else:
            self._rules, self._share = [], None

    def take(self, request: str, endpoint: str) -> F | None:
        """The fault of this request ("METHOD /path"), counted as used; None when it meets none.

        `endpoint` is its method and the template of its path.
        """
        now = self._now()
        self._rules = [rule for rule in self._rules if not rule.spent(now)]
        fault = next((rule for rule in self._rules if rule.meets(request, now)), None)
        if fault is None and self._share is not None and (drawn := self._share.take(endpoint)):
            fault = self._kind(**drawn)
        if fault is not None:
            self.happened.append({"request": request, "fault": fault.told})
        return fault
