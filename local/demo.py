"""`make demo`: one night through Airflow against the twin, progress while it works, the verdict at the end."""

import json
import os
import subprocess
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from app.verdict import show
from local.nights import chosen
from local.stage import BIN, environment, postgres, prepare_databases, process, tail, twin
from memorialization.ledger import Ledger

NAMES = {
    "extract": "pull interactions from CXone",
    "prepare": "settle, map and match",
    "reconcile": "read and compare with HubSpot",
    "gate": "decide what may be written",
    "apply": "write and read back",
    "judge mapped": "will every transcript fit?",
    "judge stored": "is every transcript whole?",
    "report": "report",
}


def demo(folder: Path, interactions: int) -> int:
    """Returns the exit code: 0 only if the run is done and its receipts balance."""
    console = Console()
    night = chosen(folder, datetime.now(UTC))
    console.print(f"\n[bold]One night at Acme[/bold]: {night.start:%d %B %Y %H:%M} to {night.end:%d %B %H:%M} UTC\n")
    with ExitStack() as stack:
        with console.status("starting PostgreSQL, the twin of CXone and HubSpot, and Airflow's database"):
            socket_folder = stack.enter_context(postgres(folder / "postgres"))
            clock = night.end + timedelta(hours=2)
            services = stack.enter_context(
                twin(folder / "twin", *night.options(clock=clock, interactions=interactions))
            )
            variables = environment(folder, socket_folder, services)
            prepare_databases(folder, variables)
        os.environ.update({k: v for k, v in variables.items() if k.startswith("AIRFLOW_CONN_")})
        ledger = Ledger(f"postgresql+psycopg2://postgres@/ledger?host={socket_folder}")
        killed = ledger.newest_run("acme")
        if killed and killed["state"] == "running":
            ledger.release_lease(str(killed["run_id"]))  # of a demonstration that was killed: nobody waits for it here
        began = datetime.now(UTC)
        log = folder / "airflow" / f"demo-{began:%Y%m%dT%H%M%S}.log"
        window = {"window_start": night.start.isoformat(), "window_end": night.end.isoformat()}
        command: list[str | Path] = [BIN / "airflow", "dags", "test", "memorialize__acme", "--conf", json.dumps(window)]
        child = stack.enter_context(process(command, log, variables))
        _follow(console, ledger, child, began)
        run = ledger.last_run("acme")
        if child.returncode != 0 or run is None or run["started_at"] < began:
            console.print(f"[red]the run failed[/red]; Airflow's log: {log}\n{tail(log, 12)}", highlight=False)
            return 1
        show(Path(run["report"]), as_json=False)
        return 0 if run["state"] == "done" else 1


def _follow(console: Console, ledger: Ledger, child: subprocess.Popen[bytes], began: datetime) -> None:
    """Show each step as it starts and ends, until the run is over."""
    with Live(console=console, refresh_per_second=8) as live:
        spinner = Spinner("dots")
        while child.poll() is None:
            live.update(_picture(ledger, began, spinner))
            time.sleep(0.4)
        live.update(_picture(ledger, began, spinner))


def _picture(ledger: Ledger, began: datetime, spinner: Spinner) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    run = ledger.newest_run("acme")
    steps = ledger.steps(str(run["run_id"])) if run and run["started_at"] >= began else []
    if not steps:
        table.add_row(spinner, "Airflow starts the run", "")
    for name, title in NAMES.items():
        mine = [s for s in steps if s["step"] == name]
        if not mine:
            continue
        states = {s["state"] for s in mine}
        mark = spinner if "running" in states else Text("✘", "red") if "failed" in states else Text("✔", "green")
        table.add_row(mark, title, Text(_figures(name, mine), "dim"))
    return table


def _figures(name: str, steps: list[dict[str, Any]]) -> str:
    summaries = [s["summary"] for s in steps if s["state"] == "done"]
    if not summaries:
        return ""
    match name:
        case "extract":
            return f"{sum(s['rows'] for s in summaries):,} interactions"
        case "prepare":
            return (
                f"{sum(t['n'] for s in summaries for t in s['targets'] if t['outcome'] == 'matched'):,} targets matched"
            )
        case "reconcile":
            return f"{sum(v['n'] for s in summaries for v in s['values']):,} values compared"
        case "apply":
            return f"{sum(s['verified'] for s in summaries):,} values written and verified"
        case "judge mapped" | "judge stored":
            return f"{sum(s['rows'] for s in summaries):,} transcripts"
        case _:
            return ""
