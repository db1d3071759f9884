from datetime import UTC, datetime, timedelta

import pytest

from memorialization.errors import ConfigurationError, ContractBroken
from memorialization.ports import Change, Entity
from sandbox.hubspot.portal import Source

CONTACT, TICKET = Entity("Contact", "0-1"), Entity("Ticket", "0-5")
DAY = timedelta(days=1)


def test_each_of_many_records_is_found_under_its_own_id(twin):
    ids = [twin.create("0-5", {"subject": f"Case {n}"}) for n in range(250)]
    frame = twin.store().read(TICKET, [*ids, ids[0]], ["subject", "content"])
    assert list(frame["asked"]) == ids
    assert list(frame["record_id"]) == ids
    assert list(frame["subject"]) == [f"Case {n}" for n in range(250)]
    assert frame["content"].isna().all()
    assert {str(dtype) for dtype in frame.dtypes} == {"str"}
    assert twin.requests() == {"POST /crm/v3/objects/{type}/batch/read 200": 3}


def test_missing_records_are_absent(twin):
    here = twin.create("0-5", {"subject": "Here"})
    frame = twin.store().read(TICKET, ["404", here, "405"], ["subject"])
    assert frame.to_dict("records") == [{"record_id": here, "asked": here, "subject": "Here"}]
    assert twin.store().read(TICKET, ["404"], ["subject"]).empty
    assert list(twin.store().read(TICKET, [], ["subject"]).columns) == ["record_id", "asked", "subject"]


def test_by_a_unique_property(twin):
    ids = {f"c{n}": twin.create("0-5", {"cxone_contact_id": f"c{n}", "subject": f"S{n}"}) for n in range(5)}
    frame = twin.store().read(TICKET, ["c3", "c1", "c9"], ["subject"], id_property="cxone_contact_id")
    assert frame.to_dict("records") == [
        {"record_id": ids["c3"], "asked": "c3", "subject": "S3"},
        {"record_id": ids["c1"], "asked": "c1", "subject": "S1"},
    ]


def test_by_email_whatever_its_case_and_by_additional_emails(twin):
    ada = twin.create("0-1", {"email": "ada@example.com", "lastname": "Lovelace"}, days_ago=3)
    other = twin.create("0-1", {"email": "al@example.com", "lastname": "L"}, days_ago=2)
    twin.portal.merge("0-1", ada, other, at=twin.now - DAY)
    bob = twin.create("0-1", {"email": "bob@example.com"})
    asked = ["AL@Example.com", "Bob@example.com", "bob@EXAMPLE.com", "nobody@Example.com", "ada@example.com"]
    frame = twin.store().read(CONTACT, asked, ["lastname"], id_property="email")
    assert list(zip(frame["asked"], frame["record_id"], strict=True)) == [
        ("al@example.com", ada),
        ("bob@example.com", bob),
        ("ada@example.com", ada),
    ]
    assert frame["lastname"].iloc[0] == "Lovelace"


def test_a_merged_record_resolves_to_the_survivor(twin):
    ada = twin.create("0-1", {"email": "ada@example.com", "lastname": "Lovelace"}, days_ago=3)
    other = twin.create("0-1", {"email": "al@example.com"}, days_ago=2)
    alone = twin.create("0-1", {"email": "z@example.com", "lastname": "Z"})
    twin.portal.merge("0-1", ada, other, at=twin.now - DAY)
    frame = twin.store().read(CONTACT, [other, alone, ada], ["lastname"])
    assert list(zip(frame["asked"], frame["record_id"], strict=True)) == [
        (other, ada),
        (alone, alone),
        (ada, ada),
    ]


def test_a_record_that_does_not_tell_its_old_name_is_asked_for_alone(twin):
    """Tickets of the twin name no merged ids, so the survivor comes back as a stranger."""
    survivor = twin.create("0-5", {"subject": "Survivor"}, days_ago=3)
    merged = twin.create("0-5", {"subject": "Merged"}, days_ago=2)
    alone = twin.create("0-5", {"subject": "Alone"})
    twin.portal.merge("0-5", survivor, merged, at=twin.now - DAY)
    frame = twin.store().read(TICKET, [merged, alone, "404"], ["subject"])
    assert list(zip(frame["asked"], frame["record_id"], strict=True)) == [(merged, survivor), (alone, alone)]


def test_an_empty_success_is_no_absence(twin):
    here = twin.create("0-5", {"subject": "Here"})
    twin.order({"match": "batch/read", "status": 200, "body": "empty", "times": 2})
    with pytest.raises(ContractBroken, match=r"left 1 of 1 ids out"):
        twin.store().read(TICKET, [here], ["subject"])
    with pytest.raises(ContractBroken, match=r"left 2 of 2 ids out"):
        twin.store().read(TICKET, [here, "404"], ["subject"])


def test_an_unknown_property_is_named(twin):
    here = twin.create("0-5", {"subject": "Here"})
    with pytest.raises(ConfigurationError, match="Ticket has no property cxone_typo"):
        twin.store().read(TICKET, [here], ["subject", "cxone_typo"])


def test_histories_come_newest_first(twin):
    ids = [twin.create("0-5", {"subject": "One"}, days_ago=5) for _ in range(60)]
    twin.portal.update("0-5", ids[7], {"subject": "Two"}, at=twin.now - DAY, source=Source("INTEGRATION", "77"))
    histories = twin.store().histories(TICKET, [*ids, "404"], ["subject", "content"])
    assert set(histories) == set(ids)
    assert histories[ids[7]] == {
        "subject": [
            Change("Two", datetime(2026, 11, 22, 8, tzinfo=UTC), "INTEGRATION", "77"),
            Change("One", datetime(2026, 11, 18, 8, tzinfo=UTC), "CRM_UI", "userId:7"),
        ],
        "content": [],
    }
    assert sum(twin.requests().values()) == 2
