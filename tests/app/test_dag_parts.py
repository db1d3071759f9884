"""The form of a manual run and the tasks of the DAG files, as an Airflow of its own sees them."""

from pathlib import Path
from typing import Any

import pytest

from tests.laws.conftest import interpreter

pytestmark = pytest.mark.slow

SCRIPT = """
import json, os, sys
from airflow.sdk import DAG
from app.dag_facts import dag_facts
from app.dag_parts import PARAMS, RETRIES, deadline, step
from memorialization import errors

def refused(name, value):
    try:
        PARAMS[name].resolve(value)
    except Exception:
        return True
    return False

def late(executors):
    os.environ["AIRFLOW__CORE__EXECUTOR"] = executors
    alert = deadline(dag_facts()[0])
    return [alert.callback.path, alert.callback.executor] if alert else None

with DAG("d", schedule=None, params=PARAMS):
    made = step("gate", pool="hubspot_api", retries=0)(run={"run_id": "r"})
loaded = "app.tasks" in sys.modules
import app.tasks
app.tasks.gate = lambda run: {"got": run}
print(json.dumps({
    "params": {name: [param.value, param.schema["type"]] for name, param in PARAMS.items()},
    "refused": [refused("window_start", 7), refused("window_start", "2026-11-22T02:00:00Z"),
                refused("window_end", None), refused("dry_run", "yes")],
    "task": [made.operator.task_id, made.operator.pool, made.operator.retries],
    "retries": {
        name: [decided.action.value, decided.retry_delay and decided.retry_delay.total_seconds()]
        for name, decided in (
            (name, RETRIES.evaluate(getattr(errors, name, ValueError)("made up"), 1, 2))
            for name in ("ServiceUnavailable", "RateLimited", "LedgerUnavailable", "QuotaExhausted", "WindowError",
                         "ApprovalNeeded", "PartitionFailed", "a bug")
        )
    },
    "late": {executors: late(executors) for executors in (
        "LocalExecutor", "CeleryExecutor", "KubernetesExecutor", "KubernetesExecutor, LocalExecutor")},
    "loaded": loaded,
    "body": made.operator.python_callable(run={"run_id": "r"}, dag_run="of Airflow's context", ti=None),
}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return interpreter(SCRIPT, Path(tmp_path_factory.mktemp("dag_parts")))


def test_the_form_leaves_all_empty_for_the_last_night(seen: Any) -> None:
    assert seen["params"] == {
        "dry_run": [False, "boolean"],
        "window_start": [None, ["null", "string"]],
        "window_end": [None, ["null", "string"]],
    }


def test_the_form_takes_nothing_but_text_and_a_yes_or_no(seen: Any) -> None:
    assert seen["refused"] == [True, False, False, True]


def test_a_step_is_a_task_of_its_name_that_imports_its_body_when_it_runs(seen: Any) -> None:
    assert seen["task"] == ["gate", "hubspot_api", 0]
    assert seen["loaded"] is False


def test_a_step_passes_on_only_what_its_body_asks_for(seen: Any) -> None:
    assert seen["body"] == {"got": {"run_id": "r"}}


def test_only_what_a_later_try_may_not_meet_again_is_tried_again(seen: Any) -> None:
    assert seen["retries"] == {
        "ServiceUnavailable": ["retry", None],
        "RateLimited": ["retry", 300.0],
        "LedgerUnavailable": ["retry", None],
        "QuotaExhausted": ["fail", None],
        "WindowError": ["fail", None],
        "ApprovalNeeded": ["fail", None],
        "PartitionFailed": ["fail", None],
        "a bug": ["default", None],  # as often as the DAG says
    }


def test_the_alert_of_a_late_run_goes_to_an_executor_that_can_run_it(seen: Any) -> None:
    """KubernetesExecutor would end the scheduler."""
    assert seen["late"] == {
        "LocalExecutor": ["app.alerts.late", None],
        "CeleryExecutor": ["app.alerts.late", None],
        "KubernetesExecutor": None,
        "KubernetesExecutor, LocalExecutor": ["app.alerts.late", "LocalExecutor"],
    }
