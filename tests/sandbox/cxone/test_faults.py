from sandbox.cxone.faults import Fault, as_texts


def test_numbers_and_flags_become_texts() -> None:
    body = {"contactId": 12, "isRefused": True, "acwSeconds": 12.5, "endReason": None, "tags": [{"tagId": 1}], "a": "b"}
    assert as_texts(body) == {
        "contactId": "12",
        "isRefused": "True",
        "acwSeconds": "12.5",
        "endReason": None,
        "tags": [{"tagId": "1"}],
        "a": "b",
    }


def test_a_fault_tells_what_was_ordered_or_its_name() -> None:
    assert Fault(match="/tags", status=429, retry_after=2, times=3).told == "status=429 retry_after=2"
    assert Fault(status=401, name="token expired").told == "token expired"
