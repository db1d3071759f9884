from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Twin

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
