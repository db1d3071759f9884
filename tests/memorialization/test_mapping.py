from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from memorialization.configuration import Configuration, load
from memorialization.crm import Probed, Rendering
from memorialization.interactions import INTERACTIONS
from memorialization.mapping import map_section
from memorialization.mappings import FieldRow, Section
from memorialization.ports import Channel, Property
from memorialization.rendering import Status

EXAMPLE = Path(__file__).resolve().parents[2] / "include" / "mappings"
END = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
NONE = pd.Series([], dtype="str")


def configuration(**crm: Any) -> Configuration:
    example = load(EXAMPLE, "acme")
    return example.model_copy(update={"crm": example.crm.model_copy(update=crm)})


def section(*data: str, channel: str = "Voice call contact", **settings: Any) -> Section:
    """Each CXone field onto the property of the same name, in lower case and without spaces."""
    rows = [
        {"external_crm_field": d.lower().replace(" ", "_"), "channel": channel if d[0].isupper() else "Script variable",
         "cxone_data": d}
        for d in data
    ]  # fmt: skip
    return Section(entity="Ticket", fields=tuple(FieldRow.model_validate(row) for row in rows), **settings)


def properties(of: Section, **others: Property) -> dict[str, Property]:
    names = [row.external_crm_field for row in of.fields]
    return {name: Property(name, name, "string", "textarea") for name in names} | others


def interactions(*facts: dict[str, Any], channel: Channel = "voice", script: tuple[str, ...] = ()) -> pd.DataFrame:
    """Rows as `settle` leaves them."""
    rows = [
        {"interaction_key": f"k{i}", "channel": channel, "end_time": END, "due_at": END, "ended_by": "agent"} | fact
        for i, fact in enumerate(facts)
    ]
    fields = [pa.field(f"script.{name}", pa.large_string()) for name in script]
    frame = pa.Table.from_pylist(rows, schema=pa.schema([*INTERACTIONS, *fields])).to_pandas()
    arrive = [fact.get("scripts_arrive", True) for fact in facts]
    return frame.assign(scripts_arrive=arrive).set_axis(pd.RangeIndex(10, 10 + len(frame)))  # a part of a larger frame


def mapped(
    of: Section,
    due: pd.DataFrame,
    channel: Channel = "voice",
    transcripts: pd.Series = NONE,
    using: Configuration | None = None,
    **others: Property,
) -> pd.DataFrame:
    return map_section(due, channel, of, transcripts, properties(of, **others), using or configuration())


def cells(frame: pd.DataFrame, name: str) -> list[str]:
    """Each value, or the name of the reason why there is none."""
    values, status = frame[f"v.{name}"], frame[f"s.{name}"]
    assert values.dtype == "str" and status.dtype == "int8"
    assert values.notna().tolist() == (status == Status.VALUE).tolist()
    return [v if s == Status.VALUE else Status(s).name for v, s in zip(values, status, strict=True)]


def test_a_transcript_that_its_row_cuts_stands_in_its_delivered_form_beside_the_whole() -> None:
    of = section("Transcription Text", channel="Digital contact")
    of = of.model_copy(update={"fields": (of.fields[0].model_copy(update={"on_overflow": "cut"}),)})
    texts = pd.Series({"short": "Hello", "long": "one two three four five six", "wide": "x" * 90}, dtype="str")
    due = interactions(
        {"transcript_ref": "short", "transcript_url": "u"},
        {"transcript_ref": "long", "transcript_url": "u"},
        {"transcript_ref": "wide", "transcript_url": "u" * 30},  # its marker has no room
        {"transcript_ref": None},
        channel="digital",
    )
    using = configuration(rendering=Rendering(cut_marker="[cut]"))
    target = Property("transcription_text", "", "string", "textarea", max_length=22)
    frame = mapped(of, due, "digital", texts, using, transcription_text=target)
    assert cells(frame, "transcription_text") == ["Hello", "one two three\n[cut] u", "TOO_LONG", "BLANK"]
    assert frame["l.transcription_text"].tolist() == [5, 27, 90, 0]
    assert frame["a.transcription_text"].fillna("-").tolist() == ["-", texts["long"], texts["wide"], "-"]


