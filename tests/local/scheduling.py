"""Airflow's REST API as tests use it, and what must stand in HubSpot after runs over given days."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from memorialization.ledger import Ledger
from tests.app.oracle import Name, Oracle, oracle, records
from tests.app.world import World

DAG = "memorialize__acme"
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


def logged_in(folder: Path, port: int) -> httpx.Client:
    """The REST API of the Airflow whose home is below `folder`, as its one user."""
    where = f"http://127.0.0.1:{port}"
    login = {"username": "admin", "password": json.loads((folder / "airflow/keys.json").read_text())["admin"]}
    token = httpx.post(f"{where}/auth/token", json=login).raise_for_status().json()["access_token"]
    return httpx.Client(base_url=f"{where}/api/v2", headers={"Authorization": f"Bearer {token}"}, timeout=120)


def expected(
    world: World, first: datetime, over: datetime, channels: tuple[str, ...] = ("voice",)
) -> tuple[Oracle, set[Name]]:
    """What must be held, and the records that only interactions of these channels, of [first, over), wrote."""
    truth = world.truth(zulu(first - timedelta(days=2)), zulu(over + timedelta(days=2)))
    apart = set[Name]()
    for leg in truth["legs"]:
        done = leg["due_at"] and leg["due_at"] < zulu(over - timedelta(minutes=10))
        if leg["fate"] and (leg["channel"] not in channels or leg["end"] < zulu(first) or not done):
            apart.update(records(leg))
    told = oracle(truth)
    return told, told.values.keys() - apart
