"""Rules over one mapping file by itself: fields, script variables, channels, keys, rows written twice, card sizes.

Source: memorialization reference, sections 3, 6 and 7.
"""

from collections.abc import Iterator
from typing import Final

from memorialization.cures import meant
from memorialization.interactions import DIGITAL, SCRIPT, VOICE
from memorialization.lint.problems import Finding, Problem
from memorialization.lint.reading import Card, Folder, Mapping, Section
from memorialization.lint.structure import (
    RECORD_TYPES,
    association_problem,
    create_problem,
    field_problem,
    mapped_twice,
    mapped_twice_problem,
    script_variable_problem,
)
from memorialization.lint.targets import SEARCHED
from memorialization.yaml_files import YamlFile

_CARD_FIELDS: Final = 5


def check(folder: Folder) -> Iterator[Finding]:
    for mapping in folder.mappings:
        for problem in _mapping(mapping):
            yield placed(mapping.file, problem)
    for card in folder.cards:
        for problem in _card(card):
            yield placed(card.file, problem)


def placed(file: YamlFile, problem: Problem) -> Finding:
    return Finding(file.path, file.line(problem.at), problem)


def _mapping(mapping: Mapping) -> Iterator[Problem]:
    yield from _mixed(mapping)
    entities = [section.entity for section in mapping.sections]
    for section in mapping.sections:
        yield from _rows(section, mapping.file)
        for k, name in enumerate(section.associate_with):
            problem = association_problem(name, section.entity, entities, (*section.at, "associate_with", k))
            if problem:
                yield problem
        if section.record_id_from is not None:
            problem = script_variable_problem(section.record_id_from, (*section.at, "record_id_from"))
            if problem:
                yield problem
        if section.entity not in SEARCHED and section.key is None and section.record_id_from is None:
            what = f"nothing says how the {section.entity} of an interaction is found."
            cure = "Write key: Contact ID and a row that maps it, or record_id_from."
            hint = "" if section.entity in RECORD_TYPES else meant(section.entity, RECORD_TYPES).strip()
            yield Problem("MEM301", section.entity, what, cure, (*section.at, "entity"), hint)
        if section.on_unmatched == "create":
            given = {*section.create_with, *(row.field.external_crm_field for row in section.rows)}
            problem = create_problem(section.entity, given, (*section.at, "create_with"))
            if problem:
                yield problem


def _rows(section: Section, file: YamlFile) -> Iterator[Problem]:
    for row in section.rows:
        problem = field_problem(row.field.channel, row.field.cxone_data, (*row.at, "cxone_data"))
        if problem:
            yield problem
        elif not row.field.has_source:
            what = f"{row.where}: a batch has no source for this field."
            cure = "Leave it for the report's sake, or remove the row."
            yield Problem("MEM107", row.field.cxone_data, what, cure, (*row.at, "cxone_data"))
    rows = section.rows
    for j, other in mapped_twice([(row.field.external_crm_field, row.field.channel) for row in rows]):
        at = (*rows[j].at, "external_crm_field")
        yield mapped_twice_problem(rows[j].field.external_crm_field, file.line(rows[other].at), at)


def _mixed(mapping: Mapping) -> Iterator[Problem]:
    rows = [row for section in mapping.sections for row in section.rows if row.field.channel != SCRIPT]
    channels = {row.field.channel for row in rows}
    if channels >= {VOICE, DIGITAL}:
        second = next(row for row in rows if row.field.channel != rows[0].field.channel)
        what = f"mapping {mapping.name!r} speaks of calls and of digital contacts."
        at = (*second.at, "channel")
        yield Problem("MEM103", second.field.channel, what, "Make one mapping for each and assign both.", at)


def _card(card: Card) -> Iterator[Problem]:
    for section in card.sections:
        if len(section.fields) > _CARD_FIELDS:
            what = f"{section.entity} shows {len(section.fields)} fields; CXone's form says up to {_CARD_FIELDS}."
            at = (*section.at, "fields")
            yield Problem("MEM403", str(len(section.fields)), what, "Keep the most useful.", at)
