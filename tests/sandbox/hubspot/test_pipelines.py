from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Twin


@pytest.mark.parametrize("path", ["/crm/v3/pipelines/tickets", "/crm/pipelines/2026-09/tickets"])
def test_pipelines_stages_and_single_ones(twin: Twin, path: str) -> None:
    [pipeline] = twin.http.get(path).json()["results"]
    assert twin.http.get(f"{path}/0").json() == pipeline
    assert twin.http.get(f"{path}/0/stages").json() == {"results": pipeline["stages"]}
    assert twin.http.get(f"{path}/0/stages/2").json() == pipeline["stages"][1]
    assert pipeline["stages"][1] == {
        "id": "2", "label": "Waiting on contact", "displayOrder": 1, "metadata": {},
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT", "createdAt": "2024-01-01T00:00:00Z",
        "updatedAt": "2024-01-01T00:00:00Z", "archived": False,
    }  # fmt: skip
    for missing in ("/7", "/0/stages/77", "/7/stages"):
        assert twin.http.get(path + missing).status_code == 404


def test_a_type_without_pipelines_has_none(twin: Twin) -> None:
    assert twin.http.get("/crm/v3/pipelines/contacts").json() == {"results": []}
