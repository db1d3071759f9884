"""A night under trouble ends with the documented exit code, and with the run after it HubSpot holds the very same.

The clients try as often as in production but wait a hundredth of the time, so that no fault costs minutes.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest

from app import runner
from local.stage import BIN, PATIENCE, environment, process, twin
from memorialization.ports import Window
from memorialization.report.model import Funnel
from tests.app.command import (
    NIGHT,
    SMALL,
    Outcome,
    change_connection,
    held,
    lapse,
    memorialize,
    small_world,
)
from tests.app.world import World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]  # one undisturbed night for all

Held = dict[str, dict[str, str]]
UPDATE = "POST /crm/v3/objects/{type}/batch/update"
UPSERT = "POST /crm/v3/objects/{type}/batch/upsert"
HISTORY = "GET /dfo/3.0/contacts/{id}/history"
MESSAGES = "GET /dfo/3.0/contacts/{id}/messages"
COMPLETED = "GET /incontactapi/services/v{version}.0/contacts/completed"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, postgres_socket: str) -> Held:
    """What HubSpot holds after a night without any trouble."""
    folder = tmp_path_factory.mktemp("undisturbed")
    connection = psycopg2.connect(host=postgres_socket, user="postgres", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("create database undisturbed template ledger")
    connection.close()
    with small_world(folder / "twin") as world, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder, postgres_socket, world.services).items():
            patch.setenv(name, value)
        change_connection(patch, "MEMORIALIZATION_LEDGER", schema="undisturbed")
        before = held(world)
        outcome = memorialize(*NIGHT, "--json")
        assert outcome.code == 0 and outcome.report["funnel"]["written"] > 50
        after = held(world)
    assert len(after) == len(before) + 1, "the night creates the ticket that was never made"
    return after


def settled(world: World, undisturbed: Held) -> None:
    """The next run mends what is left, and HubSpot then holds what an undisturbed night leaves there."""
    outcome = memorialize(*NIGHT, "--json")
    assert outcome.code == 0, outcome.err
    funnel = outcome.report["funnel"]
    assert funnel["planned"] == funnel["written"] == funnel["verified"]
    assert held(world) == undisturbed


# ---- troubles that a run rides out


def test_a_burst_limit_a_gateways_page_and_an_answer_that_never_came(world: World, undisturbed: Held) -> None:
    world.faults(
        "hubspot",
        {"match": "0-1/batch/update", "status": 429, "body": "burst"},
        {"match": "0-1/batch/update", "status": 502, "body": "html"},
        {"match": "0-5/batch/update", "drop": True, "after_commit": True},
        {"match": "0-5/batch/upsert", "drop": True, "after_commit": True},
    )
    outcome = memorialize(*NIGHT, "--json")
    assert (outcome.code, outcome.messages) == (0, [])
    met = world.requests("hubspot")
    for trouble in (f"{UPDATE} 429", f"{UPDATE} 502", f"{UPDATE} dropped", f"{UPSERT} dropped"):
        assert met[trouble] == 1
    assert outcome.report["run"]["hubspot_throttled"] == 1
    assert held(world) == undisturbed


def test_cxones_expired_token_its_limit_its_absence_and_a_row_on_two_pages(
    world: World, undisturbed: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.cxone.voice.PAGE", 20)  # a small day on several pages
    world.faults(
        "cxone",
        {"match": "skip=20", "duplicate": True},
        {"match": "/history", "status": 401},
        {"match": "contacts/completed", "status": 429},
        {"match": "/messages", "status": 503},
        {"match": "/messages", "drop": True},
    )
    outcome = memorialize(*NIGHT, "--json")
    assert (outcome.code, outcome.messages) == (0, [])
    met = world.requests("cxone")
    for trouble in (f"{HISTORY} 401", f"{COMPLETED} 429", f"{MESSAGES} 503", f"{MESSAGES} dropped"):
        assert met[trouble] == 1
    assert met[f"{COMPLETED} 200"] > 2, "the day must take more than one page"
    assert outcome.report["funnel"]["pulled"] == 71
    assert held(world) == undisturbed


def test_every_fault_of_cxone_by_share(world: World, undisturbed: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.cxone.voice.PAGE", 20)  # a small day on several pages
    faults = f"{world.services.cxone}/_twin/faults"
    httpx.post(faults, json={"share": 0.3}).raise_for_status()
    outcome = memorialize(*NIGHT, "--json")
    assert (outcome.code, outcome.messages) == (0, [])
    assert len({fault["fault"] for fault in httpx.get(faults).json()}) > 8
    assert outcome.report["funnel"]["pulled"] == 71
    assert held(world) == undisturbed


# ---- troubles that a run reports


def unsettled(*, cause: str) -> dict[str, Any]:
    """Run the night; it must end as unbalanced and say why. Returns the report."""
    outcome = memorialize(*NIGHT, "--json")
    assert outcome.code == 1 and len(outcome.messages) == 1
    assert outcome.messages[0].startswith("Unbalanced: ") and "report.html" in outcome.messages[0]
    assert cause in outcome.messages[0]
    report = outcome.report
    funnel = report["funnel"]
    assert report["verdict"]["state"] == "failed"
    assert funnel["unaccounted"] > 0 and funnel["written"] > 0
    assert funnel["planned"] == funnel["written"] + funnel["rejected"] + funnel["unaccounted"]
    return report


def test_an_answer_that_says_complete_and_did_nothing(world: World, undisturbed: Held) -> None:
    world.faults(
        "hubspot",
        {"match": "0-5/batch/update", "status": 200, "body": "empty", "times": 99},
        {"match": "0-5/batch/upsert", "status": 200, "body": "empty", "times": 99},
    )
    unsettled(cause="values are unaccounted: neither written nor rejected")
    assert world.requests("hubspot")[f"{UPDATE} 200"] >= 5, "asked again, each time after a new look"
    world.faults("hubspot")
    settled(world, undisturbed)


def test_hubspot_going_away_in_the_middle_of_writing(world: World, undisturbed: Held) -> None:
    """The step fails with what Airflow tries again; what was written before keeps its receipts."""
    world.faults("hubspot", {"match": "0-5/batch/update", "status": 503, "times": 999})
    report = unsettled(cause="apply of Ticket/0 failed: ServiceUnavailable: HubSpot answered 503 at batch/update")
    applied = {s["partition"]: s["state"] for s in report["steps"] if s["step"] == "apply"}
    assert applied == {"Contact/0": "done", "Ticket/0": "failed"}
    world.faults("hubspot")
    settled(world, undisturbed)


def test_hubspot_refuses_the_token_in_the_middle_of_writing(world: World, undisturbed: Held) -> None:
    world.faults("hubspot", {"match": "0-5/batch/update", "status": 401})
    unsettled(cause="AuthenticationError: HubSpot refused the token at batch/update")
    settled(world, undisturbed)


def test_the_day_ends_in_the_middle_of_a_batch_of_writes(
    world: World, undisturbed: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new ticket is made; what HubSpot refused with its daily 429 was not looked at, and waits."""
    world.faults("hubspot", {"match": "0-5/batch/update", "status": 429, "body": "daily"})
    outcome = memorialize(*NIGHT, "--json")
    assert outcome.code == 1 and len(outcome.messages) == 1
    assert outcome.messages[0].startswith("QuotaExhausted: stopped on quota: HubSpot's calls of this day are used up")
    funnel = Funnel(**outcome.report["funnel"])
    assert funnel.imbalances() == [] and funnel.unaccounted == 0 and funnel.written > 0
    assert funnel.held == outcome.report["reasons"]["held"]["quota"] > 0
    monkeypatch.setattr("plugins.hubspot.limits.FRESH", 0)
    settled(world, undisturbed)


