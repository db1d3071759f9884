import phonenumbers
import pytest

from sandbox.people import _GERMAN_SPELLINGS, _US_SPELLINGS, People, number


@pytest.fixture(scope="module")
def people() -> People:
    return People(7, 1500)


def test_the_pool_does_not_depend_on_anything_but_seed_and_size(people: People) -> None:
    assert len(people.customers) == 1200 and len(people.companies) == 200
    first = people.customers[0]
    assert (first.record_id, first.name, first.emails) == (
        "120000000000",
        "Eduard Dörr",
        ("eduard.doerr0@schmiedt47.example",),
    )
    assert People(7, 1500).customers == people.customers


@pytest.mark.parametrize(("language", "region"), [("de", "DE"), ("en", "US")])
def test_every_spelling_of_a_number_is_the_same_valid_number(language: str, region: str) -> None:
    for index in (0, 1, 2, 3, 4, 5, 777, 5_500_001, 7_000_123):
        phone = number(index, language)
        e164 = f"+{phone.country}{phone.area}{phone.local}"
        assert phonenumbers.is_valid_number(phonenumbers.parse(e164))
        for spelled in _GERMAN_SPELLINGS if region == "DE" else _US_SPELLINGS:
            read = phonenumbers.parse(spelled(phone), region)
            assert phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164) == e164


def test_a_stored_spelling_and_the_callers_digits_are_the_same_number(people: People) -> None:
    german = next(c for c in people.customers if c.phone and c.phone.country == "49")
    assert german.phone and german.phone.digits.startswith("49")
    american = next(c for c in people.customers if c.phone and c.phone.country == "1")
    assert american.phone and len(american.phone.digits) == 10


def test_shares_of_the_awkward(people: People) -> None:
    customers = people.customers
    shared = [c for c in customers if c.shared]
    assert len(shared) == 48 and len({c.phone for c in shared}) == 24
    assert sum(c.phone is None for c in customers) == 24
    assert sum(not c.emails for c in customers) == 48
    assert sum(c.merged_id is not None for c in customers) == 12
    assert len({c.phone for c in customers if c.phone and not c.shared}) == 1200 - 48 - 24
    assert any(not c.name.isascii() for c in customers)
