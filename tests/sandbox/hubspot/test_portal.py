from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.hubspot.portal import Portal, Source, UnknownRecord

AT = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
STUDIO = Source("INTEGRATION", "studio", "Studio script")
PERSON = Source("CRM_UI", "userId:5", user_id=5)


Make = Callable[..., Portal]


def contact(portal: Portal, **properties: str) -> str:
    return portal.create("0-1", properties, at=AT, source=STUDIO)


def test_ids_have_twelve_digits_and_follow_from_the_seed(new_portal: Make) -> None:
    first, second, other = new_portal(), new_portal(), new_portal(seed=8)
    ids = [contact(first), contact(first), contact(second), contact(other)]
    assert [len(record_id) for record_id in ids] == [12, 12, 12, 12]
    assert ids[0] == ids[2]
    assert len({ids[0], ids[1], ids[3]}) == 3


def test_history_is_newest_first_and_unchanged_values_leave_no_trace(new_portal: Make) -> None:
    portal = new_portal()
    record_id = contact(portal, firstname="Jörg")
    portal.update("0-1", record_id, {"firstname": "Jörg"}, at=AT + timedelta(hours=1), source=PERSON)
    portal.update("0-1", record_id, {"firstname": ""}, at=AT + timedelta(hours=2), source=PERSON)
    view = portal.record("contacts", record_id)
    assert view.history["firstname"] == [
        {
            "value": "",
            "timestamp": "2026-11-16T10:00:00Z",
            "sourceType": "CRM_UI",
            "sourceId": "userId:5",
            "sourceLabel": None,
            "updatedByUserId": 5,
        },
        {
            "value": "Jörg",
            "timestamp": "2026-11-16T08:00:00Z",
            "sourceType": "INTEGRATION",
            "sourceId": "studio",
            "sourceLabel": "Studio script",
            "updatedByUserId": None,
        },
    ]
    assert "firstname" not in view.properties
    assert view.updated_at == "2026-11-16T10:00:00Z"


def test_a_late_write_takes_its_place_in_time(new_portal: Make) -> None:
    portal = new_portal()
    record_id = contact(portal, firstname="A")
    portal.update("0-1", record_id, {"firstname": "C", "phone": "030 1"}, at=AT + timedelta(hours=2), source=PERSON)
    portal.update("0-1", record_id, {"firstname": "B", "lastname": "L"}, at=AT + timedelta(hours=1), source=STUDIO)
    view = portal.record("0-1", record_id)
    assert (view.properties["firstname"], view.properties["lastname"]) == ("C", "L")
    assert [entry["value"] for entry in view.history["firstname"]] == ["C", "B", "A"]


def test_find_by_email_unique_value_calculated_phone_and_any_property(new_portal: Make) -> None:
    portal = new_portal()
    record_id = contact(
        portal,
        email="Jane@Example.com",
        hs_additional_emails="Old@example.com;older@example.com",
        phone="+49 30 1234567",
        mobilephone="0170/555",
        cxone_customer_number="K-1",
        firstname="Jane",
    )
    wanted = [
        ("email", "JANE@example.com"),
        ("email", "older@example.com"),
        ("hs_searchable_calculated_phone_number", "301234567"),
        ("hs_searchable_calculated_mobile_number", "170555"),
        ("cxone_customer_number", "K-1"),
        ("firstname", "Jane"),
        ("hs_object_id", record_id),
    ]
    assert [portal.find("0-1", name, value) for name, value in wanted] == [[record_id]] * 7
    portal.update("0-1", record_id, {"phone": "(801) 555-1234", "email": "new@example.com"}, at=AT, source=PERSON)
    assert portal.find("0-1", "hs_searchable_calculated_phone_number", "301234567") == []
    assert portal.find("0-1", "hs_searchable_calculated_phone_number", "8015551234") == [record_id]
    assert portal.find("0-1", "email", "jane@example.com") == []


def test_merged_ids_emails_and_links_lead_to_the_survivor(new_portal: Make) -> None:
    portal = new_portal()
    survivor = contact(portal, email="a@example.com", firstname="A")
    merged = contact(portal, email="b@example.com", firstname="B", lastname="Only here")
    ticket = portal.create("0-5", {"subject": "x"}, at=AT, source=STUDIO)
    portal.associate("0-5", ticket, "0-1", merged, 16, at=AT)
    portal.merge("0-1", survivor, merged, at=AT + timedelta(minutes=1))
    view = portal.record("0-1", merged)
    assert view.id == survivor
    assert (view.properties["firstname"], view.properties["lastname"]) == ("A", "Only here")
    assert view.properties["hs_additional_emails"] == "b@example.com"
    assert view.properties["hs_merged_object_ids"] == merged
    assert portal.find("0-1", "email", "b@example.com") == [survivor]
    assert portal.associations("tickets", ticket, "contacts") == [(survivor, 16)]
    assert portal.associations("contacts", survivor, "tickets") == [(ticket, 15)]


def test_an_archived_record_is_not_found_any_more(new_portal: Make) -> None:
    portal = new_portal()
    record_id = contact(portal, email="a@example.com")
    portal.archive("0-1", record_id, at=AT)
    assert portal.find("0-1", "email", "a@example.com") == []
    assert portal.record("0-1", record_id).archived
    with pytest.raises(UnknownRecord, match=record_id):
        portal.update("0-1", record_id, {"firstname": "x"}, at=AT, source=STUDIO)


def test_undefined_properties_are_refused(new_portal: Make) -> None:
    with pytest.raises(ValueError, match='no property "cxone_typo"'):
        contact(new_portal(), cxone_typo="x")
