import pytest

from sandbox.cxone.faults import Faults


def test_a_rule_is_used_up_by_the_requests_it_matches() -> None:
    faults = Faults()
    faults.order([{"match": "Contacts/Completed", "status": 429, "times": 2}, {"match": "", "status": 503}])
    request = "GET /incontactapi/services/v27.0/contacts/completed?skip=0"
    taken = [faults.take(request) for _ in range(4)]
    assert [fault.status if fault else None for fault in taken] == [429, 429, 503, None]


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(TypeError, match="speed"):
        Faults().order([{"speed": 1}])
