from pathlib import Path

import pytest

from memorialization.configuration import Configuration, load
from memorialization.interactions import DIGITAL, FIELD_COLUMNS, VOICE
from memorialization.ports import Account, Property
from memorialization.proposal import SYNONYMS, Portal, files, folded, matches

ACCOUNT = Account(4711001, "Europe/Berlin", "app-eu1.hubspot.com")


def text(name: str, label: str, field_type: str = "text", **more) -> Property:
    return Property(name, label, "string", field_type, **more)


def listed(*properties: Property) -> dict[str, Property]:
    return {p.name: p for p in properties}


def loaded(folder: Path, properties: dict[str, dict[str, Property]], skills: tuple[str, ...] = ()) -> Configuration:
    (folder / "neu").mkdir()
    for name, content in files("neu", Portal(ACCOUNT, properties), skills).items():
        (folder / "neu" / name).write_text(content, encoding="utf-8")
    return load(folder, "neu")


def rows(configuration: Configuration, mapping: str, entity: str) -> dict[str, str]:
    section = next(s for s in configuration.mappings[mapping].sections if s.entity == entity)
    return {row.cxone_data: row.external_crm_field for row in section.fields}


def test_every_field_has_names_as_they_are_folded() -> None:
    assert set(SYNONYMS) == set(FIELD_COLUMNS[VOICE]) | set(FIELD_COLUMNS[DIGITAL])
    for names in SYNONYMS.values():
        for name in names:
            assert " ".join(folded(name)) == name


def test_names_are_folded() -> None:
    assert folded("Gesprächsnotiz (CXone)") == ("gespraechsnotiz",)
    assert folded("cxone_last_contact_id") == ("contact", "id")
    assert folded("Größe Äpfel") == ("groesse", "aepfel")


def test_german_labels_are_understood() -> None:
    portal = listed(
        text("p1", "Gesprächsnotiz", "textarea"), text("p2", "Anrufergebnis"), text("p3", "Letzter Bearbeiter"),
        text("p4", "Chatverlauf", "textarea"), text("p5", "Kontaktnummer"), text("p6", "Lieblingsfarbe"),
        Property("p7", "Gesprächsende", "datetime", "date"),
    )  # fmt: skip
    assert {m.field: m.properties for m in matches(DIGITAL, portal)} == {
        "Agent Name": ("p3",), "Contact ID": ("p5",), "Disposition Name": ("p2",), "Disposition Notes": ("p1",),
        "End Time": ("p7",), "Transcription Text": ("p4",),
    }  # fmt: skip


def test_hubspots_own_and_unfitting_properties_are_never_proposed() -> None:
    portal = listed(
        text("hs_status", "Status"), text("x", "Status", read_only=True), text("y", "Status", calculated=True),
        Property("z", "Transkript", "number", "number"),
    )  # fmt: skip
    assert matches(DIGITAL, portal) == []


def test_nothing_found_still_loads_with_a_row_to_create(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, {"Contact": {}, "Ticket": {}})
    assert configuration.crm.mode == "observe"
    assert (configuration.crm.account_id, configuration.crm.phone_regions) == (4711001, ("DE",))
    assert rows(configuration, "neu voice", "Contact") == {"Contact ID": "cxone_last_contact_id"}
    assert [s.entity for s in configuration.mappings["neu digital"].sections] == ["Contact"]


def test_what_is_found_is_mapped_and_the_rest_is_asked(tmp_path: Path) -> None:
    tickets = listed(
        text("cxone_contact_id", "Contact ID", unique=True), text("cxone_transcript", "Transkript", "textarea")
    )
    configuration = loaded(tmp_path, {"Contact": listed(text("agent", "Agent")), "Ticket": tickets})
    assert rows(configuration, "neu digital", "Ticket") == {
        "Contact ID": "cxone_contact_id",
        "Transcription Text": "cxone_transcript",
    }
    assert configuration.mappings["neu digital"].sections[1].key == "Contact ID"
    written = (tmp_path / "neu/digital.yaml").read_text()
    assert '# - {external_crm_field: "?", channel: Digital contact, cxone_data: Customer Name}' in written


def test_several_that_fit_are_left_to_a_person(tmp_path: Path) -> None:
    contacts = listed(text("b", "Notizen", "text"), text("c", "Notes", "textarea"))
    configuration = loaded(tmp_path, {"Contact": contacts, "Ticket": {}})
    assert rows(configuration, "neu voice", "Contact") == {"Disposition Notes": "c"}
    assert "# CHOOSE: or b" in (tmp_path / "neu/voice.yaml").read_text()


@pytest.mark.parametrize("skill", ["x\n  - evil: 1", 'a "b" # c', "Kündigung: Süd", "\u2028\u0085"])
def test_a_skills_name_cannot_leave_its_comment(tmp_path: Path, skill: str) -> None:
    assert len(loaded(tmp_path, {}, (skill,)).workflows.assignments) == 2


def test_an_unknown_time_zone_is_left_to_a_person() -> None:
    portal = Portal(Account(1, "Mars/Olympus\nx: 1", "app.hubspot.com"), {})
    assert "phone_regions: [US]          # CHOOSE" in files("neu", portal)["crm.yaml"]


def test_a_field_without_a_source_is_left_a_comment(tmp_path: Path) -> None:
    contacts = listed(text("rec", "Recording URL"), text("agent", "Agent"))
    assert rows(loaded(tmp_path, {"Contact": contacts}), "neu voice", "Contact") == {"Agent Name": "agent"}
    assert "cxone_data: Recording URL}   (no source" in (tmp_path / "neu/voice.yaml").read_text()
