"""The bodies of the DAG's tasks: each is one step of `app.steps` in Airflow's terms.

Which errors are worth another try is the DAGs' retry policy's to say (`dag_parts.RETRIES`).
"""

import logging
from datetime import UTC, datetime
from typing import Any

from app import alerts, steps
from memorialization.approval import APPROVED, EXPIRED, REFUSED
from memorialization.errors import ConfigurationError, PartitionFailed
from memorialization.intake import window
from memorialization.ports import Channel, Window


def open_run(name: str, schedule: str, timezone: str) -> dict[str, Any]:
    """The window comes from the params, else from the data interval, else it is the last complete one.

    A run of a backfill gives way to a night that goes on.
    """
    from airflow.sdk import get_current_context

    context: Any = get_current_context()
    dag_run, params = context["dag_run"], context["params"]
    if dag_run.run_type == "backfill":
        steps.give_way(name)
    return steps.open_run(
        name,
        _window(schedule, timezone, dag_run, params),
        dry_run=bool(params["dry_run"]),
        heal=dag_run.run_type != "backfill" and not (params["window_start"] or params["window_end"]),
        dag_run_id=dag_run.run_id,
        try_number=context["ti"].try_number,
    )


def open_revert(name: str) -> dict[str, Any]:
    """The run that the form names is taken back, if it is one of this configuration."""
    from airflow.sdk import get_current_context

    context: Any = get_current_context()
    params = context["params"]
    return steps.open_revert(
        name,
        str(params["run_id"]).strip(),
        dry_run=bool(params["dry_run"]),
        dag_run_id=context["dag_run"].run_id,
        try_number=context["ti"].try_number,
    )


def plan_revert(run: dict[str, Any]) -> list[dict[str, Any]]:
    return steps.plan_revert(run)


def _window(schedule: str, timezone: str, dag_run: Any, params: Any) -> Window:
    if params["window_start"] or params["window_end"]:
        return window(params["window_start"], params["window_end"])
    if dag_run.data_interval_start and dag_run.data_interval_end:
        night = window(dag_run.data_interval_start, dag_run.data_interval_end)
    else:
        from app.nights import last_complete

        night = last_complete(schedule, datetime.now(UTC), timezone)
    logging.getLogger(__name__).info("no dates given: the last complete interval, %s to %s", night.start, night.end)
    return night


def extract(run: dict[str, Any], channel: Channel) -> dict[str, Any]:
    return steps.extract(run, channel)


def partition(run: dict[str, Any], extracted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return steps.partition(run, list(extracted))


def buckets(run: dict[str, Any]) -> list[dict[str, Any]]:
    return steps.buckets(run)


def prepare(run: dict[str, Any], partition: str, buckets: int) -> None:
    steps.prepare_partition(run, partition, buckets)


def cards(run: dict[str, Any], partition: str, buckets: int) -> None:
    steps.cards_of(run, partition)


def resolve_parked(name: str) -> list[str]:
    """Store the decisions of the form: one target, or lines of CSV; or take one back."""
    from airflow.sdk import get_current_context

    from app import parked
    from memorialization.resolutions import COLUMNS, Decision, parse_csv

    context: Any = get_current_context()
    form = {key: str(value or "").strip() for key, value in context["params"].items()}
    single = [form[column] for column in COLUMNS]
    if form["what"] == "withdraw" and form["contact_id"] and form["entity"] and not form["record_id"]:
        lines = parked.withdraw(name, form["contact_id"], form["entity"])
    elif form["what"] == "resolve" and form["lines"] and not form["contact_id"] + form["record_id"]:
        lines = parked.resolve(name, parse_csv("\n".join([",".join(COLUMNS), form["lines"]]), "lines"), "airflow")
    elif form["what"] == "resolve" and all(single) and not form["lines"]:
        lines = parked.resolve(name, [Decision(*single)], "airflow")
    else:
        raise ConfigurationError(
            "to resolve, give contact_id, entity and record_id, or lines alone; to withdraw, contact_id and entity"
        )
    for line in lines:
        logging.getLogger(__name__).info(line)
    return lines


def reconcile(run: dict[str, Any], entity: str, bucket: int) -> None:
    steps.reconcile_bucket(run, entity, bucket)


def gate(run: dict[str, Any]) -> None:
    from airflow.sdk import get_current_context

    context: Any = get_current_context()
    steps.gate_run(run, backfill=context["dag_run"].run_type == "backfill")


def question(run: dict[str, Any]) -> dict[str, Any] | None:
    """What a person is asked, who is told of it; None where nobody is."""
    asked = steps.question(run)
    if asked is not None:
        from airflow.sdk import get_current_context

        context: Any = get_current_context()
        alerts.waiting(run, context["dag_run"])
    return asked


def released(run: dict[str, Any]) -> list[dict[str, Any]]:
    return steps.released(run)


def decide(run: dict[str, Any], event: dict[str, Any]) -> list[dict[str, Any]]:
    """Enter the answer that Airflow hands over, or that none came in time; returns the buckets to write."""
    if event.get("error_type") == "timeout":
        state, by = EXPIRED, None
    elif event.get("error"):
        raise RuntimeError("Airflow could not take the answer; see its log")
    else:
        state, by = APPROVED if event["chosen_options"] == ["Approve"] else REFUSED, event["responded_by_user"]["name"]
    logging.getLogger(__name__).warning("the plan is %s%s", state, f" by {by}" if by else "")
    grant = (event.get("params_input") or {}).get("values")
    return steps.decide(run, state, by=by, grant=int(grant) if grant and state == APPROVED else None)


def apply(run: dict[str, Any], entity: str, bucket: int) -> None:
    steps.apply_bucket(run, entity, bucket)


def judge_source(run: dict[str, Any], partition: str, buckets: int) -> None:
    steps.judge(run, "source", partition)


def judge_mapped(run: dict[str, Any], partition: str, buckets: int) -> None:
    steps.judge(run, "mapped", partition)


def judge_stored(run: dict[str, Any], entity: str, bucket: int) -> None:
    steps.judge(run, "stored", f"{entity}/{bucket}")


def report(run: dict[str, Any] | None) -> dict[str, Any]:
    if run is None:
        raise PartitionFailed("the run could not be opened; see the log of the task open_run")
    return steps.write_report(run)


def verdict(reported: dict[str, Any] | None, run: dict[str, Any] | None = None) -> None:
    """`run`: of a night, whose end people are told of; None for a revert, or where it was never opened."""
    if run is not None:
        from airflow.sdk import get_current_context

        context: Any = get_current_context()
        alerts.settled(run, reported, context["dag_run"])
    if reported is None:
        raise PartitionFailed("there is no report; see the log of the task report")
    steps.finish(reported)


def announce(reported: dict[str, Any]) -> None:
    """Emit the asset of the task with the run's counts; skipped where nothing was to be applied."""
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowSkipException

    if not reported["applied"]:
        raise AirflowSkipException("nothing was applied: a dry run, or the configuration observes")
    context: Any = get_current_context()
    (asset,) = context["task"].outlets
    context["outlet_events"][asset].extra = reported["applied"]


def purge_staging(name: str) -> list[str]:
    """Delete what is older than the form, else crm.yaml, allows; the lines say what was freed and what was left."""
    from airflow.sdk import get_current_context

    from app.purge import purge

    params: Any = get_current_context()["params"]
    lines = purge(name, older_than=params["older_than"], dry_run=bool(params["dry_run"])).lines()
    for line in lines:
        logging.getLogger(__name__).info(line)
    return lines
