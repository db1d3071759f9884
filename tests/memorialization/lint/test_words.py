"""Rules over one mapping file, each by the smallest change to the example that breaks it; no facts are needed."""

import pytest

from tests.memorialization.lint.conftest import Breach, Broken, Change, Facts, prop

ROW = "      - {external_crm_field: cxone_ani, channel: Voice call contact, cxone_data: ANI}\n"
WITH = 'create_with: {subject: CXone interaction, hs_pipeline: "0", hs_pipeline_stage: "1"}'
CALL = "  - entity: Call\n    on_unmatched: create\n    key: Contact ID "

BROKEN: list[Breach] = [
    ("MEM101", ("voice.yaml", "cxone_data: ANI", "cxone_data: From"), None, ["MEM101 voice.yaml:21 From"]),
    ("MEM102", ("voice.yaml", "cxone_data: ANI", "cxone_data: Images"), None, ["MEM102 voice.yaml:21 Images"]),
    ("MEM103", ("voice.yaml", ROW, ROW.replace("Voice call", "Digital").replace(": ANI", ": From")), None,
     ["MEM103 voice.yaml:21 Digital contact", "MEM305 voice.yaml:16 Ticket"]),
    ("MEM104", ("voice.yaml", "cxone_data: ordernumber", "cxone_data: orderNumber"), None,
     ["MEM104 voice.yaml:41 orderNumber", "MEM106 voice.yaml:41 orderNumber"]),
    ("MEM107", ("voice.yaml", "cxone_data: Contact Type", "cxone_data: Recording URL"),
     prop("cxone_contact_type", type="string"), ["MEM107 voice.yaml:24 Recording URL"]),
    ("MEM214", ("digital.yaml", "subject: CXone interaction, ", ""), None, ["MEM214 digital.yaml:19 subject"]),
    ("MEM214", ("digital.yaml", WITH, ""), None,
     ["MEM214 digital.yaml:16 subject, hs_pipeline, hs_pipeline_stage"]),
    ("MEM214", ("voice.yaml", "  - entity: Ticket\n    key: Contact ID ", CALL), None,
     ["MEM214 voice.yaml:16 hs_timestamp"]),
    ("MEM215", ("digital.yaml", "    key: Contact ID\n", "    key: Contact ID\n    associate_with: [Contract]\n"), None,
     ["MEM215 digital.yaml:18 Contract"]),
    ("MEM215", ("digital.yaml", "    key: Contact ID\n", "    key: Contact ID\n    associate_with: [Ticket]\n"), None,
     ["MEM215 digital.yaml:18 Ticket"]),
    ("MEM301", ("voice.yaml", "key: Contact ID", "through_contact: false"), None, ["MEM301 voice.yaml:16 Ticket"]),
    ("MEM304", ("voice.yaml", "cxone_ani", "cxone_contact_id"), None, ["MEM304 voice.yaml:21 cxone_contact_id"]),
    ("MEM403", ("dynamic/customer_card.yaml", "[firstname,", "[firstname, createdate,"), None,
     ["MEM403 dynamic/customer_card.yaml:5 6"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "file", "facts", "expected"), BROKEN)
def test_a_breach_is_found_at_its_line(
    acme: Broken, code: str, file: Change | None, facts: Facts | None, expected: list[str]
) -> None:
    acme.breaks(code, file, facts, expected)


def test_rules_of_one_file_need_no_facts(acme: Broken) -> None:
    (acme.folder / "snapshot.json").unlink()
    acme.change("digital.yaml", "subject: CXone interaction, ", "")
    acme.change("voice.yaml", "cxone_data: ANI", "cxone_data: ANNI")
    found = [finding.problem for finding in acme.lint().findings if finding.code in ("MEM101", "MEM214")]
    assert [(p.code, p.what, p.cure) for p in found] == [
        ("MEM214", "a new Ticket needs subject.", "Write it under create_with, or map it."),
        ("MEM101", "'ANNI' is not a CXone field of 'Voice call contact'.", "Did you mean 'ANI'?"),
    ]


@pytest.mark.parametrize("row", ["record_id_from: ticketid", "key: leg\n    key_property: leg_key"])
def test_a_stored_id_or_a_leg_is_a_way_to_the_record(acme: Broken, row: str) -> None:
    acme.change("voice.yaml", "key: Contact ID ", f"{row} ")
    assert not [line for line in acme.said() if line.startswith("MEM301")]


def test_the_case_of_a_stored_ids_variable_is_a_rules_matter_too(acme: Broken) -> None:
    acme.change("voice.yaml", "key: Contact ID ", "record_id_from: TicketId ")
    assert "MEM104 voice.yaml:17 TicketId" in acme.said()


def test_a_property_may_take_a_row_of_each_channel_but_no_script_variable_beside_it(acme: Broken) -> None:
    acme.change("voice.yaml", ROW, ROW + ROW.replace("Voice call", "Digital").replace(": ANI", ": From"))
    assert [line for line in acme.said() if "MEM304" in line] == []
    acme.change("voice.yaml", ROW, ROW + ROW.replace("Voice call contact", "Script variable").replace(": ANI", ": a"))
    assert [line for line in acme.said() if "MEM304" in line] == [
        "MEM304 voice.yaml:22 cxone_ani",
        "MEM304 voice.yaml:23 cxone_ani",
    ]
