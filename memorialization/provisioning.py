"""What the mappings need of a portal and the portal lacks, as property definitions; an existing one never changes.

Whatever only a person can decide or mend (a type that differs, a key that is not unique, a limit) is advice; what
HubSpot would refuse is a problem, and with a problem nothing is created at all. Sources: memorialization
reference, sections 3, 5 and 6; hubspot-api, sections 2.4 (unique values), 2.6 (definitions) and 6 (scopes).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from memorialization.configuration import Configuration
from memorialization.errors import ConfigurationError, PermissionMissing
from memorialization.interactions import SCRIPT
from memorialization.mappings import FieldRow, Section
from memorialization.ports import Entity, Property

GROUP: Final = "cxone"
GROUP_LABEL: Final = "CXone"
MAX_UNIQUE: Final = 10
MAX_TEXT: Final = 65_536

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_LONG_TEXT: Final = frozenset({"Transcription Text", "Disposition Notes"})
_FREE_TEXT: Final = _LONG_TEXT | {"Recording URL", "Transcript URL", "Customer Name", "From"}
_TIMES: Final = frozenset({"Start Time", "End Time"})
_TEXT, _AREA = ("string", "text"), ("string", "textarea")
_YES_NO: Final = (("true", "Yes"), ("false", "No"))
_SCHEMA_WRITE: Final = {"0-2": ("crm.schemas.companies.write",), "0-3": ("crm.schemas.deals.write",)} | {
    "0-5": ("crm.schemas.tickets.write", "tickets")
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One property that a mapping needs, and how it would be created.

    `fields` are the CXone fields mapped onto it; `exists` says whether the portal has it already.
    """

    entity: str
    name: str
    label: str
    type: str
    field_type: str
    fields: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()  # (value, label)
    unique: bool = False
    exists: bool = False
    advice: tuple[str, ...] = ()

    def definition(self) -> dict[str, Any]:
        """The body that creates it (hubspot-api, section 2.6)."""
        body: dict[str, Any] = {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "groupName": GROUP,
            "description": f"Filled from CXone: {', '.join(self.fields)}",
            "hasUniqueValue": self.unique,
            "formField": False,
        }
        if self.options:
            body["options"] = [
                {"value": value, "label": label, "displayOrder": i, "hidden": False}
                for i, (value, label) in enumerate(self.options)
            ]
        return body


@dataclass(frozen=True, slots=True)
class PortalPlan:
    """Everything the mappings need, with what is advised and what stands in the way of creating it."""

    properties: tuple[Wanted, ...]
    advice: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Wanted, ...]:
        return tuple(wanted for wanted in self.properties if not wanted.exists)

    def check_creatable(self) -> None:
        """Raises ConfigurationError listing every problem: half a portal is worse than none."""
        if self.problems:
            raise ConfigurationError("nothing was created:\n  " + "\n  ".join(self.problems))


def needs_dispositions(configuration: Configuration, schema: Mapping[str, Mapping[str, Property]]) -> bool:
    """Whether CXone's dispositions are the options of a property, one to create or one to hold against them."""
    return any(
        rows and all(_data(row) == "Disposition Name" for row in rows) and _chooses(schema[entity].get(name))
        for (entity, name), rows in _rows(configuration).items()
    )


def plan(
    configuration: Configuration, schema: Mapping[str, Mapping[str, Property]], dispositions: Sequence[str] = ()
) -> PortalPlan:
    """Hold the mappings against the portal. `schema`: entity -> property name -> property."""
    keys = {
        (section.entity, section.key_property)
        for mapping in configuration.mappings.values()
        for section in mapping.sections
        if section.key_property
    }
    found: list[Wanted] = []
    for (entity, name), rows in _rows(configuration).items():
        unique = (entity, name) in keys
        wanted = _wanted(entity, name, rows, unique=unique, dispositions=dispositions)
        held = schema[entity].get(name)
        advice = _advice(wanted, rows) if held is None else _differences(wanted, held, rows)
        found.append(replace(wanted, exists=held is not None, advice=advice))
    missing = [wanted for wanted in found if not wanted.exists]
    return PortalPlan(
        tuple(found),
        tuple(_general_advice(configuration, schema)),
        (*_name_problems(missing), *_unique_problems(missing, schema)),
    )


