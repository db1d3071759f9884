"""The admin's CRM configuration as NICE's editor reads it (cxone-api, section 1.3)."""

import pytest

from tests.sandbox.conftest import Twin

pytestmark = pytest.mark.slow
CRM = "/InContactAPI/services/v27.0/agent-integration/configuration"


@pytest.fixture(scope="module")
def configuration(twin: Twin) -> str:
    [row] = twin.cxone.get(CRM, params={"status": "active"}).json()["configurations"]
    assert (row["name"], row["typeName"], row["status"]) == ("acme HubSpot", "HubSpot", "active")
    return str(row["id"])


def test_workflows_and_both_kinds_of_mappings(twin: Twin, configuration: str) -> None:
    workflows = twin.cxone.get(f"{CRM}/{configuration}/workflow").json()["workflows"]
    assert [one["workflowAction"] for one in workflows] == ["search", "create", "DataMemorialization"]
    mappings = twin.cxone.get(f"{CRM}/{configuration}/data-mappings").json()
    assert [one["name"] for one in mappings["dataMappings"]] == ["acme voice", "acme digital"]
    assert twin.cxone.get(f"{CRM}/{configuration}/dynamic-data-mappings").json()["totalRecords"] == 1


def test_entities_and_the_fields_of_one(twin: Twin, configuration: str) -> None:
    path = f"{CRM}/{configuration}/entities"
    assert [one["name"] for one in twin.cxone.get(path).json()["entities"]] == ["contact", "ticket", "company"]
    [ticket] = twin.cxone.get(path, params={"name": "ticket"}).json()["entities"]
    fields = {one["name"]: one for one in ticket["fields"]}
    assert fields["cxone_ani"] == {"name": "cxone_ani", "label": "Ani", "isUpdatable": True}
    assert fields["hs_object_id"]["isUpdatable"] is False
    assert twin.cxone.get(path, params={"name": "butterfly"}).status_code == 404


def test_an_unknown_configuration_is_a_404(twin: Twin) -> None:
    for path in ("workflow", "data-mappings", "dynamic-data-mappings", "entities"):
        assert twin.cxone.get(f"{CRM}/00000000-0000-4000-8000-000000000000/{path}").status_code == 404
