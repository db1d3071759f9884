"""Each line of `memorialize doctor` tells the truth: all well after a night, and each trouble under its own name."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memorialization.ledger import Ledger
from plugins.cxone.client import CxoneClient
from tests.app.command import (
    NIGHT,
    change_connection,
    mappings,
    memorialize,
    replace,
)
from tests.app.world import World

pytestmark = pytest.mark.slow

TOLD = ("HubSpot account", "HubSpot scopes", "last run")


def lines(code: int) -> dict[str, dict[str, Any]]:
    """check -> its finding; of a check with several, the last."""
    outcome = memorialize("doctor", "-c", "acme", "--json")
    assert outcome.code == code, outcome
    return {finding["check"]: finding for finding in json.loads(outcome.out)["acme"]}


def test_before_the_first_run_nothing_is_to_mend(world: World) -> None:
    found = lines(0)
    assert {name: f["state"] for name, f in found.items() if f["state"] != "ok"} == {"HubSpot version": "warn"}
    assert {name: f["said"] for name, f in found.items() if name in TOLD} == {
        "HubSpot account": "Hub ID 4711001, standard, Europe/Berlin",
        "HubSpot scopes": "all that the mappings need are granted",
        "last run": "there was none yet",
    }
    assert found["HubSpot properties"]["said"].startswith("all ")
    assert "calls of the day are left" in found["HubSpot quota"]["said"]
    assert found["CXone access key"]["said"].startswith("accepted; 127.0.0.1:")
    assert found["HubSpot clock"]["said"].startswith("this machine's agrees within ")
    assert found["CXone clock"]["said"].startswith("this machine's agrees within ")
    assert world.writes() == 0
    shown = memorialize("doctor")
    assert shown.code == 0
    assert "✔ ledger" in shown.out and "1 to look at" in shown.out


def test_what_runs_left_behind_is_said_with_its_cure(world: World, tmp_path: Path, ledger: Ledger) -> None:
    night = memorialize(*NIGHT, "--json").report
    run_id = night["run"]["run_id"]
    (tmp_path / "staging/acme").chmod(0o750)
    ledger.carry_out(
        {
            "killed": "update runs set state = 'running', started_at = now() - interval '9 days'",
            "steps": "update steps set started_at = now() - interval '9 days', finished_at = null",
            "plan": "update plans set state = 'made', expires_at = now() + interval '1 hour'",
        }
    )
    found = lines(1)
    assert (found["staging"]["state"], found["staging"]["cure"]) == (
        "fail",
        f"Run: chmod -R go-rwx {tmp_path}/staging/acme",
    )
    assert found["last run"]["said"].endswith("has no report after 8h")
    assert found["killed runs"]["said"] == f"1 runs never ended, such as {run_id}"
    assert found["coverage"]["state"] == "warn" and found["coverage"]["said"].startswith("not covered: Nov 2")
    assert "memorialize backfill -c acme --from 2026-11-21T00:00:00Z" in found["coverage"]["cure"]
    assert found["approval"]["cure"].startswith(f"memorialize apply {run_id} --approve ")
    assert found["parked"]["said"] == f"{night['funnel']['parked']:,} targets wait for a person"
    ledger.carry_out(
        {
            "plan": "update plans set state = 'applied'",
            "old": "update runs set state = 'done', finished_at = now() - interval '40 days'",
        }
    )
    assert lines(1)["retention"]["said"] == "staging of 1 runs is older than retention.staging allows"
    (tmp_path / "staging/acme").chmod(0o700)
    assert memorialize("purge", "-c", "acme").code == 0
    assert "retention" not in lines(0)


def test_each_connection_that_is_wrong_is_named_and_the_others_are_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_connection(monkeypatch, "HUBSPOT_ACME", password="pat-wrong")
    change_connection(monkeypatch, "CXONE_ACME", password="wrong", extra={})
    found = lines(1)
    assert found["HubSpot"]["said"].startswith("HubSpot refused the token at account-info (401)")
    assert found["CXone"]["said"].startswith("CXone refused the access key (HTTP 401")
    assert found["ledger"]["state"] == "ok" and found["disk"]["state"] == "ok"
    change_connection(monkeypatch, "HUBSPOT_ACME", host="http://127.0.0.1:9")
    change_connection(monkeypatch, "MEMORIALIZATION_LEDGER", schema="nowhere")
    found = lines(1)
    assert found["HubSpot"]["said"].startswith("No answer from HubSpot at account-info")
    assert found["ledger"]["said"].startswith("the ledger's database does not answer")


def test_another_account_missing_scopes_and_properties_are_three_findings(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = mappings(tmp_path, monkeypatch)
    replace(acme / "crm.yaml", "account_id: 4711001", "account_id: 4711002")
    replace(acme / "voice.yaml", "cxone_ani,", "cxone_anni,")
    found = lines(1)
    assert "belongs to Hub ID 4711001" in found["HubSpot account"]["said"]
    assert "cxone_anni" in found["HubSpot properties"]["said"]
    assert found["HubSpot scopes"]["state"] == "ok"
    (acme / "crm.yaml").write_text("owner: [\n")
    broken = lines(1)
    assert broken["configuration"]["state"] == "fail" and "crm.yaml" in broken["configuration"]["said"]
    assert broken["ledger"]["state"] == "ok" and "HubSpot account" not in broken


def test_a_clock_that_is_off_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) - timedelta(seconds=90)

    monkeypatch.setattr("memorialization.clock.datetime", Late)
    found = lines(0)
    for service in ("HubSpot", "CXone"):
        assert found[f"{service} clock"]["state"] == "warn"
        assert found[f"{service} clock"]["said"].startswith("this machine's is ")
        assert "s behind the service's" in found[f"{service} clock"]["said"]


def test_a_service_that_is_away_is_asked_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = CxoneClient.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "first_wait", 60.0)
    change_connection(monkeypatch, "CXONE_ACME", host="http://127.0.0.1:9")
    began = datetime.now(UTC)
    assert lines(1)["CXone"]["said"].startswith("CXone does not answer")
    assert datetime.now(UTC) - began < timedelta(seconds=30)