def test_a_cut_in_rich_text_fits_as_it_is_spelled_there() -> None:
    of = section("Transcription Text", channel="Digital contact")
    of = of.model_copy(update={"fields": (of.fields[0].model_copy(update={"on_overflow": "cut"}),)})
    texts = pd.Series({"wide": "a < b & c > d & eeeee fffff", "fits": "a & b"}, dtype="str")
    due = interactions(*({"transcript_ref": ref} for ref in texts.index), channel="digital")
    using = configuration(rendering=Rendering(cut_marker="[cut]"))
    target = Property("transcription_text", "", "string", "html", max_length=40)
    frame = mapped(of, due, "digital", texts, using, transcription_text=target)
    assert cells(frame, "transcription_text") == ["a &lt; b &amp; c &gt; d &amp;<br>[cut]", "a &amp; b"]


def probed(**found: Any) -> Probed:
    settled: dict[str, Any] = {
        "at": "2026-11-23", "account_id": 1, "api_version": "v3", "string_limit": "unknown",
        "character_unit": "unknown", "over_limit": {"status": 400}, "over_batch": {"status": 400},
        "trims_text": "unknown", "newlines": "unknown", "unchanged_write_bumps_modified": "unknown",
        "partial_upsert_by_email": "unknown", "upsert_on_archived": "unknown", "unique_on_engagements": "unknown",
    }  # fmt: skip
    return Probed.model_validate(settled | found)


@pytest.mark.parametrize(
    ("found", "expected", "lengths", "unsure"),
    [
        (None, ["abcd", "äbcd", "😀😀", "TOO_LONG"], [4, 4, 4, 6], [False, True, True, True]),
        ({"character_unit": "unknown"}, ["abcd", "äbcd", "😀😀", "TOO_LONG"], [4, 4, 4, 6], [False, True, True, True]),
        ({"character_unit": "utf16"}, ["abcd", "äbcd", "😀😀", "TOO_LONG"], [4, 4, 4, 6], None),
        ({"character_unit": "code_points"}, ["abcd", "äbcd", "😀😀", "😀😀😀"], [4, 4, 2, 3], None),
        ({"character_unit": "bytes"}, ["abcd", "TOO_LONG", "TOO_LONG", "TOO_LONG"], [4, 5, 8, 12], None),
        ({"character_unit": "code_points", "string_limit": 2}, ["TOO_LONG", "TOO_LONG", "😀😀", "TOO_LONG"],
         [4, 4, 2, 3], None),
    ],
)  # fmt: skip
def test_lengths_are_taken_in_the_unit_that_was_probed(
    found: dict[str, Any] | None, expected: list[str], lengths: list[int], unsure: list[bool] | None
) -> None:
    of = section("Transcription Text", channel="Digital contact")
    texts = pd.Series({"1": "abcd", "2": "äbcd", "3": "😀😀", "4": "😀😀😀"}, dtype="str")
    due = interactions(*({"transcript_ref": ref} for ref in texts.index), channel="digital")
    using = configuration(probed=probed(**found) if found is not None else None)
    target = Property("transcription_text", "", "string", "textarea", max_length=4)
    frame = mapped(of, due, "digital", texts, using, transcription_text=target)
    assert cells(frame, "transcription_text") == expected
    assert frame["l.transcription_text"].tolist() == lengths
    assert (frame["u.transcription_text"].tolist() if "u.transcription_text" in frame else None) == unsure


def test_texts_are_desired_as_this_account_was_seen_to_keep_them() -> None:
    of = section("Disposition Notes", "Start Time")
    due = interactions({"disposition_notes": " a\r\nb ", "start_time": END})
    for found, expected in (
        ({}, " a\r\nb "), ({"trims_text": True}, "a\r\nb"), ({"newlines": "flattened"}, " a b "),
        ({"trims_text": True, "newlines": "flattened"}, "a b"), ({"trims_text": False, "newlines": "lf"}, " a\r\nb "),
    ):  # fmt: skip
        frame = mapped(of, due, using=configuration(probed=probed(**found)))
        assert frame["v.disposition_notes"].tolist() == [expected]
        assert frame["v.start_time"].tolist() == ["2026-11-22T18:00:00Z"]


def test_a_transcript_is_cut_at_its_turns_before_it_is_flattened() -> None:
    of = section("Transcription Text", channel="Digital contact")
    of = of.model_copy(update={"fields": (of.fields[0].model_copy(update={"on_overflow": "cut"}),)})
    due = interactions({"transcript_ref": "1", "transcript_url": "u"}, channel="digital")
    settled = probed(newlines="flattened", character_unit="utf16")
    using = configuration(rendering=Rendering(cut_marker="[cut]", transcript_template="{name}: {text}"), probed=settled)
    target = Property("transcription_text", "", "string", "textarea", max_length=22)
    frame = mapped(
        of, due, "digital", pd.Series({"1": "A: one\nB: two\nA: three four"}, dtype="str"), using,
        transcription_text=target,
    )  # fmt: skip
    assert frame["v.transcription_text"].tolist() == ["A: one B: two [cut] u"]
    assert frame["a.transcription_text"].tolist() == ["A: one B: two A: three four"]


