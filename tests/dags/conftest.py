"""An Airflow on a PostgreSQL of its own, its database migrated once, with a small twin behind it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from local.stage import BIN, Twin, call, environment, postgres, tail, twin

WORLD = ("--start", "2026-11-21", "--days", "2", "--interactions", "60", "--clock", "2026-11-23T06:00:00Z")


@dataclass(frozen=True)
class Airflow:
    """Runs DAGs to their end; `folder` is where all its files stand, `reports` where their reports do, `socket` where
    its PostgreSQL is."""

    orders: IO[str]
    answers: IO[str]
    log: Path
    folder: Path
    reports: Path
    services: Twin
    socket: str

    def run(
        self,
        dag: str,
        *,
        at: str | None = None,
        conf: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
    ) -> Any:
        """{"state", "tasks", "report"}: `at` is the run's logical date, `conf` its params; report None without one."""
        before = set(self.reports.glob("*/*/report.json"))
        order = {"dag": dag, "conf": conf or {}, "logical_date": at, "environment": environment or {}}
        self.orders.write(json.dumps(order) + "\n")
        self.orders.flush()
        line = self.answers.readline()
        assert line, f"the driver ended:\n{tail(self.log, 30)}"
        new = set(self.reports.glob("*/*/report.json")) - before
        assert len(new) <= 1
        report = json.loads(new.pop().read_text()) if new else None
        return json.loads(line) | {"report": report}

    def fault(self, service: str, *rules: dict[str, Any]) -> None:
        """Orders faults of the twin; without rules, takes all away."""
        httpx.post(f"{getattr(self.services, service)}/_twin/faults", json=list(rules)).raise_for_status()

    def events(self) -> list[dict[str, Any]]:
        """Extras of acme's asset's events so far, as any process may ask Airflow's database."""
        return list(self.run("?events", conf={"uri": "hubspot://acme/memorialized"})["extras"])

    def said(self, words: str) -> bool:
        return words in self.log.read_text()


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    folder = tmp_path_factory.mktemp("airflow")
    log = folder / "driver.log"
    with (  # PostgreSQL not below pytest's own folder, as in tests/conftest.py
        tempfile.TemporaryDirectory(prefix="airflow-") as database,
        postgres(Path(database) / "data") as socket_folder,
        twin(folder / "twin", *WORLD) as services,
    ):
        variables = environment(folder, socket_folder, services)
        for command in (["airflow", "db", "migrate"], ["memorialize", "ledger", "upgrade"]):
            call([BIN / command[0], *command[1:]], folder / "migrate.log", variables)
        with log.open("w") as output:
            child = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("driver.py")],
                env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True,
            )  # fmt: skip
        assert child.stdin
        assert child.stdout
        yield Airflow(child.stdin, child.stdout, log, folder, folder / "reports", services, socket_folder)
        child.kill()  # every run is over; Airflow's own way out takes seconds
        child.wait()
