"""What the DAG files and the command line cost before they do anything: Airflow parses every file all the time.

A file is parsed as Airflow's DAG processor does, in an interpreter that has loaded Airflow and nothing of ours; the
least of a few is taken, for a busy machine only adds.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure
from local.stage import BIN, PROJECT

LIMIT: Final = 0.3
MANY: Final = 50
TRIES: Final = 5
_WHY: Final = "nearly all of it is Airflow making 16 tasks a DAG; reading each crm.yaml is less than a tenth."

_PARSE: Final = """
import json, sys, time
import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.standard.operators import hitl, python
begun, used = time.perf_counter(), time.process_time()
bag = DagBag(dag_folder=sys.argv[1])
wall, cpu = time.perf_counter() - begun, time.process_time() - used
assert not bag.import_errors, bag.import_errors
from airflow.serialization.serialized_objects import DagSerialization
stored = max(len(json.dumps(DagSerialization.serialize_dag(dag))) for dag in bag.dags.values())
print(json.dumps({"wall": wall, "cpu": cpu, "dags": len(bag.dags), "stored": stored}))
"""
_OF_A_TASK: Final = "_AIRFLOW_PARSING_CONTEXT_DAG_ID"
"""By this variable Airflow tells a DAG file which DAG the task is of that is about to run."""


def measure() -> list[Figure]:
    """The slowest DAG file with the configurations that are there and with 50, and `memorialize --help`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        environment = _environment(home)
        many = home / "mappings"
        for number in range(MANY):
            shutil.copytree(PROJECT / "include/mappings/acme", many / f"crm{number}")
        own = _slowest(environment)
        crowd = _slowest(environment | {"MEMORIALIZATION_MAPPINGS": str(many)})
        of_a_task = {"MEMORIALIZATION_MAPPINGS": str(many), _OF_A_TASK: "memorialize__crm7"}
        alone = _best(PROJECT / "dags/memorialize.py", environment | of_a_task)
        bare = _least([sys.executable, "-c", "pass"], environment)
        told = _least([BIN / "memorialize", "--help"], environment)
    return [
        _figure("parse the slowest DAG file", "0.3 s beyond Airflow", own),
        _figure(f"parse it with {MANY} configurations", "0.3 s beyond Airflow", crowd),
        Figure(
            f"parse it before a task, {MANY} configurations",
            "0.3 s beyond Airflow",
            LIMIT,
            alone["wall"],
            "s",
            details=alone,
        ),
        Figure(
            "memorialize --help",
            "0.3 s beyond Python",
            LIMIT,
            round(told - bare, 3),
            "s",
            details={"whole": round(told, 3), "interpreter": round(bare, 3)},
        ),
    ]


def _figure(name: str, limit_is: str, found: Mapping[str, Any]) -> Figure:
    slowest = max(found, key=lambda file: found[file]["wall"])
    return Figure(
        name, limit_is, LIMIT, round(found[slowest]["wall"], 3), "s", details={"slowest": slowest, **found}, why=_WHY
    )


def _slowest(environment: dict[str, str]) -> dict[str, Any]:
    """By DAG file, the try that took least: {wall, cpu, dags, stored: bytes of the largest DAG in the database}."""
    return {path.name: _best(path, environment) for path in sorted((PROJECT / "dags").glob("*.py"))}


def _best(path: Path, environment: dict[str, str]) -> dict[str, Any]:
    tries = [
        json.loads(_run([sys.executable, "-c", _PARSE, str(path)], environment).splitlines()[-1]) for _ in range(TRIES)
    ]
    best = min(tries, key=lambda t: float(t["wall"]))
    return {name: round(value, 3) for name, value in best.items()}


def _least(command: list[str | Path], environment: dict[str, str]) -> float:
    """Seconds; the median of the lower half of many tries."""
    took = []
    for _ in range(4 * TRIES):
        begun = time.perf_counter()
        _run(command, environment)
        took.append(time.perf_counter() - begun)
    return statistics.median(sorted(took)[: 2 * TRIES])


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "MEMORIALIZATION"))}
    return kept | {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _run(command: list[str | Path], environment: dict[str, str]) -> str:
    """What it prints. Raises RuntimeError, with the end of its errors, where it fails."""
    done = subprocess.run(
        list(map(str, command)), cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr[-2000:]}")
    return done.stdout
