"""Holds a configuration against the portal it is meant for, before anything is extracted or written.

Every finding names mapping, section and row, says why, and what to do; all findings come at once.
Source: memorialization reference, sections 2, 3, 5 and 6; hubspot-api, sections 2.4, 2.6 and 6.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from memorialization.configuration import Configuration, FieldRow, Section
from memorialization.errors import ConfigurationError, PermissionMissing, WrongAccount
from memorialization.ports import Account, Property

_SCOPES: Final = {
    "Contact": ("crm.objects.contacts.read", "crm.objects.contacts.write"),
    "Company": ("crm.objects.companies.read", "crm.objects.companies.write"),
    "Deal": ("crm.objects.deals.read", "crm.objects.deals.write"),
    "Ticket": ("tickets", "tickets"),
}
_CUSTOM_SCOPES: Final = ("crm.objects.custom.read", "crm.objects.custom.write")
_TEXT_TYPES: Final = ("string",)
_CARD_TEXT_LIMIT: Final = 5
_CARD_OTHER_LIMIT: Final = 3


def check_account(configuration: Configuration, account: Account) -> None:
    """Raises WrongAccount unless the token belongs to `account_id`."""
    wanted = configuration.crm.account_id
    if account.portal_id != wanted:
        raise WrongAccount(
            f"the token of connection {configuration.hubspot_connection} belongs to Hub ID {account.portal_id}, "
            f"but account_id in crm.yaml is {wanted}. Nothing was written. Correct the connection or account_id."
        )


def check_scopes(configuration: Configuration, scopes: frozenset[str] | None, *, writes: bool) -> None:
    """Raises PermissionMissing naming every missing scope; unknown scopes (None) pass."""
    if scopes is None:
        return
    needed: dict[str, str] = {}
    for entity in configuration.entities:
        read, write = _SCOPES.get(entity, _CUSTOM_SCOPES)
        needed.setdefault(read, entity)
        if writes:
            needed.setdefault(write, entity)
    missing = [f"{scope} (for {entity})" for scope, entity in needed.items() if scope not in scopes]
    if missing:
        raise PermissionMissing(
            f"the token of connection {configuration.hubspot_connection} lacks: {', '.join(missing)}. "
            "Grant them in HubSpot (Development > Keys > Service keys) and run again."
        )


def check_schema(configuration: Configuration, schema: Mapping[str, Mapping[str, Property]]) -> None:
    """Raises ConfigurationError listing everything that the portal's properties do not allow."""
    findings = [
        f"mapping {mapping.name!r}, section {section.entity}: {finding}"
        for mapping in configuration.mappings.values()
        for section in mapping.sections
        for finding in _section(section, schema[section.entity])
    ]
    findings += [
        f"dynamic data mapping {name!r}, {section.entity}: {finding}"
        for name, card in configuration.dynamic.items()
        for section in card.sections
        if section.entity in schema
        for finding in _card(section.fields, schema[section.entity])
    ]
    if findings:
        raise ConfigurationError(
            f"configuration {configuration.name!r} does not fit its portal:\n  " + "\n  ".join(findings)
        )


def _section(section: Section, properties: Mapping[str, Property]) -> Iterator[str]:
    for row in section.fields:
        target = properties.get(row.external_crm_field)
        if target is None:
            yield (
                f"property {row.external_crm_field!r} does not exist (or is archived, or sensitive). "
                "Create it in HubSpot or correct the row."
            )
        else:
            yield from _row(row, target)
    for name in section.create_with:
        if name not in properties:
            yield f"create_with: property {name!r} does not exist. Correct the name."
    key = properties.get(section.key_property or "")
    if section.on_unmatched == "create" and key is not None and not key.unique:
        yield (
            f"on_unmatched: create needs a unique key, but {key.name!r} is not unique. Uniqueness can only be "
            "set when a property is created: make a new one, or write on_unmatched: park."
        )


def _row(row: FieldRow, target: Property) -> Iterator[str]:
    where = f"{target.name} <- {row.cxone_data}"
    if target.calculated or target.read_only:
        yield f"{where}: HubSpot sets this property itself. Map to another one."
    if row.is_transcript and target.type not in _TEXT_TYPES:
        yield (
            f"{where}: a transcript can never stand in a {target.type} property. Map it to a multi-line text property."
        )


def _card(fields: tuple[str, ...], properties: Mapping[str, Property]) -> Iterator[str]:
    known = [properties[name] for name in fields if name in properties]
    yield from (f"property {name!r} does not exist. Correct the name." for name in fields if name not in properties)
    text = sum(p.type == "string" for p in known)
    if text > _CARD_TEXT_LIMIT:
        yield f"{text} text fields; the customer card shows at most {_CARD_TEXT_LIMIT}. Remove some."
    if len(known) - text > _CARD_OTHER_LIMIT:
        yield f"{len(known) - text} fields of other types; at most {_CARD_OTHER_LIMIT}. Remove some."
