"""What of another configuration fits a portal is taken over and loads; the rest is asked for, never dropped."""

from pathlib import Path
from typing import Any

import pytest

from memorialization.configuration import Configuration, load
from memorialization.errors import ConfigurationError
from memorialization.ports import Account, Property
from memorialization.proposal import Portal
from memorialization.transfer import files

ACCOUNT = Account(4711002, "Europe/Vienna", "app-eu1.hubspot.com")
CRM: dict[str, Any] = {
    "configuration_name": "Alt", "account_id": 1, "mode": "adopted", "phone_regions": ["AT", "DE"],
    "end_reasons": {"agent": ["Beendet"], "contact": []}, "probed": {"at": "2026-01-01"},
}  # fmt: skip
VOICE = """\
memorialization_mapping: Alt voice
sections:
  - entity: Contact
    fields:
      - {external_crm_field: last_agent, channel: Voice call contact, cxone_data: Agent Name, ownership: pipeline}
      - {external_crm_field: old_notes, channel: Voice call contact, cxone_data: Disposition Notes}
      - {external_crm_field: favourite, channel: Script variable, cxone_data: favourite_colour}
  - entity: Ticket
    key: Contact ID
    on_unmatched: create
    create_with: {subject: Anruf, hs_pipeline: "0", hs_pipeline_stage: "1"}
    associate_with: [Contact, Deal]
    fields:
      - {external_crm_field: cxone_contact_id, channel: Voice call contact, cxone_data: Contact ID}
  - entity: Deal
    key: leg
    key_property: leg_key
    fields:
      - {external_crm_field: deal_agent, channel: Voice call contact, cxone_data: Agent Name}
"""
DIGITAL = """\
memorialization_mapping: Alt digital
sections:
  - entity: Vehicle
    key: Contact ID
    fields:
      - {external_crm_field: case_id, channel: Digital contact, cxone_data: Contact ID}
"""
WORKFLOWS = """\
assignments:
  - skills: [Verkauf, "Größe: A"]
    memorialization_mapping: Alt voice
    dynamic_data_mapping: Karte
    assign_screen_pop: true
  - skills: [Weg]
    memorialization_mapping: Alt voice
  - channel: Digital contact
    memorialization_mapping: Alt digital
"""
CARD = """\
dynamic_data_mapping: Karte
sections:
  - {entity: Contact, fields: [firstname, gone]}
"""


def text(name: str, label: str = "", **more: Any) -> Property:
    return Property(name, label or name, "string", "textarea", **more)


def listed(*properties: Property) -> dict[str, Property]:
    return {p.name: p for p in properties}


PORTAL: dict[str, dict[str, Property]] = {
    "Contact": listed(text("last_agent"), text("gespraechsnotiz", "Gesprächsnotiz"), text("firstname")),
    "Ticket": listed(text("cxone_contact_id", unique=True)),
    "Deal": listed(text("deal_agent")),
}


@pytest.fixture
def other(tmp_path: Path) -> Configuration:
    folder = tmp_path / "old/alt"
    (folder / "dynamic").mkdir(parents=True)
    crm = "configuration_name: Alt\nintegration_type: HubSpot\nauthentication_name: key\naccount_id: 1\n"
    crm += "external_screenpop_domain_hs: https://alt.hubspot.com\nphone_regions: [AT]\n"
    texts = {"crm": crm, "voice": VOICE, "digital": DIGITAL, "workflows": WORKFLOWS, "dynamic/karte": CARD}
    for name, content in texts.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return load(tmp_path / "old", "alt")


def made(tmp_path: Path, other: Configuration, portal: dict[str, dict[str, Property]], *skills: str) -> Configuration:
    for name, content in files("neu", other, CRM, Portal(ACCOUNT, portal), skills).items():
        path = tmp_path / "new/neu" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return load(tmp_path / "new", "neu")


def test_rows_stay_move_or_wait_for_a_person(tmp_path: Path, other: Configuration) -> None:
    found = made(tmp_path, other, PORTAL, "Verkauf", "Größe: A")
    assert list(found.mappings) == ["Alt voice"]
    contact, ticket = found.mappings["Alt voice"].sections
    assert [(row.external_crm_field, row.cxone_data, row.ownership) for row in contact.fields] == [
        ("last_agent", "Agent Name", "pipeline"), ("gespraechsnotiz", "Disposition Notes", "repair"),
    ]  # fmt: skip
    assert (ticket.entity, ticket.key, ticket.on_unmatched, ticket.associate_with) == (
        "Ticket", "Contact ID", "create", ("Contact",),
    )  # fmt: skip
    assert ticket.create_with == {"subject": "Anruf", "hs_pipeline": "0", "hs_pipeline_stage": "1"}
    voice = (tmp_path / "new/neu/alt_voice.yaml").read_text(encoding="utf-8")
    assert "CHOOSE: alt has old_notes" in voice
    assert "CHOOSE: no such property here: {external_crm_field: favourite, channel: Script variable" in voice
    assert '# CHOOSE: Deal has no property for the key of a leg\n  # - entity: "Deal"' in voice


def test_the_account_is_its_own_and_the_rest_of_crm_is_taken_over(tmp_path: Path, other: Configuration) -> None:
    crm = made(tmp_path, other, PORTAL).crm
    assert (crm.account_id, crm.mode, crm.configuration_name, crm.probed) == (4711002, "observe", "neu HubSpot", None)
    assert (crm.phone_regions, crm.end_reasons.agent) == (("AT", "DE"), ("Beendet",))


def test_assignments_keep_the_skills_that_exist(tmp_path: Path, other: Configuration) -> None:
    found = made(tmp_path, other, PORTAL, "Größe: A")
    [one] = found.workflows.assignments
    assert (one.skills, one.dynamic_data_mapping, one.assign_screen_pop) == (("Größe: A",), "Karte", True)
    assert found.dynamic["Karte"].sections[0].fields == ("firstname",)
    told = (tmp_path / "new/neu/workflows.yaml").read_text(encoding="utf-8")
    assert 'CHOOSE: no such skill here: "Verkauf"' in told and "# - channel: Digital contact" in told


def test_without_any_known_skill_the_channel_is_proposed(tmp_path: Path, other: Configuration) -> None:
    [one] = made(tmp_path, other, PORTAL).workflows.assignments
    assert (one.channel, one.memorialization_mapping) == ("Voice call contact", "Alt voice")


@pytest.mark.parametrize("portal", [{}, {"Contact": {}}, {"Ticket": listed(text("other"))}])
def test_where_nothing_fits_it_says_so(tmp_path: Path, other: Configuration, portal: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="no section of 'alt' finds its properties in this portal"):
        made(tmp_path, other, portal)


def test_a_read_only_property_is_no_place_for_a_row(tmp_path: Path, other: Configuration) -> None:
    locked = PORTAL | {"Contact": listed(text("last_agent", read_only=True), text("firstname"))}
    assert [s.entity for s in made(tmp_path, other, locked).mappings["Alt voice"].sections] == ["Ticket"]
