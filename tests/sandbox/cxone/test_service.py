"""Ordered faults, counting and the control paths, over HTTP."""

import time

import httpx
import pytest

from tests.sandbox.conftest import Twin

pytestmark = pytest.mark.slow
TAGS = "/incontactapi/services/v27.0/tags"
COMPLETED = "/incontactapi/services/v27.0/contacts/completed"


def test_statuses_as_ordered_then_normal(twin: Twin) -> None:
    rules = [{"match": "/tags", "status": status} for status in (401, 429, 503, 408)]
    assert twin.cxone.post("/_twin/faults", json=rules).json() == {"ordered": 4}
    answers = [twin.cxone.get(TAGS) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 429, 503, 408, 200]
    assert all("Retry-After" not in answer.headers for answer in answers)
    assert answers[1].headers["icStatusDescription"] == "ordered fault 429"


def test_retry_after_only_when_ordered(twin: Twin) -> None:
    twin.cxone.post("/_twin/faults", json=[{"match": "/tags", "status": 429, "retry_after": 2}])
    assert twin.cxone.get(TAGS).headers["Retry-After"] == "2"


def test_drop_and_delay(twin: Twin) -> None:
    twin.cxone.post("/_twin/faults", json=[{"match": "/tags", "drop": True}, {"match": "/tags", "delay": 0.3}])
    with pytest.raises(httpx.RemoteProtocolError):
        twin.cxone.get(TAGS)
    started = time.monotonic()
    assert twin.cxone.get(TAGS).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_a_row_twice_across_pages(twin: Twin) -> None:
    twin.cxone.post("/_twin/faults", json=[{"match": "skip=10", "duplicate": True}])
    query: dict[str, str | int] = {"startDate": "2026-11-16T00:00:00Z", "top": 10}
    first, second = (
        twin.cxone.get(COMPLETED, params={**query, "skip": skip}).json()["completedContacts"] for skip in (0, 10)
    )
    assert second[0] == first[-1] and len(second) == 11


def test_requests_are_counted_by_template_and_status(twin: Twin) -> None:
    before = twin.cxone.get("/_twin/requests").json()
    key = "GET /incontactapi/services/v{version}.0/contacts/{id} 404"
    twin.cxone.get("/InContactAPI/services/v30.0/contacts/77")
    after = twin.cxone.get("/_twin/requests").json()
    assert after[key] == before.get(key, 0) + 1
    assert not any("_twin" in name for name in after)


def test_control_paths_say_what_is_wrong(twin: Twin) -> None:
    assert twin.cxone.get("/_twin/truth").status_code == 400
    assert twin.cxone.post("/_twin/faults", json=[{"speed": 1}]).status_code == 400
    assert twin.cxone.get("/_twin/nothing").status_code == 404
    assert twin.cxone.get("/nothing").status_code == 404
