"""What the laws look at: the sources as syntax trees, and one fresh interpreter with Airflow for the session."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("dags", "plugins", "memorialization", "app", "local", "sandbox")


def sources(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file of these rooms, path relative to the project, as a tree."""
    for room in rooms:
        files = sorted((PROJECT / room).rglob("*.py"))
        assert files, f"{room} has no Python files: has it moved?"
        for path in files:
            yield path.relative_to(PROJECT), ast.parse(path.read_text())


def imported(tree: ast.AST) -> set[str]:
    """Dotted names of all modules imported anywhere in a tree."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports break in Airflow's plugin loader"
            names.add(node.module or "")
    return names


def imported_on_load(tree: ast.Module) -> set[str]:
    """Dotted names of the modules imported when the file is, that is, outside of functions."""
    names: set[str] = set()
    for node in _on_load(tree):
        names |= imported(node)
    return names


def _on_load(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _on_load(node)


def interpreter(script: str, folder: Path, *arguments: str, **environment: str) -> Any:
    """What a script prints as its last line, as JSON; in a fresh interpreter, with `folder` as Airflow's home."""
    variables = {
        "PATH": "/usr/bin:/bin",
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder, env=variables | environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


_PARSE = """
import json, sys
import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
before = set(sys.modules)
bag = DagBag()
loaded = sorted(set(sys.modules) - before)
import hubspot
print(json.dumps({
    "errors": bag.import_errors,
    "hubspot": hubspot.__file__,
    "loaded": loaded,
    "dags": {d.dag_id: {
        "description": d.description, "doc": d.doc_md, "tags": sorted(d.tags), "max_active_runs": d.max_active_runs,
        "catchup": d.catchup, "timetable": type(d.timetable).__name__,
        "timezone": str(getattr(d.timetable, "timezone", None)), "cron": getattr(d.timetable, "expression", None),
        "stored": bool(DagSerialization.serialize_dag(d)),
        "tasks": {t.task_id: {"owner": t.owner, "retries": t.retries, "pool": t.pool} for t in d.tasks},
    } for d in bag.dags.values()},
}))
"""


def parse(folder: Path, **environment: str) -> Any:
    """What the dag processor makes of dags/: {"errors", "hubspot", "loaded" modules, "dags": by id}."""
    return interpreter(_PARSE, folder, **environment)


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return parse(tmp_path_factory.mktemp("parsed"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The law about every report that a test wrote comes last, when all are written."""
    items.sort(key=lambda item: "every_report" in item.name)
