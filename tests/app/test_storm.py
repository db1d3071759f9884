"""Under all of HubSpot's faults at once, and killed at any moment, nothing is lost, doubled or clobbered.

The outage of a whole day is mended, so that thousands of values are on their way, in batches small enough for hundreds
of calls. How HubSpot fails, and where: sandbox/hubspot/shares.py.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psycopg2
import pytest

from local.stage import BIN, PATIENCE, environment, process, twin
from memorialization.report.model import Funnel
from sandbox.hubspot.shares import ALL
from tests.app.additions import linked, tickets, transcripts, with_additions
from tests.app.command import CONTACT, NIGHT, TICKET, change_connection, held, impatient, lapse, memorialize
from tests.app.world import World

pytestmark = [pytest.mark.nights, pytest.mark.xdist_group("storm")]  # one undisturbed night for all

OUTAGE = (
    "--start", "2026-11-20", "--days", "1", "--interactions", "110", "--clock", "2026-11-21T06:00:00Z",
    "--live-stops-on", "2026-11-20", "--burst", "100000", "--search-per-second", "1000",
)  # fmt: skip
BY_HAND = {"cxone_agent_name": "By hand"}
DAILY = "daily limit"  # after which no call is made any more
OTHERS = set(ALL) - {DAILY}


@dataclass(frozen=True)
class Left:
    """What HubSpot holds after a night."""

    properties: dict[str, dict[str, str]]
    transcripts: dict[str, str]
    contacts: dict[str, list[str]]

    @staticmethod
    def of(world: World) -> "Left":
        return Left(held(world), transcripts(world), linked(world, TICKET, list(tickets(world)), CONTACT))


@contextmanager
def outage(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[World]:
    impatient(patch)
    with_additions(folder, patch)
    for module, rows in (("write", 2), ("create", 2), ("read", 20)):
        patch.setattr(f"plugins.hubspot.{module}.BATCH", rows)
    patch.setattr("plugins.hubspot.client.TIMEOUT", (5, 2.0))
    patch.setattr("plugins.hubspot.limits.FRESH", 0)  # a day that is used up is asked for anew by the next run
    with twin(folder / "twin", *OUTAGE) as services:
        yield World(services)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, postgres_socket: str) -> Left:
    folder = tmp_path_factory.mktemp("calm")
    connection = psycopg2.connect(host=postgres_socket, user="postgres", dbname="postgres")
    connection.autocommit = True
    connection.cursor().execute("create database calm template ledger")
    connection.close()
    with pytest.MonkeyPatch.context() as patch, outage(folder, patch) as world:
        for name, value in environment(folder, postgres_socket, world.services).items():
            patch.setenv(name, value)
        change_connection(patch, "MEMORIALIZATION_LEDGER", schema="calm")
        outcome = memorialize(*NIGHT, "--json")
        assert outcome.code == 0, outcome.err
        funnel = outcome.report["funnel"]
        assert funnel["planned"] == funnel["verified"] > 2_000
        return Left.of(world)


RANDOM = Random(20261123)
# (calls that match, how many of them are let pass before the one it dies at): anywhere, then while it writes
MOMENTS = [("", RANDOM.randrange(36)), *(("batch/u", RANDOM.randrange(5)) for _ in range(4))]


def test_nights_killed_at_any_call_end_as_if_undisturbed(
    tmp_path: Path, stage: Callable[[World], None], monkeypatch: pytest.MonkeyPatch, undisturbed: Left
) -> None:
    """The call under way is carried out all the same: its answer is never heard, or it arrives after the death."""
    with outage(tmp_path, monkeypatch) as world:
        stage(world)
        change_connection(monkeypatch, "HUBSPOT_ACME", extra={"batch_bytes": 10_000})  # a call for few rows
        for number, (match, skip) in enumerate(MOMENTS):
            storm(world, [{"match": match, "skip": skip, "delay": 1.5, "after_commit": number % 2 == 0}])
            log = tmp_path / f"killed-{number}.log"
            with process([BIN / "memorialize", *NIGHT], log, os.environ) as killed:
                deadline = time.monotonic() + PATIENCE
                while met(world).total() == number and killed.poll() is None:
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.01)
                if killed.poll() == 0 and number > 1:
                    break  # on a slow machine two deaths in the middle of writing let all of it through
                os.killpg(killed.pid, signal.SIGKILL)
                assert killed.wait() == -signal.SIGKILL
            time.sleep(2.0)  # what was under way arrives
            lapse()
        assert sent(tmp_path).total() > 100, "it must have died while it wrote"
        last = memorialize(*NIGHT, "--json")
        assert last.code == 0, last.err
        assert Left.of(world) == undisturbed
        assert {value: n for value, n in sent(tmp_path).items() if n > 1} == {}
        writes = world.writes()
        quiet = memorialize(*NIGHT, "--json")
        assert (quiet.code, quiet.report["funnel"]["planned"], world.writes()) == (0, 0, writes)


def sent(folder: Path) -> Counter[tuple[str, str, str, str]]:
    """(record type, record, property, value) -> how often HubSpot took it, by the twin's journal."""
    changes = [json.loads(line) for line in (folder / "twin/journal.jsonl").read_text().splitlines()]
    written = [change["arguments"] for change in changes if change.get("method") in ("create", "update")]
    return Counter(
        (w["type_id"], w["record_id"], name, value) for w in written for name, value in w["properties"].items()
    )


