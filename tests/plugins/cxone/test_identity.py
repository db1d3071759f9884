"""Agents under each of their ids; addresses only where they plainly are ones."""

from typing import Any

import pytest

from plugins.cxone.identity import Agent, agent_of, customer_email, customer_phone
from plugins.cxone.lookups import Lookups


@pytest.fixture
def lookups(scripted: Any) -> Lookups:
    scripted.acd("agents", {"totalRecords": 1, "agents": [{"agentId": 20786405, "userId": "11AA-bb"}]})
    return Lookups(scripted.client())


def test_an_agent_by_uuid_by_number_and_by_neither(lookups: Lookups) -> None:
    named = {"firstName": "Jörg", "surname": ""}
    assert agent_of({"id": 9, "incontactId": "11aa-BB", **named}, lookups) == Agent(
        "20786405", "11aa-bb", "Jörg", "human"
    )
    assert agent_of({"id": 9, "incontactId": 20786405}, lookups) == Agent("20786405", "11aa-bb", None, "human")
    assert agent_of({"id": 9, "isBotUser": True}, lookups) == Agent("9", None, None, "bot")
    assert agent_of({"incontactId": "ffff", "isSurveyUser": True}, lookups) == Agent("ffff", "ffff", None, "survey")


def case(*addresses: str) -> dict[str, Any]:
    return {
        "authorEndUserIdentity": {"idOnExternalPlatform": addresses[0]},
        "endUser": {"identities": [{"idOnExternalPlatform": address} for address in addresses[1:]]},
    }


@pytest.mark.parametrize(
    ("addresses", "email", "phone"),
    [
        (("Jane.Doe@Example.com",), "jane.doe@example.com", None),
        (("5f0c-guid", "jane@example.com"), "jane@example.com", None),
        (("4930123456789",), None, "4930123456789"),
        (("030/1234567",), None, "030/1234567"),
        (("+1 (801) 555-1234",), None, "+1 (801) 555-1234"),
        (("100000000004711",), None, None),  # an id of Facebook
        (("mail@nowhere", ""), None, None),
    ],
)
def test_addresses(addresses: tuple[str, ...], email: str | None, phone: str | None) -> None:
    assert customer_email(case(*addresses)) == email
    assert customer_phone(case(*addresses), ("DE",)) == phone


def test_a_national_number_needs_a_region() -> None:
    assert customer_phone(case("030/1234567"), ()) is None
    assert customer_phone({}, ("DE",)) is None


def test_a_national_number_of_any_of_the_regions_is_one() -> None:
    american = case("8012047514")
    assert customer_phone(american, ("DE",)) is None
    assert customer_phone(american, ("DE", "US")) == "8012047514"
