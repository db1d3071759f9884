"""How fast Airflow's pages answer over a long life: 400 nights, 20,000 parked targets, 5,000 refused values.

The pages' own application, served by uvicorn in a process of its own with every caller let in, so that Airflow's login
is not measured. Behind it a night that was really run against the twin: `explain` asks it as it would ask HubSpot.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
import psycopg2

from app.nights import last_complete
from benchmarks.figures import Figure
from local.stage import BIN, PATIENCE, PROJECT, call, environment, free_port, postgres, process, tail, twin
from tests.app.web.history import live_through

NIGHTS: Final = 400
REQUESTS: Final = 200
LIMIT: Final = 300.0
_LIVE: Final = "explain"
_WHY: Final = (
    "the contact goes through the steps of a run, which are made for thousands of rows: of one row they cost what the "
    "calls of pandas cost, some thousands of them; HubSpot's six answers are a tenth."
)
_DAG: Final = "/dags/memorialize__acme"
_DAG_RUN: Final = "manual__2026-11-23T02:00:00+00:00"


def measure() -> list[Figure]:
    """The 95th percentile over the pages that the ledger and the reports answer, and of the one that asks live."""
    with _served() as (base, addresses), httpx.Client(base_url=base, timeout=30) as client:
        took: dict[str, list[float]] = {kind: [] for kind in addresses}
        for number in range(len(addresses) + REQUESTS):
            kind = list(addresses)[number % len(addresses)]
            begun = time.perf_counter()
            client.get(addresses[kind]).raise_for_status()
            if number >= len(addresses):  # the first of each loads what it needs
                took[kind].append(time.perf_counter() - begun)
    by_kind = {kind: round(1000 * _percentile(seconds)) for kind, seconds in took.items()}
    stored = round(1000 * _percentile([seconds for kind in took if kind != _LIVE for seconds in took[kind]]))
    name = f"p95 after {NIGHTS} nights"
    return [
        Figure(f"Airflow pages, {name}", "300 ms", LIMIT, stored, "ms", details={"p95": by_kind}),
        Figure(f"page that explains a contact, {name}", "300 ms", LIMIT, by_kind[_LIVE], "ms", why=_WHY),
    ]


def _percentile(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * (len(seconds) - 1))]


@contextmanager
def _served() -> Iterator[tuple[str, dict[str, str]]]:
    """(base address, address by kind of page) of the running pages."""
    night = last_complete("0 2 * * *", datetime.now(UTC))
    world = ("--start", f"{night.start:%Y-%m-%d}", "--days", "2", "--interactions", "80")
    clock = night.end + timedelta(hours=2)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, postgres(Path(name) / "data") as socket:
        folder = Path(name)
        with twin(folder / "twin", *world, "--clock", f"{clock:%Y-%m-%dT%H:%M:%SZ}") as services:
            variables = environment(folder, socket, services)
            call([BIN / "memorialize", "ledger", "upgrade"], folder / "upgrade.log", variables)
            window = ("--from", night.start.isoformat(), "--to", night.end.isoformat())
            command = [str(BIN / "memorialize"), "run", "-c", "acme", *window, "--json"]
            told = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, check=True).stdout
            run_id = json.loads(told)["run"]["run_id"]
            live_through(socket, "ledger", night.start, NIGHTS)
            contact = _entered(socket, run_id)
            port, log = free_port(8380), folder / "pages.log"
            with process([sys.executable, "-m", "benchmarks.pages", str(port)], log, variables):
                base = f"http://127.0.0.1:{port}"
                _await(base, log)
                yield (
                    base,
                    {
                        "overview": _DAG,
                        "older runs": f"{_DAG}?page=5",
                        "parked": f"{_DAG}/parked",
                        "rejected": f"{_DAG}/rejected",
                        _LIVE: f"{_DAG}/explain?contact={contact}",
                        "run": f"{_DAG}/runs/{quote(_DAG_RUN, safe='')}",
                        "report": f"{_DAG}/reports/{run_id}",
                        "report file": f"{_DAG}/reports/{run_id}/report.html",
                    },
                )


def _entered(socket: str, run_id: str) -> str:
    """The night becomes that of an Airflow run; returns a contact of it."""
    connection = psycopg2.connect(host=socket, user="postgres", dbname="ledger")
    with connection, connection.cursor() as cursor:
        cursor.execute("update runs set dag_run_id = %s where run_id = %s::uuid", (_DAG_RUN, run_id))
        cursor.execute(
            "select split_part(interaction_key, ':', 2) from matches where interaction_key like 'v:%' limit 1"
        )
        (contact,) = cursor.fetchone() or ("",)
    connection.close()
    return str(contact)


def _await(base: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.get(f"{base}/style.css").raise_for_status()
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the pages did not start:\n{tail(log)}") from None
        time.sleep(0.2)


def everyone() -> Callable[[str], bool]:
    """Who may read what: all."""
    return lambda dag_id: True


def _serve(port: int) -> None:
    import uvicorn

    from app.web.pages import application

    app: Any = application(everyone)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
