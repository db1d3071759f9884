"""The configuration of one HubSpot account, read from a folder of YAML files and frozen.

Whatever comes out of `load` is complete and consistent within itself: every name it uses is defined, every
CXone field exists for its channel. What only the portal can tell (does a property exist?) is `portal.py`'s.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from memorialization.crm import Crm
from memorialization.cures import finding, meant
from memorialization.errors import ConfigurationError
from memorialization.interactions import SCRIPT
from memorialization.lint.problems import Problem
from memorialization.lint.structure import (
    assigned_twice,
    assigned_twice_problem,
    association_problem,
    create_problem,
    field_problem,
    mapped_twice,
    mapped_twice_problem,
    script_variable_problem,
    unknown_name_problem,
)
from memorialization.mappings import NOTE, DynamicMapping, Mapping, Workflows
from memorialization.strict import StrictModel
from memorialization.yaml_files import Location, YamlFile, read_yaml

_T = TypeVar("_T", bound=BaseModel)


class Configuration(StrictModel):
    """Everything an admin set up, under the name of its folder."""

    name: str
    crm: Crm
    mappings: dict[str, Mapping]
    dynamic: dict[str, DynamicMapping]
    workflows: Workflows

    @property
    def mapping_hash(self) -> str:
        """Twelve hex digits over all that decides what is written; switching the mode does not change it."""
        data = self.model_dump(mode="json")
        del data["crm"]["mode"], data["crm"]["schedule"], data["crm"]["description"], data["crm"]["approval"]
        del data["crm"]["report_deadline"], data["crm"]["retention"], data["crm"]["rejected"], data["crm"]["alerts"]
        del data["crm"]["probed_cxone"]  # it advises a person, and decides nothing
        data["crm"]["probed"] = [asdict(self.crm.measure), self.crm.trims_text, self.crm.flattens_text]
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def cxone_connection(self) -> str:
        return f"cxone_{self.name}"

    @property
    def hubspot_connection(self) -> str:
        return f"hubspot_{self.name}"

    @property
    def script_variables(self) -> frozenset[str]:
        """Every script variable that a row or a stored record id needs."""
        return frozenset(
            name
            for mapping in self.mappings.values()
            for section in mapping.sections
            for name in (
                *(row.cxone_data for row in section.fields if row.channel == SCRIPT),
                *([section.record_id_from] if section.record_id_from else []),
            )
        )

    @property
    def wants_transcripts(self) -> bool:
        return any(
            row.is_transcript for m in self.mappings.values() for section in m.sections for row in section.fields
        )

    @property
    def entities(self) -> tuple[str, ...]:
        """Names of the entity types that sections write, in order of first mention."""
        return tuple(dict.fromkeys(s.entity for m in self.mappings.values() for s in m.sections))

    @property
    def written_entities(self) -> tuple[str, ...]:
        """The entity types above, and Note where a transcript may be kept in one."""
        spills = any(s.spills for m in self.mappings.values() for s in m.sections)
        return tuple(dict.fromkeys((*self.entities, *((NOTE,) if spills else ()))))


def names(root: Path) -> list[str]:
    """The configurations below a mappings folder: every folder that holds a crm.yaml, in order."""
    if not root.is_dir():
        raise ConfigurationError(f"{root}: no such folder. Set MEMORIALIZATION_MAPPINGS to the mappings folder.")
    return sorted(path.parent.name for path in root.glob("*/crm.yaml"))


def load(root: Path, name: str) -> Configuration:
    """Read and check one configuration folder; raises ConfigurationError naming file, line and cure."""
    folder = root / name
    plain = Path(name).parts == (name,) and name != ".."  # one folder's name, and no path that leads elsewhere
    if not (plain and (folder / "crm.yaml").is_file()):
        known = names(root)
        raise ConfigurationError(
            f"{root}: no configuration {name!r} here.{meant(name, known)} Known: {', '.join(known) or 'none'}."
        )
    crm = _parse(Crm, read_yaml(folder / "crm.yaml"))
    workflows_file = read_yaml(folder / "workflows.yaml")
    workflows = _parse(Workflows, workflows_file)
    mappings: dict[str, Mapping] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name in ("crm.yaml", "workflows.yaml"):
            continue
        file = read_yaml(path)
        mapping = _parse(Mapping, file)
        _check_mapping(file, mapping)
        if mapping.name in mappings:
            raise file.error(("memorialization_mapping",), f"{mapping.name!r} is defined twice. Rename one.")
        mappings[mapping.name] = mapping
    dynamic: dict[str, DynamicMapping] = {}
    for path in sorted((folder / "dynamic").glob("*.yaml")):
        file = read_yaml(path)
        card = _parse(DynamicMapping, file)
        if card.dynamic_data_mapping in dynamic:
            raise file.error(("dynamic_data_mapping",), f"{card.dynamic_data_mapping!r} is defined twice.")
        dynamic[card.dynamic_data_mapping] = card
    for i, other, assigned in assigned_twice([a.skills or (str(a.channel),) for a in workflows.assignments]):
        line = workflows_file.line(("assignments", other))
        _refuse(workflows_file, assigned_twice_problem(assigned, line, ("assignments", i)))
    for i, item in enumerate(workflows.assignments):
        for key, value, known in (
            ("memorialization_mapping", item.memorialization_mapping, list(mappings)),
            ("dynamic_data_mapping", item.dynamic_data_mapping, list(dynamic)),
        ):
            if value is not None:
                _refuse(workflows_file, unknown_name_problem(key, value, known, ("assignments", i, key)))
    return Configuration(name=name, crm=crm, mappings=mappings, dynamic=dynamic, workflows=workflows)


def _parse(model: type[_T], file: YamlFile) -> _T:
    try:
        return model.model_validate_json(orjson.dumps(file.data))
    except ValidationError as error:
        found = error.errors(include_url=False)
        first = next(
            (e for e in found if e["type"] == "extra_forbidden"), found[0]
        )  # a typo, before what it left missing
        raise file.error(first["loc"], finding(model, first)) from None


def _check_mapping(file: YamlFile, mapping: Mapping) -> None:
    entities = [section.entity for section in mapping.sections]
    for i, section in enumerate(mapping.sections):
        here: Location = ("sections", i)
        for k, name in enumerate(section.associate_with):
            _refuse(file, association_problem(name, section.entity, entities, (*here, "associate_with", k)))
        if section.record_id_from is not None:
            _refuse(file, script_variable_problem(section.record_id_from, (*here, "record_id_from")))
        if section.on_unmatched == "create":
            given = {*section.create_with, *(row.external_crm_field for row in section.fields)}
            _refuse(file, create_problem(section.entity, given, (*here, "create_with")))
        for j, row in enumerate(section.fields):
            _refuse(file, field_problem(row.channel, row.cxone_data, (*here, "fields", j, "cxone_data")))
        for j, other in mapped_twice([(row.external_crm_field, row.channel) for row in section.fields]):
            line, at = file.line((*here, "fields", other)), (*here, "fields", j, "external_crm_field")
            _refuse(file, mapped_twice_problem(section.fields[j].external_crm_field, line, at))


def _refuse(file: YamlFile, problem: Problem | None) -> None:
    if problem is not None:
        raise file.error(problem.at, str(problem))
