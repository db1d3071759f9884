"""Each rule, by the smallest change to the example that breaks it; no rule is without one."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from memorialization.lint.registry import FAMILIES, RULES
from tests.memorialization.lint.conftest import ORDINARY, Broken, lines

Files = tuple[str, str, str]
ROW = "      - {external_crm_field: cxone_ani, channel: Voice call contact, cxone_data: ANI}\n"


def prop(name: str, entity: str = "Ticket", **changes: Any) -> Callable[[dict[str, Any]], None]:
    """A change of one property's facts."""
    return lambda facts: facts["portal"]["record_types"][entity]["properties"][name].update(changes)


def moved(name: str, list_: str) -> Callable[[dict[str, Any]], None]:
    def change(facts: dict[str, Any]) -> None:
        ticket = facts["portal"]["record_types"]["Ticket"]
        del ticket["properties"][name]
        ticket[list_] = [name]

    return change


def screens(value: bool, *names: str) -> Callable[[dict[str, Any]], None]:
    def change(facts: dict[str, Any]) -> None:
        for name, skill in facts["tenant"]["skills"].items():
            if not names or name in names:
                skill["screen_pops"] = value

    return change


CARD = "[firstname, lastname, company, cxone_last_disposition, cxone_last_interaction_at]"

BROKEN: list[tuple[str, Files | None, Callable[[dict[str, Any]], None] | None, list[str]]] = [
    ("MEM001", ("voice.yaml", "sections:", "sections: &a"), None, ["MEM001 voice.yaml:4 voice.yaml"]),
    ("MEM010", ("crm.yaml", "  tags_separator", "  tag_separator"), None, ["MEM010 crm.yaml:17 tag_separator"]),
    ("MEM011", ("crm.yaml", "account_id: 4711001", ""), None, ["MEM011 crm.yaml:3 account_id"]),
    ("MEM012", ("crm.yaml", "mode: adopted", "mode: adoptd"), None, ["MEM012 crm.yaml:12 adoptd"]),
    ("MEM013", ("crm.yaml", "[DE, US]", "[NO]"), None, ["MEM013 crm.yaml:15 False"]),
    ("MEM014", ("crm.yaml", "0 2 * * *", "daily"), None, ["MEM014 crm.yaml:13 daily"]),
    ("MEM101", ("voice.yaml", "cxone_data: ANI", "cxone_data: From"), None, ["MEM101 voice.yaml:21 From"]),
    ("MEM102", ("voice.yaml", "cxone_data: ANI", "cxone_data: Images"), None, ["MEM102 voice.yaml:21 Images"]),
    ("MEM103", ("voice.yaml", ROW, ROW.replace("Voice call", "Digital").replace(": ANI", ": From")), None,
     ["MEM103 voice.yaml:21 Digital contact", "MEM305 voice.yaml:16 Ticket"]),
    ("MEM104", ("voice.yaml", "cxone_data: ordernumber", "cxone_data: orderNumber"), None,
     ["MEM104 voice.yaml:41 orderNumber", "MEM106 voice.yaml:41 orderNumber"]),
    ("MEM105", ("workflows.yaml", "assign_screen_pop: true", "assign_screen_pop: false"), None,
     ["MEM105 voice.yaml:41 ordernumber", "MEM105 voice.yaml:42 callbackdate"]),
    ("MEM105", None, screens(False), ["MEM105 voice.yaml:41 ordernumber", "MEM105 voice.yaml:42 callbackdate"]),
    ("MEM106", None, screens(True), []),
    ("MEM107", ("voice.yaml", "cxone_data: Contact Type", "cxone_data: Recording URL"),
     prop("cxone_contact_type", type="string"), ["MEM107 voice.yaml:24 Recording URL"]),
    ("MEM201", ("voice.yaml", "entity: Ticket", "entity: Tiket"),
     lambda facts: facts["portal"].update(unknown_record_types=["Tiket"]),
     ["MEM201 voice.yaml:16 Tiket", "MEM601 voice.yaml:16 crm.objects.custom.read",
      "MEM601 voice.yaml:16 crm.objects.custom.write"]),
    ("MEM202", ("voice.yaml", "cxone_ani", "cxone_anni"), None, ["MEM202 voice.yaml:21 cxone_anni"]),
    ("MEM203", None, prop("cxone_ani", read_only=True), ["MEM203 voice.yaml:21 cxone_ani"]),
    ("MEM204", None, prop("cxone_ani", calculated=True), ["MEM204 voice.yaml:21 cxone_ani"]),
    ("MEM205", None, moved("cxone_ani", "sensitive"), ["MEM205 voice.yaml:21 cxone_ani"]),
    ("MEM206", None, moved("cxone_ani", "archived"), ["MEM206 voice.yaml:21 cxone_ani"]),
    ("MEM207", None, prop("cxone_transcript", type="enumeration"), ["MEM207 digital.yaml:42 cxone_transcript"]),
    ("MEM208", None, prop("cxone_dnis", type="datetime"), ["MEM208 voice.yaml:25 cxone_dnis"]),
    ("MEM209", None, lambda facts: facts["tenant"]["dispositions"].append("Neu"),
     ["MEM209 digital.yaml:10 cxone_last_disposition", "MEM209 digital.yaml:28 cxone_disposition",
      "MEM209 voice.yaml:11 cxone_last_disposition", "MEM209 voice.yaml:27 cxone_disposition"]),
    ("MEM210", None, prop("cxone_transcript", field_type="text"), ["MEM210 digital.yaml:42 cxone_transcript"]),
    ("MEM211", None, prop("cxone_last_transcript", "Contact", max_length=6429),
     ["MEM211 digital.yaml:14 cxone_last_transcript"]),
    ("MEM211", ("digital.yaml", "cxone_data: Transcription Text}", "cxone_data: Transcription Text, on_overflow: cut}"),
     prop("cxone_last_transcript", "Contact", max_length=10), []),
    ("MEM212", ("digital.yaml", "subject: CXone interaction,", "subject: CXone interaction, subjct: x,"), None,
     ["MEM212 digital.yaml:19 subjct"]),
    ("MEM213", ("digital.yaml", 'hs_pipeline: "0"', 'hs_pipeline: "7"'), None, ["MEM213 digital.yaml:19 7"]),
    ("MEM213", ("digital.yaml", 'hs_pipeline_stage: "1"', 'hs_pipeline_stage: "77"'), None,
     ["MEM213 digital.yaml:19 77"]),
    ("MEM214", ("digital.yaml", "subject: CXone interaction, ", ""), None, ["MEM214 digital.yaml:19 subject"]),
    ("MEM301", ("voice.yaml", "key: Contact ID", "through_contact: false"), None, ["MEM301 voice.yaml:16 Ticket"]),
    ("MEM302", None, prop("cxone_contact_id", unique=False),
     ["MEM302 digital.yaml:17 cxone_contact_id", "MEM303 voice.yaml:17 cxone_contact_id"]),
    ("MEM303", None, prop("cxone_contact_id", unique=False),
     ["MEM302 digital.yaml:17 cxone_contact_id", "MEM303 voice.yaml:17 cxone_contact_id"]),
    ("MEM304", ("voice.yaml", "cxone_ani", "cxone_contact_id"), None, ["MEM304 voice.yaml:21 cxone_contact_id"]),
    ("MEM305", ("voice.yaml", "required: true  ", "key: Contact ID  "), None, []),
    ("MEM401", ("dynamic/customer_card.yaml", CARD,
     "[firstname, lastname, company, email, cxone_last_notes, cxone_last_agent]"), None,
     ["MEM401 dynamic/customer_card.yaml:5 6", "MEM403 dynamic/customer_card.yaml:5 6"]),
    ("MEM402", ("dynamic/customer_card.yaml", CARD,
     "[cxone_last_disposition, cxone_last_interaction_at, createdate, lastmodifieddate]"), None,
     ["MEM402 dynamic/customer_card.yaml:5 4"]),
    ("MEM403", ("dynamic/customer_card.yaml", "[firstname,", "[firstname, createdate,"), None,
     ["MEM403 dynamic/customer_card.yaml:5 6"]),
    ("MEM404", ("dynamic/customer_card.yaml", "[firstname", "[fristname"), None,
     ["MEM404 dynamic/customer_card.yaml:5 fristname"]),
    ("MEM501", ("workflows.yaml", "Customer card", "Card"), None, ["MEM501 workflows.yaml:5 Card"]),
    ("MEM502", ("workflows.yaml", "Care EN", "Caer EN"), None, ["MEM502 workflows.yaml:3 Caer EN"]),
    ("MEM503", ("workflows.yaml", "memorialization_mapping: Acme digital", "memorialization_mapping: Acme voice"),
     None, ["MEM503 digital.yaml:2 Acme digital"]),
    ("MEM504", ("workflows.yaml", "channel: Digital contact", "skills: [Care EN]"), None,
     ["MEM504 workflows.yaml:7 Care EN"]),
    ("MEM505", ("voice.yaml", "memorialization_mapping: Acme voice", "memorialization_mapping: Acme digital"), None,
     ["MEM505 voice.yaml:2 Acme digital"]),
    ("MEM601", None, lambda facts: facts["portal"]["scopes"].remove("tickets"), ["MEM601 digital.yaml:16 tickets"]),
    ("MEM602", ("crm.yaml", "4711001", "4711002"), None, ["MEM602 crm.yaml:9 4711002"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "file", "facts", "expected"), BROKEN)
def test_a_breach_is_found_at_its_line(
    acme: Broken, code: str, file: Files | None, facts: Callable[[dict[str, Any]], None] | None, expected: list[str]
) -> None:
    if file:
        acme.change(*file)
    if facts:
        acme.facts(facts)
    found = acme.said()
    assert [line for line in expected if line not in found] == []
    unbroken = {"MEM106", "MEM305"} if not expected else set()
    assert not [line for line in found if line not in expected and line[:6] in {code, *unbroken}]
    for finding in acme.lint().findings:
        assert finding.problem.what.endswith(".") and finding.problem.cure.endswith((".", "?", ").")), finding


def test_a_missing_file_and_an_ignored_one_are_named(acme: Broken) -> None:
    (acme.folder / "crm.yaml").unlink()
    (acme.folder / "chat.yml").write_text("a: 1\n")
    assert acme.said() == ["MEM003 chat.yml:1 chat.yml", "MEM002 crm.yaml:1 crm.yaml"]


def test_every_rule_is_broken_here() -> None:
    assert {code for code, *_ in BROKEN} | {"MEM002", "MEM003"} == set(RULES)


def test_the_example_is_worth_these_warnings_and_no_error(acme: Broken) -> None:
    result = acme.lint()
    assert set(lines(result, acme.folder)) == ORDINARY
    assert (result.count("error"), result.not_checked) == (0, ())


def test_a_rule_without_its_facts_is_never_ok(acme: Broken) -> None:
    (acme.folder / "snapshot.json").unlink()
    result = acme.lint()
    assert {item.code for _, item in result.not_checked} == {rule.code for rule in RULES.values() if rule.needs}
    assert not {finding.code for finding in result.findings} & {rule.code for rule in RULES.values() if rule.needs}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda facts: facts.pop("tenant"), {"MEM105", "MEM106", "MEM209", "MEM502"}),
        (lambda facts: facts.pop("transcript_lengths"), {"MEM211"}),
        (lambda facts: facts["portal"].pop("scopes"), {"MEM601"}),
        (lambda facts: facts["portal"].pop("pipelines"), {"MEM213"}),
        (lambda facts: facts["portal"]["record_types"]["Ticket"].pop("sensitive"), {"MEM205"}),
        (lambda facts: facts["portal"]["record_types"]["Ticket"].pop("archived"), {"MEM206"}),
        (lambda facts: facts["tenant"]["skills"]["Sales EN"].pop("screen_pops"), {"MEM105", "MEM106"}),
    ],
)
def test_each_absent_fact_names_its_rules(
    acme: Broken, change: Callable[[dict[str, Any]], None], codes: set[str]
) -> None:
    acme.facts(change)
    assert {item.code for _, item in acme.lint().not_checked} == codes


def test_a_record_type_without_facts_is_not_checked(acme: Broken) -> None:
    acme.facts(lambda facts: facts["portal"]["record_types"].pop("Company"))
    skipped = acme.lint().not_checked
    assert {item.lacks for _, item in skipped} == {
        "record types of Company", "properties of Company", "sensitive properties of Company",
        "archived properties of Company",
    }  # fmt: skip
    assert "MEM202" in {item.code for _, item in skipped}


def test_codes_names_and_texts_are_in_order() -> None:
    assert list(RULES) == sorted(RULES)
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    for rule in RULES.values():
        assert re.fullmatch(r"MEM[0-6]\d\d", rule.code) and rule.code[3] in FAMILIES
        assert rule.why.endswith(".") and rule.cure.endswith(".")
