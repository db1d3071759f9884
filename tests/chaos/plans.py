"""Which troubles a night meets, and when: a function of the seed and the night's number alone.

The kinds come in shuffled decks of which each night is dealt three, so that each comes as often as any other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

KILLED = "killed at a moment"
KILLED_AT_CALL = "killed at a call"
INTERRUPTED = "interrupted"
BY_SHARE = "HubSpot fails by share"
HUBSPOT = "HubSpot fails as ordered"
CXONE = "CXone fails as ordered"
CLOCK = "clock is wrong"
JUMP = "clock jumps"
SUMMER_TIME = "summer time begins or ends"
POSTGRES = "PostgreSQL restarted"
CUT = "staging file cut in half"
DISK = "disk full"
SECOND = "second run beside it"
PERSON = "person edits before the write"

KINDS: Final = (
    KILLED, KILLED_AT_CALL, INTERRUPTED, BY_SHARE, HUBSPOT, CXONE, CLOCK, JUMP, SUMMER_TIME, POSTGRES, CUT, DISK,
    SECOND, PERSON,
)  # fmt: skip
DEALT: Final = 3
CHANGES: Final = (date(2026, 10, 24), date(2026, 3, 28))  # the days before the nights in which Berlin's clocks change
_LINES: Final = 18  # more than a run tells before its report


@dataclass(frozen=True, slots=True)
class Try:
    """One run, and what it meets: from the beginning, and after it has told so many lines."""

    around: tuple[str, ...] = ()
    middle: tuple[tuple[int, str], ...] = ()

    @property
    def kinds(self) -> set[str]:
        return {*self.around, *(kind for _, kind in self.middle)}


@dataclass(frozen=True, slots=True)
class Plan:
    """`nights`: the tries of the first and of the second night; `first` is the first day of the world."""

    seed: int
    number: int
    first: date
    outage: bool
    nights: tuple[tuple[Try, ...], tuple[Try, ...]]

    @property
    def kinds(self) -> set[str]:
        return {kind for night in self.nights for one in night for kind in one.kinds} | (
            {SUMMER_TIME} if self.first in CHANGES else set()
        )

    def random(self, what: object) -> Random:
        """The chance of one decision, whatever others were made before."""
        return Random(f"{self.seed}:{self.number}:{what}")


_MIDDLE: Final = (KILLED, INTERRUPTED, POSTGRES, CUT, PERSON)


def plan(seed: int, number: int) -> Plan:
    """The plan of a night; they are counted from 1."""
    kinds = _dealt(seed, number)
    chance = Random(f"{seed}:{number}:plan")
    first = date(2026, 1, 10) + timedelta(days=chance.randrange(250))
    first += timedelta(days=7 if first in CHANGES else 0)
    if SUMMER_TIME in kinds:
        first = chance.choice(CHANGES)
    # the first night is tried twice at times, for what is left of one try is what the next one meets
    tries = [(0, 0), *([(0, 1)] if chance.random() < 0.3 else []), (1, 0)]
    met: dict[tuple[int, int], list[str]] = {place: [] for place in tries}
    for kind in kinds:
        if kind != SUMMER_TIME:
            met[chance.choice(tries[:-1] if chance.random() < 0.7 else tries)].append(kind)
    made = {place: _try(found, chance) for place, found in met.items()}
    nights = tuple(tuple(made[place] for place in tries if place[0] == night) for night in (0, 1))
    return Plan(seed, number, first, chance.random() < 0.3, (nights[0], nights[1]))


def _try(kinds: list[str], chance: Random) -> Try:
    middle = sorted((chance.randrange(1, _LINES), kind) for kind in kinds if kind in _MIDDLE)
    return Try(tuple(kind for kind in kinds if kind not in _MIDDLE), tuple(middle))


def _dealt(seed: int, number: int) -> tuple[str, ...]:
    """Three different kinds."""
    cards = _cards(seed)
    for _ in range(number):
        hand: list[str] = []
        while len(hand) < DEALT:
            card = next(cards)
            if card not in hand:
                hand.append(card)
    return tuple(hand)


def _cards(seed: int) -> Iterator[str]:
    chance = Random(f"{seed}:deck")
    while True:
        yield from chance.sample(KINDS, len(KINDS))
