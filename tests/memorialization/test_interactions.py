import pyarrow as pa

from memorialization.interactions import DIGITAL, FIELD_COLUMNS, INTERACTIONS, TRANSCRIPTS, VOICE

DIGITAL_FIELDS = {
    "Agent ID", "Agent Name", "Channel Name", "Channel Type", "Contact ID", "Customer Name", "Direction",
    "Disposition Name", "Disposition Notes", "End Time", "Event Type", "Final State", "From", "Interaction ID",
    "Media Type", "Skill ID", "Skill Name", "Start Time", "Status", "To", "Transcription Text", "Transcript URL",
}  # fmt: skip
VOICE_FIELDS = {
    "Agent ID", "Agent Name", "ANI", "Contact ID", "Contact Type", "Direction", "Disposition Name",
    "Disposition Notes", "DNIS", "End Time", "Final State", "Interaction ID", "Master Contact ID", "Media Type",
    "Recording URL", "Skill ID", "Skill Name", "Start Time", "Status", "To", "Tags",
}  # fmt: skip


def test_the_fields_of_both_channels_are_the_vendors_own() -> None:
    assert set(FIELD_COLUMNS) == {"Digital contact", "Voice call contact"} == {DIGITAL, VOICE}
    assert set(FIELD_COLUMNS[DIGITAL]) == DIGITAL_FIELDS and len(DIGITAL_FIELDS) == 22
    assert set(FIELD_COLUMNS[VOICE]) == VOICE_FIELDS and len(VOICE_FIELDS) == 21


def test_every_field_has_a_column_of_its_own() -> None:
    for fields in FIELD_COLUMNS.values():
        assert set(fields.values()) - {"transcript"} <= set(INTERACTIONS.names)
        assert len(set(fields.values())) == len(fields)


def test_only_key_and_channel_are_never_missing_and_times_are_utc() -> None:
    assert {f.name for f in INTERACTIONS if not f.nullable} == {"interaction_key", "channel"}
    times = {f.name for f in INTERACTIONS if pa.types.is_timestamp(f.type)}
    assert times == {"start_time", "end_time", "due_at", "updated_at"}
    assert {INTERACTIONS.field(name).type for name in times} == {pa.timestamp("ms", tz="UTC")}


def test_transcripts_stand_apart_from_interactions() -> None:
    assert TRANSCRIPTS.names == ["transcript_ref", "text"]
    assert "text" not in INTERACTIONS.names and "transcript" not in INTERACTIONS.names
