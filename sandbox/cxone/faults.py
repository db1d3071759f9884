"""Ordered misbehaviour: each rule is used up by the requests it matches, in the order given."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Fault:
    """One rule: requests whose "METHOD /path?query" holds `match` (case ignored) get this, `times` times.

    `status` answers at once (429 without Retry-After unless `retry_after` says so); `delay` waits that many
    real seconds first; `drop` cuts the connection; `duplicate` starts a later page of completed contacts with
    the last row of the page before (match that page: `skip=1000`).
    """

    match: str = ""
    status: int | None = None
    times: int = 1
    delay: float = 0.0
    drop: bool = False
    duplicate: bool = False
    retry_after: int | None = None


class Faults:
    """The rules not yet used up."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def order(self, rules: list[dict[str, Any]]) -> None:
        """Add rules; an empty list takes all away. Raises TypeError for an unknown key."""
        self._rules = [*self._rules, *(Fault(**rule) for rule in rules)] if rules else []

    def take(self, request: str) -> Fault | None:
        """The fault of this request, counted as used; None when no rule matches."""
        for rule in self._rules:
            if rule.match.lower() in request.lower():
                rule.times -= 1
                if rule.times <= 0:
                    self._rules.remove(rule)
                return rule
        return None
