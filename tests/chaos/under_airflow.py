"""Three nights under Airflow of which each loses a part with `kill -9` while it writes; every one ends as it should.

One start of Airflow's parts, with short heartbeats. What ended by itself is started again, as a service manager does;
what was killed, too. The kill comes while HubSpot works on a batch of writes, which it carries out all the same.
"""

import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest

from local.stage import environment, free_port, prepare_databases, twin
from local.up import SERVICES, airflow, part
from memorialization.report.model import Funnel
from tests.app.command import mappings, replace
from tests.app.world import World
from tests.chaos.database import Database, database
from tests.chaos.judge import doubled
from tests.local.scheduling import DAG, Scheduler, expected, logged_in

TICK: Final = (datetime.now(UTC) - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
"""The last time of the schedule: no other comes meanwhile."""
HELD: Final = 6.0  # seconds that HubSpot takes for the batch in which the kill comes
PATIENCE: Final = 500.0
SHORT: Final = {
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
}


@dataclass
class Company:
    """Airflow's parts, the database of all, and what is asked of them."""

    scheduler: Scheduler
    database: Database
    start: Callable[[str], Any]
    parts: dict[str, Any]
    journal: Path
    again: Counter[str] = field(default_factory=Counter)

    def tend(self) -> None:
        """Start again what has ended."""
        for name, child in list(self.parts.items()):
            if child.poll() is not None:
                self.again[name] += 1
                self.parts[name] = self.start(name)

    def until(self, ask: Callable[[], Any]) -> Any:
        """What `ask` finds in the end; an api-server that is away finds nothing."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.tend()
            with suppress(httpx.HTTPError, AssertionError, KeyError):
                if found := ask():
                    return found
            if time.monotonic() > deadline:
                raise TimeoutError("a run under Airflow did not come to its end")
            time.sleep(0.3)

    def tasks(self, run: str) -> list[dict[str, Any]]:
        answer = self.scheduler.call("GET", f"/dags/{DAG}/dagRuns/{run}/taskInstances?limit=200")
        found: list[dict[str, Any]] = answer["task_instances"]
        return found

    def state(self, run: str) -> str:
        return str(self.scheduler.call("GET", f"/dags/{DAG}/dagRuns/{run}")["state"])


# ---- what is killed


def _scheduler(company: Company, run: str) -> str:
    """With the tasks it runs, as a container that is out of memory."""
    os.killpg(company.parts["scheduler"].pid, signal.SIGKILL)
    company.parts["scheduler"].wait()
    company.until(lambda: company.parts["scheduler"].poll() is None)
    return "the scheduler is started again, misses the heartbeat of the task it lost and begins it again"


def _task(company: Company, run: str) -> str:
    pid = next(task["pid"] for task in company.tasks(run) if (task["task_id"], task["state"]) == ("apply", "running"))
    psutil.Process(pid).kill()
    return "the task is tried again after its minute"


def _postgres(company: Company, run: str) -> str:
    company.database.kill()
    time.sleep(3)
    company.database.start()
    return "PostgreSQL is started again"


NIGHTS: Final = (
    ("the scheduler and the tasks it runs", _scheduler),
    ("the process of the task that writes", _task),
    ("PostgreSQL, which holds Airflow's data and the ledger", _postgres),
)


def nights(folder: Path, told: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """Let them happen; each as results.py keeps it, and told as it ends."""
    found = []
    with _company(folder) as company:
        for number, (what, kill) in enumerate(NIGHTS, 1):
            over = TICK - timedelta(days=number - 1)
            night = _night(company, number, over, what, kill)
            told(night)
            found.append(night)
    return found


def _night(
    company: Company, number: int, over: datetime, what: str, kill: Callable[[Company, str], str]
) -> dict[str, Any]:
    begin, scheduler, world = over - timedelta(days=1), company.scheduler, company.scheduler.world
    if number == 1:
        run = company.until(lambda: next(iter(scheduler.runs("scheduled")), None))  # its fault is ordered already
    else:
        hold(world)
        run = scheduler.trigger(begin, over)
    company.until(lambda: len(_held(world)) == number)
    running = [task["task_id"] for task in company.tasks(run) if task["state"] == "running"]
    killed_at, again = time.monotonic(), Counter(company.again)
    then = kill(company, run)
    company.until(lambda: company.state(run) in ("success", "failed"))
    seconds = round(time.monotonic() - killed_at, 1)
    restarted = company.again - again - Counter({"scheduler": 1} if number == 1 else {})
    if restarted:
        then += f"; {', '.join(sorted(restarted))} ended by {'themselves' if len(restarted) > 1 else 'itself'} and " \
            "came again"  # fmt: skip
    told, names = expected(world, begin, over)
    wrong: dict[str, list[str]] = {
        "lost": [f"{name[0]}/{name[1]} {what}" for name, what, *_ in told.wrong(world, names)],
        "doubled": list(doubled(world, company.journal)),
        "unsettled": [f"the run of Airflow ended as {state}" for state in [company.state(run)] if state != "success"],
        "unbalanced": [
            what
            for one in scheduler.ledger.rows("select funnel from runs where finished_at is not null")
            for what in Funnel(**one["funnel"]).imbalances()
        ],
        "stuck": [
            str(one["run_id"])
            for one in scheduler.ledger.rows("select run_id from leases where expires_at > clock_timestamp()")
        ],
    }
    return {
        "number": number,
        "first": str(begin.date()),
        "killed": what,
        "moment": "it writes: " + ", ".join(sorted(set(running))),
        "then": then,
        "times": {f"killed: {what}": 1},
        "tries": max(task["try_number"] for task in company.tasks(run)),
        "runs": 1,
        "values": sum(len(told.values[name]) for name in names),
        "seconds": seconds,
        "wrong": {name: cases for name, cases in wrong.items() if cases},
    }


def hold(world: World) -> None:
    """The next batch of writes takes its time."""
    world.faults("hubspot", {"match": "batch/update", "delay": HELD})


def _held(world: World) -> list[str]:
    faults = httpx.get(f"{world.services.hubspot}/_twin/faults").json()
    return [fault["fault"] for fault in faults if "delay" in fault["fault"]]


@contextmanager
def _company(folder: Path) -> Iterator[Company]:
    first = TICK - timedelta(days=len(NIGHTS))
    options = (
        "--start", f"{first:%Y-%m-%d}", "--days", f"{len(NIGHTS) + 1}", "--interactions", "40",
        "--live-stops-on", f"{first:%Y-%m-%d}",
    )  # fmt: skip
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        acme = mappings(folder, patch)
        replace(acme / "crm.yaml", '"0 2 * * *"', f'"{TICK.minute} {TICK.hour} * * *"')
        workflows = acme / "workflows.yaml"
        # calls alone: where there are no transcripts, no task loads Great Expectations to judge them
        workflows.write_text(workflows.read_text().split("  - channel: Digital contact")[0])
        served = stack.enter_context(database(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))))
        services = stack.enter_context(twin(folder / "twin", *options))
        hold(World(services))
        variables = environment(folder, served.socket, services) | SHORT
        variables["MEMORIALIZATION_MAPPINGS"] = str(acme.parent)
        prepare_databases(folder, variables)
        port = free_port(0)
        children = stack.enter_context(airflow(folder, variables, port))
        api = stack.enter_context(logged_in(folder, port))
        ledger = served.reached("ledger")
        yield Company(
            Scheduler(api, World(services), ledger),
            served,
            lambda name: stack.enter_context(part(name, folder, variables, port)),
            dict(zip(SERVICES, children, strict=True)),
            folder / "twin" / "journal.jsonl",
        )
