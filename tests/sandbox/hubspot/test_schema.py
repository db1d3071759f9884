from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.portal import Portal

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Serve, Twin


def test_the_list_hides_sensitive_properties(twin: Twin) -> None:
    path = "/crm/v3/properties/tickets"
    names = {item["name"] for item in twin.http.get(path).json()["results"]}
    assert "cxone_contact_id" in names
    assert "cxone_secret" not in names
    asked = twin.http.get(path, params={"dataSensitivity": "sensitive"}).json()["results"]
    assert [item["name"] for item in asked] == ["cxone_secret"]


def test_the_sdk_reads_definitions(twin: Twin) -> None:
    items = {item.name: item for item in twin.sdk().crm.properties.core_api.get_all("tickets").results}
    unique = items["cxone_contact_id"]
    assert (unique.type, unique.field_type, unique.has_unique_value) == ("string", "text", True)
    assert [option.value for option in items["cxone_disposition"].options] == ["solved", "old"]
    assert [option.hidden for option in items["cxone_disposition"].options] == [False, True]
    assert items["hs_object_id"].modification_metadata.read_only_value is True
    assert items["subject"].modification_metadata.read_only_value is False
    assert twin.sdk().crm.properties.core_api.get_by_name("0-1", "email").name == "email"


def test_a_max_length_rule_shows_in_the_validations_only(twin: Twin) -> None:
    rule = {"ruleType": "MAX_LENGTH", "ruleArguments": ["4000"], "shouldApplyNormalization": False}
    for path in ("/crm/v3/property-validations/0-5", "/crm/property-validations/2026-09/0-5"):
        rules = twin.http.get(path).json()["results"]
        assert rules == [{"propertyName": "cxone_transcript", "propertyValidationRules": [rule]}]
    one = twin.http.get("/crm/v3/property-validations/0-5/cxone_transcript").json()
    assert one == {"results": [rule]}


def item(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "cxone"} | more


