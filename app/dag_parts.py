"""What the DAG files share: the form of a manual run, and tasks that call `app.tasks` only when they run."""

import inspect
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from airflow.configuration import conf
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, Asset, ExceptionRetryPolicy, Param, RetryAction, RetryRule, get_parsing_context, task
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.definitions.param import ParamsDict

from app.dag_facts import DagFacts, dag_facts
from memorialization.durations import PATTERN, length

RETRIES: Final = ExceptionRetryPolicy(  # the first rule that fits; errors of no rule are retried as the DAG says
    rules=[
        RetryRule("memorialization.errors.RateLimited", action=RetryAction.RETRY, retry_delay=timedelta(minutes=5)),
        RetryRule("memorialization.errors.LeaseHeld", action=RetryAction.RETRY, retry_delay=timedelta(minutes=10)),
        RetryRule("memorialization.errors.Transient", action=RetryAction.RETRY),
        RetryRule("memorialization.errors.MemorializationError", action=RetryAction.FAIL),
    ]
)

WAITS: Final = {"retries": 12}
"""Of the task that opens a run: two hours for another run of the same window to end."""

_NO_CALLBACKS: Final = "KubernetesExecutor"
"""Raises NotImplementedError where it is given a callback, which ends the scheduler (Airflow 3.3.2, BaseExecutor)."""

_WHEN: Final = {"type": ["null", "string"], "format": "date-time"}

PARAMS: Final = {
    "dry_run": Param(False, type="boolean", title="Dry run", description="Do everything but write to HubSpot"),
    "window_start": Param(None, title="From (UTC)", description="Empty: the run's own interval", **_WHEN),
    "window_end": Param(None, title="To (UTC)", description="Empty: the run's own interval", **_WHEN),
}

PURGE_PARAMS: Final = {
    "older_than": Param(
        None, title="Older than", description="Of staging, such as 30d; empty: as crm.yaml says (retention)",
        type=["null", "string"], pattern=PATTERN,
    ),
    "dry_run": Param(False, type="boolean", title="Dry run", description="Say what would be deleted; delete nothing"),
}  # fmt: skip

_TEXT: Final = {"type": ["null", "string"]}

RESOLVE_PARAMS: Final = {
    "what": Param("resolve", enum=["resolve", "withdraw"], type="string", title="What to do"),
    "contact_id": Param(None, title="CXone Contact ID", description="Or the interaction key of the report", **_TEXT),
    "entity": Param("Contact", title="Record type", description="As the mapping's section names it", **_TEXT),
    "record_id": Param(None, title="HubSpot record id", description="The digits in the record's address", **_TEXT),
    "lines": Param(
        None, title="Many at once", description="One a line: contact_id,entity,record_id", format="multiline", **_TEXT
    ),
}

REVERT_PARAMS: Final = {
    "run_id": Param(title="Run to take back", description="As its report names it", type="string", minLength=1),
    "dry_run": PARAMS["dry_run"],
}


def drawn(family: str) -> list[tuple[str, DagFacts]]:
    """(DAG id, facts) of the DAGs of a file: one of each configuration; where a task is about to run, its own alone.

    So the start of a task costs the same however many configurations there are.
    """
    wanted = get_parsing_context().dag_id
    label = None if wanted is None else wanted.removeprefix(f"{family}__")
    return [(f"{family}__{facts.label}", facts) for facts in dag_facts(label)]


def common(facts: DagFacts) -> dict[str, Any]:
    """What every DAG of a configuration is made with."""
    return {
        "start_date": datetime(2026, 1, 1, tzinfo=UTC),
        "catchup": False,
        "max_active_runs": 1,
        "tags": ["memorialization", facts.label],
        "default_args": {
            "owner": facts.owner, "retries": 2, "retry_delay": timedelta(minutes=1), "retry_policy": RETRIES,
        },
    }  # fmt: skip


def memorialized(facts: DagFacts) -> Asset:
    """What other DAGs can be scheduled on: a window of this configuration was applied and proven."""
    return Asset(f"hubspot://{quote(facts.label)}/memorialized")


def deadline(facts: DagFacts) -> DeadlineAlert | None:
    """Airflow calls `alerts.late` where a run is not done in time.

    None for `airflow dags test`, which nobody waits for, and which in Airflow 3.3.2 cannot end a run that has one; and
    where no executor runs callbacks.
    """
    first, *others = [name.strip() for name in conf.get("core", "executor").split(",")]
    able = [name for name in (first, *others) if _NO_CALLBACKS not in name]
    if sys.argv[1:3] == ["dags", "test"] or not able:
        return None
    return DeadlineAlert(
        name=f"report within {facts.deadline}",
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=length(facts.deadline),
        callback=SyncCallback(
            "app.alerts.late",
            {"configuration": facts.name, "deadline": facts.deadline},
            executor=None if first in able else able[0],
        ),
    )


def form(dag: DAG, params: Mapping[str, Param]) -> None:
    """What a manual run asks for. To be called after the tasks are made: each would get, and be stored with, a copy."""
    dag.params.update(params)


@cache  # the DAGs of all configurations are made of the same ones
def step(name: str, **options: Any) -> Any:
    """The task that does the step of this name in `app.tasks`; nothing of it is imported at parse time."""

    def body(**arguments: Any) -> Any:
        from app import tasks

        target = getattr(tasks, name)
        wanted = inspect.signature(target).parameters  # Airflow adds its whole context to **arguments
        return target(**{k: v for k, v in arguments.items() if k in wanted})

    body.__signature__ = inspect.signature(body)  # type: ignore[attr-defined]  # Airflow asks for it at each use
    return task(task_id=name, multiple_outputs=False, **options)(body)


def open_run(facts: DagFacts, **options: Any) -> Any:
    """The task that opens a run; where it fails for good, people are told, for there will be no report to do so."""

    def unopened(context: Any) -> None:
        from app import alerts

        alerts.unopened(facts.name, context)

    opening = step("open_run", on_failure_callback=unopened, **WAITS, **options)
    return opening(name=facts.name, schedule=facts.schedule, timezone=facts.timezone)


class Approve(HITLOperator):  # type: ignore[misc]
    """Waits for a person where the run's plan is above the limits, and holds no slot meanwhile.

    Returns the buckets to write: none where the answer is no, or does not come in time, so that the run goes on to
    its report. `opened`: the run, as `open_run` returned it.
    """

    template_fields = ("opened",)

    def __init__(self, *, opened: Any, **options: Any) -> None:
        super().__init__(subject="May this plan be written?", options=["Approve", "Reject"], **options)
        self.opened = opened

    def execute(self, context: Any) -> Any:
        from app import tasks

        question = tasks.question(self.opened)
        if question is None:
            return tasks.released(self.opened)
        self.subject, self.body = question["subject"], question["body"]
        self.response_timeout = timedelta(seconds=question["seconds"])
        if question["total"] is not None:
            title = "How many values may the runs of this backfill write, all counted?"
            values = Param(question["total"], type="integer", minimum=question["total"], title=title)
            self.params = ParamsDict({"values": values})
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        from app import tasks

        return tasks.decide(self.opened, event)
