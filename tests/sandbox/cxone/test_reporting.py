"""The reporting API over HTTP against the served twin (cxone-api, sections 2, 3 and 8)."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Twin

pytestmark = pytest.mark.slow
V27, V24 = "/inContactAPI/services/v27.0", "/incontactapi/Services/V24.0"
DAY_ONE = {"startDate": "2026-11-16T00:00:00Z", "endDate": "2026-11-16T23:59:59.999Z"}


def rows(twin: Twin, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = twin.cxone.get(f"{V27}/contacts/completed", params={**query, "skip": len(found)})
        if answer.status_code == 204:
            assert answer.content == b""
            return found
        assert answer.status_code == 200
        found += answer.json()["completedContacts"]


def test_pages_end_with_204_and_agree_with_the_total(twin: Twin) -> None:
    found = rows(twin, **DAY_ONE, top=100)
    first = twin.cxone.get(f"{V27}/contacts/completed", params={**DAY_ONE, "top": 1}).json()
    assert first["totalRecords"] == len(found) == len({row["contactId"] for row in found})
    assert {"businessUnitId", "lastPollTime", "_links"} <= set(first)
    starts = [row["contactStartDate"] for row in found]
    assert starts == sorted(starts)
    assert all(row["tags"] == [] for row in found)
    assert any(row["tags"] for row in rows(twin, **DAY_ONE, tags="true"))


def test_both_ends_of_the_window_belong_to_it(twin: Twin) -> None:
    at = "2026-11-16T00:12:33.357Z"
    assert [row["contactId"] for row in rows(twin, startDate=at, endDate=at)] == [502_511_000_002]


def test_rows_agree_with_the_truth(twin: Twin) -> None:
    window = {"from": "2026-11-16T00:00:00Z", "to": "2026-11-19T00:00:00Z"}
    told = twin.cxone.get("/_twin/truth", params=window).json()["legs"]
    by_id = {str(row["contactId"]): row for row in rows(twin, startDate="2026-11-01T00:00:00Z")}
    voice = [leg for leg in told if leg["channel"] == "voice"]
    assert len(voice) > 500
    for leg in voice:
        row = by_id[leg["id"]]
        assert (row["agentId"] or None, row["contactStartDate"]) == (leg["agent_id"], leg["start"])


def test_updated_since_finds_cases_opened_long_before(twin: Twin) -> None:
    found = rows(twin, updatedSince="2026-11-16T00:00:00Z", orderBy="lastUpdateTime asc", mediaTypeId=9)
    assert {row["mediaTypeId"] for row in found} == {9}
    assert any(row["contactStartDate"] < "2026-11-16" for row in found)
    updates = [row["lastUpdateTime"] for row in found]
    assert updates == sorted(updates)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"startDate": "2026-11-16T00:00:00+00:00"}, "ending in Z"),
        ({"startDate": "yesterdayZ"}, "ending in Z"),
        ({}, "give startDate or updatedSince"),
        ({"startDate": "2026-11-16T00:00:00Z", "top": "many"}, "top must be"),
        ({"startDate": "2026-11-16T00:00:00Z", "orderBy": "mood asc"}, "orderBy"),
    ],
)
def test_refusals_hide_their_text_in_a_header(twin: Twin, query: dict[str, str], reason: str) -> None:
    answer = twin.cxone.get(f"{V27}/contacts/completed", params=query)
    assert (answer.status_code, answer.content) == (400, b"")
    assert reason in answer.headers["icStatusDescription"]


def test_accept_and_token_are_required(twin: Twin) -> None:
    path = f"{V27}/server-time"
    assert twin.cxone.get(path, headers={"Accept": "*/*"}).status_code == 406
    assert httpx.get(f"{twin.cxone.base_url}{path}").status_code == 401
    wrong = twin.cxone.post("/authentication/v1/token/access-key", json={"accessKeyId": "x", "accessKeySecret": "y"})
    assert (wrong.status_code, wrong.text) == (401, "invalid access key")


def test_discovery_points_back_here(twin: Twin) -> None:
    here = str(twin.cxone.base_url).rstrip("/")
    tenant = "5cb043ce-d002-4a99-a000-8f0a63effb86"
    for query in ({}, {"tenantId": tenant}):
        found = httpx.get(f"{here}/.well-known/cxone-configuration", params=query).json()
        assert (found["api_endpoint"], found["tenantId"], found["area"]) == (here, tenant, "na1")
        assert "digital_endpoint" not in found
    assert httpx.get(f"{here}/.well-known/cxone-configuration", params={"tenantId": "x"}).status_code == 404


def test_admin_lists_page_by_at_most_100(twin: Twin) -> None:
    page = twin.cxone.get(f"{V27}/agents", params={"top": 1000}).json()
    assert (page["totalRecords"], len(page["agents"])) == (63, 63)
    assert len(twin.cxone.get(f"{V27}/agents").json()["agents"]) == 50
    assert len(twin.cxone.get(f"{V27}/agents", params={"skip": 50}).json()["agents"]) == 13
    dispositions = twin.cxone.get(f"{V27}/dispositions").json()["dispositions"]
    assert len(dispositions) == 15 and [d["dispositionId"] for d in dispositions if not d["isActive"]] == [1190]
    skills = {s["skillName"]: s for s in twin.cxone.get(f"{V27}/skills").json()["skills"]}
    assert skills["Störung DE"]["useScreenPops"] is False and len(skills) == 16
    assert [t["tagName"] for t in twin.cxone.get(f"{V27}/tags").json()["tags"]][:2] == ["VIP", "Rückruf"]
    assert len(twin.cxone.get(f"{V27}/teams").json()["teams"]) == 4


def test_single_contact_custom_data_and_disposition(twin: Twin) -> None:
    record = twin.cxone.get(f"{V27}/contacts/502511000002").json()["contactId"]
    assert (record["contactId"], record["isActive"], record["isWarehoused"]) == (502_511_000_002, False, True)
    disposition = twin.cxone.get(f"{V27}/contacts/502511000002/disposition").json()
    assert (disposition["dispositionName"], disposition["dispositionByAgendId"]) == ("No answer", 20786507)
    bulk = twin.cxone.get(f"{V27}/contacts/custom-data", params=DAY_ONE).json()["ContactCustomData"]
    assert {row["name"] for row in bulk} == {"ordernumber", "OrderNumber", "callbackdate"}
    one = bulk[0]["contactId"]
    single = twin.cxone.get(f"{V27}/contacts/{one}/custom-data").json()["contactCustomData"]
    assert single == [{"name": r["name"], "value": r["value"]} for r in bulk if r["contactId"] == one]
    wide = {"startDate": "2026-11-01T00:00:00Z", "endDate": "2026-11-17T00:00:00Z"}
    assert twin.cxone.get(f"{V27}/contacts/custom-data", params=wide).status_code == 400
    assert twin.cxone.get(f"{V27}/contacts/1").status_code == 404


def test_old_version_over_http(twin: Twin) -> None:
    query: dict[str, str | int] = {
        "startDate": "2026-11-16T00:00:00Z",
        "top": 3,
        "orderBy": "contactStart desc",
    }
    found = twin.cxone.get(f"{V24}/contacts/completed", params=query).json()["completedContacts"]
    assert len(found) == 3 and found[0]["contactStart"] >= found[1]["contactStart"]


def test_the_configuration_is_active(twin: Twin) -> None:
    setup = "/incontactapi/services/v26.0/agent-integration/configuration"
    found = twin.cxone.get(setup, params={"status": "active"}).json()["configurations"]
    assert [(c["name"], c["status"]) for c in found] == [("acme HubSpot", "active")]
    mappings = twin.cxone.get(f"{setup}/{found[0]['id']}/data-mappings").json()["dataMappings"]
    assert [m["name"] for m in mappings] == ["acme voice", "acme digital"]


def test_the_next_links_lead_to_the_end(twin: Twin) -> None:
    page = twin.cxone.get(f"{V27}/contacts/completed", params={**DAY_ONE, "top": 150}).json()
    found, total = list(page["completedContacts"]), page["totalRecords"]
    assert page["_links"]["previous"] == ""
    while page["_links"]["next"]:
        page = twin.cxone.get(page["_links"]["next"]).json()
        found += page["completedContacts"]
    assert len(found) == total == len({row["contactId"] for row in found})
    assert page["_links"]["previous"]


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("skillId", "skillId", 2001),
        ("campaignId", "campaignId", 4001),
        ("teamId", "teamId", 103),
        ("isOutbound", "isOutbound", True),
        ("isLogged", "isLogged", False),
        ("isTakeover", "isTakeover", False),
        ("mediaTypeId", "mediaTypeId", 9),
        ("mediaSubTypeName", "mediaSubTypeName", "chat"),
    ],
)
def test_each_filter_of_the_query(twin: Twin, name: str, column: str, value: Any) -> None:
    text = str(value).lower() if isinstance(value, bool) else value
    found = rows(twin, **DAY_ONE, **{name: text}, top=1000)
    assert found and {row[column] for row in found} == {value}


def test_addresses_are_filtered_by_the_names_of_their_version(twin: Twin) -> None:
    callers = [row["fromAddress"] for row in rows(twin, **DAY_ONE, isOutbound="false", mediaTypeId=4)]
    found = rows(twin, **DAY_ONE, fromAddress=callers[0])
    assert {row["fromAddress"] for row in found} == {callers[0]}
    old = twin.cxone.get(f"{V24}/contacts/completed", params={**DAY_ONE, "fromAddr": callers[0]}).json()
    assert [row["contactId"] for row in old["completedContacts"]] == [row["contactId"] for row in found]


def test_contacts_are_a_mixed_list(twin: Twin) -> None:
    body = twin.cxone.get(f"{V27}/contacts", params={**DAY_ONE, "top": 100}).json()
    assert len(body["contacts"]) == 100 and {row["mediaTypeId"] for row in body["contacts"]} > {4, 9}
    assert {"isActive", "isWarehoused", "stateName"} <= set(body["contacts"][0])
    assert body["_links"]["next"]
