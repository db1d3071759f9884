"""Transcripts that are too long stand whole in notes and records of one interaction are associated: once, for ever."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest

from local.stage import BIN, PATIENCE, process
from tests.app.additions import NOTE, TOKEN, linked, tickets, transcripts, with_additions
from tests.app.command import (
    CONTACT,
    NIGHT,
    TICKET,
    impatient,
    lapse,
    memorialize,
    small_world,
)
from tests.app.world import World

pytestmark = pytest.mark.slow

LIMIT = 4_000  # of the twin's cxone_transcript


@pytest.fixture
def world(tmp_path: Path, stage: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    impatient(monkeypatch)
    with_additions(tmp_path, monkeypatch)
    with small_world(tmp_path / "twin") as running:
        stage(running)
        yield running


def added(outcome: Any) -> dict[str, dict[str, int]]:
    """kind -> the counts of the report that are not zero"""
    names = ("wanted", "standing", "edited", "held", "planned", "made", "rejected", "unaccounted", "verified")
    return {a["kind"]: {n: a[n] for n in names if a[n]} for a in outcome.report["additions"]}


MADE = {"wanted": 4, "planned": 4, "made": 4, "verified": 4}
LINKED = {"wanted": 21, "standing": 20, "planned": 1, "made": 1, "verified": 1}


def settled(world: World) -> dict[str, str]:
    """The next run adds nothing, and everything stands once; returns the transcripts of the notes."""
    writes = world.writes() + world.requests("hubspot").get(f"{ASSOCIATE} 200", 0)
    outcome = memorialize(*NIGHT, "--json")
    assert (outcome.code, outcome.messages) == (0, [])
    assert added(outcome) == {"note": {"wanted": 4, "standing": 4}, "association": {"wanted": 21, "standing": 21}}
    assert world.writes() + world.requests("hubspot").get(f"{ASSOCIATE} 200", 0) == writes
    found = transcripts(world)
    assert sorted(map(len, found.values())) == [4584, 5427, 82403]
    associated = linked(world, TICKET, list(tickets(world)), CONTACT)  # one more: of a leg that is not due
    assert len(associated) == 22 and all(len(contacts) == 1 for contacts in associated.values())
    return found


CREATE = "POST /crm/v3/objects/{type}/batch/create"
ASSOCIATE = "POST /crm/v4/associations/{from}/{to}/batch/associate/default"


def test_a_night_adds_what_is_missing_and_the_next_adds_nothing(world: World) -> None:
    outcome = memorialize(*NIGHT, "--json")
    assert (outcome.code, outcome.messages) == (0, [])
    assert added(outcome) == {"note": MADE, "association": LINKED}
    assert outcome.report["verdict"]["sentence"].endswith("Beside: 4 notes added, 1 association added.")
    found = settled(world)
    compared = 0
    for ticket, text in found.items():
        leg = tickets(world)[ticket]
        properties = world.record(CONTACT, leg["contact_record_id"])["properties"]
        if properties["cxone_last_contact_id"] == leg["id"] and len(text) < 65_536:
            assert text == properties["cxone_last_transcript"]  # which is large enough for it
            compared += 1
        held = world.record(TICKET, ticket)["properties"]["cxone_transcript"]
        kept, _, marker = held.rpartition("\n")
        assert text.startswith(kept) and len(held) <= LIMIT
        assert marker.startswith("[... cut here. The whole transcript:] https://")
    assert compared == 2
    (note,) = linked(world, TICKET, ["402515500019"], NOTE)["402515500019"]
    end = tickets(world)["402515500019"]["end"]
    assert world.record(NOTE, note)["properties"]["hs_timestamp"] == end


def test_a_dropped_ledger_and_a_lost_answer_make_no_second_note(world: World) -> None:
    world.faults("hubspot", {"match": "0-46/batch/create", "drop": True, "after_commit": True})
    outcome = memorialize(*NIGHT, "--json")
    assert (outcome.code, outcome.messages) == (0, [])
    assert added(outcome) == {"note": MADE, "association": LINKED}
    assert world.requests("hubspot")[f"{CREATE} dropped"] == 1
    ledger = json.loads(os.environ["AIRFLOW_CONN_MEMORIALIZATION_LEDGER"])
    with psycopg2.connect(host=ledger["extra"]["host"], user="postgres", dbname=ledger["schema"]) as connection:
        with connection.cursor() as cursor:
            cursor.execute("truncate notes, holders, matches, receipts, interactions, coverage")
        connection.commit()
    settled(world)


def test_what_hubspot_did_not_carry_out_is_made_by_the_next_run(world: World) -> None:
    """A gateway's page says nothing about what became of the call: it is not sent again in the same run."""
    world.faults("hubspot", {"match": "0-46/batch/create", "status": 502, "body": "html"})
    outcome = memorialize(*NIGHT, "--json")
    assert outcome.code == 1
    assert added(outcome)["note"] == {"wanted": 4, "planned": 4, "unaccounted": 4}
    assert "4 notes of Ticket (cxone_transcript) are unaccounted" in outcome.messages[0]
    assert world.requests("hubspot")[f"{CREATE} 502"] == 1 and f"{CREATE} 201" not in world.requests("hubspot")
    second = memorialize(*NIGHT, "--json")
    assert (second.code, added(second)["note"]) == (0, MADE)
    settled(world)


@pytest.mark.nights
@pytest.mark.parametrize("call", [CREATE, ASSOCIATE])
def test_a_run_killed_while_it_adds_is_made_good_by_the_next(world: World, call: str, tmp_path: Path) -> None:
    """Killed with the call on its way: it arrives after the run's death."""
    match = "0-46/batch/create" if call == CREATE else "batch/associate/default"
    world.faults("hubspot", {"match": match, "delay": 3.0})
    log = tmp_path / "run.log"
    before = world.requests("hubspot")
    with process([BIN / "memorialize", *NIGHT], log, os.environ) as killed:
        deadline = time.monotonic() + PATIENCE
        last = "labels 200" if call == CREATE else f"{CREATE} 201"
        while not any(k.endswith(last) and n > before.get(k, 0) for k, n in world.requests("hubspot").items()):
            assert killed.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        time.sleep(0.8)
        os.killpg(killed.pid, signal.SIGKILL)
        assert killed.wait() == -signal.SIGKILL
    assert "judge" not in log.read_text()
    time.sleep(3)
    assert world.requests("hubspot").get(f"{call} {201 if call == CREATE else 200}") == 1
    lapse()
    assert memorialize(*NIGHT, "--json").code == 0
    settled(world)


def test_a_dry_run_only_plans(world: World) -> None:
    outcome = memorialize(*NIGHT, "--dry-run", "--json")
    assert outcome.code == 0
    assert added(outcome) == {
        "note": {"wanted": 4, "held": 4},
        "association": {"wanted": 21, "standing": 20, "held": 1},
    }
    assert outcome.report["verdict"]["sentence"].endswith("Beside: 4 notes to be added, 1 association to be added.")
    assert world.writes() == 0 and f"{ASSOCIATE} 200" not in world.requests("hubspot")


def test_what_a_person_did_to_a_note_stays(world: World) -> None:
    memorialize(*NIGHT)
    notes = [note for found in linked(world, TICKET, list(tickets(world)), NOTE).values() for note in found]
    url = f"{world.services.hubspot}/crm/v3/objects/notes"
    httpx.delete(f"{url}/{notes[0]}", headers=TOKEN).raise_for_status()
    outcome = memorialize(*NIGHT, "--json")
    assert added(outcome)["note"] == {"wanted": 4, "standing": 3, "edited": 1}