def test_one_wide_row_an_interaction() -> None:
    of = section("Contact ID", "Agent Name", "End Time", "Tags", "Final State")
    due = interactions(
        {"contact_id": "11", "agent_name": "Ana", "tags": ["b", "a"], "final_state": True}, {"contact_id": "12"}
    )
    frame = mapped(of, due)
    assert frame.index.tolist() == [0, 1]
    assert frame["interaction_key"].tolist() == ["k0", "k1"]
    assert frame["end_time"].tolist() == frame["due_at"].tolist() == [END, END]
    assert cells(frame, "contact_id") == ["11", "12"]
    assert cells(frame, "agent_name") == ["Ana", "BLANK"]
    assert cells(frame, "end_time") == ["2026-11-22T18:00:00Z", "2026-11-22T18:00:00Z"]
    assert cells(frame, "tags") == ["b;a", "BLANK"]
    assert cells(frame, "final_state") == ["true", "BLANK"]


def test_the_key_is_the_value_of_the_row_that_maps_it() -> None:
    due = interactions({"contact_id": "11", "master_contact_id": "9"}, {})
    assert (
        mapped(section("Contact ID", "Master Contact ID", key="Master Contact ID"), due)["key_value"].tolist()[0] == "9"
    )
    without = mapped(section("Contact ID"), due)["key_value"]
    assert without.isna().all() and without.dtype == "str"


def test_rows_of_the_other_channel_are_left_out() -> None:
    of = Section(entity="Ticket", fields=(*section("ANI").fields, *section("From", channel="Digital contact").fields))
    assert [c for c in mapped(of, interactions({})).columns if c[:2] == "v."] == ["v.ani"]
    assert [c for c in mapped(of, interactions({}, channel="digital"), "digital").columns if c[:2] == "v."] == [
        "v.from"
    ]


def test_a_voice_field_without_a_source_is_never_a_value() -> None:
    due = interactions({"interaction_id": "x", "recording_url": "https://x"})
    frame = mapped(section("Interaction ID", "Recording URL"), due)
    assert cells(frame, "interaction_id") == cells(frame, "recording_url") == ["NO_SOURCE"]
    digital = interactions({"interaction_id": "x"}, channel="digital")
    of = section("Interaction ID", channel="Digital contact")
    assert cells(mapped(of, digital, "digital"), "interaction_id") == ["x"]


def test_a_transcript_comes_whole_or_is_withheld_and_its_length_is_known() -> None:
    of = section("Transcription Text", channel="Digital contact")
    texts = pd.Series({"short": "Hi 😀", "long": "x" * 21}, dtype="str")
    due = interactions(
        {"transcript_ref": "short"}, {"transcript_ref": "long"}, {"transcript_ref": "gone"}, {}, channel="digital"
    )
    limit = Property("transcription_text", "T", "string", "textarea", max_length=20)
    frame = mapped(of, due, "digital", texts, transcription_text=limit)
    assert cells(frame, "transcription_text") == ["Hi 😀", "TOO_LONG", "BLANK", "BLANK"]
    assert frame["l.transcription_text"].tolist() == [5, 21, 0, 0]
    none = mapped(of, due, "digital", NONE, transcription_text=limit)
    assert cells(none, "transcription_text") == ["BLANK"] * 4


def test_a_script_variable_is_read_where_it_is_and_blank_where_no_row_carries_it() -> None:
    due = interactions({"script.ordernumber": "A-1"}, {}, script=("ordernumber",))
    frame = mapped(section("ordernumber", "callbackdate"), due)
    assert cells(frame, "ordernumber") == ["A-1", "BLANK"]
    assert cells(frame, "callbackdate") == ["BLANK", "BLANK"]


OUTCOMES = {"status": "Done", "disposition_name": "Sold", "disposition_notes": "ok", "agent_name": "Ana"}


def outcomes(channel: Channel, ended: str, facts: dict[str, Any] = OUTCOMES, **crm: Any) -> list[list[str]]:
    names = ("Status", "Disposition Name", "Disposition Notes", "Agent Name")
    of = section(*names, channel="Voice call contact" if channel == "voice" else "Digital contact")
    frame = mapped(of, interactions(facts | {"ended_by": ended}, channel=channel), channel, using=configuration(**crm))
    return [cells(frame, name.lower().replace(" ", "_")) for name in names]


