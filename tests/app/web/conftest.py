"""One Airflow for all tests of the pages: two api-servers, of the simple and of the FAB auth manager, on one database.

Behind them a night that was really run against the twin, and 400 nights that the ledger merely remembers. No scheduler
runs: the Airflow run of the night is entered by hand.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest

from app.nights import last_complete
from local.stage import BIN, PROJECT, call, environment, free_port, postgres, process, tail, twin
from tests.app.web.history import live_through

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
NIGHTS = 400
PATIENCE = 120.0


@dataclass(frozen=True)
class Airflow:
    """Base addresses of the two servers, whose users share a password; and the night that was run."""

    simple: str
    fab: str
    password: str
    socket: str
    report: Path
    run_id: str
    dag_run_id: str
    contact: str

    def client(self, base: str, user: str) -> httpx.Client:
        """Logged in as this user."""
        body = {"username": user, "password": self.password}
        token = httpx.post(f"{base}/auth/token", json=body, timeout=120).raise_for_status().json()["access_token"]
        return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=120)

    def ask(self, statement: str, **of: Any) -> list[tuple[Any, ...]]:
        """A statement to the ledger."""
        return ledger(self.socket, statement, **of)


def ledger(socket: str, statement: str, **of: Any) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(host=socket, user="postgres", dbname="ledger")
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, of)
        rows = list(cursor.fetchall()) if cursor.description else []
    connection.close()
    return rows


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    folder = tmp_path_factory.mktemp("pages")
    night = last_complete("0 2 * * *", datetime.now(UTC))
    world = ("--start", f"{night.start:%Y-%m-%d}", "--days", "2", "--interactions", "80")
    with ExitStack() as stack:  # PostgreSQL not below pytest's own folder, as in tests/conftest.py
        database = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pages-")))
        socket = stack.enter_context(postgres(database / "data"))
        clock = night.end + timedelta(hours=2)
        services = stack.enter_context(twin(folder / "twin", *world, "--clock", f"{clock:%Y-%m-%dT%H:%M:%SZ}"))
        variables = environment(folder, socket, services)
        password = json.loads((folder / "airflow/keys.json").read_text())["admin"]
        by_fab = variables | {"AIRFLOW__CORE__AUTH_MANAGER": FAB}
        for command in (["airflow", "db", "migrate"], ["memorialize", "ledger", "upgrade"]):
            call([BIN / command[0], *command[1:]], folder / "migrate.log", by_fab)

        window = ("--from", night.start.isoformat(), "--to", night.end.isoformat())
        command = [BIN / "memorialize", "run", "-c", "acme", *window, "--json"]
        ran = subprocess.Popen(command, cwd=PROJECT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        call([sys.executable, Path(__file__).with_name("prepare.py"), password], folder / "prepare.log", by_fab)
        told, errors = ran.communicate()
        assert ran.returncode == 0, errors.decode()
        run_id = json.loads(told)["run"]["run_id"]

        bases = []
        for name, of, port in (("simple", variables, free_port(0)), ("fab", by_fab, free_port(0))):
            bases.append(f"http://127.0.0.1:{port}")
            at = {"AIRFLOW__API__PORT": str(port), "AIRFLOW__API__BASE_URL": bases[-1]}
            stack.enter_context(process([BIN / "airflow", "api-server"], folder / f"{name}.log", {**of, **at}))
        live_through(socket, "ledger", night.start, NIGHTS)
        for base, name in zip(bases, ("simple", "fab"), strict=True):
            _await(base, folder / f"{name}.log")

        ((contact,),) = ledger(
            socket,
            "select split_part(interaction_key, ':', 2) from receipts where interaction_key like 'v:%%' "
            "and record not like 'new:%%' group by 1 order by count(*) desc, 1 limit 1",
        )
        running = Airflow(
            *bases,
            password,
            socket,
            folder / "reports/acme" / run_id,
            run_id,
            "manual__2026-11-23T02:00:00+00:00",
            contact,
        )
        _enter_run(running)
        yield running


def _await(base: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if httpx.get(f"{base}/api/v2/version").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, tail(log, 30)
        time.sleep(0.2)


def _enter_run(running: Airflow) -> None:
    """The night becomes that of an Airflow run, whose id needs quoting in an address."""
    with running.client(running.simple, "admin") as client:
        body = {"dag_run_id": running.dag_run_id, "logical_date": None}
        runs = "/api/v2/dags/memorialize__acme/dagRuns"
        client.post(runs, json=body).raise_for_status()
        client.patch(f"{runs}/{running.dag_run_id}", json={"state": "success"}).raise_for_status()
    running.ask(
        "update runs set dag_run_id = %(dag_run_id)s where run_id = %(run_id)s::uuid",
        dag_run_id=running.dag_run_id, run_id=running.run_id,
    )  # fmt: skip
