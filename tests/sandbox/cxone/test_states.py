"""States, families and files of calls over HTTP (cxone-api, section 3.4)."""

from typing import Any

import pytest

from tests.sandbox.conftest import Twin

pytestmark = pytest.mark.slow
V27 = "/incontactapi/services/v27.0"
DAY_ONE = {"startDate": "2026-11-16T00:00:00Z", "endDate": "2026-11-16T23:59:59.999Z"}


@pytest.fixture(scope="module")
def transferred(twin: Twin) -> dict[str, Any]:
    """The first leg of a call that was queued, answered and transferred."""
    found = twin.cxone.get(f"{V27}/contacts/completed", params={**DAY_ONE, "mediaTypeId": 4}).json()
    return next(
        row
        for row in found["completedContacts"]
        if row["transferIndicatorName"] == "ReSkill" and row["masterContactId"] == row["contactId"]
    )


@pytest.mark.parametrize("path", ["state-history", "statehistory"])
def test_a_call_is_queued_active_and_released(twin: Twin, transferred: dict[str, Any], path: str) -> None:
    rows = twin.cxone.get(f"{V27}/contacts/{transferred['contactId']}/{path}").json()["contactStateHistory"]
    assert [(row["stateIndex"], row["contactStateName"]) for row in rows] == [
        (0, "InQueue"), (1, "Active"), (2, "Released"),
    ]  # fmt: skip
    assert rows[0]["startDate"] == transferred["contactStartDate"]
    assert rows[0]["duration"] == float(transferred["inQueueSeconds"])
    assert rows[0]["agentId"] is None and rows[1]["agentId"] == transferred["agentId"]
    assert set(rows[0]) == {
        "stateIndex", "contactId", "contactStateId", "contactStateName", "digitalContactStateId",
        "digitalContactStateName", "startDate", "isWarehoused", "agentId", "skillId", "skillName", "duration",
        "divisionNo",
    }  # fmt: skip


def test_all_states_of_a_day_page_to_their_end(twin: Twin) -> None:
    first = twin.cxone.get(f"{V27}/contacts/state-history", params={**DAY_ONE, "top": 400}).json()
    rows, page = list(first["contactStateHistory"]), first
    while page["_links"]["next"]:
        page = twin.cxone.get(page["_links"]["next"]).json()
        rows += page["contactStateHistory"]
    assert len(rows) == first["totalRecords"] == len({(row["contactId"], row["stateIndex"]) for row in rows}) > 400
    assert twin.cxone.get(f"{V27}/contacts/state-history").status_code == 400
    assert twin.cxone.get(f"{V27}/contacts/state-history", params={**DAY_ONE, "skip": 9999}).status_code == 204


def test_a_family_has_its_ends(twin: Twin, transferred: dict[str, Any]) -> None:
    master = transferred["masterContactId"]
    whole = twin.cxone.get(f"{V27}/contacts/{master}/hierarchy").json()
    assert whole["masterContactId"] == master and len(whole["childContacts"]) > 1
    assert whole["childContacts"][0]["startTime"] == transferred["contactStartDate"]
    assert whole["childContacts"][0]["endTime"] == whole["childContacts"][1]["startTime"]
    child = whole["childContacts"][1]["contactId"]
    assert twin.cxone.get(f"{V27}/contacts/{child}/hierarchy").json() == whole


def test_a_logged_call_has_a_file_and_an_unknown_one_is_a_404(twin: Twin, transferred: dict[str, Any]) -> None:
    number = transferred["contactId"]
    [file] = twin.cxone.get(f"{V27}/contacts/{number}/files").json()["files"]
    assert (file["contactId"], file["fileName"], file["purposeName"]) == (number, f"{number}.wav", "Recording")
    missing = twin.cxone.get(f"{V27}/contacts/77/files")
    assert (missing.status_code, missing.headers["icStatusDescription"]) == (404, "contact 77 not found")


def test_agents_interactions_have_old_address_names_in_a_new_version(twin: Twin) -> None:
    rows = twin.cxone.get(f"{V27}/agents/interaction-history", params={**DAY_ONE, "top": 5}).json()["contactStates"]
    assert len(rows) == 5
    assert {"fromAddr", "toAddr"} <= set(rows[0]) and "fromAddress" not in rows[0]
