"""What an admin maps and assigns: a mapping's sections and rows, workflow assignments, dynamic data mappings.

Each model is consistent within itself; what needs a second file or the portal is checked elsewhere. Names of
fields and channels are the vendor's own (memorialization reference, sections 3, 4 and 6).
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from memorialization.interactions import DIGITAL, FIELD_COLUMNS, SCRIPT, SCRIPT_PREFIX, VOICE
from memorialization.lint.structure import CHANNELS, RECORD_TYPES, canonical, canonical_row
from memorialization.ports import Channel
from memorialization.strict import StrictModel

NOTE: Final = "Note"
"""The record type that keeps what a property cannot hold."""

CHANNEL_OF: Final[dict[Channel, str]] = {"voice": VOICE, "digital": DIGITAL}

NO_SOURCE: Final = {VOICE: frozenset({"Interaction ID", "Recording URL"}), DIGITAL: frozenset[str]()}
"""Fields that no licence-free API can tell a batch (cxone-api, section 1.4)."""

OUTCOME_FIELDS: Final = frozenset({"Status", "Disposition Name", "Disposition Notes", "Tags"})
"""Not expected where the contact ended first (memorialization reference, section 4)."""

KEY_FIELDS: Final = ("Contact ID", "Interaction ID", "Master Contact ID")
"""CXone fields whose value, found in a record, says that the record belongs to the interaction."""


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


class FieldRow(StrictModel):
    """One row of a section: External CRM field <- Channel + CXone data."""

    model_config = ConfigDict(json_schema_extra=_fields_of_channels)

    external_crm_field: Annotated[str, Field(min_length=1)]
    channel: Literal["Voice call contact", "Digital contact", "Script variable"]
    cxone_data: Annotated[str, Field(min_length=1)]
    ownership: Literal["repair", "pipeline", "fill_if_empty"] = "repair"
    on_overflow: Literal["reject", "cut", "note"] = "reject"

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


class Section(StrictModel):
    """The rows of one entity type, and how its record is found."""

    entity: Annotated[str, Field(min_length=1), _as_spelled(*RECORD_TYPES)]
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
    # entities of other sections, whose records of the same interaction are linked
    associate_with: tuple[Annotated[str, _as_spelled(*RECORD_TYPES)], ...] = ()
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

    @property
    def spills(self) -> tuple[FieldRow, ...]:
        """The rows whose transcripts, where they are too long, are kept whole in notes."""
        return tuple(row for row in self.fields if row.on_overflow == "note")

    def rows(self, channel: Channel) -> tuple[FieldRow, ...]:
        """The rows that speak of interactions of this channel."""
        return tuple(r for r in self.fields if r.channel in (CHANNEL_OF[channel], SCRIPT))


class Mapping(StrictModel):
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


class CardSection(StrictModel):
    """HubSpot fields of one record type that the agent sees."""

    entity: Annotated[str, Field(min_length=1), _as_spelled(*RECORD_TYPES)]
    fields: Annotated[tuple[str, ...], Field(min_length=1)]


class DynamicMapping(StrictModel):
    """A dynamic data mapping (HubSpot -> agent)."""

    dynamic_data_mapping: Annotated[str, Field(min_length=1)]
    description: str = ""
    sections: Annotated[tuple[CardSection, ...], Field(min_length=1)]


class Assignment(StrictModel):
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


class Workflows(StrictModel):
    """`workflows.yaml`."""

    assignments: Annotated[tuple[Assignment, ...], Field(min_length=1)]