def test_properties_and_groups_are_created(twin: Twin) -> None:
    path = "/crm/v3/properties/tickets"
    assert twin.post(path, item("cxone_new", groupName="later")).status_code == 400
    assert twin.post(f"{path}/groups", {"name": "later", "label": "Later"}).status_code == 201
    assert twin.post(path, item("cxone_new", groupName="later")).status_code == 201
    again = twin.post(path, item("cxone_new", groupName="later"))
    assert (again.status_code, again.json()["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    assert again.json()["message"] == "A property named 'cxone_new' already exists."
    assert twin.post(path, item("Bad-Name")).status_code == 400
    assert twin.post(path, item("no_options", type="enumeration", fieldType="select")).status_code == 400
    inputs = {"inputs": [item("cxone_new"), item("cxone_other")]}
    batch = twin.post("/crm/properties/2026-09/tickets/batch/create", inputs)
    assert batch.status_code == 207
    assert [row["name"] for row in batch.json()["results"]] == ["cxone_other"]
    assert batch.json()["errors"][0]["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert twin.http.get(f"{path}/cxone_other").json()["createdAt"] == "2026-11-16T08:00:00Z"
    assert twin.http.get(f"{path}/typo").status_code == 404


def test_a_property_of_ones_own_is_archived_with_its_values(twin: Twin) -> None:
    path = "/crm/v3/properties/tickets"
    twin.post(f"{path}/groups", {"name": "later", "label": "Later"})
    twin.post(path, item("cxone_new", groupName="later"))
    assert twin.http.delete(f"{path}/cxone_new").status_code == 204
    assert twin.http.get(f"{path}/cxone_new").status_code == 404
    assert twin.http.delete(f"{path}/cxone_new").json()["category"] == "OBJECT_NOT_FOUND"
    assert twin.http.delete(f"{path}/subject").status_code == 400
    assert twin.post(path, item("cxone_new", groupName="later")).status_code == 201
    assert twin.http.delete("/crm/v3/properties/contacts/email").status_code == 403


def test_scopes_guard_definitions(twin: Twin) -> None:
    refused = twin.post("/crm/v3/properties/contacts", item("x"))
    assert refused.status_code == 403
    assert refused.json()["category"] == "MISSING_SCOPES"
    assert refused.json()["context"]["requiredGranularScopes"] == ["crm.schemas.contacts.write"]
    assert twin.http.get("/crm-object-schemas/v3/schemas").status_code == 403


def test_schemas_list_the_custom_objects(serve: Serve) -> None:
    twin = serve(with_scopes("crm.schemas.custom.read"))
    twin.portal.define_kind(visit())
    shown = twin.sdk().crm.schemas.core_api.get_all().results
    assert [(one.object_type_id, one.fully_qualified_name) for one in shown] == [("2-100", "p4711001_visit")]
    tickets = twin.http.get("/crm/v3/schemas/tickets")
    assert tickets.status_code == 403


def with_scopes(*scopes: str) -> Portal:
    return Portal(
        portal_id=4711001,
        time_zone="UTC",
        ui_domain="app.hubspot.com",
        token="pat-eu1-test",
        scopes=frozenset(scopes),
        seed=7,
    )


def visit() -> Any:
    from sandbox.hubspot.kinds import Kind

    return Kind("2-100", "visits", "visit", "hs_object_id", "custom")


def test_the_ticket_pipeline(twin: Twin) -> None:
    shown = twin.sdk().crm.pipelines.pipelines_api.get_all("tickets").results
    assert [(one.id, [stage.id for stage in one.stages]) for one in shown] == [("0", ["1", "2", "3", "4"])]


def test_a_property_is_changed_in_what_it_is_called_and_offers(twin: Twin) -> None:
    path = "/crm/v3/properties/tickets/cxone_disposition"
    options = [{"label": "Solved", "value": "solved"}, {"label": "New", "value": "new"}]
    twin.move(minutes=1)
    answer = twin.http.patch(path, json={"label": "Outcome", "options": options, "type": "number", "name": "other"})
    assert answer.status_code == 200
    shown = twin.http.get(path).json()
    assert answer.json() == shown
    assert (shown["name"], shown["label"], shown["type"]) == ("cxone_disposition", "Outcome", "enumeration")
    assert [option["value"] for option in shown["options"]] == ["solved", "new"]
    assert (shown["updatedAt"], shown["createdAt"]) == ("2026-11-16T08:01:00Z", "2024-01-01T00:00:00Z")
    assert twin.http.patch(path, json={"groupName": "nowhere"}).status_code == 400
    assert twin.http.patch("/crm/v3/properties/tickets/createdate", json={"label": "x"}).status_code == 400
    assert twin.http.patch("/crm/v3/properties/tickets/typo", json={"label": "x"}).status_code == 404


def test_archived_properties_are_listed_and_come_back_by_their_name(twin: Twin) -> None:
    path = "/crm/v3/properties/tickets"
    twin.post(path, item("cxone_a"))
    twin.post(path, item("cxone_b"))
    answer = twin.post(
        f"{path}/batch/archive", {"inputs": [{"name": "cxone_a"}, {"name": "cxone_b"}, {"name": "typo"}]}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    archived = twin.http.get(path, params={"archived": "true"}).json()["results"]
    assert [(one["name"], one["archived"], one["archivedAt"]) for one in archived] == [
        (name, True, "2026-11-16T08:00:00Z") for name in ("cxone_a", "cxone_b")
    ]
    assert twin.post(path, item("cxone_a")).status_code == 201
    archived = twin.http.get(path, params={"archived": "true"}).json()["results"]
    assert [one["name"] for one in archived] == ["cxone_b"]


def test_a_group_is_read_renamed_and_archived_when_it_is_empty(twin: Twin) -> None:
    path = "/crm/v3/properties/tickets/groups"
    twin.post(path, {"name": "later", "label": "Later"})
    shown = {"name": "later", "label": "Later", "displayOrder": -1, "archived": False}
    assert twin.http.get(f"{path}/later").json() == shown
    assert twin.http.patch(f"{path}/later", json={"label": "Soon"}).json() == shown | {"label": "Soon"}
    assert twin.http.delete(f"{path}/later").status_code == 204
    assert twin.http.get(f"{path}/later").status_code == 404
    assert twin.http.delete(f"{path}/cxone").status_code == 400


def test_reading_properties_by_name_needs_more_in_the_dated_version(twin: Twin) -> None:
    asked = {"inputs": [{"name": "subject"}, {"name": "typo"}]}
    old = twin.post("/crm/v3/properties/tickets/batch/read", asked)
    assert (old.status_code, old.json()["errors"][0]["context"]) == (207, {"name": ["typo"]})
    dated = "/crm/properties/2026-09/tickets/batch/read"
    assert twin.post(dated, asked).status_code == 400
    assert twin.post(dated, {**asked, "archived": False, "dataSensitivity": "non_sensitive"}).status_code == 207