def test_a_night_that_the_days_calls_do_not_suffice_for_is_healed_by_the_first_after_midnight(
    tmp_path: Path, stage: Callable[[World], None], undisturbed: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "twin"

    def night(day: int, *options: str) -> Outcome:
        with twin(folder, *SMALL[:-1], f"2026-11-{day + 1}T06:00:00Z", *options) as services:
            stage(World(services))
            window = ("--from", f"2026-11-{day}T00:00:00Z", "--to", f"2026-11-{day + 1}T00:00:00Z")
            outcome = memorialize("run", "-c", "acme", *window, "--json")
            requests.append(World(services).requests("hubspot"))
        return outcome

    requests: list[dict[str, int]] = []
    assert night(19).code == 0

    stopped = night(20, "--daily", "39")  # a quarter is kept for others: enough for the contacts, not for the tickets
    assert stopped.code == 1 and len(stopped.messages) == 1
    assert stopped.messages[0].startswith("QuotaExhausted: stopped on quota: HubSpot's calls of this day are used up (")
    assert "of 39 are left, kept for other programs (quota in crm.yaml)): the first run after" in stopped.messages[0]
    assert "00:00 Europe/Berlin (" in stopped.messages[0] and "23:00 UTC)" in stopped.messages[0]
    assert not [request for request in requests[-1] if request.endswith("429")]
    report = stopped.report
    funnel = Funnel(**report["funnel"])
    assert funnel.imbalances() == [] and funnel.unaccounted == 0
    assert funnel.held == report["reasons"]["held"]["quota"] > 0
    assert funnel.planned == funnel.written == funnel.verified > 0
    applied = {s["partition"]: s["state"] for s in report["steps"] if s["step"] == "apply"}
    assert applied == {"Contact/0": "done", "Ticket/0": "failed"}
    assert report["quota"] == {"daily_limit": 39, "remaining": 12, "reserve": 0.25, "needed": 6, "short": 3}

    monkeypatch.setattr("plugins.hubspot.limits.FRESH", 0)  # what was known of the day is of the day before
    with twin(folder, *SMALL[:-1], "2026-11-22T06:00:00Z") as services:
        stage(World(services))
        last = Window(datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
        healed = runner.run("acme", last, dry_run=False, heal=True, progress=lambda step, part: None)
        assert healed["failures"] == []
        assert healed["funnel"]["written"] == healed["funnel"]["verified"] >= funnel.held
        assert len(held(World(services))) == len(undisturbed), "the ticket that was never made is there"
        again = memorialize(*NIGHT, "--json").report["funnel"]
        assert (again["planned"], again["held"]) == (0, 0)


def test_one_entity_that_may_not_be_written_costs_only_itself(world: World, undisturbed: Held) -> None:
    world.faults("hubspot", {"match": "0-1/batch/update", "status": 403})
    outcome = memorialize(*NIGHT, "--json")
    assert outcome.code == 1 and len(outcome.messages) == 1
    steps = {(s["step"], s["partition"]): (s["state"], s["error"]) for s in outcome.report["steps"]}
    assert steps["apply", "Contact/0"][0] == "failed"
    assert steps["apply", "Contact/0"][1].startswith(
        "PermissionMissing: HubSpot's token lacks a right for batch/update"
    )
    assert steps["apply", "Ticket/0"] == ("done", None)
    settled(world, undisturbed)


def test_cxone_going_away_in_the_middle_ends_the_run_before_any_write(world: World, undisturbed: Held) -> None:
    world.faults("cxone", {"match": "/messages", "status": 503, "times": 1000})
    outcome = memorialize(*NIGHT, "--json")
    assert (outcome.code, outcome.out, world.writes()) == (1, "", 0)
    assert len(outcome.messages) == 1 and outcome.messages[0].startswith("ServiceUnavailable: ")
    world.faults("cxone")
    settled(world, undisturbed)


def test_a_run_killed_while_it_writes_is_made_good_by_the_next(world: World, undisturbed: Held, tmp_path: Path) -> None:
    """Killed with the new ticket made and the updates on their way: they arrive after the run's death."""
    world.faults("hubspot", {"match": "0-5/batch/update", "delay": 3.0})
    log = tmp_path / "run.log"
    with process([BIN / "memorialize", *NIGHT], log, os.environ) as killed:
        deadline = time.monotonic() + PATIENCE
        while not world.requests("hubspot").get(f"{UPSERT} 200"):
            assert killed.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        os.killpg(killed.pid, signal.SIGKILL)
        assert killed.wait() == -signal.SIGKILL
    assert "report    all" not in log.read_text()
    lapse()
    settled(world, undisturbed)
    assert json.loads(memorialize("report", "--json").out)["verdict"]["failures"] == []
