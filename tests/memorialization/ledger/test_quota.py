from concurrent.futures import ThreadPoolExecutor

import pytest

from memorialization.ledger.quota import Quota


@pytest.fixture
def quota(postgres_socket, ledger_database):
    def open_(account):
        return Quota(f"postgresql+psycopg2://postgres@/{ledger_database}?host={postgres_socket}", account)

    return open_


def test_what_is_left_in_the_state_is_what_the_next_one_finds(quota):
    with quota("hubspot:1").change() as kept:
        assert kept.state == {}
        kept.state["zone"] = "Europe/Berlin"
    with quota("hubspot:1").change() as kept:
        assert kept.state == {"zone": "Europe/Berlin"}
    with quota("hubspot:2").change() as kept:
        assert kept.state == {}


def test_an_error_leaves_the_state_as_it_was(quota):
    one = quota("hubspot:1")
    with one.change() as kept:
        kept.state["n"] = 1

    def break_off() -> None:
        with one.change() as kept:
            kept.state["n"] = 2
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        break_off()
    with one.change() as kept:
        assert kept.state == {"n": 1}


def test_changes_follow_each_other_and_their_clock_does_not_go_back(quota):
    times = []

    def add(_):
        with quota("hubspot:1").change() as kept:
            kept.state["n"] = kept.state.get("n", 0) + 1
            times.append(kept.now)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(40)))
    with quota("hubspot:1").change() as kept:
        assert kept.state == {"n": 40}
    assert times == sorted(times)
