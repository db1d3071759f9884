"""The seed alone says what a night meets, and no kind of trouble is left out."""

from collections import Counter
from itertools import chain

from hypothesis import given
from hypothesis.strategies import integers

from tests.chaos.plans import DEALT, KINDS, plan
from tests.chaos.troubles import clock, cxone_orders, hubspot_orders, room

SEEDS, NUMBERS = integers(0, 9_999), integers(1, 60)


@given(SEEDS, NUMBERS)
def test_a_night_can_be_repeated(seed: int, number: int) -> None:
    again, other = plan(seed, number), plan(seed, number)
    assert again == other
    for place in ((1, 0), (2, 0)):
        one, two = again.random(place), other.random(place)
        for draw in (hubspot_orders, cxone_orders, clock, room):
            assert draw(KINDS, one) == draw(KINDS, two)


@given(SEEDS, NUMBERS)
def test_a_night_meets_three_kinds_of_trouble_over_two_nights(seed: int, number: int) -> None:
    planned = plan(seed, number)
    assert len(planned.kinds) == DEALT
    assert [len(tries) for tries in planned.nights] in ([1, 1], [2, 1])
    for tries in planned.nights:
        for one in tries:
            assert list(one.middle) == sorted(one.middle), "the first comes first"


@given(SEEDS)
def test_fifty_nights_meet_each_kind_about_as_often(seed: int) -> None:
    met = Counter(chain.from_iterable(plan(seed, number).kinds for number in range(1, 51)))
    assert met.keys() == set(KINDS)
    assert max(met.values()) - min(met.values()) <= 3
