"""Of each endpoint's calls one in so many meets a fault; where and which is the seed's choice alone.

The n-th call of an endpoint meets the same fault in every world of one seed, however the calls of different
endpoints mix: calls are counted per endpoint, in stretches of 1/share calls with one fault each. The faults come in a
drawn order, each once before any comes again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from random import Random
from typing import Any

Faults = dict[str, dict[str, Any]]

LATE = 90.0  # seconds: longer than a client of HubSpot waits


class Share:
    """Faults for a `share` of the calls (0 to 1): the `usual` ones that fit an endpoint, or `only` those named.

    `known` are all by name, each as the arguments of a fault; `fitting` tells which an endpoint ("METHOD
    /path/{template}") can meet. `late` is how many seconds of real time an answer takes that is "late". Raises
    ValueError for a share outside of 0 to 1 and a name that is none.
    """

    def __init__(
        self,
        seed: int,
        share: float,
        known: Faults,
        fitting: Callable[[str], list[str]],
        usual: Collection[str],
        only: Collection[str] | None,
        late: float,
    ) -> None:
        if not 0 < share <= 1:
            raise ValueError(f"{share:g} is no share of the calls: give more than 0 and at most 1")
        if unknown := set(only or ()) - known.keys():
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
        self._seed, self._stretch, self._late = seed, max(1, round(1 / share)), late
        self._known, self._fitting = known, fitting
        self._only = set(usual if only is None else only)
        self._calls: Counter[str] = Counter()

    def take(self, endpoint: str) -> dict[str, Any] | None:
        """The fault of the next call of an endpoint, as arguments of a fault; None when it meets none."""
        stretch, place = divmod(self._calls[endpoint], self._stretch)
        self._calls[endpoint] += 1
        names = [name for name in self._fitting(endpoint) if name in self._only]
        if not names or Random(f"{self._seed}:{endpoint}:{stretch}").randrange(self._stretch) != place:
            return None
        turn, number = divmod(stretch, len(names))
        Random(f"{self._seed}:{endpoint}:turn {turn}").shuffle(names)
        drawn = names[number]
        return {"name": drawn, **self._known[drawn], **({"delay": self._late} if drawn == "late" else {})}
