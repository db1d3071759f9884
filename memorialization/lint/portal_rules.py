"""Rules that need facts of the HubSpot account; each fact that is absent is named, rule by rule.

Source: memorialization reference, sections 2, 3, 5, 6 and 7; hubspot-api, sections 2.6 and 6.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from memorialization.cures import meant
from memorialization.lint.account import needed_scopes
from memorialization.lint.facts import Portal, RecordType, Snapshot
from memorialization.lint.problems import Finding, NotChecked, Problem
from memorialization.lint.reading import Folder, Section
from memorialization.lint.registry import PROPERTIES, RULES
from memorialization.lint.structure import RECORD_TYPES
from memorialization.lint.targets import (
    PIPELINED,
    card_problems,
    disposition_problems,
    length_problems,
    pipeline_problems,
    section_problems,
    without_options,
)
from memorialization.lint.words import placed
from memorialization.mappings import NOTE
from memorialization.yaml_files import Location, YamlFile

_OF_A_RECORD_TYPE: Final = (
    "record types", PROPERTIES, "sensitive properties", "archived properties", "dispositions", "length quantiles",
    "pipelines",
)  # fmt: skip
"""Facts that cannot be judged by where nothing is known of the record type itself."""

_NOT_SEEN: Final = ("MEM202", "MEM212", "MEM404")
"""Codes of a property that is not there, for a reason the portal may tell."""


def check(folder: Folder, facts: Snapshot) -> Iterator[Finding | NotChecked]:
    portal = facts.portal
    if portal is None:
        yield from _absent(*(r.needs for r in RULES.values() if r.needs and "skills" not in r.needs))
    else:
        yield from _account(folder, portal)
        yield from _scopes(folder, portal)
    if facts.tenant is None:
        yield from _absent("dispositions")
    if facts.transcript_lengths is None:
        yield from _absent("length quantiles")
    if portal is not None:
        for mapping in folder.mappings:
            for section in mapping.sections:
                yield from _section(folder, mapping.file, section, portal, facts)
        for card in folder.cards:
            for shown in card.sections:
                properties = facts.properties(shown.entity)
                if properties is not None:
                    found = card_problems(shown.fields, properties, shown.at)
                    known = portal.record_types[shown.entity]
                    yield from (placed(card.file, _hidden(problem, known)) for problem in found)
                else:
                    yield from _unknown_type(card.file, shown.entity, (*shown.at, "entity"), portal)


def _absent(*needs: str | None, of: str = "") -> Iterator[NotChecked]:
    yield from (NotChecked(rule.code, f"{rule.needs}{of}") for rule in RULES.values() if rule.needs in set(needs))


def _section(
    folder: Folder, file: YamlFile, section: Section, portal: Portal, facts: Snapshot
) -> Iterator[Finding | NotChecked]:
    properties = facts.properties(section.entity)
    if properties is None:
        yield from _unknown_type(file, section.entity, (*section.at, "entity"), portal)
        return
    known = portal.record_types[section.entity]
    for problem in section_problems(section, properties):
        yield placed(file, _hidden(problem, known))
    for needs, names in (("sensitive properties", known.sensitive), ("archived properties", known.archived)):
        if names is None:
            yield from _absent(needs, of=f" of {section.entity}")
    if facts.tenant is not None:
        if without_options(section, properties):
            yield NotChecked("MEM209", f"options of {section.entity}")
        found = disposition_problems(section, properties, facts.tenant.dispositions)
        yield from (placed(file, problem) for problem in found)
    if facts.transcript_lengths is not None:
        found = length_problems(section, properties, facts.transcript_lengths, folder.measure)
        yield from (placed(file, problem) for problem in found)
    if section.entity in PIPELINED and section.create_with:
        pipelines = portal.pipelines.get(section.entity)
        if pipelines is None:
            yield from _absent("pipelines", of=f" of {section.entity}")
        else:
            yield from (placed(file, problem) for problem in pipeline_problems(section, pipelines))


def _hidden(problem: Problem, known: RecordType) -> Problem:
    """Why a property cannot be seen, where the portal tells."""
    if problem.code not in _NOT_SEEN:
        return problem
    name = problem.value
    if name in (known.sensitive or ()):
        what, cure = f"property {name!r} is sensitive, and hidden from the token.", "Map to another one."
        return replace(problem, code="MEM205", what=what, cure=cure, hint="")
    if name in (known.archived or ()):
        what, cure = f"property {name!r} is archived.", "Restore it in HubSpot, or map to another one."
        return replace(problem, code="MEM206", what=what, cure=cure, hint="")
    return problem


def _unknown_type(file: YamlFile, entity: str, at: Location, portal: Portal) -> Iterator[Finding | NotChecked]:
    if entity in portal.unknown_record_types:
        known = ", ".join(sorted(portal.record_types)) or "none"
        what, cure = f"HubSpot has no record type {entity!r}.", f"Correct it. Known of this portal: {known}."
        yield placed(file, Problem("MEM201", entity, what, cure, at, meant(entity, RECORD_TYPES).strip()))
    else:
        yield from _absent(*_OF_A_RECORD_TYPE, of=f" of {entity}")


def _account(folder: Folder, portal: Portal) -> Iterator[Finding]:
    given = folder.crm.data.get("account_id") if folder.crm and isinstance(folder.crm.data, dict) else None
    if folder.crm and type(given) is int and given != portal.account_id:
        what = f"account_id is {given}, but the facts are of Hub ID {portal.account_id}."
        cure = "Correct account_id or the connection, or take a new snapshot."
        yield placed(folder.crm, Problem("MEM602", str(given), what, cure, ("account_id",)))


def _scopes(folder: Folder, portal: Portal) -> Iterator[Finding | NotChecked]:
    if portal.scopes is None:
        yield from _absent("scopes")
        return
    told = {*RECORD_TYPES, *portal.record_types}
    for entity in sorted({*folder.written_entities, *(s.entity for c in folder.cards for s in c.sections)} - told):
        yield from _absent("scopes", of=f" for {entity}, which these facts do not know")
    needed = needed_scopes([e for e in folder.written_entities if e in told], writes=True)
    missing = {scope: entity for scope, entity in needed.items() if scope not in portal.scopes}
    for mapping in folder.mappings:
        for section in mapping.sections:
            own = (section.entity, *((NOTE,) if section.spills else ()))
            for scope, entity in [(s, entity) for s, entity in missing.items() if entity in own]:
                del missing[scope]
                yield placed(mapping.file, _lacking(scope, entity, (*section.at, "entity")))
    for card in folder.cards:
        for shown in card.sections:
            for scope in needed_scopes([shown.entity] if shown.entity in told else [], writes=False):
                if scope not in portal.scopes and scope not in needed:
                    yield placed(card.file, _lacking(scope, shown.entity, (*shown.at, "entity")))


def _lacking(scope: str, entity: str, at: Location) -> Problem:
    what = f"the token lacks the scope {scope}, which {entity} needs."
    return Problem("MEM601", scope, what, "Grant it in HubSpot (Development > Keys > Service keys).", at)