def _chooses(held: Property | None) -> bool:
    return held is None or held.type == "enumeration"


def check_schema_scopes(plan: PortalPlan, entities: Mapping[str, Entity], scopes: frozenset[str] | None) -> None:
    """Raises PermissionMissing naming every scope that creating needs and the token lacks; None passes."""
    if scopes is None:
        return
    lacking: dict[str, list[str]] = {}
    for entity in dict.fromkeys(wanted.entity for wanted in plan.missing):
        needed = _schema_write(entities[entity])
        if not scopes.intersection(needed):
            lacking.setdefault(needed[0], []).append(entity)
    if lacking:
        named = ", ".join(f"{scope} (for {', '.join(names)})" for scope, names in lacking.items())
        raise PermissionMissing(
            f"creating properties needs a scope that the token lacks: {named}. Grant it in HubSpot "
            "(Development > Keys > Service keys) for this verb; it can be taken away afterwards."
        )


def _schema_write(entity: Entity) -> tuple[str, ...]:
    """The scopes of which one is enough; engagements go with contacts (hubspot-api, section 6)."""
    if entity.type_id.startswith("2-"):
        return ("crm.schemas.custom.write",)
    return _SCHEMA_WRITE.get(entity.type_id, ("crm.schemas.contacts.write",))


def _rows(configuration: Configuration) -> dict[tuple[str, str], list[FieldRow]]:
    """(entity, property) -> the rows that write it, and keys that no row writes."""
    rows: dict[tuple[str, str], list[FieldRow]] = {}
    for mapping in configuration.mappings.values():
        for section in mapping.sections:
            for row in section.fields:
                rows.setdefault((section.entity, row.external_crm_field), []).append(row)
            if section.key_property:
                rows.setdefault((section.entity, section.key_property), [])
    return rows


def _data(row: FieldRow) -> str:
    return f"script variable {row.cxone_data}" if row.channel == SCRIPT else row.cxone_data


def _wanted(entity: str, name: str, rows: Sequence[FieldRow], *, unique: bool, dispositions: Sequence[str]) -> Wanted:
    fields = tuple(dict.fromkeys(map(_data, rows))) or ("the key of the interaction",)
    options: tuple[tuple[str, str], ...] = ()
    if unique:
        kind = _TEXT  # only text and numbers can be unique, and ids are no numbers: they outgrow a float
    elif set(fields) & _LONG_TEXT:
        kind = _AREA
    elif set(fields) <= _TIMES:
        kind = ("datetime", "date")
    elif fields == ("Final State",):
        kind, options = ("bool", "booleancheckbox"), _YES_NO
    elif fields == ("Disposition Name",) and dispositions:
        kind, options = ("enumeration", "select"), tuple((d, d) for d in dict.fromkeys(dispositions))
    else:
        kind = _TEXT
    return Wanted(entity, name, _label(name), *kind, fields=fields, options=options, unique=unique)


def _label(name: str) -> str:
    words = name.split("_")
    return " ".join("CXone" if w == "cxone" else "ID" if w == "id" else w.capitalize() for w in words if w) or name


def _advice(wanted: Wanted, rows: Sequence[FieldRow]) -> tuple[str, ...]:
    """What to know before it is created."""
    told = []
    if any(row.is_transcript for row in rows):
        told.append(
            f"holds {MAX_TEXT:,} characters; set no character limit rule on it, and see the report for longer ones"
        )
    if wanted.type == "enumeration":
        told.append("a disposition added to CXone later must be added to its options, else its values are withheld")
    if any(row.channel == SCRIPT for row in rows):
        told.append("created as text: if the script sends dates or numbers only, create it by hand with that type")
    if not all(row.has_source for row in rows):
        told.append("this tenant has no source for it: it would stay empty for the nightly run")
    if wanted.unique:
        told.append("its values are unique, which HubSpot allows to be set now or never")
    return tuple(told)