def storm(world: World, wanted: dict[str, Any] | list[Any]) -> None:
    httpx.post(f"{world.services.hubspot}/_twin/faults", json=wanted).raise_for_status()


def met(world: World) -> Counter[str]:
    """fault -> how often it happened"""
    happened = httpx.get(f"{world.services.hubspot}/_twin/faults").json()
    return Counter(fault["fault"] for fault in happened)


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        pytest.param({"share": 0.05, "seed": 258}, {DAILY}, id="five of a hundred calls"),
        pytest.param({"share": 0.34, "seed": 4, "only": sorted(OTHERS)}, OTHERS, id="every third call"),
    ],
)
def test_a_night_under_all_faults_at_once_loses_doubles_and_clobbers_nothing(
    tmp_path: Path,
    stage: Callable[[World], None],
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: Left,
    wanted: dict[str, Any],
    kinds: set[str],
) -> None:
    with outage(tmp_path, monkeypatch) as world:
        stage(world)
        storm(world, wanted | {"late": 2.5})
        first = memorialize(*NIGHT, "--json")
        storm(world, [])
        faults = met(world)
        assert kinds <= faults.keys(), "the seed must bring them within the calls of this night"
        assert first.code == (1 if first.messages else 0)
        funnel = Funnel(**first.report["funnel"])
        assert funnel.imbalances() == []
        assert funnel.planned == funnel.written + funnel.rejected + funnel.unaccounted
        named = [json.loads(line).get("fault") for line in (tmp_path / "twin/journal.jsonl").read_text().splitlines()]
        assert Counter(filter(None, named)) == faults

        chosen = {f"ticket of {leg['id']}": ticket for ticket, leg in sorted(tickets(world).items())[:3]}
        for ticket in chosen.values():
            world.by_hand(TICKET, ticket, **BY_HAND)
        expected = {name: held | BY_HAND if name in chosen else held for name, held in undisturbed.properties.items()}

        second = memorialize(*NIGHT, "--json")
        assert second.code == 0, second.err
        mended = second.report["funnel"]
        assert mended["planned"] == mended["written"] == mended["verified"]
        assert mended["edited"] >= len(chosen) == 3
        assert Left.of(world) == replace(undisturbed, properties=expected)

        writes = world.writes()
        third = memorialize(*NIGHT, "--json")
        assert (third.code, third.report["funnel"]["planned"], world.writes()) == (0, 0, writes)
