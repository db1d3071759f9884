from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.hubspot.conftest import make_portal

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Serve, Twin

TICKETS = "/crm/v3/objects/tickets"


def test_a_record_is_created_read_changed_and_archived(twin: Twin) -> None:
    properties = {"subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1", "cxone_contact_id": "5"}
    made = twin.post(TICKETS, {"properties": properties})
    record_id = made.json()["id"]
    assert made.status_code == 201
    assert made.headers["location"] == f"https://api.hubapi.com/crm/v3/objects/tickets/{record_id}"
    assert made.json()["properties"] == properties | {
        "createdate": "2026-11-16T08:00:00Z",
        "hs_lastmodifieddate": "2026-11-16T08:00:00Z",
        "hs_object_id": record_id,
    }
    by_key = twin.http.get(f"{TICKETS}/5?idProperty=cxone_contact_id&properties=subject,typo")
    assert by_key.json()["properties"]["subject"] == "s"
    assert "typo" not in by_key.json()["properties"]
    changed = twin.http.patch(f"{TICKETS}/{record_id}", json={"properties": {"subject": "new"}})
    assert (changed.status_code, changed.json()["properties"]["subject"]) == (200, "new")
    assert twin.http.delete(f"{TICKETS}/{record_id}").status_code == 204
    gone = twin.http.get(f"{TICKETS}/{record_id}")
    assert gone.status_code == 404
    assert {k: v for k, v in gone.json().items() if k != "correlationId"} == {
        "status": "error",
        "message": "resource not found",
    }


def test_an_existing_email_is_a_409_with_its_id(twin: Twin) -> None:
    held = twin.contact(email="jane@example.com")
    answer = twin.post("/crm/v3/objects/contacts", {"properties": {"email": "Jane@Example.com"}})
    assert answer.status_code == 409
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {held}"


def test_a_contact_shows_lastmodifieddate_and_its_calculated_phone(twin: Twin) -> None:
    body = {"properties": {"email": "A@Example.com", "phone": "+49 30 12345"}}
    answer = twin.post("/crm/objects/2026-09/contacts", body).json()["properties"]
    assert answer["email"] == "a@example.com"
    assert answer["lastmodifieddate"] == "2026-11-16T08:00:00Z"
    assert answer["hs_searchable_calculated_phone_number"] == "3012345"
    assert "hs_lastmodifieddate" not in answer


def test_pages_go_on_after_the_last_id(twin: Twin) -> None:
    ids = sorted((twin.ticket(str(number)) for number in range(5)), key=int)
    twin.portal.archive("0-5", ids[1], at=twin.now[0])
    seen, after = [], None
    while True:
        page = twin.http.get(TICKETS, params={"limit": 2} | ({"after": after} if after else {})).json()
        seen += [row["id"] for row in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
    assert seen == [ids[0], *ids[2:]]
    assert twin.http.get(TICKETS, params={"limit": 101}).status_code == 400
    assert [row["id"] for row in twin.http.get(f"{TICKETS}?archived=true").json()["results"]] == [ids[1]]


def test_the_sdk_pages_through_all(twin: Twin) -> None:
    ids = {twin.ticket(str(number)) for number in range(150)}
    assert {row.id for row in twin.sdk().crm.tickets.get_all()} == ids


def test_merge_answers_the_survivor(twin: Twin) -> None:
    survivor, merged = twin.contact(email="a@example.com"), twin.contact(email="b@example.com")
    body = {"primaryObjectId": survivor, "objectIdToMerge": merged}
    answer = twin.post("/crm/v3/objects/contacts/merge", body)
    assert answer.json()["id"] == survivor
    assert answer.json()["properties"]["hs_additional_emails"] == "b@example.com"


def test_associations_are_shown_on_request(twin: Twin) -> None:
    ticket, person = twin.ticket("1"), twin.contact()
    twin.portal.associate("0-5", ticket, "0-1", person, 16, at=twin.now[0])
    shown = twin.http.get(f"{TICKETS}/{ticket}?associations=contacts").json()["associations"]
    assert shown == {"contacts": {"results": [{"id": person, "type": "ticket_to_contact"}]}}


@pytest.mark.parametrize(
    ("name", "type_id", "needed"),
    [
        ("communications", "0-18", {"hs_timestamp": "2026-11-16T08:00:00Z", "hs_communication_channel_type": "SMS"}),
        ("tasks", "0-27", {"hs_timestamp": "2026-11-16T08:00:00Z"}),
        ("meetings", "0-47", {"hs_timestamp": "2026-11-16T08:00:00Z"}),
        ("emails", "0-49", {"hs_timestamp": "2026-11-16T08:00:00Z"}),
        ("leads", "0-136", {"hs_lead_name": "A lead"}),
        ("line_items", "0-8", {}),
    ],
)
def test_every_type_is_there_and_asks_for_what_it_needs(
    twin: Twin, name: str, type_id: str, needed: dict[str, str]
) -> None:
    twin.portal.scopes |= {f"crm.objects.{name}.{verb}" for verb in ("read", "write")}
    made = twin.post(f"/crm/v3/objects/{name}", {"properties": needed})
    assert made.status_code == 201
    assert made.headers["location"] == f"https://api.hubapi.com/crm/v3/objects/{name}/{made.json()['id']}"
    assert twin.http.get(f"/crm/objects/2026-09/{type_id}/{made.json()['id']}").json()["id"] == made.json()["id"]
    empty = twin.post(f"/crm/v3/objects/{name}", {"properties": {}})
    codes = [error["code"] for error in empty.json().get("errors", ())]
    assert codes == ["MISSING_REQUIRED_PROPERTY"] * len(needed)


def test_only_the_dated_version_demands_what_the_admin_demands(serve: Serve) -> None:
    portal = make_portal()
    portal.required = frozenset({("0-5", "content")})
    twin = serve(portal)
    properties = {"subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1"}
    assert twin.post("/crm/v3/objects/tickets", {"properties": properties}).status_code == 201
    refused = twin.post("/crm/objects/2026-09/tickets", {"properties": properties})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "MISSING_REQUIRED_PROPERTY")
    assert refused.json()["errors"][0]["context"] == {"propertyName": ["content"]}
    batch = "/crm/objects/2026-09/tickets/batch"
    assert twin.post(f"{batch}/create", {"inputs": [{"properties": properties}]}).status_code == 400
    ticket = twin.ticket("1")
    change = {"inputs": [{"id": ticket, "properties": {"subject": "t"}}]}
    assert twin.post(f"{batch}/update", change).status_code == 200


def test_too_long_a_query_is_refused(twin: Twin) -> None:
    names = ",".join(f"property_{n}" for n in range(700))
    answer = twin.http.get(TICKETS, params={"properties": names})
    assert (answer.status_code, answer.json()["message"]) == (414, "Request-URI Too Long")


def test_the_link_to_the_next_page_is_of_the_version_that_was_asked(twin: Twin) -> None:
    for n in range(3):
        twin.ticket(str(n))
    for path in ("/crm/v3/objects/tickets", "/crm/objects/2026-09/tickets"):
        following = twin.http.get(path, params={"limit": 2}).json()["paging"]["next"]
        assert following["link"] == f"https://api.hubapi.com{path}?after={following['after']}"
