"""`memorialize init` on a twin: a folder that loads, and no folder ever overwritten."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memorialization.configuration import load
from tests.app.command import impatient, mappings, memorialize, small_world
from tests.app.conftest import World

pytestmark = pytest.mark.slow

Stage = Callable[[World], None]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with small_world(tmp_path_factory.mktemp("twin")) as running:
        yield running
        assert running.writes() == 0


@pytest.fixture
def root(world: World, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stage(world)
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
