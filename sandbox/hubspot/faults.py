"""A fault happens exactly as often as it was ordered, to the first requests that match, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HTML = "<html><head><title>502 Bad Gateway</title></head><body><center>cloudflare</center></body></html>"


@dataclass
class Fault:
    """One rule: requests whose "METHOD /path" holds `match` get this answer instead, `times` times.

    `status` without `after_commit` means nothing was done; `body`: "html" (default from 500 on), "json",
    "burst", "daily", "search" (429), or "empty" (a 200 that says COMPLETE and did nothing). `delay`: seconds
    of real time, then on as usual when there is no status. `drop` cuts the connection. `retry_after`: the
    header, in seconds.
    """

    match: str = ""
    status: int | None = None
    body: str | None = None
    times: int = 1
    after_commit: bool = False
    delay: float = 0.0
    drop: bool = False
    retry_after: int | None = None


class Faults:
    """The rules not yet used up."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def order(self, rules: list[dict[str, Any]]) -> None:
        """Add rules; an empty list takes all away. Raises TypeError for an unknown key."""
        self._rules = [*self._rules, *(Fault(**rule) for rule in rules)] if rules else []

    def take(self, request: str) -> Fault | None:
        """The fault of this request ("METHOD /path"), counted as used; None when no rule matches."""
        for rule in self._rules:
            if rule.match in request:
                rule.times -= 1
                if rule.times <= 0:
                    self._rules.remove(rule)
                return rule
        return None
