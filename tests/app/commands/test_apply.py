"""A stored plan on the command line: shown, approved by its hash, applied once, and taken up again after a kill."""

import getpass
import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest

from local.stage import BIN, PATIENCE, process
from tests.app.command import NIGHT, change_connection, held, mappings, memorialize, replace, small_world
from tests.app.world import World

pytestmark = pytest.mark.slow

LOST = ("--start", "2026-11-20", "--days", "1", "--interactions", "400", "--clock", "2026-11-21T06:00:00Z")
OUTAGE = (*LOST, "--live-stops-on", "2026-11-20")


def test_a_plan_above_the_limits_is_shown_approved_by_its_hash_and_applied_once(
    tmp_path: Path, stage: Callable[[World], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = mappings(tmp_path, monkeypatch)
    replace(folder / "crm.yaml", "quality:", "approval: {max_creates: 0}\nquality:")
    with small_world(tmp_path / "twin") as world:
        stage(world)
        waits = memorialize(*NIGHT)
        assert (waits.code, world.writes()) == (3, 0)
        assert "above the limit: 1 new records, max_creates is 0" in waits.out
        command = re.search(r"memorialize (apply (\S+) --approve ([0-9a-f]{16}))", " ".join(waits.messages))
        assert command and waits.messages[0].startswith("ApprovalNeeded: the plan of run")
        run_id = command[2]
        report = json.loads((tmp_path / "reports/acme" / run_id / "report.json").read_text())
        assert report["funnel"]["planned"] == 0
        assert report["reasons"]["held"] == {"not_approved": report["plan"]["values"]}
        assert (report["plan"]["state"], report["plan"]["creates"]) == ("made", 1)

        for arguments, why in (
            (("apply", run_id, "--approve", "0" * 16), "0000000000000000 is not the plan of run"),
            (("apply", "4711", "--approve", command[3]), "there is no run '4711'"),
        ):
            refused = memorialize(*arguments)
            assert refused.code != 0 and why in refused.messages[0]
        replace(folder / "crm.yaml", "contact_ended_first: digital", "contact_ended_first: both")
        refused = memorialize(*command[1].split())
        assert refused.code == 1
        assert refused.messages[0].startswith("PlanRefused: the mapping changed since run")
        replace(folder / "crm.yaml", "contact_ended_first: both", "contact_ended_first: digital")
        assert world.writes() == 0

        done = memorialize(*command[1].split(), "--json")
        assert done.code == 0, done.err
        assert done.report["run"]["run_id"] == run_id
        assert done.report["plan"]["decided_by"] == f"{getpass.getuser()} (command line)"
        assert done.report["funnel"]["verified"] == done.report["funnel"]["planned"] == report["plan"]["values"]
        writes = world.writes()
        assert writes > 0
        again = memorialize(*command[1].split())
        assert (again.code, world.writes()) == (1, writes)
        assert again.messages[0].endswith("is applied already; nothing was written.")
        quiet = memorialize(*NIGHT, "--json")
        assert (quiet.code, quiet.report["funnel"]["planned"], quiet.report["plan"]) == (0, 0, None)


def _database() -> Any:
    """The ledger that the product is pointed at."""
    given = json.loads(os.environ["AIRFLOW_CONN_MEMORIALIZATION_LEDGER"])
    return psycopg2.connect(host=given["extra"]["host"], user="postgres", dbname=given["schema"])


def _rows(query: str) -> list[tuple[Any, ...]]:
    with _database() as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


RECEIPTS = (
    "select type_id, record, property, outcome, created, verified, before_hash, after_hash from receipts "
    "order by type_id, record, property"
)
KEPT = "select type_id, record, property, record_id from receipts where outcome = 'written' order by 1, 2, 3"


@pytest.mark.nights
def test_killed_in_the_middle_of_writing_a_plan_ends_as_if_undisturbed(
    tmp_path: Path,
    start_world: Callable[..., World],
    stage: Callable[[World], None],
    postgres_socket: str,
    ledger_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ideal = start_world(*OUTAGE, name="ideal")
    stage(ideal)
    connection = psycopg2.connect(host=postgres_socket, user="postgres", dbname="postgres")
    connection.autocommit = True
    connection.cursor().execute(f"create database {ledger_database}_ideal template ledger")
    connection.close()
    change_connection(monkeypatch, "MEMORIALIZATION_LEDGER", schema=f"{ledger_database}_ideal")
    assert memorialize(*NIGHT).code == 0
    should, receipts = held(ideal), _rows(RECEIPTS)

    world = start_world(*OUTAGE)
    stage(world)
    world.faults(
        "hubspot",
        {"match": "batch/u", "delay": 0.01, "times": 1},  # answered, and its receipts kept
        {"match": "batch/u", "delay": 3, "times": 2},  # carried out after the kill: nobody hears the answer
        {"match": "batch/u", "delay": 3, "status": 503, "times": 99},  # never carried out
    )
    with process([BIN / "memorialize", *NIGHT], tmp_path / "killed.log", os.environ) as child:
        deadline = time.monotonic() + PATIENCE
        while not (kept := _rows(KEPT)):
            assert child.poll() is None and time.monotonic() < deadline, (tmp_path / "killed.log").read_text()
            time.sleep(0.02)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    time.sleep(3.5)  # what was under way arrives
    world.faults("hubspot")
    assert 0 < len(kept) < len(receipts)
    type_id, record, name, record_id = next(row for row in kept if row[2].startswith("cxone_last") or "skill" in row[2])
    changed = httpx.patch(
        f"{world.services.hubspot}/crm/v3/objects/{type_id}/{record_id}",
        headers={"Authorization": "Bearer pat-eu1-acme-demo"}, json={"properties": {name: "Somebody else"}},
    )  # fmt: skip
    changed.raise_for_status()

    (run_id, plan_hash, state) = _rows("select run_id, plan_hash, state from plans")[0]
    assert state == "not_needed"
    resumed = memorialize("apply", str(run_id), "--approve", plan_hash, "--json")
    assert resumed.report["funnel"]["unaccounted"] == 0
    assert resumed.report["verdict"]["failures"] == []
    ours = held(world)
    differs = {
        (owner, key): (ours[owner].get(key), value)
        for owner, values in should.items()
        for key, value in values.items()
        if ours[owner].get(key) != value
    }
    assert [(key, found[0]) for (_, key), found in differs.items()] == [(name, "Somebody else")], (
        "acknowledged: not sent again"
    )
    mended = {row[:3]: row[3:] for row in _rows(RECEIPTS)}
    expected = {row[:3]: row[3:] for row in receipts}
    written = expected.pop((type_id, record, name))
    outcome, created, verified, *hashes = mended.pop((type_id, record, name))
    assert (outcome, created, verified, *hashes) == ("written", written[1], False, *written[3:])
    assert {k: (v[0], *v[2:]) for k, v in mended.items()} == {k: (v[0], *v[2:]) for k, v in expected.items()}
