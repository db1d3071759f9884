"""Which endpoints of CXone can meet which faults, and that all of them stand on order."""

from collections import Counter

from sandbox.cxone.faults import Fault
from sandbox.cxone.shares import ALL, ANY, BEARER, COMPLETED, MESSAGES, NAMED, REPORTING, Share, fitting

COMPLETED_CONTACTS = "GET /incontactapi/services/v{version}.0/contacts/completed"
TOKEN = "POST /authentication/v1/token/access-key"
MESSAGES_OF = "GET /dfo/3.0/contacts/{id}/messages"


def test_an_endpoint_meets_what_can_happen_to_it() -> None:
    assert set(fitting(TOKEN)) == {*ANY, "late"}
    assert set(fitting(COMPLETED_CONTACTS)) == {*ANY, *BEARER, *REPORTING, *COMPLETED, "late"}
    assert set(fitting(MESSAGES_OF)) == {*ANY, *BEARER, *MESSAGES, *NAMED}


def test_each_usual_fault_comes_once_before_any_comes_again() -> None:
    usual = {*ANY, *BEARER, *REPORTING, *COMPLETED}
    share = Share(7, 1.0)
    drawn = Counter((share.take(COMPLETED_CONTACTS) or {"name": ""})["name"] for _ in range(2 * len(usual)))
    assert drawn == dict.fromkeys(usual, 2)


def test_what_changes_the_truth_comes_only_when_named() -> None:
    share = Share(7, 1.0, ["content removed"])
    assert share.take(MESSAGES_OF) == {"name": "content removed", "removed": True}
    assert share.take(COMPLETED_CONTACTS) is None


def test_every_fault_can_be_made() -> None:
    for name, wanted in ALL.items():
        assert Fault(name=name, **wanted).told == name
