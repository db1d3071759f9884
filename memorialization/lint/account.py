"""Which scopes a token needs for the record types of a configuration (hubspot-api, section 6)."""

from collections.abc import Iterable
from typing import Final

from memorialization.lint.structure import ENGAGEMENTS

_CONTACTS: Final = ("crm.objects.contacts.read", "crm.objects.contacts.write")
_SCOPES: Final = {
    "Contact": _CONTACTS,
    "Company": ("crm.objects.companies.read", "crm.objects.companies.write"),
    "Deal": ("crm.objects.deals.read", "crm.objects.deals.write"),
    "Ticket": ("tickets", "tickets"),
} | dict.fromkeys(ENGAGEMENTS, _CONTACTS)
_CUSTOM_SCOPES: Final = ("crm.objects.custom.read", "crm.objects.custom.write")


def needed_scopes(entities: Iterable[str], *, writes: bool) -> dict[str, str]:
    """scope -> the first record type that needs it."""
    needed: dict[str, str] = {}
    for entity in entities:
        read, write = _SCOPES.get(entity, _CUSTOM_SCOPES)
        needed.setdefault(read, entity)
        if writes:
            needed.setdefault(write, entity)
    return needed
