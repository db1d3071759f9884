"""The CRM configuration of one HubSpot account, read from a folder of YAML files and frozen.

Whatever comes out of `load` is complete and consistent within itself: every name it uses is defined, every
CXone field exists for its channel. What only the portal can tell (does a property exist?) is `portal.py`'s.
Source: memorialization reference, sections 2, 3, 4 and 6; field names are the vendor's own.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from memorialization.cures import finding, meant
from memorialization.errors import ConfigurationError
from memorialization.interactions import DIGITAL, FIELD_COLUMNS, SCRIPT, SCRIPT_PREFIX, VOICE
from memorialization.ports import Channel
from memorialization.yaml_files import Location, YamlFile, read_yaml

CHANNEL_OF: Final[dict[Channel, str]] = {"voice": VOICE, "digital": DIGITAL}

NO_SOURCE: Final = {VOICE: frozenset({"Interaction ID", "Recording URL"}), DIGITAL: frozenset[str]()}
"""Fields that no licence-free API can tell a batch (cxone-api, section 1.4)."""

NOT_MAPPABLE: Final = frozenset({"attachment", "attachments", "image", "images", "note", "notes"})

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


class Extraction(_Model):
    """How far to look around a window, and what CXone leaves open."""

    max_call_hours: Annotated[int, Field(ge=1, le=72)] = 12
    max_case_days: Annotated[int, Field(ge=1, le=90)] = 7
    heal_days: Annotated[int, Field(ge=0, le=30)] = 3  # how far the newest run reaches back over failed nights
    acw_grace_hours: Annotated[int, Field(ge=0, le=720)] = 24
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
    end_reasons: EndReasons = EndReasons()
    integration_sources: tuple[str, ...] = ("INTEGRATION",)
    live_write_grace_seconds: Annotated[int, Field(ge=0, le=3600)] = 120
    systematic: Systematic = Systematic()
    quality: dict[str, Threshold] = Field(default_factory=dict)


class FieldRow(_Model):
    """One row of a section: External CRM field <- Channel + CXone data."""

    external_crm_field: Annotated[str, Field(min_length=1)]
    channel: Literal["Voice call contact", "Digital contact", "Script variable"]
    cxone_data: Annotated[str, Field(min_length=1)]

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
    key: Literal["Contact ID", "Interaction ID", "Master Contact ID"] | None = None
    required: bool = False
    on_unmatched: Literal["park", "create"] = "park"
    create_with: dict[str, str] = Field(default_factory=dict)
    record_id_from: str | None = None  # script variable that holds the record's id
    through_contact: bool = False  # Company: the primary company of the matched Contact
    fields: Annotated[tuple[FieldRow, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> "Section":
        if self.key is not None and self.key_property is None:
            raise ValueError(f"key is {self.key!r}, but no row maps {self.key!r}; add that row")
        if self.on_unmatched == "create" and self.key is None:
            raise ValueError("on_unmatched: create needs a key, else a second run would create a second record")
        if self.create_with and self.on_unmatched != "create":
            raise ValueError("create_with has no use without on_unmatched: create")
        if self.through_contact and self.entity != "Company":
            raise ValueError("through_contact is for the entity Company only")
        return self

    @property
    def key_property(self) -> str | None:
        """The HubSpot property that holds the key, as the rows map it."""
        return next((r.external_crm_field for r in self.fields if r.cxone_data == self.key), None)

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
    channel: Literal["Voice call contact", "Digital contact"] | None = None
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
        del data["crm"]["mode"], data["crm"]["schedule"], data["crm"]["description"]
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
    taken: dict[str, int] = {}
    for i, item in enumerate(workflows.assignments):
        for assigned in item.skills or (str(item.channel),):
            other = taken.setdefault(assigned, i)
            if other != i:
                line = workflows_file.line(("assignments", other))
                raise workflows_file.error(
                    ("assignments", i), f"{assigned!r} is already assigned by line {line}. Remove one."
                )
        _check_known(workflows_file, i, "memorialization_mapping", item.memorialization_mapping, mappings)
        if item.dynamic_data_mapping is not None:
            _check_known(workflows_file, i, "dynamic_data_mapping", item.dynamic_data_mapping, dynamic)
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
        if section.record_id_from is not None:
            _check_script_variable(file, ("sections", i, "record_id_from"), section.record_id_from)
        taken: dict[tuple[str, str], int] = {}
        for j, row in enumerate(section.fields):
            here: Location = ("sections", i, "fields", j, "cxone_data")
            _check_row(file, here, row)
            for channel in (VOICE, DIGITAL) if row.channel == SCRIPT else (row.channel,):
                other = taken.setdefault((row.external_crm_field, channel), j)
                if other != j:
                    line = file.line(("sections", i, "fields", other))
                    raise file.error(
                        ("sections", i, "fields", j, "external_crm_field"),
                        f"{row.external_crm_field!r} is already written by line {line}. Map it once per channel.",
                    )


def _check_row(file: YamlFile, here: Location, row: FieldRow) -> None:
    value = row.cxone_data
    if row.channel == SCRIPT:
        _check_script_variable(file, here, value)
    elif value.strip().lower() in NOT_MAPPABLE:
        raise file.error(here, f"{value!r} cannot be memorialized: only text is. Remove the row.")
    elif value not in FIELD_COLUMNS[row.channel]:
        known = FIELD_COLUMNS[row.channel]
        cure = meant(value, known) or f" Known: {', '.join(known)}."
        raise file.error(here, f"{value!r} is not a CXone field of {row.channel!r}.{cure}")


def _check_script_variable(file: YamlFile, here: Location, name: str) -> None:
    if name != name.lower():
        raise file.error(
            here,
            f"script variable {name!r} must be lower case here, however the script spells it. Write {name.lower()!r}.",
        )


def _check_known(file: YamlFile, index: int, key: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise file.error(
            ("assignments", index, key),
            f"no {key.replace('_', ' ')} is named {value!r}.{meant(value, known)} "
            f"Known: {', '.join(map(repr, known)) or 'none'}.",
        )
