"""Rules that hold rows against the properties they name: by the smallest breach, and by each type of property."""

import pytest

from memorialization.interactions import DIGITAL, FIELD_COLUMNS, SCRIPT, VOICE
from memorialization.lint.reading import Row
from memorialization.lint.targets import fits
from memorialization.mappings import FieldRow
from memorialization.ports import Property
from tests.memorialization.lint.conftest import Breach, Broken, Change, Facts, prop

CARD = "[firstname, lastname, company, cxone_last_disposition, cxone_last_interaction_at]"

BROKEN: list[Breach] = [
    ("MEM202", ("voice.yaml", "cxone_ani", "cxone_anni"), None, ["MEM202 voice.yaml:21 cxone_anni"]),
    ("MEM203", None, prop("cxone_ani", read_only=True), ["MEM203 voice.yaml:21 cxone_ani"]),
    ("MEM204", None, prop("cxone_ani", calculated=True), ["MEM204 voice.yaml:21 cxone_ani"]),
    ("MEM207", None, prop("cxone_transcript", type="enumeration"), ["MEM207 digital.yaml:42 cxone_transcript"]),
    ("MEM208", None, prop("cxone_dnis", type="datetime"), ["MEM208 voice.yaml:25 cxone_dnis"]),
    ("MEM209", None, lambda facts: facts["tenant"]["dispositions"].append("Neu"),
     ["MEM209 digital.yaml:10 cxone_last_disposition", "MEM209 digital.yaml:28 cxone_disposition",
      "MEM209 voice.yaml:11 cxone_last_disposition", "MEM209 voice.yaml:27 cxone_disposition"]),
    ("MEM210", None, prop("cxone_transcript", field_type="text"), ["MEM210 digital.yaml:42 cxone_transcript"]),
    ("MEM211", None, prop("cxone_last_transcript", "Contact", max_length=6429),
     ["MEM211 digital.yaml:14 cxone_last_transcript"]),
    ("MEM211", ("digital.yaml", "Transcription Text}", "Transcription Text, on_overflow: cut}"),
     prop("cxone_last_transcript", "Contact", max_length=10), []),
    ("MEM211", ("digital.yaml", "Transcription Text}", "Transcription Text, on_overflow: reject}"),
     prop("cxone_last_transcript", "Contact", max_length=10), []),
    ("MEM211", None, prop("cxone_last_transcript", "Contact", max_length=6430), []),
    ("MEM212", ("digital.yaml", "subject: CXone interaction,", "subject: CXone interaction, subjct: x,"), None,
     ["MEM212 digital.yaml:19 subjct"]),
    ("MEM213", ("digital.yaml", 'hs_pipeline: "0"', 'hs_pipeline: "7"'), None, ["MEM213 digital.yaml:19 7"]),
    ("MEM213", ("digital.yaml", 'hs_pipeline_stage: "1"', 'hs_pipeline_stage: "77"'), None,
     ["MEM213 digital.yaml:19 77"]),
    ("MEM302", None, prop("cxone_contact_id", unique=False),
     ["MEM302 digital.yaml:17 cxone_contact_id", "MEM303 voice.yaml:17 cxone_contact_id"]),
    ("MEM303", None, prop("cxone_contact_id", unique=False),
     ["MEM302 digital.yaml:17 cxone_contact_id", "MEM303 voice.yaml:17 cxone_contact_id"]),
    ("MEM401", ("dynamic/customer_card.yaml", CARD,
     "[firstname, lastname, company, email, cxone_last_notes, cxone_last_agent]"), None,
     ["MEM401 dynamic/customer_card.yaml:5 6", "MEM403 dynamic/customer_card.yaml:5 6"]),
    ("MEM402", ("dynamic/customer_card.yaml", CARD,
     "[cxone_last_disposition, cxone_last_interaction_at, createdate, lastmodifieddate]"), None,
     ["MEM402 dynamic/customer_card.yaml:5 4"]),
    ("MEM404", ("dynamic/customer_card.yaml", "[firstname", "[fristname"), None,
     ["MEM404 dynamic/customer_card.yaml:5 fristname"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "file", "facts", "expected"), BROKEN)
def test_a_breach_is_found_at_its_line(
    acme: Broken, code: str, file: Change | None, facts: Facts | None, expected: list[str]
) -> None:
    acme.breaks(code, file, facts, expected)


@pytest.mark.parametrize(
    ("change", "what", "cure"),
    [
        (prop("cxone_dnis", type="bool"),
         "cxone_dnis <- DNIS: the property takes true or false, which DNIS is not.", "Map it to a text property."),
        (prop("cxone_last_transcript", "Contact", max_length=3000),
         "cxone_last_transcript <- Transcription Text: the limit is 3,000 characters, but one transcript in a hundred "
         "is longer than 6,430 (longest 10,059).",
         "Raise the limit in HubSpot, or say under on_overflow what to do with them."),
        (lambda facts: facts["portal"]["pipelines"].update(Ticket={"9": {"label": "Störungen", "stages": {}}}),
         "create_with: the portal has no pipeline '0'.", "Known: 9 (Störungen)."),
        (lambda facts: facts["portal"]["pipelines"]["Ticket"]["0"].update(stages={"5": "Neu"}),
         "create_with: pipeline '0' has no stage '1'.", "Known: 5 (Neu)."),
    ],
)  # fmt: skip
def test_what_is_wrong_and_what_to_do_is_said(acme: Broken, change: Facts, what: str, cure: str) -> None:
    acme.facts(change)
    assert (what, cure) in [(f.problem.what, f.problem.cure) for f in acme.lint().findings]


TIMES = {"Start Time", "End Time"}
PHONES = {"ANI", "DNIS", "From", "To"}
IDS = {"Agent ID", "Contact ID", "Master Contact ID", "Skill ID"}
EVERY = {*FIELD_COLUMNS[VOICE], *FIELD_COLUMNS[DIGITAL]}


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("date", TIMES),
        ("datetime", TIMES),
        ("number", IDS | PHONES),
        ("bool", {"Final State"}),
        ("phone_number", PHONES),
        ("enumeration", EVERY - TIMES - {"Disposition Notes", "Transcript URL", "Recording URL"}),
        ("string", EVERY),
    ],
)
def test_which_fields_a_type_can_take(type_: str, fields: set[str]) -> None:
    def fitting(channel: str) -> set[str]:
        rows = {
            data: Row(FieldRow(external_crm_field="x", channel=channel, cxone_data=data), ())
            for data in FIELD_COLUMNS[channel]
        }
        return {data for data, row in rows.items() if fits(row, Property("x", "x", type_, ""))}

    assert fitting(VOICE) | fitting(DIGITAL) == fields
    variable = Row(FieldRow(external_crm_field="x", channel=SCRIPT, cxone_data="anything"), ())
    assert fits(variable, Property("x", "x", type_, ""))
