import time

import pytest

from plugins.hubspot.limits import Limits


def test_the_burst_is_held_back_and_calls_made_still_count_after_learning():
    limits = Limits(reserve=0.5)
    for _ in range(5):
        limits.take(search=False)
    limits.learn(12, 0.4)  # half of it is left to others: six in 0.4 seconds, five of them made
    begun = time.monotonic()
    limits.take(search=False)
    assert time.monotonic() - begun < 0.2
    limits.take(search=False)
    assert time.monotonic() - begun >= 0.3


def test_searches_have_a_limit_of_their_own():
    limits = Limits(searches=2)
    begun = time.monotonic()
    for _ in range(3):
        limits.take(search=True)
    assert time.monotonic() - begun >= 0.9


@pytest.mark.parametrize("reserve", [-0.1, 1.0])
def test_a_reserve_is_a_share(reserve):
    with pytest.raises(ValueError, match="reserve is a share"):
        Limits(reserve=reserve)


def test_what_is_granted_a_second_follows_what_hubspot_told():
    limits = Limits(reserve=0.25)
    assert limits.per_second == 7.5
    limits.learn(190, 10.0)
    assert limits.per_second == 14.2
