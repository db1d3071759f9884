"""`memorialize portal` on a twin: what it lists, what it creates, and that the rest stays as it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local.stage import twin
from memorialization.configuration import load
from memorialization.text import Measure
from tests.app.command import SMALL, impatient, mappings, memorialize, replace
from tests.app.world import World

pytestmark = pytest.mark.slow

Stage = Callable[[World], None]
ROW = "      - {external_crm_field: %s, channel: Voice call contact, cxone_data: %s}\n"
AFTER = "    required: true\n    fields:\n"
TICKETS = "/crm/v3/properties/tickets"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    options = ("--account-type", "SANDBOX", "--scope", "crm.schemas.contacts.write", "--burst", "10000")
    with twin(tmp_path_factory.mktemp("twin"), *SMALL, *options) as services:
        yield World(services)


@pytest.fixture
def acme(world: World, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stage(world)
    impatient(monkeypatch)
    monkeypatch.setattr("plugins.hubspot.probe.PAUSE", 0.0)
    monkeypatch.delenv("AIRFLOW_CONN_MEMORIALIZATION_LEDGER")  # these verbs need no ledger
    return mappings(tmp_path, monkeypatch)


def properties(world: World, path: str = TICKETS) -> dict[str, dict]:
    headers = {"Authorization": "Bearer pat-eu1-acme-demo"}
    items = httpx.get(f"{world.services.hubspot}{path}", headers=headers).raise_for_status().json()["results"]
    return {item["name"]: item for item in items}


def add_rows(acme: Path, *pairs: tuple[str, str]) -> None:
    replace(acme / "voice.yaml", AFTER, AFTER + "".join(ROW % pair for pair in pairs))


def test_a_portal_that_has_everything_needs_nothing(acme: Path, world: World) -> None:
    before = properties(world)
    outcome = memorialize("portal", "plan", "-c", "acme", "--json")
    assert outcome.code == 0
    assert {p["state"] for p in outcome.report["properties"]} == {"exists"}
    advice = {p["property"]: p["advice"] for p in outcome.report["properties"] if p["entity"] == "Ticket"}
    assert advice["cxone_transcript"] == [
        "a validation rule limits it to 4,000 characters: raise it, longer texts are withheld"
    ]
    assert memorialize("portal", "create", "-c", "acme").code == 0
    assert properties(world) == before


def test_missing_properties_are_created_once_with_cxones_dispositions(acme: Path, world: World) -> None:
    add_rows(acme, ("new_outcome", "Disposition Name"), ("new_end", "End Time"))
    before = properties(world)
    shown = memorialize("portal", "plan", "-c", "acme").out
    assert "Ticket.new_outcome" in shown and "enumeration/select" in shown and "missing" in shown
    assert properties(world) == before
    made = memorialize("portal", "create", "-c", "acme", "--json").report
    states = {p["property"]: p["state"] for p in made["properties"] if p["property"].startswith("new_")}
    assert states == {"new_outcome": "created", "new_end": "created"}
    now = properties(world)
    assert {name: now[name] for name in before} == before
    assert (now["new_end"]["type"], now["new_end"]["groupName"]) == ("datetime", "cxone")
    options = {o["value"] for o in before["cxone_disposition"]["options"]}
    assert {o["value"] for o in now["new_outcome"]["options"]} == options
    again = memorialize("portal", "create", "-c", "acme", "--json").report
    assert {p["state"] for p in again["properties"]} == {"exists"}
    assert properties(world) == now


def test_a_problem_stops_everything_before_the_first_property(acme: Path, world: World) -> None:
    add_rows(acme, ("new_fine", "Status"), ("Größe", "To"))
    before = properties(world)
    outcome = memorialize("portal", "create", "-c", "acme")
    assert outcome.code == 2
    assert "nothing was created" in outcome.messages[0] and "Ticket.Größe" in outcome.messages[0]
    assert properties(world) == before


def test_without_the_right_to_write_schemas_one_message_names_it(
    tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch, start_world: Callable[..., World]
) -> None:
    plain = start_world(*SMALL)
    stage(plain)
    acme = mappings(tmp_path, monkeypatch)
    contact = "    required: true               # a call without a contact needs a person's eye\n    fields:\n"
    replace(acme / "voice.yaml", contact, contact + ROW % ("new_one", "Status"))
    assert memorialize("portal", "plan", "-c", "acme").code == 0
    outcome = memorialize("portal", "create", "-c", "acme")
    assert outcome.code == 1 and len(outcome.messages) == 1
    assert "crm.schemas.contacts.write (for Contact)" in outcome.messages[0]
    refused = memorialize("portal", "probe", "-c", "acme", "--yes-this-is-a-test-account")
    assert refused.code == 2 and "account of type STANDARD" in refused.messages[0]
    assert plain.writes() == 0


def test_the_probe_must_be_asked_for(acme: Path, world: World) -> None:
    before = world.requests("hubspot")
    outcome = memorialize("portal", "probe", "-c", "acme")
    assert outcome.code == 2 and "--yes-this-is-a-test-account" in outcome.messages[0]
    assert "--only cxone" in outcome.messages[0]
    assert world.requests("hubspot") == before


def test_the_probes_answers_become_part_of_the_configuration(acme: Path, world: World) -> None:
    before = (acme / "crm.yaml").read_text(encoding="utf-8")
    hashed = load(acme.parent, "acme").mapping_hash
    contacts = properties(world, "/crm/v3/properties/contacts")
    outcome = memorialize("portal", "probe", "-c", "acme", "--yes-this-is-a-test-account", "--write")
    assert outcome.code == 0, outcome
    after = (acme / "crm.yaml").read_text(encoding="utf-8")
    assert after == before + outcome.out
    found = load(acme.parent, "acme")
    assert found.crm.probed is not None
    assert (found.crm.probed.character_unit, found.crm.probed.over_limit.code) == ("utf16", "INVALID_LENGTH")
    assert found.mapping_hash != hashed  # from now on texts are cut in the unit that was settled
    assert found.crm.measure == Measure("utf16", 65_536, settled=True)
    assert found.crm.probed.request_bytes == 16_777_216
    assert found.crm.probed_cxone is not None and found.crm.probed_cxone.field_names == "new"
    assert properties(world, "/crm/v3/properties/contacts") == contacts
    again = memorialize("portal", "probe", "-c", "acme", "--yes-this-is-a-test-account", "--write")
    assert (acme / "crm.yaml").read_text(encoding="utf-8") == before + again.out


def test_a_tenant_alone_is_read_without_a_word_and_says_what_to_set(acme: Path, world: World) -> None:
    replace(acme / "crm.yaml", "  agent: [Agent Hangup, Transferred]", "  agent: []")
    before, requests = world.writes(), world.requests("hubspot")
    outcome = memorialize("portal", "probe", "-c", "acme", "--only", "cxone", "--write")
    assert outcome.code == 0, outcome
    assert outcome.out.startswith("probed_cxone:\n") and (acme / "crm.yaml").read_text().endswith(outcome.out)
    assert "under agent or contact: Agent Hangup" in outcome.err
    assert "Open, and not to be settled by reading (CXone):" in outcome.err
    assert (world.writes(), world.requests("hubspot")) == (before, requests)


def test_an_older_block_is_replaced_where_it_stands(acme: Path) -> None:
    memorialize("portal", "probe", "-c", "acme", "--yes-this-is-a-test-account", "--write")
    text = (acme / "crm.yaml").read_text(encoding="utf-8")
    (acme / "crm.yaml").write_text(text + "\n# a comment\nlive_write_grace_seconds: 60\n", encoding="utf-8")
    before = (acme / "crm.yaml").read_text(encoding="utf-8")
    assert memorialize("portal", "probe", "-c", "acme", "--yes-this-is-a-test-account", "--write").code == 0
    assert (acme / "crm.yaml").read_text(encoding="utf-8") == before
