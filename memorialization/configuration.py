"""The CRM configuration of one HubSpot account, read from a folder of YAML files and frozen.

Whatever comes out of `load` is complete and consistent within itself: every name it uses is defined, every
CXone field exists for its channel. What only the portal can tell (does a property exist?) is `portal.py`'s.
Source: memorialization reference, sections 2, 3, 4 and 6; field names are the vendor's own.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from memorialization.cures import finding, meant
from memorialization.errors import ConfigurationError
from memorialization.interactions import DIGITAL, FIELD_COLUMNS, SCRIPT, SCRIPT_PREFIX, VOICE
from memorialization.lint.problems import Problem
from memorialization.lint.structure import (
    CHANNELS,
    assigned_twice,
    assigned_twice_problem,
    canonical,
    canonical_row,
    field_problem,
    mapped_twice,
    mapped_twice_problem,
    script_variable_problem,
    unknown_name_problem,
)
from memorialization.ports import Channel
from memorialization.yaml_files import Location, YamlFile, read_yaml

CHANNEL_OF: Final[dict[Channel, str]] = {"voice": VOICE, "digital": DIGITAL}

NO_SOURCE: Final = {VOICE: frozenset({"Interaction ID", "Recording URL"}), DIGITAL: frozenset[str]()}
"""Fields that no licence-free API can tell a batch (cxone-api, section 1.4)."""

OUTCOME_FIELDS: Final = frozenset({"Status", "Disposition Name", "Disposition Notes", "Tags"})
"""Not expected where the contact ended first (memorialization reference, section 4)."""

KEY_FIELDS: Final = ("Contact ID", "Interaction ID", "Master Contact ID")
"""CXone fields whose value, found in a record, says that the record belongs to the interaction."""


_T = TypeVar("_T", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Rendering(_Model):
    """How values are spelled; the live system's own spelling is not documented, so it is configuration."""

    tags_separator: Annotated[str, Field(min_length=1)] = ";"
    agent_id: Literal["number", "uuid"] = "number"
    contact_id: Literal["number", "guid"] = "number"
    transcript_template: str = "[{time:%Y-%m-%d %H:%M:%S}] {name}: {text}"  # one line a message, time in UTC
    cut_marker: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S(?:.*\S)?$")] = (
        "[... cut here. The whole transcript:]"  # the last line of a shortened transcript; its URL follows
    )


class Extraction(_Model):
    """How far to look around a window, and what CXone leaves open."""

    max_call_hours: Annotated[int, Field(ge=1, le=72)] = 12
    max_case_days: Annotated[int, Field(ge=1, le=90)] = 7
    heal_days: Annotated[int, Field(ge=0, le=30)] = 3  # how far the newest run reaches back over failed nights
    acw_grace_hours: Annotated[int, Field(ge=0, le=720)] = 24
    settle_horizon_days: Annotated[int, Field(ge=1, le=90)] = 7  # then what is still open never became due
    total_duration_includes_acw: bool = False
    api_version: str = "30.0"
    partition_rows: Annotated[int, Field(ge=100, le=1_000_000)] = 50_000


class EndReasons(_Model):
    """CXone's free text of who ended a call, by outcome; what stands in neither list is unknown."""

    agent: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()


