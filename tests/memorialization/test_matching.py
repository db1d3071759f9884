"""The ladder: each rung finds exactly one or leaves the rest open; nothing is ever guessed."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.canonical import readings
from memorialization.mapping import map_section
from memorialization.mappings import Section
from memorialization.matching import Ladder
from memorialization.ports import Channel, Entity
from tests.memorialization.fakes import COMPANY, CONTACT, TICKET, MemoryStore, text
from tests.memorialization.nights import configuration, interaction, row, schema, section

REGIONS = ("DE", "US")
FORMS = st.sampled_from(["{d}", "+{d}", "00{d}", "0{d}", "+49 {d}", "+1 ({d})", "49{d}"])
ANY_CONTACT = section("Contact", row("agent", "voice", "Agent Name"))
LAST_ID = section("Contact", row("last_id", "voice", "Contact ID"))
BY_KEY = section("Ticket", row("key", "voice", "Contact ID"), key="Contact ID")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(schema())


def find(
    store: MemoryStore,
    entity: Entity,
    wanted: Section,
    *rows: dict[str, Any],
    channel: Channel = "voice",
    kept: dict[str, str] | None = None,
    contacts: dict[str, str] | None = None,
    regions: tuple[str, ...] = REGIONS,
    resolved: dict[str, tuple[str, ...]] | None = None,
    **crm: Any,
) -> pd.DataFrame:
    facts = {"customer_email": None, "customer_phone": None, "contact_guid": None}
    due = pd.DataFrame([facts | r for r in rows]).astype(dict.fromkeys(facts, "str"))
    desired = map_section(
        due, channel, wanted, pd.Series(dtype="str"), store.properties(entity), configuration(wanted, **crm)
    )
    ladder = Ladder(
        channel, wanted, entity, store.properties(entity), store, kept or {}, contacts or {}, regions, resolved or {}
    )
    return ladder.match(due, desired)


def outcome(found: pd.DataFrame, position: int = 0) -> tuple[str, str | None, str | None, str | None]:
    """(outcome, record id, rule, reason) of one row."""
    line = found.iloc[position][["outcome", "record_id", "rule", "reason"]]
    first, second, third, fourth = (None if pd.isna(v) else str(v) for v in line)
    return str(first), second, third, fourth


def test_email_finds_the_contact_primary_or_additional_whatever_its_case(store: MemoryStore) -> None:
    kim = store.create(CONTACT, email="Kim@Example.com")
    lee = store.create(CONTACT, email="lee@example.com", hs_additional_emails="lee@home.example;l@x.example")
    found = find(
        store, CONTACT, ANY_CONTACT, interaction(1), interaction(2, customer_email="l@x.example"),
        interaction(3, customer_email=None), interaction(4, customer_email=" KIM@example.com"),
    )  # fmt: skip
    assert outcome(found, 0) == outcome(found, 3) == ("matched", kim, "e-mail", None)
    assert outcome(found, 1) == ("matched", lee, "e-mail", None)
    assert outcome(found, 2) == ("not_attempted", None, None, "unmatched")


@pytest.mark.parametrize(
    ("cxone", "stored"),
    [
        ("4930901820", "(030) 901820"),  # CXone writes Berlin without "+", HubSpot as people type it
        ("4930901820", "+49 30 901820"),
        ("030901820", "0049 30 901820"),
        ("3035550123", "+1 (303) 555-0123"),  # ten digits: Denver
        ("13035550123", "303.555.0123"),
        ("+13035550123", "1-303-555-0123"),
    ],
)
def test_phone_finds_the_contact_in_every_spelling(store: MemoryStore, cxone: str, stored: str) -> None:
    kim = store.create(CONTACT, phone=stored)
    found = find(store, CONTACT, ANY_CONTACT, interaction(1, customer_email=None, customer_phone=cxone))
    assert outcome(found) == ("matched", kim, "phone", None)


def test_phone_looks_into_the_mobile_number_too(store: MemoryStore) -> None:
    kim = store.create(CONTACT, mobilephone="+49 151 23456789")
    found = find(store, CONTACT, ANY_CONTACT, interaction(1, customer_email=None, customer_phone="4915123456789"))
    assert outcome(found) == ("matched", kim, "phone", None)


@given(
    digits=st.text("0123456789", min_size=5, max_size=11),
    spelled=st.tuples(FORMS, FORMS),
    regions=st.permutations(["DE", "US", "AT"]),
)  # fmt: skip
def test_a_number_meets_a_record_just_where_their_readings_meet(
    digits: str, spelled: tuple[str, str], regions: list[str]
) -> None:
    """All readings of both, whatever the order of the regions; more than one record is never chosen from."""
    store = MemoryStore(schema())
    cxone, stored = (form.format(d=digits) for form in spelled)
    kim = store.create(CONTACT, phone=stored)
    store.create(CONTACT, phone="+41 44 668 18 00")
    meet = set(readings(cxone, tuple(regions))) & set(readings(stored, tuple(regions)))
    found = find(
        store, CONTACT, ANY_CONTACT, interaction(1, customer_email=None, customer_phone=cxone), regions=tuple(regions)
    )
    assert outcome(found) == (("matched", kim, "phone", None) if meet else ("not_attempted", None, None, "unmatched"))


def test_the_same_national_digits_of_another_country_are_no_match(store: MemoryStore) -> None:
    store.create(CONTACT, phone="+43 3035550123")  # the calculated property drops the country code
    found = find(store, CONTACT, ANY_CONTACT, interaction(1, customer_email=None, customer_phone="+13035550123"))
    assert outcome(found) == ("not_attempted", None, None, "unmatched")


def test_phone_is_looked_for_in_the_stored_spelling_where_nothing_is_calculated(store: MemoryStore) -> None:
    store.schema["Company"] = {"phone": text("phone"), "agent": text("agent")}
    acme = store.create(COMPANY, phone="+4930901820")
    wanted = section("Company", row("agent", "voice", "Agent Name"))
    found = find(store, COMPANY, wanted, interaction(1, customer_phone="4930901820"))
    assert outcome(found) == ("matched", acme, "phone", None)


@pytest.mark.parametrize("number", ["anonymous", "", "000", "sip:kim@example.com"])
def test_what_is_no_phone_number_is_not_searched(store: MemoryStore, number: str) -> None:
    store.create(CONTACT, phone="000")
    found = find(store, CONTACT, ANY_CONTACT, interaction(1, customer_email=None, customer_phone=number))
    assert outcome(found) == ("not_attempted", None, None, "unmatched")
    assert "search" not in store.calls


@pytest.mark.parametrize(("required", "expected"), [(True, "parked"), (False, "not_attempted")])
def test_several_are_never_chosen_from(store: MemoryStore, required: bool, expected: str) -> None:
    kim, lee = (store.create(CONTACT, phone="+49 30 901820") for _ in range(2))
    wanted = section("Contact", row("agent", "voice", "Agent Name"), required=required)
    found = find(store, CONTACT, wanted, interaction(1, customer_email=None, customer_phone="4930901820"))
    assert outcome(found) == (expected, None, "phone", "ambiguous")
    assert found["candidates"].iloc[0] == (kim, lee)


@pytest.mark.parametrize(("required", "expected"), [(True, "parked"), (False, "not_attempted")])
def test_none_is_parked_only_where_it_is_required(store: MemoryStore, required: bool, expected: str) -> None:
    wanted = section("Contact", row("agent", "voice", "Agent Name"), required=required)
    assert outcome(find(store, CONTACT, wanted, interaction(1))) == (expected, None, None, "unmatched")


def test_a_record_that_holds_the_contact_id_comes_before_email(store: MemoryStore) -> None:
    store.create(CONTACT, email="kim@example.com")
    right = store.create(CONTACT, email="other@example.com", last_id="1")
    found = find(store, CONTACT, LAST_ID, interaction(1), interaction(2))
    assert outcome(found, 0) == ("matched", right, "property last_id", None)
    assert outcome(found, 1)[2] == "e-mail"


def test_several_that_hold_the_contact_id_are_ambiguous_although_email_would_find_one(store: MemoryStore) -> None:
    store.create(CONTACT, email="kim@example.com", last_id="1")
    store.create(CONTACT, last_id="1")
    assert outcome(find(store, CONTACT, LAST_ID, interaction(1)))[3] == "ambiguous"


def test_a_contact_id_spelled_as_guid_is_looked_for_as_guid(store: MemoryStore) -> None:
    wanted = section("Contact", row("last_id", "digital", "Contact ID"))
    right = store.create(CONTACT, last_id="8c9a-guid")
    case = interaction(1, channel="digital", contact_guid="8c9a-guid", customer_email=None)
    found = find(store, CONTACT, wanted, case, channel="digital", rendering={"contact_id": "guid"})
    assert outcome(found) == ("matched", right, "property last_id", None)


def test_the_record_id_that_the_script_stored(store: MemoryStore) -> None:
    store.create(CONTACT, email="kim@example.com")
    right = store.create(CONTACT)
    wanted = section("Contact", row("agent", "voice", "Agent Name"), record_id_from="hubspotid")
    found = find(
        store, CONTACT, wanted, interaction(1, **{"script.hubspotid": right}),
        interaction(2, **{"script.hubspotid": "999"}), interaction(3, **{"script.hubspotid": "n/a"}),
        interaction(4, **{"script.hubspotid": f" {right} "}), interaction(5, **{"script.hubspotid": "٣"}),
    )  # fmt: skip
    assert outcome(found, 0) == outcome(found, 3) == ("matched", right, "stored id", None)
    assert [outcome(found, i)[2] for i in (1, 2, 4)] == ["e-mail"] * 3  # an id that leads nowhere falls through


def test_a_kept_match_comes_first_and_a_deleted_one_falls_through(store: MemoryStore) -> None:
    kim, lee = store.create(CONTACT, email="kim@example.com"), store.create(CONTACT)
    found = find(store, CONTACT, ANY_CONTACT, interaction(1), interaction(2), kept={"v:1": lee, "v:2": "999"})
    assert outcome(found, 0) == ("matched", lee, "kept", None)
    assert outcome(found, 1) == ("matched", kim, "e-mail", None)


def test_a_kept_match_that_was_merged_leads_to_the_survivor(store: MemoryStore) -> None:
    kim = store.create(CONTACT, email="kim@example.com")
    store.merged["55"] = kim
    found = find(store, CONTACT, ANY_CONTACT, interaction(1), interaction(2, customer_email=None), kept={"v:2": "55"})
    assert found["record_id"].tolist() == [kim, kim]
    assert found["rule"].tolist() == ["e-mail", "kept"]


def test_a_per_interaction_record_is_found_by_its_key_and_by_nothing_else(store: MemoryStore) -> None:
    ticket = store.create(TICKET, key="1")
    store.create(TICKET, email="kim@example.com", phone="+4930901820")
    found = find(store, TICKET, BY_KEY, interaction(1), interaction(2, customer_phone="4930901820"))
    assert outcome(found, 0) == ("matched", ticket, "key", None)
    assert outcome(found, 1) == ("not_attempted", None, None, "unmatched")
    assert "search" not in store.calls


def test_a_key_that_is_not_unique_is_searched_and_several_are_ambiguous(store: MemoryStore) -> None:
    wanted = section("Ticket", row("last_id", "voice", "Contact ID"), key="Contact ID", required=True)
    one, two, three = (store.create(TICKET, last_id=i) for i in ("1", "2", "2"))
    found = find(store, TICKET, wanted, interaction(1), interaction(2))
    assert outcome(found, 0) == ("matched", one, "key", None)
    assert outcome(found, 1) == ("parked", None, "key", "ambiguous")
    assert found["candidates"].iloc[1] == (two, three)


def test_create_needs_a_key_value_and_no_match(store: MemoryStore) -> None:
    wanted = section("Ticket", row("key", "voice", "Contact ID"), key="Contact ID", on_unmatched="create")
    there = store.create(TICKET, key="1")
    found = find(store, TICKET, wanted, interaction(1), interaction(2), interaction(3, contact_id=None))
    assert outcome(found, 0) == ("matched", there, "key", None)
    assert outcome(found, 1) == ("to_create", None, None, None)
    assert outcome(found, 2) == ("not_attempted", None, None, "unmatched")


def test_a_company_is_found_by_phone_then_through_the_contact_primary_first(store: MemoryStore) -> None:
    by_phone, primary, second = (store.create(COMPANY) for _ in range(3))
    store.set(COMPANY, by_phone, "phone", "030 901820")
    store.links, store.primary = {"101": [second, primary], "102": []}, {"101": primary}
    wanted = section("Company", row("agent", "voice", "Agent Name"), through_contact=True)
    found = find(
        store, COMPANY, wanted, interaction(1, customer_phone="4930901820"), interaction(2), interaction(3),
        interaction(4), contacts={"v:1": "101", "v:2": "101", "v:3": "102"},
    )  # fmt: skip
    assert outcome(found, 0) == ("matched", by_phone, "phone", None)
    assert outcome(found, 1) == ("matched", primary, "company of the contact", None)
    assert outcome(found, 2) == ("not_attempted", None, None, "unmatched")
    assert outcome(found, 3) == ("not_attempted", None, None, "unmatched")


@pytest.mark.parametrize(("required", "expected"), [(True, "parked"), (False, "not_attempted")])
def test_of_several_companies_none_of_which_is_primary_none_is_chosen(
    store: MemoryStore, required: bool, expected: str
) -> None:
    one, two = store.create(COMPANY), store.create(COMPANY)
    store.links = {"101": [one, two], "102": [two]}
    wanted = section("Company", row("agent", "voice", "Agent Name"), through_contact=True, required=required)
    found = find(store, COMPANY, wanted, interaction(1), interaction(2), contacts={"v:1": "101", "v:2": "102"})
    assert outcome(found, 0) == (expected, None, "company of the contact", "ambiguous")
    assert found["candidates"].iloc[0] == (one, two)
    assert outcome(found, 1) == ("matched", two, "company of the contact", None)


def test_a_company_does_not_go_through_the_contact_unasked(store: MemoryStore) -> None:
    store.links = {"101": [store.create(COMPANY)]}
    wanted = section("Company", row("agent", "voice", "Agent Name"))
    assert outcome(find(store, COMPANY, wanted, interaction(1), contacts={"v:1": "101"}))[0] == "not_attempted"


def test_a_ticket_without_a_key_has_no_search(store: MemoryStore) -> None:
    store.create(TICKET, email="kim@example.com", phone="030 901820")
    wanted = section("Ticket", row("agent", "voice", "Agent Name"))
    found = find(store, TICKET, wanted, interaction(1, customer_phone="4930901820"))
    assert outcome(found) == ("not_attempted", None, None, "unmatched")
    assert store.calls == {}


def test_a_search_is_asked_once_for_all(store: MemoryStore) -> None:
    find(store, CONTACT, LAST_ID, *(interaction(i) for i in range(50)))
    assert store.calls == {"search": 1, "read": 1}


def test_a_ticket_that_lost_its_key_is_found_by_the_id_that_the_script_stored(store: MemoryStore) -> None:
    bare = store.create(TICKET)
    wanted = section("Ticket", row("key", "voice", "Contact ID"), key="Contact ID", record_id_from="ticketid")
    found = find(store, TICKET, wanted, interaction(1, **{"script.ticketid": bare}))
    assert outcome(found) == ("matched", bare, "stored id", None)


def test_what_a_person_decided_comes_after_the_kept_and_before_every_search(store: MemoryStore) -> None:
    kim, lee = store.create(CONTACT, email="kim@example.com"), store.create(CONTACT)
    store.merged["77"] = lee
    calls = [interaction(i, customer_email="kim@example.com") for i in range(1, 6)]
    decided = {"v:1": (lee,), "v:2": (lee,), "v:3": ("77", lee), "v:4": (kim, lee), "v:5": ("404",)}
    found = find(store, CONTACT, ANY_CONTACT, *calls, kept={"v:1": kim}, resolved=decided)
    assert outcome(found, 0) == ("matched", kim, "kept", None)
    assert outcome(found, 1) == ("matched", lee, "resolved", None)
    assert outcome(found, 2) == ("matched", lee, "resolved", None)  # one record under two ids
    assert outcome(found, 3) == ("not_attempted", None, "resolved", "ambiguous")
    assert outcome(found, 4) == ("matched", kim, "e-mail", None)  # the decided record is gone
