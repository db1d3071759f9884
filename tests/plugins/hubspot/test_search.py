import json

import pytest

from memorialization.errors import ConfigurationError
from memorialization.ports import Entity, Property
from plugins.hubspot import search as module

CONTACT, TICKET = Entity("Contact", "0-1"), Entity("Ticket", "0-5")


def test_any_value_of_any_property_counts_and_nobody_comes_twice(twin):
    ada = twin.create("0-1", {"email": "ada@example.com", "phone": "+49 30 1234567", "lastname": "Lovelace"})
    bob = twin.create("0-1", {"email": "bob@example.com", "lastname": "Bob"})
    twin.create("0-1", {"email": "eve@example.com"})
    frame = twin.store().search(
        CONTACT,
        {
            "email": ["ADA@example.com", "Bob@Example.com", "nobody@example.com"],
            "hs_searchable_calculated_phone_number": ["301234567"],
        },
        ["lastname", "email"],
    )
    assert list(frame.columns) == ["record_id", "lastname", "email"]
    assert dict(zip(frame["record_id"], frame["lastname"], strict=True)) == {ada: "Lovelace", bob: "Bob"}


def test_an_enumeration_is_asked_letter_by_letter(twin):
    outbound = twin.create("0-5", {"subject": "x", "cxone_direction": "Outbound"})
    frame = twin.store().search(TICKET, {"cxone_direction": ["Outbound"]}, ["subject"])
    assert list(frame["record_id"]) == [outbound]


def test_more_than_a_page_and_more_than_a_body(twin):
    ids = {twin.create("0-1", {"email": f"customer-number-{n}@example.com"}) for n in range(210)}
    emails = [f"customer-number-{n}@example.com" for n in range(210)]
    frame = twin.store().search(CONTACT, {"email": emails}, ["email"])
    assert set(frame["record_id"]) == ids
    assert len(frame) == 210
    assert set(twin.requests()) == {
        "GET /crm/v3/properties/{type} 200",
        "GET /crm/v3/property-validations/{type} 200",
        "POST /crm/v3/objects/{type}/search 200",
    }


def test_pages_leave_no_gap(twin):
    ids = sorted((twin.create("0-1", {"lastname": "Müller"}) for _ in range(450)), key=int)
    frame = twin.store().search(CONTACT, {"lastname": ["müller"]}, ["lastname"])
    assert list(frame["record_id"]) == ids
    assert twin.requests()["POST /crm/v3/objects/{type}/search 200"] == 3


def test_nothing_asked_is_nothing_sent(twin):
    frame = twin.store().search(TICKET, {"subject": []}, ["subject"])
    assert list(frame.columns) == ["record_id", "subject"]
    assert "POST /crm/v3/objects/{type}/search 200" not in twin.requests()


def test_bodies_keep_to_the_limits_and_lose_no_value():
    pairs = [(f"p{n % 7}", f"värde-{n}" * 3) for n in range(400)]
    pairs.sort()
    packs = list(module._packed(pairs, ["a", "b"], CONTACT))
    bodies = [module._body(pack, ["a", "b"], "9" * 20) for pack in packs]
    assert max(len(json.dumps(body)) for body in bodies) <= 3_000
    assert min(len(json.dumps(body)) for body in bodies[:-1]) > 2_800
    assert max(len(body["filterGroups"]) for body in bodies) <= 5
    assert sorted((name, value) for pack in packs for name, values in pack.items() for value in values) == pairs


def test_six_properties_need_two_bodies():
    packs = list(module._packed([(f"p{n}", "x") for n in range(6)], [], CONTACT))
    assert [list(pack) for pack in packs] == [["p0", "p1", "p2", "p3", "p4"], ["p5"]]


def test_a_value_too_long_to_ask_for():
    with pytest.raises(ConfigurationError, match="A search of Contact by email does not fit") as caught:
        list(module._packed([("email", "secret" * 600)], [], CONTACT))
    assert "secret" not in str(caught.value)


def test_case_follows_the_type():
    known = {"e": Property("e", "e", "enumeration", "select"), "s": Property("s", "s", "string", "text")}
    assert [module._comparable(known, name, "AbC") for name in ("e", "s")] == ["AbC", "abc"]
