"""`memorialize init` on a twin: a folder that loads, and no folder ever overwritten."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from memorialization.configuration import load
from tests.app.command import impatient, mappings, memorialize, replace
from tests.app.world import World

pytestmark = pytest.mark.slow

Stage = Callable[[World], None]


@pytest.fixture
def root(untouched: World, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stage(untouched)
    impatient(monkeypatch)
    for service in ("CXONE", "HUBSPOT"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{service}_NEU", os.environ[f"AIRFLOW_CONN_{service}_ACME"])
    return mappings(tmp_path, monkeypatch).parent


def test_a_new_configuration_loads_and_fits_its_portal(root: Path) -> None:
    outcome = memorialize("init", "neu")
    assert outcome.code == 0, outcome
    made = load(root, "neu")
    assert (made.crm.mode, made.crm.account_id) == ("observe", 4711001)
    tickets = next(s for s in made.mappings["neu voice"].sections if s.entity == "Ticket")
    mapped = {row.cxone_data: row.external_crm_field for row in tickets.fields}
    assert (tickets.key, mapped["Contact ID"]) == ("Contact ID", "cxone_contact_id")
    assert (mapped["Agent Name"], mapped["End Time"], mapped["ANI"]) == (
        "cxone_agent_name", "cxone_end_time", "cxone_ani",
    )  # fmt: skip
    assert "Skills of this tenant" in (root / "neu/workflows.yaml").read_text()
    planned = memorialize("portal", "plan", "-c", "neu", "--json").report
    assert {p["state"] for p in planned["properties"]} == {"exists"}
    assert [p.name for p in root.iterdir() if p.name.startswith(".")] == []


def test_every_file_begins_with_a_schema_that_is_there(root: Path) -> None:
    assert memorialize("init", "neu", "--from", "acme").code == 0
    files = sorted((root / "neu").rglob("*.yaml"))
    assert len(files) == 5
    for file in files:
        line = file.read_text(encoding="utf-8").splitlines()[0]
        schema = file.parent / line.removeprefix("# yaml-language-server: $schema=")
        assert json.loads(schema.read_text(encoding="utf-8"))["$schema"].endswith("2020-12/schema"), line


@pytest.mark.parametrize("options", [(), ("--from", "acme")])
def test_what_is_made_lints_without_an_error_against_its_portal(root: Path, options: tuple[str, ...]) -> None:
    assert memorialize("init", "neu", *options).code == 0
    assert memorialize("snapshot", "-c", "neu").code == 0
    outcome = memorialize("lint", str(root / "neu"))
    assert outcome.code == 0 and ": 0 errors" in outcome.out + outcome.err, outcome


def test_another_configuration_is_taken_over_as_far_as_it_fits(root: Path) -> None:
    extra = "      - {external_crm_field: %s, channel: Voice call contact, cxone_data: Agent ID}\n"
    contact = "    required: true               # a call without a contact needs a person's eye\n    fields:\n"
    replace(root / "acme/voice.yaml", contact, contact + extra % "not_in_this_portal")
    outcome = memorialize("init", "neu", "--from", "acme")
    assert outcome.code == 0, outcome
    old, made = load(root, "acme"), load(root, "neu")
    assert set(made.mappings) == set(old.mappings) and made.crm.mode == "observe"
    assert made.mappings["Acme digital"].sections[0].fields == old.mappings["Acme digital"].sections[0].fields
    assert len(made.mappings["Acme voice"].sections[0].fields) == len(old.mappings["Acme voice"].sections[0].fields) - 1
    shown = [line.strip() for line in outcome.out.splitlines() if "acme_voice.yaml:" in line]
    lines = (root / "neu/acme_voice.yaml").read_text(encoding="utf-8").splitlines()
    assert any("not_in_this_portal" in lines[int(place.rsplit(":", 1)[1]) - 1] for place in shown)
    assert all("CHOOSE" in lines[int(place.rsplit(":", 1)[1]) - 1] for place in shown)


def test_a_start_that_is_not_there_is_named(root: Path) -> None:
    outcome = memorialize("init", "neu", "--from", "acmee")
    assert outcome.code == 2 and "acme" in outcome.messages[0] and not (root / "neu").exists()


def test_an_existing_folder_stays_as_it_is(root: Path) -> None:
    (root / "neu").mkdir()
    outcome = memorialize("init", "neu")
    assert outcome.code == 2 and "exists already and stays as it is" in outcome.messages[0]
    assert list((root / "neu").iterdir()) == []


@pytest.mark.parametrize("name", ["Neu", "../up", "9", "a b", "x" * 41])
def test_a_name_that_cannot_be_a_folders_is_refused(root: Path, name: str) -> None:
    outcome = memorialize("init", name)
    assert outcome.code == 2 and "is no name for a configuration" in outcome.messages[0]


def test_without_connections_nothing_is_made(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_HUBSPOT_NEU")
    outcome = memorialize("init", "neu")
    assert outcome.code == 2 and "hubspot_neu" in outcome.messages[0]
    assert not (root / "neu").exists()
