"""Every file is read as far as it can be: what is wrong becomes findings with code and line, the rest goes on."""

from pathlib import Path

import pytest

from memorialization.errors import ConfigurationError
from memorialization.lint.reading import read_folder, unreadable
from tests.memorialization.lint.conftest import Breach, Broken, Change, Facts
from tests.memorialization.test_configuration import FILES

BROKEN: list[Breach] = [
    ("MEM001", ("voice.yaml", "sections:", "sections: &a"), None, ["MEM001 voice.yaml:4 voice.yaml"]),
    ("MEM010", ("crm.yaml", "  tags_separator", "  tag_separator"), None, ["MEM010 crm.yaml:17 tag_separator"]),
    ("MEM011", ("crm.yaml", "account_id: 4711001", ""), None, ["MEM011 crm.yaml:3 account_id"]),
    ("MEM012", ("crm.yaml", "mode: adopted", "mode: adoptd"), None, ["MEM012 crm.yaml:12 adoptd"]),
    ("MEM013", ("crm.yaml", "[DE, US]", "[NO]"), None, ["MEM013 crm.yaml:15 False"]),
    ("MEM014", ("crm.yaml", "0 2 * * *", "daily"), None, ["MEM014 crm.yaml:13 daily"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "file", "facts", "expected"), BROKEN)
def test_a_breach_is_found_at_its_line(
    acme: Broken, code: str, file: Change | None, facts: Facts | None, expected: list[str]
) -> None:
    acme.breaks(code, file, facts, expected)


def test_a_missing_file_and_an_ignored_one_are_named(acme: Broken) -> None:
    (acme.folder / "crm.yaml").unlink()
    (acme.folder / "chat.yml").write_text("a: 1\n")
    (acme.folder / "dynamic/Karte.YAML").write_text("a: 1\n")
    assert acme.said() == [
        "MEM003 chat.yml:1 chat.yml",
        "MEM002 crm.yaml:1 crm.yaml",
        "MEM003 dynamic/Karte.YAML:1 Karte.YAML",
    ]


def test_a_record_type_is_read_whatever_its_case(acme: Broken) -> None:
    acme.change("voice.yaml", "entity: Contact", "entity: contact")
    acme.change("dynamic/customer_card.yaml", "entity: Company", "entity: COMPANY")
    result = acme.lint()
    assert acme.said() == []
    assert result.not_checked == ()


@pytest.mark.parametrize(
    ("old", "new", "what", "cure"),
    [
        ("mode: adopted", "mode: adoptd", "mode: 'adoptd' is not allowed.",
         "Did you mean 'adopted'? Allowed: 'observe' or 'adopted'."),
        ("[DE, US]", "DE", "phone_regions: must be a list, as [one, two].", "Correct the value."),
        ("[DE, US]", "[NO]", "phone_regions.0: must be text.", "Put it in quotes."),
        ("integration_type: HubSpot", "", "integration_type: missing.", "Add it."),
    ],
)  # fmt: skip
def test_a_finding_says_what_is_wrong_and_what_to_write(acme: Broken, old: str, new: str, what: str, cure: str) -> None:
    acme.change("crm.yaml", old, new)
    (finding,) = read_folder(acme.folder).findings
    assert (finding.problem.what, finding.problem.cure) == (what, cure)


def test_what_can_be_read_of_a_damaged_mapping_goes_on(acme: Broken) -> None:
    acme.change("voice.yaml", "required: true", "requird: yes")
    acme.change("voice.yaml", "channel: Voice call contact, cxone_data: Agent Name", "channel: Fax, cxone_data: X")
    acme.change("voice.yaml", "key: Contact ID ", "key: contactid ")
    folder = read_folder(acme.folder)
    (voice,) = [mapping for mapping in folder.mappings if mapping.name == "Acme voice"]
    contact, ticket = voice.sections
    assert (contact.entity, len(contact.rows)) == ("Contact", 6)  # of seven; that of the unknown channel is left out
    assert (ticket.key, ticket.key_property, ticket.on_unmatched) == ("Contact ID", "cxone_contact_id", "park")
    assert [finding.code for finding in folder.findings] == ["MEM012", "MEM010"]


def test_a_folder_tells_what_it_writes_and_what_it_shows(acme: Broken) -> None:
    folder = read_folder(acme.folder)
    assert (folder.name, folder.files, folder.unread, folder.findings) == ("acme", 5, False, ())
    assert (folder.entities, folder.card_entities) == (("Contact", "Ticket"), ("Contact", "Company"))
    assert [(a.assigned[-1], a.mapping, a.dynamic, a.screen_pop) for a in folder.assignments] == [
        ("Outbound EN", "Acme voice", "Customer card", True),
        ("Digital contact", "Acme digital", "Customer card", False),
    ]


def test_an_overflow_that_is_not_written_is_not_a_decision(acme: Broken) -> None:
    (digital,) = [m for m in read_folder(acme.folder).mappings if m.name == "Acme digital"]
    rows = [row for section in digital.sections for row in section.rows if row.field.is_transcript]
    assert rows[0].on_overflow is None


@pytest.mark.parametrize(
    ("message", "line", "what", "cure"),
    [
        ("a.yaml:7: not UTF-8. Save the file as UTF-8.", 7, "not UTF-8.", "Save the file as UTF-8."),
        ("a.yaml: 2,000,000 bytes is over 1,048,576. Split the file.", 1, "2,000,000 bytes is over 1,048,576.",
         "Split the file."),
        ("a.yaml:3: not valid YAML: did not find expected key.", 3, "not valid YAML: did not find expected key.",
         "Mend this line."),
    ],
)  # fmt: skip
def test_a_refusal_of_the_reader_becomes_a_finding(message: str, line: int, what: str, cure: str) -> None:
    found = unreadable(Path("a.yaml"), ConfigurationError(message))
    assert (found.code, found.line, found.problem.what, found.problem.cure) == ("MEM001", line, what, cure)


@pytest.mark.parametrize(
    "content", ["", "- 1\n", "42\n", "sections: 1\n", "sections: [1, {fields: 3}]\n", "\x00", "a: &a [*a]\n"]
)
@pytest.mark.parametrize("name", [*FILES, "snapshot.json"])
def test_a_file_of_another_shape_is_refused_by_code(acme: Broken, name: str, content: str) -> None:
    (acme.folder / name).write_text(content)
    assert [f for f in acme.lint().findings if f.path == acme.folder / name and f.code[3] == "0"]
