"""Another configuration's mappings as the start of a new one: what this portal and tenant have is taken over.

What comes out always loads. A row stays where its property exists here, or moves to the one property that bears its
CXone field's name; what fits nowhere stands in the file as a comment marked CHOOSE, and so does a section whose
key fits nowhere. Comments of the other configuration are not taken over. Source: memorialization reference,
sections 2, 3, 6 and 7.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import yaml

from memorialization import proposal
from memorialization.configuration import Configuration
from memorialization.errors import ConfigurationError
from memorialization.interactions import SCRIPT
from memorialization.mappings import Assignment, DynamicMapping, FieldRow, Section
from memorialization.mappings import Mapping as Memorialization
from memorialization.ports import Property
from memorialization.proposal import Portal, quoted, row_text

_OWN: Final = frozenset(
    {
        "configuration_name", "description", "owner", "integration_type", "authentication_name", "developer_api_key",
        "external_screenpop_domain_hs", "account_id", "mode", "schedule", "probed", "probed_cxone",
    }
)  # fmt: skip
"""Keys of crm.yaml that belong to one account alone."""


def files(
    name: str, other: Configuration, crm: Mapping[str, Any], portal: Portal, skills: Collection[str]
) -> dict[str, str]:
    """File name -> text of the new folder; `crm` is the other crm.yaml as it is written.

    Raises ConfigurationError if no section of the other configuration fits the portal.
    """
    made: dict[str, str] = {}
    kept: set[str] = set()
    for mapping in other.mappings.values():
        text, sections = _mapping(mapping, other.name, portal)
        if sections:
            made[_file(mapping.name, made)] = text
            kept.add(mapping.name)
    if not kept:
        raise ConfigurationError(
            f"no section of {other.name!r} finds its properties in this portal. Run: memorialize init {name}"
        )
    cards: dict[str, str] = {}
    for card in other.dynamic.values():
        if (shown := _card(card, portal)) is not None:
            file = _file(card.dynamic_data_mapping, cards)
            made[f"dynamic/{file}"], cards[file] = shown, card.dynamic_data_mapping
    made["workflows.yaml"] = _workflows(other, kept, set(cards.values()), skills)
    made["crm.yaml"] = proposal.crm_file(name, portal.account, _settings(crm, other.name))
    return made


def _file(title: str, taken: Collection[str]) -> str:
    stem = "_".join(proposal.folded(title)) or "mapping"
    stem = f"{stem}_mapping" if stem in ("crm", "workflows") else stem
    numbers = ("", *(f"_{n}" for n in range(2, len(taken) + 3)))
    return next(f"{stem}{n}.yaml" for n in numbers if f"{stem}{n}.yaml" not in taken)


def _settings(crm: Mapping[str, Any], other: str) -> str:
    taken = {key: value for key, value in crm.items() if key not in _OWN}
    return f"# CHOOSE: taken over from {other}; check what is of this tenant\n" + yaml.safe_dump(
        taken, sort_keys=False, allow_unicode=True, default_flow_style=None
    )


def _mapping(mapping: Memorialization, other: str, portal: Portal) -> tuple[str, int]:
    """(text, sections that stay)."""
    lines = [
        f"# Data memorialization mapping, taken over from {other}. Check every row.",
        f"memorialization_mapping: {quoted(mapping.name)}   # CHOOSE: the name it has in this CXone",
        *([f"description: {quoted(mapping.description)}"] if mapping.description else []),
        "sections:",
    ]
    found = {s.entity: _rows(s, portal.properties.get(s.entity, {})) for s in mapping.sections}
    missing = {s.entity: _missing(s, found[s.entity], portal.properties.get(s.entity)) for s in mapping.sections}
    stay = [entity for entity, reason in missing.items() if reason is None]
    for section in mapping.sections:
        said = list(_section(section, other, found[section.entity], stay))
        if (reason := missing[section.entity]) is not None:
            said = [f"  # CHOOSE: {reason}", *(f"  #{line[1:]}" if line[:3] != "  #" else line for line in said)]
        lines += said
    return "\n".join(lines) + "\n", len(stay)


def _missing(section: Section, rows: Mapping[FieldRow, str], properties: Mapping[str, Property] | None) -> str | None:
    """Why a section cannot stay; None where it can."""
    if properties is None:
        return f"this portal has no record type {section.entity}"
    if not rows:
        return f"no property of {section.entity} fits any row"
    if section.key == "leg":
        return None if section.key_property in properties else f"{section.entity} has no property for the key of a leg"
    if section.key is not None and all(row.cxone_data != section.key for row in rows):
        return f"{section.entity} has no property for its key, {section.key}"
    return None


def _rows(section: Section, properties: Mapping[str, Property]) -> dict[FieldRow, str]:
    """Row -> the property that it is mapped onto here; rows without one are absent."""
    writable = {n: p for n, p in properties.items() if not (p.read_only or p.calculated)}
    same = {row: row.external_crm_field for row in section.fields if row.external_crm_field in writable}
    free = {n: p for n, p in writable.items() if n not in same.values() and n != section.key_property}
    channels = {str(row.channel) for row in section.fields if row not in same and row.channel != SCRIPT}
    bearing = {(c, match.field): match.properties for c in channels for match in proposal.matches(c, free)}
    found: dict[FieldRow, str] = {}
    for row in section.fields:
        names = (same[row],) if row in same else bearing.get((row.channel, row.cxone_data), ())
        if len(names) == 1:
            found[row] = names[0]
    return found


def _section(section: Section, other: str, rows: Mapping[FieldRow, str], stay: Collection[str]) -> Iterator[str]:
    yield f"  - entity: {quoted(section.entity)}"
    settings = section.model_dump(mode="json", exclude_unset=True, exclude={"entity", "fields", "associate_with"})
    if linked := [entity for entity in section.associate_with if entity in stay]:
        settings["associate_with"] = linked
    for key, value in settings.items():
        note = "   # CHOOSE: pipelines and stages have other ids here" if key == "create_with" and value else ""
        yield f"    {key}: {json.dumps(value, ensure_ascii=False)}{note}"
    yield "    fields:"
    for row in section.fields:
        policies = row.model_dump(exclude_unset=True, exclude={"external_crm_field", "channel", "cxone_data"})
        name = rows.get(row)
        text = row_text(name or row.external_crm_field, row.channel, row.cxone_data, **policies)
        if name is None:
            yield f"      # CHOOSE: no such property here: {text}"
        else:
            moved = f"   # CHOOSE: {other} has {row.external_crm_field}" if name != row.external_crm_field else ""
            yield f"      - {text}{moved}"


def _card(card: DynamicMapping, portal: Portal) -> str | None:
    """The card with the fields that exist here; None where none does."""
    lines = [f"dynamic_data_mapping: {quoted(card.dynamic_data_mapping)}   # CHOOSE: the name it has in this CXone"]
    lines.append("sections:")
    known = {s.entity: portal.properties.get(s.entity, {}) for s in card.sections}
    for section in card.sections:
        there = [name for name in section.fields if name in known[section.entity]]
        gone = [name for name in section.fields if name not in there]
        note = f"   # CHOOSE: not here: {', '.join(gone)}" if gone else ""
        if there:
            lines += [f"  - entity: {quoted(section.entity)}", f"    fields: {json.dumps(there)}{note}"]
    return "\n".join(lines) + "\n" if len(lines) > 2 else None


def _workflows(other: Configuration, mappings: set[str], cards: set[str], skills: Collection[str]) -> str:
    said = [
        f"# Which mapping a skill's script selects, taken over from {other.name}. CHOOSE: check every assignment.",
        *(["# Skills of this tenant:", *(f"#   {quoted(s)}" for s in sorted(skills)[:200])] if skills else []),
        "assignments:",
    ]
    assigned = [line for item in other.workflows.assignments for line in _assignment(item, mappings, cards, skills)]
    if all(line.startswith("  #") for line in assigned):
        first = quoted(sorted(mappings)[0])
        channel = next(
            row.channel
            for mapping in other.mappings.values()
            if mapping.name in mappings
            for section in mapping.sections
            for row in section.fields
            if row.channel != SCRIPT
        )
        assigned += [f"  - channel: {channel}   # CHOOSE", f"    memorialization_mapping: {first}"]
    return "\n".join([*said, *assigned]) + "\n"


def _assignment(item: Assignment, mappings: set[str], cards: set[str], skills: Collection[str]) -> Iterator[str]:
    here = [skill for skill in item.skills if skill in skills]
    gone = [skill for skill in item.skills if skill not in skills]
    stays = item.memorialization_mapping in mappings and bool(here or item.channel)
    note = f"   # CHOOSE: no such skill here: {', '.join(map(quoted, gone))}" if gone else ""
    lines = [
        f"- channel: {item.channel}" if item.channel else f"- skills: {json.dumps(here, ensure_ascii=False)}{note}",
        f"  memorialization_mapping: {quoted(item.memorialization_mapping)}",
    ]
    if item.dynamic_data_mapping in cards:
        lines.append(f"  dynamic_data_mapping: {quoted(str(item.dynamic_data_mapping))}")
    if item.assign_screen_pop:
        lines.append("  assign_screen_pop: true   # CHOOSE: as the scripts' ASSIGN actions say here")
    yield from (f"  {line}" if stays else f"  # {line}" for line in lines)
