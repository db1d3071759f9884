"""One Airflow, many runs: reads orders as JSON lines on stdin, answers each with one JSON line on stdout.

A process of its own, because Airflow reads its environment when it is imported; one for all tests, because that
import costs seconds. An order: {"dag": id, "conf": {...}, "logical_date": ISO or absent, "environment": {...}};
its answer: {"state": of the run, "tasks": {task id: [state of each instance, by map index]}}. The order "?events"
with the conf {"uri": of an asset} is answered with {"extras": those of its events, in their order}. Whatever Airflow
prints goes to stderr.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from typing import Any


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(_run(json.loads(line))) + "\n")
        answers.flush()


def _run(order: dict[str, Any]) -> dict[str, Any]:
    if order["dag"] == "?events":
        return {"extras": _events(order["conf"]["uri"])}
    with _environment(order["environment"]):
        return _run_dag(order)


def _run_dag(order: dict[str, Any]) -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    dag = DagBag().dags[order["dag"]]
    dag.params = deepcopy(dag.params)  # dag.test() writes the conf into them, and the next order shares them
    dag.deadline = None  # dag.test() of Airflow 3.3.2 cannot end a run that has one; the scheduler can
    when = {"logical_date": datetime.fromisoformat(order["logical_date"])} if order["logical_date"] else {}
    run = dag.test(run_conf=order["conf"], **when)
    tasks: dict[str, list[str]] = defaultdict(list)
    for instance in sorted(run.get_task_instances(), key=lambda i: (i.task_id, i.map_index)):
        tasks[instance.task_id].append(str(instance.state))
    return {"state": str(run.state), "tasks": tasks}


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    """For one run alone: the next one may be another test's."""
    before = {name: os.environ.pop(name, None) for name in changes}
    os.environ.update(changes)
    yield
    for name, value in before.items():
        del os.environ[name]
        if value is not None:
            os.environ[name] = value


def _events(uri: str) -> list[dict[str, Any]]:
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(AssetEvent.extra).join(AssetModel, AssetEvent.asset_id == AssetModel.id).where(AssetModel.uri == uri)
    with create_session() as session:
        return [dict(extra) for extra in session.scalars(query.order_by(AssetEvent.id))]


if __name__ == "__main__":
    main()
