"""`memorialize snapshot` against the twin: what it keeps is what the linter then judges by."""

import json
from pathlib import Path

import pytest

from tests.app.command import NIGHT, memorialize
from tests.app.world import World

pytestmark = pytest.mark.slow


def test_the_committed_snapshot_is_that_of_the_twin(acme: Path, project: Path) -> None:
    committed = (project / "include/mappings/acme/snapshot.json").read_bytes()
    assert memorialize("snapshot", "-c", "acme").code == 0
    assert (acme / "snapshot.json").read_bytes() == committed  # lengths are kept where no run was made


def test_a_snapshot_holds_lengths_of_the_runs_and_no_customer(acme: Path, untouched: World) -> None:
    (acme / "snapshot.json").unlink()
    assert memorialize(*NIGHT, "--dry-run").code == 0
    outcome = memorialize("snapshot", "-c", "acme")
    assert outcome.code == 0 and "record types, 16 skills" in outcome.out
    text = (acme / "snapshot.json").read_text(encoding="utf-8")
    data = json.loads(text)
    lengths = data["transcript_lengths"]
    assert lengths["count"] > 5 and lengths["median"] <= lengths["p95"] <= lengths["p99"] <= lengths["longest"]
    assert data["tenant"]["skills"]["Störung DE"] == {"id": "2009", "media_type": "4", "screen_pops": False}
    assert "Rückruf vereinbart" in data["tenant"]["dispositions"] and "VIP" in data["tenant"]["tags"]
    assert data["portal"]["record_types"]["Ticket"]["properties"]["cxone_transcript"]["max_length"] == 4000
    assert data["portal"]["pipelines"]["Ticket"]["0"]["stages"]["1"]
    for leg in untouched.truth("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")["legs"][:20]:
        assert leg["id"] not in text


def test_live_and_snapshot_say_the_same(acme: Path) -> None:
    assert memorialize("snapshot", "-c", "acme").code == 0
    told = []
    for source in ("snapshot", "live"):
        data = json.loads(memorialize("lint", "--portal", source, "--format", "json").out)
        told.append([f for f in data["findings"] if f["code"] != "MEM211"])
    assert told[0] == told[1] and len(told[0]) == 5


def test_an_unknown_configuration_is_named(acme: Path) -> None:
    outcome = memorialize("snapshot", "-c", "acne")
    assert (
        outcome.code == 2 and "no configuration 'acne' here. Did you mean 'acme'? Known: acme." in outcome.messages[0]
    )
