"""With staging in a bucket, all that reads, alters or deletes staged files does what it does on a disk."""

import json
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from app import facts
from tests.app.command import NIGHT, memorialize
from tests.app.world import World
from tests.s3 import BUCKET, Bucket

pytestmark = pytest.mark.slow


def told(*command: str) -> Any:
    outcome = memorialize(*command, "--json")
    assert outcome.code == 0, outcome
    return json.loads(outcome.out)


def test_a_night_and_all_that_comes_after_it(
    world: World,
    s3: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgres_socket: str,
    ledger_database: str,
) -> None:
    monkeypatch.setenv("MEMORIALIZATION_STAGING", f"s3://{BUCKET}/{tmp_path.name}")
    database = psycopg2.connect(host=postgres_socket, user="postgres", dbname=ledger_database)
    database.autocommit = True
    sql = database.cursor()

    night = told(*NIGHT)
    run_id, funnel = night["run"]["run_id"], night["funnel"]
    assert funnel["written"] == funnel["verified"] == funnel["planned"] > 50
    assert {(suite["suite"], suite["rows"] > 0) for suite in night["quality"]} == {
        ("source", True),
        ("mapped", True),
        ("stored", True),
    }
    here = f"{tmp_path.name}/acme/{run_id}/"
    staged = s3.objects(here)
    assert {key.removeprefix(here).split("/")[0] for key in staged} >= {"interactions", "changes", "frozen.json"}
    assert not (tmp_path / "staging").exists() and (tmp_path / f"reports/acme/{run_id}/report.html").exists()

    checks = {finding["check"]: finding for finding in told("doctor", "-c", "acme")["acme"]}
    assert checks["staging"]["state"] == "ok" and f"s3://{BUCKET}/" in checks["staging"]["said"]
    assert s3.objects(tmp_path.name) == staged, "what was tried there is gone"
    measured = facts.lengths("acme")
    assert measured is not None and measured.count > 5

    sql.execute("select interaction_key, record_id from matches where entity = 'Contact' limit 1")
    ((key, contact),) = sql.fetchall()
    (story,) = [s for s in told("explain", "-c", "acme", key) if s["interaction_key"] == key]
    assert story["origin"] == f"as run {run_id} read it"

    erased = told("erase", "-c", "acme", "--contact", contact)
    assert sum(erased["staging"][run_id].values()) > 3
    assert told("erase", "-c", "acme", "--contact", contact)["staging"] == {}
    assert s3.objects(here).keys() == staged.keys() and s3.objects(here) != staged

    undone = told("revert", run_id)
    assert undone["funnel"]["planned"] == undone["funnel"]["verified"] > 0

    for table in ("runs", "steps"):
        sql.execute(
            f"update {table} set started_at = started_at - interval '40 days', "
            "finished_at = finished_at - interval '40 days' where run_id = %s",
            [run_id],
        )
    left = s3.objects(here)
    size = f"{sum(left.values()) / 1000:,.1f} KB in {len(left)} files"
    told_of = "acme: staging of 1 runs older than 30d"
    assert f"{told_of} would be deleted, {size}" in memorialize("purge", "--dry-run").out and s3.objects(here)
    assert f"{told_of} deleted, {size}" in memorialize("purge").out
    assert not s3.objects(here)
    assert s3.objects(f"{tmp_path.name}/acme/{undone['run']['run_id']}/"), "the younger run stays"
    database.close()


def test_a_bucket_that_cannot_be_had_stops_a_run_before_any_request_and_is_found_by_doctor(
    world: World, s3: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMORIALIZATION_STAGING", "s3://no-such")
    refused = memorialize(*NIGHT)
    assert refused.code == 1 and len(refused.messages) == 1
    assert refused.messages[0].startswith("ServiceUnavailable: staging at s3://no-such/acme/")
    monkeypatch.setenv("MEMORIALIZATION_REPORTS", "s3://no-such/reports")
    findings = json.loads(memorialize("doctor", "-c", "acme", "--json").out)["acme"]
    checks = {finding["check"]: finding for finding in findings if finding["state"] == "fail"}
    assert set(checks) == {"staging", "reports"}
    assert "AWS_ENDPOINT_URL" in checks["staging"]["said"]
    assert checks["reports"]["said"].startswith("MEMORIALIZATION_REPORTS must be a folder, not an address")
    assert world.writes() == 0
