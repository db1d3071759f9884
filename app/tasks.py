"""The bodies of the DAG's tasks: each is one step of `app.steps` in Airflow's terms.

Errors for which a retry cannot help fail the task at once; others are left to Airflow's retries.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from app import steps
from memorialization.errors import ConfigurationError, MemorializationError, PartitionFailed
from memorialization.intake import window
from memorialization.ports import Channel, Window


@contextmanager
def _in_airflow() -> Iterator[None]:
    from airflow.sdk.exceptions import AirflowFailException

    try:
        yield
    except MemorializationError as error:
        if error.retry:
            raise
        raise AirflowFailException(f"{type(error).__name__}: {error}") from None


def open_run(name: str, schedule: str) -> dict[str, Any]:
    """The window comes from the params, else from the data interval, else it is the last complete one."""
    from airflow.sdk import get_current_context

    context: Any = get_current_context()
    dag_run, params = context["dag_run"], context["params"]
    with _in_airflow():
        return steps.open_run(
            name,
            _window(schedule, dag_run, params),
            dry_run=bool(params["dry_run"]),
            heal=not (params["window_start"] or params["window_end"]),
            dag_run_id=dag_run.run_id,
            try_number=context["ti"].try_number,
        )


def _window(schedule: str, dag_run: Any, params: Any) -> Window:
    if params["window_start"] or params["window_end"]:
        return window(params["window_start"], params["window_end"])
    if dag_run.data_interval_start and dag_run.data_interval_end:
        return window(dag_run.data_interval_start, dag_run.data_interval_end)
    from app.nights import last_complete

    night = last_complete(schedule, datetime.now(UTC))
    logging.getLogger(__name__).info("no window given: the last complete one is %s to %s", night.start, night.end)
    return night


def extract(run: dict[str, Any], channel: Channel) -> dict[str, Any]:
    with _in_airflow():
        return steps.extract(run, channel)


def partition(run: dict[str, Any], extracted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with _in_airflow():
        return steps.partition(run, list(extracted))


def buckets(run: dict[str, Any]) -> list[dict[str, Any]]:
    with _in_airflow():
        return steps.buckets(run)


def prepare(run: dict[str, Any], partition: str, buckets: int) -> None:
    with _in_airflow():
        steps.prepare_partition(run, partition, buckets)


def cards(run: dict[str, Any], partition: str, buckets: int) -> None:
    with _in_airflow():
        steps.cards_of(run, partition)


def resolve_parked(name: str) -> list[str]:
    """Store the decisions of the form: one target, or lines of CSV; or take one back."""
    from airflow.sdk import get_current_context

    from app import parked
    from memorialization.resolutions import COLUMNS, Decision, parse_csv

    context: Any = get_current_context()
    form = {key: str(value or "").strip() for key, value in context["params"].items()}
    single = [form[column] for column in COLUMNS]
    with _in_airflow():
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
    with _in_airflow():
        steps.reconcile_bucket(run, entity, bucket)


def gate(run: dict[str, Any]) -> list[dict[str, Any]]:
    with _in_airflow():
        return steps.gate_run(run)


def apply(run: dict[str, Any], entity: str, bucket: int) -> None:
    with _in_airflow():
        steps.apply_bucket(run, entity, bucket)


def judge_mapped(run: dict[str, Any], partition: str, buckets: int) -> None:
    with _in_airflow():
        steps.judge(run, "mapped", partition)


def judge_stored(run: dict[str, Any], entity: str, bucket: int) -> None:
    with _in_airflow():
        steps.judge(run, "stored", f"{entity}/{bucket}")


def report(run: dict[str, Any] | None) -> dict[str, Any]:
    with _in_airflow():
        if run is None:
            raise PartitionFailed("the run could not be opened; see the log of the task open_run")
        return steps.write_report(run)


def verdict(reported: dict[str, Any] | None) -> None:
    with _in_airflow():
        if reported is None:
            raise PartitionFailed("there is no report; see the log of the task report")
        steps.finish(reported)
