import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.hubspot.windows import HOLD, Window


def _window(maximum=190):
    return Window(maximum, 10_000)


def test_a_lease_counts_until_a_window_after_its_last_answer():
    window = _window()
    window.grant("a", 5, 1_000)
    window.settle("a", 5, 1_400)
    assert len(window.counted(11_399)) == 5
    assert window.counted(11_400) == []


def test_the_lease_of_a_dead_process_ends_with_the_window_after_the_time_its_calls_may_take():
    window = _window()
    window.grant("a", 5, 1_000)
    assert len(window.counted(1_000 + HOLD + 9_999)) == 5
    assert window.counted(1_000 + HOLD + 10_000) == []


def test_an_answer_that_took_long_keeps_nothing_longer():
    window = _window()
    window.grant("a", 5, 1_000)
    window.settle("a", 5, 41_000)
    assert window.counted(1_000 + HOLD + 10_000) == []


def test_what_is_unused_of_a_lease_returns():
    window = _window()
    window.grant("a", 5, 1_000)
    window.settle("a", 2, 1_100)
    assert window.counted(2_000) == [1_100, 1_100]


@pytest.mark.parametrize(("reserve", "free"), [(0, 190), (0.25, 142), (0.999, 1)])
def test_the_reserve_is_never_used(reserve, free):
    assert _window().limit(reserve) == free


def test_our_own_calls_are_nobody_elses():
    window = _window()
    window.grant("a", 5, 1_000)
    window.look(sent=1_010, answered=1_050, remaining=185)  # all five had arrived
    window.look(sent=1_010, answered=1_050, remaining=188)  # two had
    assert window.limit(0) == 190


def test_our_call_that_ends_while_another_is_under_way_may_be_counted_still():
    window = _window()
    window.grant("a", 5, 0)
    window.settle("a", 5, 90)
    window.look(sent=10_080, answered=10_200, remaining=185)
    assert window.limit(0) == 190


def test_what_others_use_is_left_to_them_with_a_margin_and_for_two_windows():
    window = _window()
    window.grant("a", 5, 1_000)
    window.look(sent=1_010, answered=1_050, remaining=109)  # 81 used: five ours, 76 theirs, 40 % of all
    assert window.limit(0) == 190 - 76 - 8
    assert window.limit(0.25) == 190 - 76 - 8
    assert window.limit(0.75) == 47
    window.pass_to(21_000)
    assert window.limit(0) == 106
    window.pass_to(22_000)
    assert window.limit(0) == 190


def test_one_call_is_always_allowed_for_else_nothing_is_learned_again():
    window = _window()
    window.look(sent=0, answered=10, remaining=0)
    assert window.limit(0) == 1


def test_a_clock_that_was_set_back_does_not_freeze_the_account():
    window = _window()
    window.grant("a", 5, 7_200_000)
    window.look(sent=7_200_000, answered=7_200_010, remaining=0)
    window.pass_to(3_600_000)
    assert (window.counted(3_600_000), window.limit(0)) == ([], 190)


@given(
    st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 5), st.integers(0, 5), st.integers(0, 900)), max_size=40)
)
def test_a_state_survives_its_way_through_json(grants):
    window = _window()
    for number, (at, weight, used, answered) in enumerate(sorted(grants)):
        window.grant(str(number), weight, at)
        window.settle(str(number), min(used, weight), at + answered)
        window.look(at, at + answered, 190 - used)
    assert Window.read(json.loads(json.dumps(window.as_dict()))) == window


@given(
    st.integers(3, 12),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3), st.integers(1, 300), st.booleans()), max_size=120),
)
def test_no_rolling_window_ever_holds_more_calls_than_the_maximum(maximum, tries):
    """Calls arrive anywhere between their grant and their answer; some processes die and never tell."""
    window = Window(maximum, 1_000)
    now, arrivals = 0, []
    for number, (pause, weight, took, dies) in enumerate(tries):
        now += pause
        window.pass_to(now)
        if len(window.counted(now)) + weight > window.limit(0):
            continue
        window.grant(str(number), weight, now)
        arrivals += [now + (HOLD if dies else took if number % 2 else 0)] * weight
        if not dies:
            window.settle(str(number), weight, now + took)
    arrivals.sort()
    for first in arrivals:
        assert sum(first <= arrival < first + 1_000 for arrival in arrivals) <= maximum