def _differences(wanted: Wanted, held: Property, rows: Sequence[FieldRow]) -> tuple[str, ...]:
    """How an existing property differs from what would be created; it is left as it is."""
    told = []
    if held.read_only or held.calculated:
        told.append("HubSpot sets it itself: map to another property")
    if not _holds(held.type, wanted, rows):
        told.append(f"is {held.type}, would be created as {wanted.type}")
    elif wanted.field_type == "textarea" and held.type == "string" and held.field_type not in ("textarea", "html"):
        told.append("is a single line: line breaks are lost to the reader; change its field type to multi-line text")
    if wanted.unique and not held.unique:
        told.append("is the key but not unique, which cannot be switched on later: make a new property for the key")
    if held.type == "enumeration":
        known = {value for value, _ in held.options}
        lacking = sorted({value for value, _ in wanted.options} - known) if held.options else []
        if lacking:
            told.append(f"lacks the options {', '.join(lacking)}: their values are withheld")
    limit = held.max_length
    if limit is not None and limit < MAX_TEXT and any(_data(row) in _LONG_TEXT for row in rows):
        told.append(f"a validation rule limits it to {limit:,} characters: raise it, longer texts are withheld")
    return tuple(told)


def _holds(kind: str, wanted: Wanted, rows: Sequence[FieldRow]) -> bool:
    """Whether a property of another type can hold the values too; a script variable may be anything."""
    if kind in (wanted.type, "string") or any(row.channel == SCRIPT for row in rows):
        return True
    if wanted.unique or not set(wanted.fields).isdisjoint(_FREE_TEXT):
        return False
    alike = {"enumeration"} | ({"date"} if wanted.type == "datetime" else set())
    alike |= {"number"} if set(wanted.fields) <= {"Agent ID", "Skill ID"} else set()
    alike |= {"phone_number"} if set(wanted.fields) <= {"ANI", "DNIS"} else set()
    return kind in alike


def _general_advice(configuration: Configuration, schema: Mapping[str, Mapping[str, Property]]) -> list[str]:
    """What the mappings name and this verb never creates."""
    told = []
    for mapping in configuration.mappings.values():
        for section in mapping.sections:
            told += _create_with(mapping.name, section, schema[section.entity])
    for name, card in configuration.dynamic.items():
        for part in card.sections:
            lacking = [field for field in part.fields if field not in schema.get(part.entity, {})]
            if lacking and part.entity in schema:
                told.append(
                    f"dynamic data mapping {name!r}: {part.entity} has no {', '.join(lacking)}; cards show what "
                    "people fill in, so create it by hand or correct the name"
                )
    return told


def _create_with(mapping: str, section: Section, properties: Mapping[str, Property]) -> list[str]:
    lacking = [name for name in section.create_with if name not in properties]
    if not lacking:
        return []
    return [f"mapping {mapping!r}, {section.entity}, create_with: no property {', '.join(lacking)}; correct the name"]


def _name_problems(missing: Sequence[Wanted]) -> list[str]:
    told = []
    for wanted in missing:
        if not _NAME.fullmatch(wanted.name):
            told.append(
                f"{wanted.entity}.{wanted.name}: no name for a property. Use lower-case letters, digits and _, "
                "a letter first, at most 100."
            )
        elif wanted.name.startswith("hs_"):
            told.append(f"{wanted.entity}.{wanted.name}: names with hs_ are HubSpot's own. Choose another name.")
    return told


def _unique_problems(missing: Sequence[Wanted], schema: Mapping[str, Mapping[str, Property]]) -> list[str]:
    told = []
    for entity in dict.fromkeys(wanted.entity for wanted in missing):
        there = sum(p.unique and not p.read_only for p in schema[entity].values())
        new = [wanted.name for wanted in missing if wanted.entity == entity and wanted.unique]
        if new and there + len(new) > MAX_UNIQUE:
            told.append(
                f"{entity}: {there} unique properties exist, HubSpot allows {MAX_UNIQUE}, and {', '.join(new)} would "
                "be more. Archive one, or use an existing unique property as key."
            )
    return told
