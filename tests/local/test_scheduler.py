"""Under Airflow's real scheduler: a night, a manual run and a backfill leave HubSpot as it should be, in any company.

One start of Airflow's parts, as `make up` starts them.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.stage import environment, free_port, postgres, prepare_databases, twin
from local.up import airflow
from memorialization.ledger import Ledger
from memorialization.report.model import Funnel
from tests.app.command import mappings, replace
from tests.app.oracle import oracle, records
from tests.app.world import World

pytestmark = pytest.mark.nights

DAG = "memorialize__acme"
TICK = (datetime.now(UTC) - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
"""The last time of the schedule: while the tests run comes no other."""
FIRST, SECOND, THIRD, OVER = (TICK - timedelta(days=n) for n in (3, 2, 1, 0))
PATIENCE = 400.0


def zulu(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class Scheduler:
    """Airflow's REST API, the world behind it, and what its runs remember."""

    api: httpx.Client
    world: World
    ledger: Ledger

    def call(self, verb: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.api.request(verb, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def runs(self, kind: str) -> dict[str, str]:
        """Run id -> state of the DAG's runs of a type: scheduled, manual or backfill."""
        answer = self.api.get(f"/dags/{DAG}/dagRuns", params={"limit": 50, "run_type": kind})
        return {run["dag_run_id"]: run["state"] for run in answer.json()["dag_runs"]} if answer.is_success else {}

    def opens(self, run: str) -> str | None:
        """The state of the task that opens a run."""
        answer = self.api.get(f"/dags/{DAG}/dagRuns/{run}/taskInstances/open_run")
        return str(answer.json()["state"]) if answer.is_success else None

    def said(self, run: str) -> str:
        """What the first try to open a run told."""
        log = f"/dags/{DAG}/dagRuns/{run}/taskInstances/open_run/logs/1?full_content=true"
        return json.dumps(self.call("GET", log))

    def trigger(self, start: datetime, end: datetime) -> str:
        conf = {"window_start": zulu(start), "window_end": zulu(end)}
        name: str = self.call("POST", f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"]
        return name

    def backfill(self, start: datetime, end: datetime, **how: Any) -> None:
        """Of the days that begin at `start`, at `end` and between."""
        body = {"dag_id": DAG, "from_date": zulu(start), "to_date": zulu(end), "dag_run_conf": {}, **how}
        self.call("POST", "/backfills", body)

    def until(self, ask: Callable[[], Any], good: Callable[[Any], bool] = bool) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not good(found := ask()):
            assert time.monotonic() < deadline, found
            time.sleep(0.5)
        return found

    def ended(self, run: str) -> list[dict[str, Any]]:
        """Those of our runs that an Airflow run was and that are done, the oldest first."""
        query = "select * from runs where dag_run_id = :run and state = 'done' order by run_id"
        return self.ledger.rows(query, run=run)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    folder = tmp_path_factory.mktemp("scheduler")
    world = ("--start", f"{FIRST:%Y-%m-%d}", "--days", "4", "--interactions", "40")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        acme = mappings(folder, patch)
        replace(acme / "crm.yaml", '"0 2 * * *"', f'"{TICK.minute} {TICK.hour} * * *"')
        workflows = acme / "workflows.yaml"
        # calls alone: where there are no transcripts, no task loads Great Expectations to judge them
        workflows.write_text(workflows.read_text().split("  - channel: Digital contact")[0])
        # PostgreSQL not below pytest's own folder, as in tests/conftest.py
        database = stack.enter_context(tempfile.TemporaryDirectory(prefix="scheduler-"))
        socket_folder = stack.enter_context(postgres(Path(database) / "data"))
        services = stack.enter_context(twin(folder / "twin", *world))
        variables = environment(folder, socket_folder, services)
        variables["MEMORIALIZATION_MAPPINGS"] = str(acme.parent)
        prepare_databases(folder, variables)
        port = free_port(0)
        stack.enter_context(airflow(folder, variables, port))
        where = f"http://127.0.0.1:{port}"
        login = {"username": "admin", "password": json.loads((folder / "airflow/keys.json").read_text())["admin"]}
        token = httpx.post(f"{where}/auth/token", json=login).raise_for_status().json()["access_token"]
        api = httpx.Client(base_url=f"{where}/api/v2", headers={"Authorization": f"Bearer {token}"}, timeout=120)
        ledger = Ledger(f"postgresql+psycopg2://postgres@/ledger?host={socket_folder}")
        yield Scheduler(stack.enter_context(api), World(services), ledger)


def test_a_night_a_manual_run_and_a_backfill_of_the_same_days_leave_the_same_hubspot(scheduler: Scheduler) -> None:
    (night,) = scheduler.until(lambda: scheduler.runs("scheduled"))
    scheduler.until(lambda: scheduler.runs("scheduled")[night] == "success")

    # one day is asked for by hand and by the backfill, at once; the backfill does the night again, too
    scheduler.backfill(FIRST, THIRD, run_backwards=True, reprocess_behavior="completed", max_active_runs=3)
    manual = scheduler.trigger(SECOND, THIRD)
    days = scheduler.until(lambda: scheduler.runs("backfill"), lambda runs: len(runs) == 3)
    assert night in days, "Airflow takes the very same run again"
    first, second = sorted(days.keys() - {night})
    waits = scheduler.until(lambda: [run for run in (manual, second) if scheduler.opens(run) == "up_for_retry"])
    assert len(waits) == 1 and "LeaseHeld" in scheduler.said(waits[0])
    (works,) = {manual, second} - set(waits)
    scheduler.until(lambda: [len(scheduler.ended(run)) for run in (night, first, works)] == [2, 1, 1])
    assert scheduler.ledger.rows("select 1 from runs where dag_run_id = :run", run=waits[0]) == []
    scheduler.call("PATCH", f"/dags/{DAG}/dagRuns/{waits[0]}", {"state": "failed"})  # or it comes in ten minutes

    before, again = scheduler.ended(night)
    assert before["report"] != again["report"], "nothing is overwritten"
    assert again["funnel"]["planned"] == 0 < before["funnel"]["planned"]
    windows = [(run["window_start"], run["window_end"]) for run in (before, again)]
    windows += [(run["window_start"], run["window_end"]) for name in (works, first) for run in scheduler.ended(name)]
    assert windows == [(THIRD, OVER), (THIRD, OVER), (SECOND, THIRD), (FIRST, SECOND)]
    every = scheduler.ledger.rows("select funnel from runs")
    assert [Funnel(**run["funnel"]).imbalances() for run in every] == [[]] * 4
    assert wrong(scheduler.world) == []


def wrong(world: World) -> list[Any]:
    """Every value that is not as it must be, of the records that only calls of the three days wrote."""
    truth = world.truth(zulu(FIRST - timedelta(days=2)), zulu(OVER + timedelta(days=2)))
    apart = set[tuple[str, str]]()
    for leg in truth["legs"]:
        over = leg["due_at"] and leg["due_at"] < zulu(OVER - timedelta(minutes=10))
        if leg["fate"] and (leg["channel"] == "digital" or leg["end"] < zulu(FIRST) or not over):
            apart.update(records(leg))
    told = oracle(truth)
    names = told.values.keys() - apart
    assert len(names) > 50
    return told.wrong(world, names)
