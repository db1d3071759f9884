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


def pages(twin: Twin, order: str, *faults: dict[str, object]) -> list[list[int]]:
    """Contact ids of three pages of ten; the faults are ordered before the second."""
    found = []
    for skip in (0, 10, 20):
        if skip == 10:
            twin.cxone.post("/_twin/faults", json=list(faults))
        query: dict[str, str | int] = {"startDate": "2026-11-16T00:00:00Z", "top": 10, "skip": skip, "orderBy": order}
        answer = twin.cxone.get(COMPLETED, params=query)
        found.append([row["contactId"] for row in answer.json()["completedContacts"]] if answer.content else [])
    return found


def test_a_row_that_moves_is_missed_by_who_orders_by_change(twin: Twin) -> None:
    whole, moved = (pages(twin, "lastUpdateTime asc", *rule) for rule in ((), ({"match": "skip=10", "moved": True},)))
    assert moved[0] == whole[0]
    assert moved[1] == [*whole[1][1:], whole[2][0]], "the first row of the second page is on neither"
    rule = {"match": "skip=10", "moved": True}
    assert pages(twin, "contactStartDate asc", rule) == pages(twin, "contactStartDate asc")


def test_a_later_page_of_204_that_is_no_end(twin: Twin) -> None:
    found = pages(twin, "contactStartDate asc", {"match": "completed", "empty": True})
    assert [len(page) for page in found] == [10, 0, 10]


def test_names_of_another_version_and_numbers_as_texts(twin: Twin) -> None:
    query: dict[str, str | int] = {"startDate": "2026-11-16T00:00:00Z", "top": 1}
    plain = twin.cxone.get(COMPLETED, params=query).json()["completedContacts"][0]
    twin.cxone.post("/_twin/faults", json=[{"renamed": True}, {"texts": True}])
    renamed, texts = (twin.cxone.get(COMPLETED, params=query).json()["completedContacts"][0] for _ in range(2))
    assert renamed["contactStart"] == plain["contactStartDate"] and "contactStartDate" not in renamed
    assert (texts["contactId"], texts["isRefused"]) == (str(plain["contactId"]), str(plain["isRefused"]))


def test_a_gateways_page_and_nothing(twin: Twin) -> None:
    rules = [{"status": 502, "html": True}, {"status": 200, "html": True}, {"status": 204}]
    twin.cxone.post("/_twin/faults", json=rules)
    answers = [twin.cxone.get(TAGS) for _ in rules]
    assert [(a.status_code, a.headers.get("content-type")) for a in answers] == [
        (502, "text/html; charset=utf-8"), (200, "text/html; charset=utf-8"), (204, None),
    ]  # fmt: skip


def test_messages_shortened_until_refetched_and_withdrawn_for_good(twin: Twin) -> None:
    cases = twin.cxone.get("/dfo/3.0/contacts", params={"status[]": "closed"}).json()["data"]
    path = f"/dfo/3.0/contacts/{cases[0]['id']}/messages"

    def told() -> list[tuple[str, bool, bool]]:
        rows = twin.cxone.get(path).json()["data"]
        return [
            (
                row["messageContent"].get("payload", row["messageContent"]).get("text", ""),
                row["hasAdditionalMessageContent"],
                bool(row["contentRemoved"]),
            )
            for row in rows
            if row["messageContent"]["type"] == "TEXT"
        ]

    whole = told()
    twin.cxone.post("/_twin/faults", json=[{"match": path, "shortened": True}])
    assert all(more and len(text) < len(full) for (text, more, _), (full, *_) in zip(told(), whole, strict=True))
    assert told() == whole
    twin.cxone.post("/_twin/faults", json=[{"match": path, "removed": True}])
    for _ in range(2):
        assert told() == [("", False, True)] * len(whole)


def test_faults_by_share_are_told(twin: Twin) -> None:
    before = len(twin.cxone.get("/_twin/faults").json())
    twin.cxone.post("/_twin/faults", json={"share": 1.0, "only": ["token expired"]})
    assert twin.cxone.get(TAGS).status_code == 401
    twin.cxone.post("/_twin/faults", json=[])
    assert twin.cxone.get(TAGS).status_code == 200
    assert twin.cxone.get("/_twin/faults").json()[before:] == [{"request": f"GET {TAGS}", "fault": "token expired"}]


def test_the_twin_tells_what_it_is(twin: Twin) -> None:
    shown = twin.cxone.get("/_twin").json()
    assert (shown["seed"], shown["days"]) == (7, ["2026-11-16", "2026-11-17", "2026-11-18"])
    assert shown["calls"] > 300 and shown["cases"] > 300
    assert shown["limits"]["digital"]["limit"] == 120_000
    assert "POST /_twin/clock" in shown["control"]
    assert "GET /incontactapi/services/v{version}.0/contacts/completed" in shown["paths"]
    held = twin.hubspot.get("/_twin").json()
    assert (held["portal"], held["limits"]["burst"], held["records"]["tickets"] > 500) == (4_711_001, 190, True)
