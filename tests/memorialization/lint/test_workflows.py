"""Rules between files, each by the smallest change to the example that breaks it."""

from typing import Any

import pytest

from tests.memorialization.lint.conftest import Breach, Broken, Change, Facts


def screens(value: bool | None, *names: str) -> Facts:
    """Use Screen Pops of these skills, or of all."""

    def change(facts: dict[str, Any]) -> None:
        for name, skill in facts["tenant"]["skills"].items():
            if not names or name in names:
                skill["screen_pops"] = value

    return change


BROKEN: list[Breach] = [
    ("MEM105", ("workflows.yaml", "assign_screen_pop: true", "assign_screen_pop: false"), None,
     ["MEM105 voice.yaml:41 ordernumber", "MEM105 voice.yaml:42 callbackdate"]),
    ("MEM105", None, screens(False), ["MEM105 voice.yaml:41 ordernumber", "MEM105 voice.yaml:42 callbackdate"]),
    ("MEM106", None, screens(True), []),
    ("MEM305", ("voice.yaml", "key: Contact ID  ", "record_id_from: ticketid\n    key: Contact ID  "), None,
     ["MEM305 voice.yaml:16 Ticket"]),
    ("MEM501", ("workflows.yaml", "Customer card", "Card"), None, ["MEM501 workflows.yaml:5 Card"]),
    ("MEM502", ("workflows.yaml", "Care EN", "Caer EN"), None, ["MEM502 workflows.yaml:3 Caer EN"]),
    ("MEM503", ("workflows.yaml", "memorialization_mapping: Acme digital", "memorialization_mapping: Acme voice"),
     None, ["MEM503 digital.yaml:2 Acme digital"]),
    ("MEM504", ("workflows.yaml", "channel: Digital contact", "skills: [Care EN]"), None,
     ["MEM504 workflows.yaml:7 Care EN"]),
    ("MEM505", ("voice.yaml", "memorialization_mapping: Acme voice", "memorialization_mapping: Acme digital"), None,
     ["MEM505 voice.yaml:2 Acme digital"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "file", "facts", "expected"), BROKEN)
def test_a_breach_is_found_at_its_line(
    acme: Broken, code: str, file: Change | None, facts: Facts | None, expected: list[str]
) -> None:
    acme.breaks(code, file, facts, expected)


@pytest.mark.parametrize("fact", ["screen_pops", "media_type"])
def test_a_skill_of_which_too_little_is_known_leaves_the_rules_unchecked(acme: Broken, fact: str) -> None:
    acme.facts(lambda facts: facts["tenant"]["skills"]["Sales EN"].pop(fact))
    assert {item.code for _, item in acme.lint().not_checked} == {"MEM105", "MEM106"}


def test_skills_that_are_assigned_by_id_are_the_same_skills(acme: Broken) -> None:
    acme.change("workflows.yaml", "Care EN", '"2010"')
    skills = acme.folder / "snapshot.json"
    assert '"2010"' in skills.read_text(encoding="utf-8")
    assert [line for line in acme.said() if "MEM502" in line] == []


def test_a_skill_that_was_nearly_meant_is_proposed(acme: Broken) -> None:
    acme.change("workflows.yaml", "Care EN", "Caer EN")
    (problem,) = [f.problem for f in acme.lint().findings if f.code == "MEM502"]
    assert str(problem) == "CXone has no skill 'Caer EN'. Write it as CXone shows it. Did you mean 'Care EN'?"


def test_script_variables_of_digital_contacts_need_no_screen_pop(acme: Broken) -> None:
    acme.facts(screens(False))
    assert not [f for f in acme.lint().findings if f.code in ("MEM105", "MEM106") and f.path.name == "digital.yaml"]


def test_a_mapping_that_nothing_uses_meets_no_other(acme: Broken) -> None:
    acme.change("workflows.yaml", "memorialization_mapping: Acme digital", "memorialization_mapping: Acme voice")
    assert not [f for f in acme.lint().findings if f.code == "MEM305"]


def test_two_mappings_that_meet_are_named_with_what_both_write(acme: Broken) -> None:
    (problem,) = [f.problem for f in acme.lint().findings if f.code == "MEM305"]
    assert problem.what == (
        "Contact: these properties are also written by 'Acme digital' (digital.yaml): cxone_last_agent, "
        "cxone_last_channel, cxone_last_contact_id, cxone_last_disposition, cxone_last_interaction_at and 2 more."
    )


def test_records_of_one_interaction_meet_no_other_channels_records(acme: Broken) -> None:
    acme.change("voice.yaml", "required: true  ", "key: Contact ID  ")
    acme.change("digital.yaml", "- entity: Contact ", "- key: Contact ID\n    entity: Contact ")
    assert not [f for f in acme.lint().findings if f.code == "MEM305"]


def test_a_search_finds_what_another_mapping_finds_by_its_key(acme: Broken) -> None:
    acme.change("voice.yaml", "required: true  ", "key: Contact ID  ")
    assert [f.problem.value for f in acme.lint().findings if f.code == "MEM305"] == ["Contact"]


def test_a_skill_is_assigned_once_by_name_or_id(acme: Broken) -> None:
    acme.change("workflows.yaml", "channel: Digital contact", 'skills: ["2005"]')
    assert "MEM504 workflows.yaml:7 Care EN" in acme.said()


def test_a_mapping_without_a_name_is_not_proposed(acme: Broken) -> None:
    acme.change("digital.yaml", "memorialization_mapping: Acme digital", "owner: x")
    found = [f.problem for f in acme.lint().findings if f.code == "MEM501"]
    assert [problem.cure for problem in found] == ["Known: 'Acme voice'."]


def test_a_definition_in_a_file_that_cannot_be_read_is_not_missed(acme: Broken) -> None:
    (acme.folder / "voice.yaml").write_text("a: [")
    assert [line[:6] for line in acme.said()] == ["MEM001"]
