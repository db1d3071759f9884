"""One Airflow, many runs: reads orders as JSON lines on stdin, answers each with one JSON line on stdout.

A process of its own, because Airflow reads its environment when it is imported; one for all tests, because that
import costs seconds. An order: {"dag": id, "conf": {...}, "logical_date": ISO or absent, "environment": {...}};
its answer: {"state": of the run, "tasks": {task id: [state of each instance, by map index]}}. Whatever Airflow
prints goes to stderr.
"""

import json
import os
import sys
from collections import defaultdict
from datetime import datetime
from typing import Any


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(_run(json.loads(line))) + "\n")
        answers.flush()


def _run(order: dict[str, Any]) -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    os.environ.update(order["environment"])
    dag = DagBag().dags[order["dag"]]
    when = {"logical_date": datetime.fromisoformat(order["logical_date"])} if order["logical_date"] else {}
    run = dag.test(run_conf=order["conf"], **when)
    tasks: dict[str, list[str]] = defaultdict(list)
    for instance in sorted(run.get_task_instances(), key=lambda i: (i.task_id, i.map_index)):
        tasks[instance.task_id].append(str(instance.state))
    return {"state": str(run.state), "tasks": tasks}


if __name__ == "__main__":
    main()