class Systematic(_Model):
    """When the same disagreement in most values of a row speaks of a misunderstanding, not of lost values."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.3
    at_least: Annotated[int, Field(ge=1)] = 20


class Threshold(_Model):
    """Share of failing rows (0 to 1) from which a quality suite warns or fails the run; null = never."""

    warn: Annotated[float, Field(ge=0, le=1)] | None = 0.0
    fail: Annotated[float, Field(ge=0, le=1)] | None = None


class Answered(_Model):
    """How HubSpot answered a request that breaks a limit; `kept`: characters kept of a text that it took."""

    status: int
    category: str | None = None
    code: str | None = None
    kept: int | None = None


class Probed(_Model):
    """What `memorialize portal probe` settled on a test account (hubspot-api, section 12); "unknown" stays open."""

    at: str
    account_id: int
    api_version: Literal["v3", "2026-09"]
    string_limit: int | Literal["unknown"]
    character_unit: Literal["utf16", "code_points", "bytes", "unknown"]
    over_limit: Answered
    over_batch: Answered
    trims_text: bool | Literal["unknown"]
    newlines: Literal["kept", "lf", "crlf", "flattened", "unknown"]
    unchanged_write_bumps_modified: bool | Literal["unknown"]
    partial_upsert_by_email: Literal["kept", "blanked", "refused", "unknown"]
    upsert_on_archived: Literal["created", "restored", "refused", "unknown"]
    unique_on_engagements: bool | Literal["unknown"]


def _https_origin(value: str) -> str:
    if not re.fullmatch(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.com", value):
        raise ValueError("must be the account's HubSpot address up to '.com', as https://ven12345.hubspot.com")
    return value


def _five_fields(value: str) -> str:
    if len(value.split()) != 5:
        raise ValueError("must be a cron expression of five fields, as '0 2 * * *'")
    return value


class Crm(_Model):
    """`crm.yaml`: one HubSpot account (memorialization reference, section 2)."""

    configuration_name: Annotated[str, Field(min_length=1, max_length=120)]
    description: str = ""
    owner: str = "data-engineering"
    integration_type: Literal["HubSpot"]
    authentication_name: Annotated[str, Field(min_length=1)]
    external_screenpop_domain_hs: Annotated[str, AfterValidator(_https_origin)]
    account_id: Annotated[int, Field(gt=0)]
    developer_api_key: None = None  # accepted, unused: it cannot reach CRM records
    mode: Literal["observe", "adopted"] = "observe"
    schedule: Annotated[str, AfterValidator(_five_fields)] = "0 2 * * *"
    phone_regions: Annotated[tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...], Field(min_length=1)]
    rendering: Rendering = Rendering()
    extraction: Extraction = Extraction()
    contact_ended_first: Literal["digital", "both"] = "digital"
    digital_trigger: Literal["unassign", "closed"] = "unassign"  # closed: only the leg in which the case was closed
    end_reasons: EndReasons = EndReasons()
    integration_sources: tuple[str, ...] = ("INTEGRATION",)
    live_write_grace_seconds: Annotated[int, Field(ge=0, le=3600)] = 120
    systematic: Systematic = Systematic()
    quality: dict[str, Threshold] = Field(default_factory=dict)
    probed: Probed | None = None


def _fields_of_channels(schema: dict[str, Any]) -> None:
    """Lets an editor complete and check the CXone fields of the row's channel."""
    schema["allOf"] = [
        {
            "if": {"properties": {"channel": {"const": channel}}},
            "then": {"properties": {"cxone_data": {"enum": list(fields)}}},
        }
        for channel, fields in FIELD_COLUMNS.items()
    ] + [{"if": {"properties": {"channel": {"const": SCRIPT}}}, "then": {"properties": {"cxone_data": _LOWER}}}]


_LOWER: Final = {"pattern": "^[^A-Z]+$"}


def _as_spelled(*known: str) -> BeforeValidator:
    return BeforeValidator(lambda value: canonical(value, known))


class FieldRow(_Model):
    """One row of a section: External CRM field <- Channel + CXone data."""

    model_config = ConfigDict(json_schema_extra=_fields_of_channels)

    external_crm_field: Annotated[str, Field(min_length=1)]
    channel: Literal["Voice call contact", "Digital contact", "Script variable"]
    cxone_data: Annotated[str, Field(min_length=1)]
    ownership: Literal["repair", "pipeline", "fill_if_empty"] = "repair"
    on_overflow: Literal["reject", "cut"] = "reject"

    @model_validator(mode="before")
    @classmethod
    def _spelled_as_the_vendor_does(cls, data: Any) -> Any:
        return canonical_row(data)

    @model_validator(mode="after")
    def _only_transcripts_are_cut(self) -> "FieldRow":
        if self.on_overflow != "reject" and not self.is_transcript:
            raise ValueError(
                f"on_overflow: {self.on_overflow} is for Transcription Text only, not for {self.cxone_data!r}"
            )
        return self

    @property
    def column(self) -> str:
        """The column of the interactions frame that carries this row's value."""
        if self.channel == SCRIPT:
            return SCRIPT_PREFIX + self.cxone_data
        return FIELD_COLUMNS[self.channel][self.cxone_data]

    @property
    def is_transcript(self) -> bool:
        return self.channel == DIGITAL and self.cxone_data == "Transcription Text"

    @property
    def has_source(self) -> bool:
        return self.channel == SCRIPT or self.cxone_data not in NO_SOURCE[self.channel]


