"""Lists and single entries over HTTP (cxone-api, section 3.4)."""

import pytest

from tests.sandbox.conftest import Twin

pytestmark = pytest.mark.slow
V30 = "/incontactapi/services/v30.0"


def test_single_entries(twin: Twin) -> None:
    disposition = twin.cxone.get(f"{V30}/dispositions/1101").json()
    assert disposition["dispositionName"] == "Anliegen gelöst"
    assert twin.cxone.get(f"{V30}/skills/2007").json()["skills"][0]["acwTypeId"] == 1
    agents = twin.cxone.get(f"{V30}/agents", params={"top": 1}).json()["agents"]
    assert twin.cxone.get(f"{V30}/agents/{agents[0]['agentId']}").json() == {"agents": agents}
    for path in ("dispositions/1", "skills/1", "agents/1", "skills/1/agents"):
        assert twin.cxone.get(f"{V30}/{path}").status_code == 404


def test_a_skill_tells_its_agents_with_both_ids(twin: Twin) -> None:
    told = twin.cxone.get(f"{V30}/skills/2001/agents").json()
    listed = twin.cxone.get(f"{V30}/agents", params={"top": 100}).json()["agents"]
    known = {row["agentId"]: row["userId"] for row in listed}
    assert told["totalRecords"] == len(told["agents"]) == 60
    assert {row["agentId"]: row["userId"] for row in told["agents"]}.items() <= known.items()


def test_states_are_a_bare_list_in_pascal_case(twin: Twin) -> None:
    states = twin.cxone.get(f"{V30}/contact-state-descriptions").json()
    assert {"ContactStateId": 4, "ContactStateDescription": "Active", "ContactStateCategory": "Active"} in states


def test_versions_are_listed_by_path(twin: Twin) -> None:
    listed = twin.cxone.get(f"{V30}/apiversion").json()["apiVersions"]
    assert {"uri": "/contacts/completed", "version": "27.0", "verb": "GET"} in listed


def test_a_page_is_never_longer_than_a_hundred(twin: Twin) -> None:
    assert len(twin.cxone.get(f"{V30}/agents").json()["agents"]) == 50
    assert len(twin.cxone.get(f"{V30}/agents", params={"top": 500}).json()["agents"]) == 63
