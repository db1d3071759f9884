"""What becomes of each live write: the one place that decides about losses, delays and lost fields.

3 to 6 % of whole interactions are lost, 1 % lose a single field (memorialization, section 1).
"""

import random
from dataclasses import replace
from datetime import date

from sandbox.catalogue import Agent
from sandbox.interactions import Fate
from sandbox.schema import TICKET_LOSABLE
from sandbox.times import SECOND, midnight

LOST_TAB = 0.015
LOST_5XX = 0.005
LOST_FIELD = 0.01


class Fates:
    """Draws fates for one day; `stops_on` is the day from which nothing is written live any more.

    In a `flawless` world nothing is lost: it shows what the very same day should have left behind.
    """

    def __init__(self, seed: int, day: date, stops_on: date | None, *, flawless: bool = False) -> None:
        self._flawless = flawless
        self._rng = random.Random(f"{seed}:{day}:fates")
        self._stops = midnight(stops_on) if stops_on else None

    def draw(self, due: int, agent: Agent, *, voice: bool) -> Fate:
        """The fate of a leg due at `due`, as if it were not its agent's first of the day."""
        rng = self._rng
        draw, seconds, overflow = rng.random(), 1 + rng.random() * 5, "cut" if rng.random() < 0.5 else "empty"
        pool = TICKET_LOSABLE[voice]
        lost_field = pool[int(rng.random() * len(pool))] if rng.random() < LOST_FIELD else None
        if self._stopped(due):
            return Fate("stopped", None, None, overflow)
        if self._flawless:
            return Fate("whole", due + int(seconds * SECOND), None, overflow)
        if draw < LOST_TAB + LOST_5XX:
            return Fate("lost:tab" if draw < LOST_TAB else "lost:5xx", None, None, overflow)
        return Fate("whole", due + int(seconds * SECOND), lost_field, overflow)

    def first_of_day(self, fate: Fate, due: int) -> Fate:
        """The agent's first write of the day: the CRM token is renewed, 9 to 15 s (cxone-api, section 1)."""
        rng = self._rng
        lost, delay = rng.random() < 0.5, 9 + rng.random() * 6
        if fate.write != "whole":
            return fate
        if lost and not self._flawless:
            return Fate("lost:first_of_day", None, None, fate.overflow)
        return replace(fate, written_at=due + int(delay * SECOND))

    def _stopped(self, due: int) -> bool:
        return self._stops is not None and due >= self._stops
