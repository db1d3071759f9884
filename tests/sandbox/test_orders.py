"""When an ordered fault happens: to which calls, how often, and from when to when by the twin's clock."""

from typing import Any

import pytest

from sandbox.cxone.faults import Fault
from sandbox.cxone.shares import Share
from sandbox.orders import Orders
from sandbox.times import MINUTE, parse

CALL = "GET /incontactapi/services/v27.0/contacts/completed?skip=0"
ENDPOINT = "GET /incontactapi/services/v{version}.0/contacts/completed"
NOON = parse("2026-11-23T12:00:00Z")


class Faults:
    """Orders at a time of the test's choice."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.now = NOON
        self.orders = Orders(Fault, Share, lambda: self.now, seed=7)
        self.orders.order(list(rules))

    def statuses(self, calls: int, request: str = CALL) -> list[int | None]:
        taken = [self.orders.take(request, ENDPOINT) for _ in range(calls)]
        return [fault.status if fault else None for fault in taken]


def test_a_rule_is_used_up_by_the_requests_it_matches() -> None:
    faults = Faults({"match": "Contacts/Completed", "status": 429, "times": 2}, {"match": "", "status": 503})
    assert faults.statuses(1, "GET /dfo/3.0/contacts") == [503]
    assert faults.statuses(3) == [429, 429, None]


def test_some_are_let_pass_first() -> None:
    assert Faults({"skip": 2, "status": 408}).statuses(4) == [None, None, 408, None]


def test_a_stretch_of_time_by_the_twins_clock() -> None:
    faults = Faults({"status": 503, "at": "2026-11-23T12:10:00Z", "until": "2026-11-23T12:20:00Z"})
    assert faults.statuses(2) == [None, None]
    faults.now = NOON + 10 * MINUTE
    assert faults.statuses(3) == [503, 503, 503]
    faults.now = NOON + 20 * MINUTE
    assert faults.statuses(2) == [None, None]


def test_so_many_calls_of_a_stretch_of_time() -> None:
    faults = Faults({"status": 503, "until": "2026-11-23T12:20:00Z", "times": 2}, {"status": 401, "at": "2026-11-23"})
    assert faults.statuses(4) == [503, 503, 401, None]


def test_shares_come_after_single_orders_and_an_empty_list_ends_both() -> None:
    faults = Faults({"status": 408})
    faults.orders.order({"share": 1, "only": ["token expired"]})
    assert faults.statuses(4) == [408, 401, 401, 401]
    faults.orders.order([])
    assert faults.statuses(1) == [None]


def test_what_happened_is_told_in_order() -> None:
    faults = Faults({"status": 429, "retry_after": 1}, {"drop": True, "name": "cable"})
    faults.statuses(3)
    assert faults.orders.happened == [
        {"request": CALL, "fault": "status=429 retry_after=1"},
        {"request": CALL, "fault": "cable"},
    ]


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ([{"speed": 1}], TypeError, "speed"),
        ([{"at": "noon"}], ValueError, "noon"),
        ({"share": 2}, ValueError, "2 is no share"),
        ({"share": 0.5, "only": ["rain"]}, ValueError, "no such fault: rain"),
    ],
)
def test_a_wrong_order_is_named(wanted: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Faults().orders.order(wanted)
