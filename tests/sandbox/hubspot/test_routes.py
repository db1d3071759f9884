from __future__ import annotations

import pytest

from sandbox.hubspot.routes import match


@pytest.mark.parametrize(
    ("method", "path", "template", "params"),
    [
        ("POST", "/crm/v3/objects/0-5/search", "/crm/v3/objects/{type}/search", {"type": "0-5"}),
        (
            "GET",
            "/crm/objects/2026-09/0-5/12",
            "/crm/objects/2026-09/{type}/{id}",
            {"type": "0-5", "id": "12"},
        ),
        ("GET", "/crm/properties/2026-09/0-5", "/crm/properties/2026-09/{type}", {"type": "0-5"}),
        ("GET", "/crm/v3/properties/0-5/groups", "/crm/v3/properties/{type}/groups", {"type": "0-5"}),
        ("GET", "/crm/owners/2026-09", "/crm/owners/2026-09", {}),
        ("GET", "/crm-object-schemas/2026-09/schemas", "/crm-object-schemas/2026-09/schemas", {}),
        (
            "PUT",
            "/crm/objects/2026-09/0-5/1/associations/default/0-1/2",
            "/crm/objects/2026-09/{from}/{id}/associations/default/{to}/{to_id}",
            {"from": "0-5", "id": "1", "to": "0-1", "to_id": "2"},
        ),
    ],
)
def test_both_forms_lead_to_a_handler(method: str, path: str, template: str, params: dict[str, str]) -> None:
    found = match(method, path)
    assert found is not None
    assert (found.template, found.params) == (template, params)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/crm/v3/objects/0-5"),
        ("GET", "/crm/v2/objects/0-5"),
        ("GET", "/crm/objects/2026-05/0-5"),
        ("GET", "/"),
    ],
)
def test_anything_else_does_not(method: str, path: str) -> None:
    assert match(method, path) is None