def test_where_the_contact_ended_first_outcomes_are_not_expected() -> None:
    assert outcomes("digital", "agent") == [["Done"], ["Sold"], ["ok"], ["Ana"]]
    assert outcomes("digital", "contact") == [["BLANK"], ["BLANK"], ["BLANK"], ["Ana"]]
    assert outcomes("voice", "contact") == [["Done"], ["Sold"], ["ok"], ["Ana"]]
    assert outcomes("voice", "contact", contact_ended_first="both") == [["BLANK"], ["BLANK"], ["BLANK"], ["Ana"]]


def test_where_nobody_knows_who_ended_a_value_is_held_and_a_blank_not_expected() -> None:
    assert outcomes("digital", "unknown") == [["ENDER_UNKNOWN"]] * 3 + [["Ana"]]
    assert outcomes("digital", "unknown", {}) == [["BLANK"]] * 4
    assert outcomes("voice", "unknown") == [["Done"], ["Sold"], ["ok"], ["Ana"]]


def test_tags_of_a_call_that_the_contact_ended_are_not_expected_with_both() -> None:
    due = interactions({"tags": ["a"], "ended_by": "contact"}, {"tags": ["a"]})
    assert cells(mapped(section("Tags"), due), "tags") == ["a", "a"]
    assert cells(mapped(section("Tags"), due, using=configuration(contact_ended_first="both")), "tags") == [
        "BLANK",
        "a",
    ]


def test_a_script_variable_that_cannot_arrive_has_no_source() -> None:
    of = section("orderno", channel="Script variable")
    due = interactions({"script.orderno": "A1"}, {"script.orderno": "A2", "scripts_arrive": False}, script=("orderno",))
    assert cells(mapped(of, due), "orderno") == ["A1", "NO_SOURCE"]


def test_a_script_variable_named_like_an_outcome_is_none() -> None:
    due = interactions({"script.status": "Done", "ended_by": "contact"}, channel="digital", script=("status",))
    assert cells(mapped(section("status"), due, "digital"), "status") == ["Done"]


@pytest.mark.parametrize(
    ("data", "channel", "rendering", "value", "other"),
    [
        ("Agent ID", "voice", {}, "5", "uuid-5"),
        ("Agent ID", "digital", {}, "5", "uuid-5"),
        ("Agent ID", "voice", {"agent_id": "uuid"}, "uuid-5", "5"),
        ("Contact ID", "digital", {}, "11", "guid-11"),
        ("Contact ID", "digital", {"contact_id": "guid"}, "guid-11", "11"),
        ("Contact ID", "voice", {"contact_id": "guid"}, "11", None),
    ],
)
def test_ids_have_two_spellings_and_both_are_known(
    data: str, channel: Channel, rendering: dict[str, Any], value: str, other: str | None
) -> None:
    of = section(data, channel="Voice call contact" if channel == "voice" else "Digital contact", key=None)
    facts = {"agent_id": "5", "agent_uuid": "uuid-5", "contact_id": "11"}
    guid = {"contact_guid": "guid-11"} if channel == "digital" else {}
    due = interactions(facts | guid, channel=channel)
    frame = mapped(of, due, channel, using=configuration(rendering=Rendering(**rendering)))
    name = data.lower().replace(" ", "_")
    assert cells(frame, name) == [value]
    assert frame[f"a.{name}"].fillna("none").tolist() == [other or "none"]


def test_a_key_is_spelled_as_the_row_is() -> None:
    of = section("Contact ID", channel="Digital contact", key="Contact ID")
    due = interactions({"contact_id": "11", "contact_guid": "guid-11"}, channel="digital")
    guid = configuration(rendering=Rendering(contact_id="guid"))
    assert mapped(of, due, "digital")["key_value"].tolist() == ["11"]
    assert mapped(of, due, "digital", using=guid)["key_value"].tolist() == ["guid-11"]


@pytest.mark.parametrize("channel", ["voice", "digital"])
def test_every_row_of_the_example_maps_no_interactions_and_such_without_facts(channel: Channel) -> None:
    using = configuration()
    for mapping in using.mappings.values():
        for of in mapping.sections:
            for rows in (0, 2):
                frame = mapped(of, interactions(*[{}] * rows, channel=channel), channel, using=using)
                assert len(frame) == rows
                for row in of.rows(channel):
                    expected = "BLANK" if row.has_source else "NO_SOURCE"
                    if row.cxone_data != "End Time":
                        assert cells(frame, row.external_crm_field) == [expected] * rows
