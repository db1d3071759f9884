from typing import Any

import pytest
from pydantic import ValidationError

from memorialization.mappings import Assignment, FieldRow, Mapping, Section, Workflows


def row(name: str, data: str, channel: str = "Voice call contact", **settings: Any) -> FieldRow:
    return FieldRow(external_crm_field=name, channel=channel, cxone_data=data, **settings)


def test_rows_know_their_column_their_source_and_whether_they_are_transcripts() -> None:
    rows = [
        row("a", "To"),
        row("b", "ordernumber", "Script variable"),
        row("c", "Interaction ID"),
        row("d", "Recording URL"),
        row("e", "Interaction ID", "Digital contact"),
        row("f", "Transcription Text", "Digital contact"),
    ]
    assert [(r.column, r.has_source, r.is_transcript) for r in rows] == [
        ("to_name", True, False),
        ("script.ordernumber", True, False),
        ("interaction_id", False, False),
        ("recording_url", False, False),
        ("interaction_id", True, False),
        ("transcript", True, True),
    ]


def test_a_section_tells_the_rows_of_each_channel() -> None:
    section = Section(
        entity="Ticket",
        fields=(
            row("a", "ANI"),
            row("b", "Status", "Digital contact"),
            row("c", "ordernumber", "Script variable"),
        ),
    )
    assert [r.external_crm_field for r in section.rows("voice")] == ["a", "c"]
    assert [r.external_crm_field for r in section.rows("digital")] == ["b", "c"]


def test_the_key_property_is_the_mapped_one_or_for_leg_the_named_one() -> None:
    by_id = FieldRow(external_crm_field="id", channel="Voice call contact", cxone_data="Contact ID")
    assert Section(entity="Ticket", key="Contact ID", fields=(by_id,)).key_property == "id"
    assert Section(entity="Ticket", key="Contact ID", key_property="id", fields=(by_id,)).key_property == "id"
    assert Section(entity="Ticket", key="leg", key_property="leg_key", fields=(by_id,)).key_property == "leg_key"
    with pytest.raises(ValidationError, match="key_property is 'other', but 'Contact ID' is mapped to 'id'"):
        Section(entity="Ticket", key="Contact ID", key_property="other", fields=(by_id,))
    again = Section.model_validate_json(Section(entity="Ticket", key="Contact ID", fields=(by_id,)).model_dump_json())
    assert again.key_property == "id"


@pytest.mark.parametrize(
    ("channel", "data", "spelled"),
    [
        ("voice CALL contact", "agent id", ("Voice call contact", "Agent ID")),
        ("DigitalContact", "transcriptionTEXT", ("Digital contact", "Transcription Text")),
        ("script variable", "ordernumber", ("Script variable", "ordernumber")),
    ],
)
def test_names_are_kept_as_the_vendor_spells_them(channel: str, data: str, spelled: tuple[str, str]) -> None:
    found = row("x", data, channel)
    assert (found.channel, found.cxone_data) == spelled


def test_record_types_are_kept_as_hubspot_spells_them() -> None:
    section = Section(entity=" contact", associate_with=("COMPANY", "Messe"), fields=(row("a", "ANI"),))
    assert (section.entity, section.associate_with) == ("Contact", ("Company", "Messe"))
    assert Section(entity="messe", fields=(row("a", "ANI"),)).entity == "messe"  # a custom object's label


def test_an_entity_has_one_section_and_an_assignment_one_kind_of_target() -> None:
    section = Section(entity="Contact", fields=(row("a", "ANI"),))
    with pytest.raises(ValidationError, match="the entity 'Contact' has two sections; put their rows into one"):
        Mapping(memorialization_mapping="M", sections=(section, section))
    for given in ({}, {"skills": ("A",), "channel": "Digital contact"}):
        with pytest.raises(ValidationError, match="name either skills or a channel"):
            Assignment(memorialization_mapping="M", **given)
    with pytest.raises(ValidationError):
        Workflows(assignments=())
