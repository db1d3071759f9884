"""A preview says what a run would write, and leaves no trace but what it prints."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from tests.app.command import NIGHT, impatient, mappings, memorialize, replace, small_world
from tests.app.world import World

pytestmark = pytest.mark.slow

SPAN = ("--from", "2026-11-20T00:00:00Z", "--to", "2026-11-21T00:00:00Z")
Stage = Callable[[World], None]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with small_world(tmp_path_factory.mktemp("twin")) as running:
        yield running


@pytest.fixture
def acme(world: World, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stage(world)
    impatient(monkeypatch)
    folder = mappings(tmp_path, monkeypatch)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first")
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)


def rows(socket: str, database: str) -> dict[str, int]:
    tables = ("runs", "steps", "interactions", "matches", "parked", "holders", "receipts", "coverage")
    connection = psycopg2.connect(host=socket, user="postgres", dbname=database)
    with connection, connection.cursor() as cursor:
        counts = {}
        for table in tables:
            cursor.execute(f"select count(*) from {table}")
            counts[table] = cursor.fetchone()[0]
    connection.close()
    return counts


def test_the_plan_is_what_the_run_would_do_and_leaves_no_trace(
    acme: Path, world: World, tmp_path: Path, postgres_socket: str, ledger_database: str
) -> None:
    before = world.writes()
    outcome = memorialize("plan", "-c", "acme", *SPAN, "--json")
    assert outcome.code == 0, outcome
    planned = outcome.report
    assert world.writes() == before
    assert set(rows(postgres_socket, ledger_database).values()) == {0}
    assert not (tmp_path / "staging").exists() and not (tmp_path / "reports").exists()
    run = memorialize(*NIGHT, "--dry-run", "--json").report
    funnel = run["funnel"]
    assert planned["values"] + planned["held"].get("systematic", 0) == funnel["held"] > 0
    assert planned["targets"] == {
        name: funnel[name] for name in ("matched", "not_attempted", "parked", "to_create") if funnel[name]
    }
    assert sum(row["values"] for row in planned["rows"]) == planned["values"]
    assert planned["creates"] == funnel["to_create"]
    assert planned["calls"] > planned["searches"] >= 0 and planned["minutes"] > 0


def test_samples_show_no_transcript_and_no_number(acme: Path) -> None:
    planned = memorialize("plan", "-c", "acme", *SPAN, "--json").report
    for row in planned["rows"]:
        assert len(row["samples"]) <= 3
        for sample in row["samples"]:
            held, desired = sample.split(" -> ")
            for shown in (held, desired):
                text = shown.split("(")[0].strip()
                assert shown == "empty" or len(text) in (0, 3)
                assert not any(c.isdigit() for c in text)
                assert row["cxone_data"] != "Transcription Text" or text in ("", "empty")


def test_an_edit_is_told_against_its_revision(acme: Path) -> None:
    row = "      - {external_crm_field: cxone_agent_name, channel: Voice call contact, cxone_data: Agent Name}\n"
    replace(acme / "voice.yaml", row, "")
    replace(acme / "digital.yaml", "cxone_status, channel: Digital contact, cxone_data: Status",
            "cxone_status, channel: Digital contact, cxone_data: Channel Name")  # fmt: skip
    planned = memorialize("plan", "-c", "acme", *SPAN, "--against", "HEAD", "--json").report
    found = {(d["entity"], d["property"]): d for d in planned["difference"]}
    assert set(found) == {("Ticket", "cxone_agent_name"), ("Ticket", "cxone_status")}
    assert found["Ticket", "cxone_agent_name"]["removed"] > 0 == found["Ticket", "cxone_agent_name"]["added"]
    assert found["Ticket", "cxone_status"]["added"] > 0
    assert len(planned["against"]) == 40
    shown = memorialize("plan", "-c", "acme", *SPAN, "--against", "HEAD").out
    total = sum(d["values"] for d in planned["difference"])
    assert f"Against HEAD: {total:,} values in 2 properties are planned differently." in shown


def test_without_an_edit_nothing_differs(acme: Path) -> None:
    shown = memorialize("plan", "-c", "acme", *SPAN, "--against", "HEAD").out
    assert "Against HEAD: 0 values in 0 properties are planned differently." in shown


def test_an_edit_of_the_transcripts_layout_is_read_anew_and_told(acme: Path) -> None:
    replace(
        acme / "crm.yaml", "  contact_id: number\n", '  contact_id: number\n  transcript_template: "{name}> {text}"\n'
    )
    planned = memorialize("plan", "-c", "acme", *SPAN, "--against", "HEAD", "--json")
    found = {d["property"]: d for d in planned.report["difference"]}
    assert set(found) == {"cxone_transcript", "cxone_last_transcript"}
    assert found["cxone_transcript"]["added"] > 0
    assert "as it was" in planned.err


@pytest.mark.parametrize(
    ("revision", "told"),
    [("no-such", "no such commit"), ("--upload-pack=x", "no such commit"), ("HEAD:crm.yaml", "no such commit")],
)
def test_a_revision_that_is_none_is_refused(acme: Path, revision: str, told: str) -> None:
    outcome = memorialize("plan", "-c", "acme", *SPAN, f"--against={revision}")
    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.messages[0]


def test_an_earlier_mapping_that_does_not_load_is_named_without_a_temporary_path(acme: Path) -> None:
    replace(acme / "crm.yaml", "mode: adopted", "mode: maybe")
    git(acme, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qam", "broken")
    replace(acme / "crm.yaml", "mode: maybe", "mode: adopted")
    outcome = memorialize("plan", "-c", "acme", *SPAN, "--against", "HEAD")
    assert outcome.code == 2
    assert "HEAD:acme/crm.yaml:" in outcome.messages[0] and "/tmp" not in outcome.messages[0]


def test_a_window_in_the_future_is_refused(acme: Path) -> None:
    outcome = memorialize("plan", "-c", "acme", "--from", "2026-11-20", "--to", "2999-01-01")
    assert outcome.code == 2 and "ends in the future" in outcome.messages[0]


def test_the_json_is_one_document(acme: Path) -> None:
    outcome = memorialize("plan", "-c", "acme", *SPAN, "--json")
    assert json.loads(outcome.out)["configuration"] == "acme"
