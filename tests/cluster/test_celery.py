"""A night over two Celery workers, staging in a bucket, one worker killed while it writes: HubSpot is as it should be.

The processes of `docker-compose.yaml`'s profile celery without their containers: PostgreSQL, Redis, an S3, Airflow's
four parts and two workers, which share nothing but what a cluster's machines share.
"""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from local.stage import BIN, PROJECT, environment, free_port, postgres, prepare_databases, process, twin
from local.up import airflow
from memorialization.ledger import Ledger
from memorialization.report.model import Funnel
from tests.app.command import mappings, replace
from tests.app.world import World
from tests.local.scheduling import DAG, Scheduler, expected, logged_in
from tests.local.test_scheduler import FIRST, OVER, THIRD, TICK
from tests.s3 import BUCKET, Bucket, bucket

pytestmark = pytest.mark.nights

WORKERS = ("one", "two")
SHIPPED: dict[str, str] = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())["x-environment"]
TAKEN = ("AIRFLOW__CELERY__WORKER_CONCURRENCY", "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG")
SHORT = {  # so that what a dead worker held is given to another within the test; Airflow's defaults are in minutes
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
}


@dataclass(frozen=True)
class Cluster:
    """`folder` holds every log and the twin's journal; `workers` by name."""

    folder: Path
    scheduler: Scheduler
    workers: dict[str, subprocess.Popen[bytes]]
    bucket: Bucket

    def task(self, run: str, name: str, index: int = -1) -> dict[str, Any]:
        path = f"/dags/{DAG}/dagRuns/{run}/taskInstances/{name}/{index}"
        found: dict[str, Any] = self.scheduler.call("GET", path)
        return found

    def tasks(self, worker: str) -> Counter[str]:
        """How often a worker began each task."""
        lines = (self.folder / f"{worker}.log").read_text().splitlines()
        return Counter(
            line.split("task_id='")[1].split("'")[0] for line in lines if "Executing workload in Celery" in line
        )

    def doing(self, task: dict[str, Any]) -> str:
        """Which worker a running task belongs to."""
        above = {parent.pid for parent in psutil.Process(task["pid"]).parents()}
        (name,) = [name for name, child in self.workers.items() if child.pid in above]
        return name

    def written(self) -> list[dict[str, Any]]:
        """Every change that came in over HubSpot's API, oldest first."""
        (journal,) = self.folder.glob("twin/*.jsonl")
        rows = [json.loads(line) for line in journal.read_text().splitlines()]
        return [row for row in rows if row.get("method") in ("create", "update")]


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis of our own that asks for a password; yields its URL."""
    server = shutil.which("redis-server")
    assert server is not None, "install the distribution's package redis-server"
    port, password = free_port(0), secrets.token_hex(16)
    folder.mkdir()
    (folder / "redis.conf").write_text(f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\ndir {folder}\n')
    with process([server, folder / "redis.conf"], folder / "redis.log", os.environ):
        yield f"redis://:{password}@127.0.0.1:{port}/0"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    world = ("--start", f"{FIRST:%Y-%m-%d}", "--days", "4", "--interactions", "90")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        acme = mappings(folder, patch)
        replace(acme / "crm.yaml", '"0 2 * * *"', f'"{TICK.minute} {TICK.hour} * * *"')
        database = stack.enter_context(tempfile.TemporaryDirectory(prefix="cluster-"))  # as in tests/conftest.py
        socket_folder = stack.enter_context(postgres(Path(database) / "data"))
        services = stack.enter_context(twin(folder / "twin", *world))
        World(services).faults("hubspot", {"match": "0-1/batch/update", "delay": 60.0, "after_commit": True})
        store = stack.enter_context(bucket(folder))
        port = free_port(0)
        variables = {
            **environment(folder, socket_folder, services),
            **store.environment,
            **SHORT,
            "MEMORIALIZATION_MAPPINGS": str(acme.parent),
            "MEMORIALIZATION_STAGING": f"s3://{BUCKET}/staging",
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__CELERY__BROKER_URL": stack.enter_context(redis(folder / "redis")),
            **{name: SHIPPED[name] for name in TAKEN},
        }
        prepare_databases(folder, variables)
        workers = {name: stack.enter_context(_worker(name, folder, variables)) for name in WORKERS}
        stack.enter_context(airflow(folder, variables, port))
        api = logged_in(folder, port)
        ledger = Ledger(f"postgresql+psycopg2://postgres@/ledger?host={socket_folder}")
        scheduler = Scheduler(stack.enter_context(api), World(services), ledger)
        yield Cluster(folder, scheduler, workers, store)


@contextmanager
def _worker(name: str, folder: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command: list[str | Path] = [BIN / "airflow", "celery", "worker", "--celery-hostname", f"{name}@%h"]
    command += ["--pid", folder / f"{name}.pid", "--skip-serve-logs"]
    with process(command, folder / f"{name}.log", variables, patience=2) as child:
        yield child


def kill(process: subprocess.Popen[bytes]) -> None:
    """As if its machine went away: the worker and all that it started."""
    worker = psutil.Process(process.pid)
    for each in (worker, *worker.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait()


def test_a_worker_that_dies_while_it_writes_costs_time_and_nothing_else(cluster: Cluster) -> None:
    scheduler = cluster.scheduler
    (night,) = scheduler.until(lambda: scheduler.runs("scheduled"))

    # the contacts' first batch is written, and its answer, by which the product would know, is on its way
    scheduler.until(lambda: [row for row in cluster.written() if row["arguments"]["type_id"] == "0-1"])
    apply = cluster.task(night, "apply", 0)
    assert apply["state"] == "running"
    victim = cluster.doing(apply)
    (survivor,) = set(WORKERS) - {victim}
    before = cluster.tasks(survivor)
    kill(cluster.workers[victim])

    scheduler.until(lambda: scheduler.runs("scheduled")[night] not in ("queued", "running"))
    assert scheduler.runs("scheduled")[night] == "success"
    again = cluster.task(night, "apply", 0)
    assert (again["state"], again["try_number"]) == ("success", 2)
    assert before.total() > 2 and cluster.tasks(victim).total() > 2, "both worked before"
    assert (cluster.tasks(survivor) - before)["apply"] >= 1

    (run,) = scheduler.ended(night)
    funnel = Funnel(**run["funnel"])
    assert funnel.imbalances() == [] and funnel.unaccounted == 0
    assert funnel.planned == funnel.written == funnel.verified > 50
    rows = cluster.written()
    values = Counter(
        (row["arguments"]["type_id"], row["arguments"]["record_id"], name)
        for row in rows
        for name in row["arguments"]["properties"]
    )
    assert [value for value, times in values.items() if times > 1] == [], "nothing is written twice"
    told, names = expected(scheduler.world, THIRD, OVER, ("voice", "digital"))
    assert len(names) > 50
    assert told.wrong(scheduler.world, names) == []

    staged = cluster.bucket.objects(f"staging/acme/{run['run_id']}/")
    assert len(staged) > 10 and not (cluster.folder / "staging").exists()
    pages = str(scheduler.api.base_url).removesuffix("/api/v2/") + f"/memorialization/dags/{DAG}"
    for page in (f"{pages}/runs/{night}", f"{pages}/reports/{run['run_id']}/report.html"):
        assert scheduler.api.get(page).status_code == 200
