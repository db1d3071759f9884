"""`make up`: Airflow's own UI with the twin behind it, until Ctrl-C; then everything is stopped."""

import json
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from local.nights import chosen
from local.stage import BIN, StageError, environment, free_port, postgres, prepare_databases, process, tail, twin

SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")


@contextmanager
def airflow(folder: Path, variables: Mapping[str, str], port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Airflow's four parts, healthy, its pages on `port`; logs below `folder`; stopped at the end."""
    with ExitStack() as stack:
        children = [stack.enter_context(part(name, folder, variables, port)) for name in SERVICES]
        _await_health(port, [(c.poll, log_of(folder, n)) for n, c in zip(SERVICES, children, strict=True)])
        yield children


def part(
    name: str, folder: Path, variables: Mapping[str, str], port: int
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """One of Airflow's parts, by its command; not healthy yet."""
    address = {
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
    }
    return process([BIN / "airflow", name], log_of(folder, name), {**variables, **address})


def log_of(folder: Path, name: str) -> Path:
    return folder / "airflow" / "services" / f"{name}.log"


def up(folder: Path, interactions: int) -> int:
    """Runs until interrupted."""
    console = Console()
    now = datetime.now(UTC)
    night = chosen(folder, now)
    with ExitStack() as stack:
        with console.status("starting PostgreSQL, the twin of CXone and HubSpot, and Airflow"):
            socket_folder = stack.enter_context(postgres(folder / "postgres"))
            services = stack.enter_context(twin(folder / "twin", *night.options(clock=now, interactions=interactions)))
            port = free_port(8080)
            variables = environment(folder, socket_folder, services)
            prepare_databases(folder, variables)
            children = stack.enter_context(airflow(folder, variables, port))
        keys = json.loads((folder / "airflow" / "keys.json").read_text())
        console.print(
            f"""
  [bold green]Airflow is ready[/]   http://127.0.0.1:{port}/dags/memorialize__acme
  login              admin / {keys["admin"]}
  trigger            Trigger in the UI: leave the dates empty for the last complete night
  backfill           Trigger > Backfill in the UI, from {night.world:%Y-%m-%d} on
  twin               CXone {services.cxone}   HubSpot {services.hubspot}
  logs               {log_of(folder, SERVICES[0]).parent}
""",
            highlight=False,
        )
        console.print("  Ctrl-C stops all of it.\n")
        while all(child.poll() is None for child in children):
            threading.Event().wait(1.0)
        fallen = next(n for n, c in zip(SERVICES, children, strict=True) if c.poll() is not None)
        raise StageError(f"{fallen} ended by itself:\n{tail(log_of(folder, fallen))}")


def _await_health(port: int, children: list[tuple[object, Path]]) -> None:
    """Until all four parts of Airflow say that they are healthy."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for poll, log in children:
            if callable(poll) and poll() is not None:
                raise StageError(f"{log.stem} did not start:\n{tail(log)}")
        with suppress(OSError, ValueError):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
                parts = json.load(answer)
            if all(part.get("status") == "healthy" for part in parts.values()):
                return
        time.sleep(0.3)
    raise StageError(f"Airflow is not healthy after two minutes; logs: {children[0][1].parent}")
