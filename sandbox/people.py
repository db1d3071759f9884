"""Customers and companies: a pool that depends on seed and size alone, so every day meets the same people.

Phone numbers are valid by construction (libphonenumber) and unique per index, except where two share one.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.names import RIGHT_TO_LEFT, Names, ascii_word

COMPANIES = 200
CUSTOMERS_PER_INTERACTION = 0.8
CONTACT_IDS = 120_000_000_000
COMPANY_IDS = 220_000_000_000
MERGED_IDS = 130_000_000_000
_DE_AREAS = ("30", "40", "89", "151", "176", "69")
_US_AREAS = ("801", "385", "303", "212", "415", "602")


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as its parts; `digits` is how CXone shows it (no plus, US without country code)."""

    country: str
    area: str
    local: str

    @property
    def digits(self) -> str:
        national = self.area + self.local
        return national if self.country == "1" else self.country + national


@dataclass(frozen=True, slots=True)
class Company:
    record_id: str
    name: str
    domain: str
    phone: Phone


@dataclass(frozen=True, slots=True)
class Customer:
    """A HubSpot contact. `shared`: another one holds the same number. `merged_id`: merged into it."""

    index: int
    record_id: str
    first: str
    last: str
    language: str
    emails: tuple[str, ...]
    phone: Phone | None
    spelled: str
    mobile: bool
    shared: bool
    merged_id: str | None
    company: Company | None

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


_GERMAN_SPELLINGS: tuple[Callable[[Phone], str], ...] = (
    lambda p: f"+49 (0){p.area} {p.local[:4]}-{p.local[4:]}",
    lambda p: f"0049 {p.area} {p.local}",
    lambda p: f"0{p.area}/{p.local}",
    lambda p: f"+49{p.area}{p.local}",
    lambda p: f"0{p.area} {p.local[:2]} {p.local[2:4]} {p.local[4:6]} {p.local[6:]}",
    lambda p: f"(0{p.area}) {p.local}",
)
_US_SPELLINGS: tuple[Callable[[Phone], str], ...] = (
    lambda p: f"({p.area}) {p.local[:3]}-{p.local[3:]}",
    lambda p: f"{p.area}.{p.local[:3]}.{p.local[3:]}",
    lambda p: f"+1 {p.area}-{p.local[:3]}-{p.local[3:]}",
    lambda p: f"1-{p.area}-{p.local[:3]}-{p.local[3:]}",
    lambda p: f"{p.area}{p.local}",
    lambda p: f"+1{p.area}{p.local}",
)


def number(index: int, language: str) -> Phone:
    """The phone number of person `index`: unique for indexes below 8 million."""
    spread = index * 7919 % 8_000_000
    if language == "de":
        return Phone("49", _DE_AREAS[index % 6], str(20_000_000 + spread))
    return Phone("1", _US_AREAS[index % 6], f"{200 + spread // 10_000}{spread % 10_000:04d}")


def spell(phone: Phone, rng: random.Random) -> str:
    """One of the ways people type a number into a CRM."""
    forms = _GERMAN_SPELLINGS if phone.country == "49" else _US_SPELLINGS
    return forms[int(rng.random() * len(forms))](phone)


class People:
    """`customers` (about 0.8 x interactions of one day) and `companies` (200)."""

    def __init__(self, seed: int, interactions: int) -> None:
        names = Names(seed)
        rng = random.Random(f"{seed}:people")
        self.companies = tuple(_company(names, rng, i) for i in range(COMPANIES))
        customers: list[Customer] = []
        for index in range(max(10, int(interactions * CUSTOMERS_PER_INTERACTION))):
            customers.append(_customer(index, names, rng, customers, self.companies))
        self.customers = tuple(customers)


def _company(names: Names, rng: random.Random, i: int) -> Company:
    name = names.companies[i % len(names.companies)]
    domain = f"{ascii_word(name)[:24]}{i}.example"
    phone = number(7_000_000 + i, "de" if i < COMPANIES // 2 else "en")
    return Company(str(COMPANY_IDS + 17 * i), name, domain, phone)


def _customer(
    index: int, names: Names, rng: random.Random, earlier: list[Customer], companies: tuple[Company, ...]
) -> Customer:
    language = "de" if rng.random() < 0.6 else "en"
    first, last = RIGHT_TO_LEFT[index % 5] if index % 100 == 60 else names.person(rng, language)
    company = companies[int(rng.random() * COMPANIES)] if rng.random() < 0.5 else None
    mailbox = names.mailbox(first, last)
    emails: tuple[str, ...] = (f"{mailbox}{index}@{company.domain if company else 'mail.example'}",)
    if rng.random() < 0.08:
        emails = (*emails, f"{mailbox}.privat{index}@post.example")
    merged_id = None
    if index % 100 == 20:
        merged_id = str(MERGED_IDS + 17 * index)
        emails = (emails[0], f"{mailbox}.alt{index}@post.example")
    phone: Phone | None = number(index, language)
    shared = index % 50 in (30, 31)
    if index % 50 == 31:
        phone = earlier[-1].phone
    elif index % 50 == 45:
        phone = None
    elif index % 25 == 13:
        emails = ()
    return Customer(
        index=index,
        record_id=str(CONTACT_IDS + 17 * index),
        first=first,
        last=last,
        language=language,
        emails=emails,
        phone=phone,
        spelled=spell(phone, rng) if phone else "",
        mobile=rng.random() < 0.3,
        shared=shared,
        merged_id=merged_id,
        company=company,
    )
