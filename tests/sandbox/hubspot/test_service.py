from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.hubspot.journal import Journal
from sandbox.hubspot.limits import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.hubspot.conftest import Serve, Twin

READ = "/crm/v3/objects/tickets/batch/read"


def read(twin: Twin) -> httpx.Response:
    return twin.post(READ, {"inputs": []})


def test_a_wrong_token_is_a_401(twin: Twin) -> None:
    answer = twin.http.post(READ, headers={"Authorization": "Bearer no"}, json={"inputs": []})
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert httpx.get(f"{twin.url}/crm/v3/owners").status_code == 401


def test_a_missing_scope_is_a_403(twin: Twin) -> None:
    answer = twin.post("/crm/v3/objects/companies/batch/upsert", {"inputs": []})
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert answer.json()["context"] == {"requiredGranularScopes": ["crm.objects.companies.write"]}


def test_an_unknown_path_is_a_404_and_an_unknown_type_a_400(twin: Twin) -> None:
    assert twin.http.get("/crm/v3/nothing").status_code == 404
    answer = twin.http.get("/crm/v3/objects/butterflies")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Unable to infer object type from: butterflies"
    assert "category" not in answer.json()


def test_the_burst_limit_rolls(serve: Serve) -> None:
    twin = serve(limits=Limits(burst=3, interval=0.5))
    answers = [read(twin) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    names = ["max", "remaining", "interval-milliseconds", "daily", "daily-remaining"]
    shown = [answers[0].headers[f"x-hubspot-ratelimit-{name}"] for name in names]
    assert shown == ["3", "2", "500", "625000", "624999"]
    body = answers[3].json()
    assert body["message"] == "You have reached your ten_secondly_rolling limit."
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert "category" not in body
    time.sleep(0.55)
    assert read(twin).status_code == 200


def test_the_daily_limit_ends_at_the_portals_midnight(serve: Serve) -> None:
    twin = serve(limits=Limits(daily=1))
    assert [read(twin).status_code for _ in range(2)] == [200, 429]
    assert read(twin).json()["policyName"] == "DAILY"
    twin.move(hours=15)
    assert read(twin).status_code == 200


def order(twin: Twin, *rules: dict[str, Any]) -> None:
    assert httpx.post(f"{twin.url}/_twin/faults", json=list(rules)).status_code == 200


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ({"status": 429, "body": "burst"}, '"policyName":"TEN_SECONDLY_ROLLING"'),
        ({"status": 429, "body": "daily"}, '"policyName":"DAILY"'),
        ({"status": 429, "body": "search"}, '"category":"RATE_LIMITS"'),
        ({"status": 502, "body": "html"}, "<title>502 Bad Gateway</title>"),
        ({"status": 503}, "<html>"),
        ({"status": 503, "body": "json"}, '"status":"error"'),
        ({"status": 423}, '"correlationId"'),
        ({"status": 401}, '"category":"INVALID_AUTHENTICATION"'),
    ],
)
def test_faults_happen_as_often_as_ordered(twin: Twin, rule: dict[str, Any], shown: str) -> None:
    order(twin, {"match": "batch/read", "times": 2, **rule})
    assert twin.http.get("/crm/v3/objects/tickets").status_code == 200
    answers = [read(twin) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [rule["status"], rule["status"], 200]
    assert shown in answers[0].text


def test_faults_come_in_order_and_an_empty_list_ends_them(twin: Twin) -> None:
    order(twin, {"match": "batch/read", "status": 503}, {"status": 477, "retry_after": 3, "times": 9})
    answers = [read(twin), read(twin)]
    assert [answer.status_code for answer in answers] == [503, 477]
    assert answers[1].headers["retry-after"] == "3"
    order(twin)
    assert read(twin).status_code == 200
    assert httpx.post(f"{twin.url}/_twin/faults", json=[{"typo": 1}]).status_code == 400


def test_an_outage_from_when_to_when_by_the_twins_clock(twin: Twin) -> None:
    order(twin, {"status": 503, "at": "2026-11-16T08:10:00Z", "until": "2026-11-16T08:20:00Z"})
    assert read(twin).status_code == 200
    twin.move(minutes=10)
    assert [read(twin).status_code for _ in range(3)] == [503, 503, 503]
    twin.move(minutes=10)
    assert read(twin).status_code == 200
    assert httpx.post(f"{twin.url}/_twin/faults", json=[{"at": "noon"}]).status_code == 400


UPSERT = {
    "id": "1",
    "idProperty": "cxone_contact_id",
    "properties": {"subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1"},
}


def test_an_answer_can_be_lost_after_the_commit(twin: Twin) -> None:
    order(twin, {"match": "upsert", "status": 504, "after_commit": True})
    assert twin.batch("upsert", [UPSERT]).status_code == 504
    assert len(twin.portal.find("0-5", "cxone_contact_id", "1")) == 1
    assert twin.batch("upsert", [UPSERT]).json()["results"][0]["new"] is False


def test_a_silent_no_op(twin: Twin) -> None:
    order(twin, {"match": "upsert", "status": 200, "body": "empty"})
    answer = twin.batch("upsert", [UPSERT])
    assert (answer.status_code, answer.json()) == (200, {"status": "COMPLETE", "results": [], "errors": []})
    assert twin.portal.find("0-5", "cxone_contact_id", "1") == []


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_connection_is_cut(twin: Twin, after_commit: bool) -> None:
    order(twin, {"match": "upsert", "drop": True, "after_commit": after_commit})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        twin.batch("upsert", [UPSERT])
    assert bool(twin.portal.find("0-5", "cxone_contact_id", "1")) is after_commit
    assert read(twin).status_code == 200


def test_a_delay_is_real_time(twin: Twin) -> None:
    order(twin, {"delay": 0.3})
    begun = time.monotonic()
    assert read(twin).status_code == 200
    assert time.monotonic() - begun >= 0.3


def test_requests_are_counted_by_template_and_status(twin: Twin) -> None:
    ticket = twin.ticket("1")
    read(twin)
    twin.http.get(f"/crm/v3/objects/tickets/{ticket}")
    twin.http.get(f"/crm/objects/2026-09/0-5/{ticket}")
    twin.http.get("/account-info/2026-09/details")
    twin.http.get("/crm/v3/objects/butterflies/1")
    assert httpx.get(f"{twin.url}/_twin/requests").json() == {
        "GET /account-info/2026-09/details 200": 1,
        "GET /crm/objects/2026-09/{type}/{id} 200": 1,
        "GET /crm/v3/objects/{type}/{id} 200": 1,
        "GET /crm/v3/objects/{type}/{id} 400": 1,
        "POST /crm/v3/objects/{type}/batch/read 200": 1,
    }


def test_control_shows_records_with_their_history(twin: Twin) -> None:
    ticket = twin.ticket("1")
    shown = httpx.get(f"{twin.url}/_twin/records/tickets/{ticket}").json()
    assert shown["properties"]["subject"] == "Call 1"
    assert [entry["sourceLabel"] for entry in shown["history"]["subject"]] == ["Studio script"]
    query = {"property": "cxone_contact_id", "value": "1"}
    assert httpx.get(f"{twin.url}/_twin/records/0-5", params=query).json() == [ticket]
    assert httpx.get(f"{twin.url}/_twin/records/0-5/404").status_code == 404
    assert httpx.get(f"{twin.url}/_twin/records/0-5", params={"property": "subject"}).status_code == 400


def test_a_person_can_be_made_to_change_a_record(serve: Serve, tmp_path: Path) -> None:
    twin = serve(journal=tmp_path / "journal.jsonl")
    ticket = twin.ticket("1")
    url = f"{twin.url}/_twin/records/0-5/{ticket}"
    assert httpx.post(url, json={"subject": "By hand"}).status_code == 200
    newest = httpx.get(url).json()["history"]["subject"][0]
    assert (newest["value"], newest["sourceType"]) == ("By hand", "CRM_UI")
    assert len(list(Journal(tmp_path / "journal.jsonl").events())) == 1
    assert httpx.post(url, json={"no_such_property": "x"}).status_code == 400
    assert httpx.post(f"{twin.url}/_twin/records/0-5/404", json={}).status_code == 404