class Section(_Model):
    """The rows of one entity type, and how its record is found."""

    entity: Annotated[str, Field(min_length=1)]
    key: Annotated[
        Literal["Contact ID", "Interaction ID", "Master Contact ID", "leg"] | None,  # leg: the interaction key
        _as_spelled(*KEY_FIELDS),
    ] = None
    key_property: str | None = None  # the HubSpot property that holds the key; to be named for leg, else as mapped
    required: bool = False
    on_unmatched: Literal["park", "create"] = "park"
    create_with: dict[str, str] = Field(default_factory=dict)
    record_id_from: str | None = None  # script variable that holds the record's id
    through_contact: bool = False  # Company: the primary company of the matched Contact
    fields: Annotated[tuple[FieldRow, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> "Section":
        mapped = next((r.external_crm_field for r in self.fields if r.cxone_data == self.key), None)
        if self.key is None and self.key_property is not None:
            raise ValueError("key_property has no use without key")
        if self.key == "leg":
            if self.key_property is None:
                raise ValueError("key: leg needs key_property, a unique text property of its own")
            if any(r.external_crm_field == self.key_property for r in self.fields):
                raise ValueError(f"key_property {self.key_property!r} holds the leg's key; no row may write it too")
        elif self.key is not None:
            if mapped is None:
                raise ValueError(f"key is {self.key!r}, but no row maps {self.key!r}; add that row")
            if self.key_property not in (None, mapped):
                raise ValueError(f"key_property is {self.key_property!r}, but {self.key!r} is mapped to {mapped!r}")
            object.__setattr__(self, "key_property", mapped)  # frozen from here on
        if self.on_unmatched == "create" and self.key is None:
            raise ValueError("on_unmatched: create needs a key, else a second run would create a second record")
        if self.create_with and self.on_unmatched != "create":
            raise ValueError("create_with has no use without on_unmatched: create")
        if self.through_contact and self.entity != "Company":
            raise ValueError("through_contact is for the entity Company only")
        return self

    def rows(self, channel: Channel) -> tuple[FieldRow, ...]:
        """The rows that speak of interactions of this channel."""
        return tuple(r for r in self.fields if r.channel in (CHANNEL_OF[channel], SCRIPT))


class Mapping(_Model):
    """A data memorialization mapping: one section per entity type."""

    memorialization_mapping: Annotated[str, Field(min_length=1)]
    description: str = ""
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_section_an_entity(self) -> "Mapping":
        entities = [section.entity for section in self.sections]
        twice = next((e for e in entities if entities.count(e) > 1), None)
        if twice is not None:
            raise ValueError(f"the entity {twice!r} has two sections; put their rows into one")
        return self

    @property
    def name(self) -> str:
        return self.memorialization_mapping


class CardSection(_Model):
    """HubSpot fields of one record type that the agent sees."""

    entity: Annotated[str, Field(min_length=1)]
    fields: Annotated[tuple[str, ...], Field(min_length=1)]


class DynamicMapping(_Model):
    """A dynamic data mapping (HubSpot -> agent)."""

    dynamic_data_mapping: Annotated[str, Field(min_length=1)]
    description: str = ""
    sections: Annotated[tuple[CardSection, ...], Field(min_length=1)]


class Assignment(_Model):
    """Which mappings a skill, or every other skill of a channel, uses (the AGENT WORKFLOW CONFIGURATION action)."""

    skills: tuple[str, ...] = ()
    channel: Annotated[Literal["Voice call contact", "Digital contact"] | None, _as_spelled(*CHANNELS)] = None
    memorialization_mapping: str
    dynamic_data_mapping: str | None = None
    assign_screen_pop: bool = False  # ScreenPop = True in the script's ASSIGN action; no API shows it

    @model_validator(mode="after")
    def _one_of(self) -> "Assignment":
        if bool(self.skills) == bool(self.channel):
            raise ValueError("name either skills or a channel")
        return self


class Workflows(_Model):
    """`workflows.yaml`."""

    assignments: Annotated[tuple[Assignment, ...], Field(min_length=1)]


class Configuration(_Model):
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
        del data["crm"]["mode"], data["crm"]["schedule"], data["crm"]["description"], data["crm"]["probed"]
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


def names(root: Path) -> list[str]:
    """The configurations below a mappings folder: every folder that holds a crm.yaml, in order."""
    if not root.is_dir():
        raise ConfigurationError(f"{root}: no such folder. Set MEMORIALIZATION_MAPPINGS to the mappings folder.")
    return sorted(path.parent.name for path in root.glob("*/crm.yaml"))


def load(root: Path, name: str) -> Configuration:
    """Read and check one configuration folder; raises ConfigurationError naming file, line and cure."""
    folder = root / name
    if not (folder / "crm.yaml").is_file():
        known = names(root)
        raise ConfigurationError(
            f"{folder}: no configuration {name!r} here.{meant(name, known)} Known: {', '.join(known) or 'none'}."
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
    for i, section in enumerate(mapping.sections):
        here: Location = ("sections", i)
        if section.record_id_from is not None:
            _refuse(file, script_variable_problem(section.record_id_from, (*here, "record_id_from")))
        for j, row in enumerate(section.fields):
            _refuse(file, field_problem(row.channel, row.cxone_data, (*here, "fields", j, "cxone_data")))
        for j, other in mapped_twice([(row.external_crm_field, row.channel) for row in section.fields]):
            line, at = file.line((*here, "fields", other)), (*here, "fields", j, "external_crm_field")
            _refuse(file, mapped_twice_problem(section.fields[j].external_crm_field, line, at))


def _refuse(file: YamlFile, problem: Problem | None) -> None:
    if problem is not None:
        raise file.error(problem.at, str(problem))
