"""What a run tells Airflow's own metrics (StatsD, OpenTelemetry): names and counts, nothing of a customer.

Nothing is sent from outside Airflow, and nothing where Airflow's metrics are off, as they are unless it is told
otherwise ([metrics] in airflow.cfg). What each means: docs/operations.md, Metrics; a law keeps the two one.
"""

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from memorialization.ports import Usage
    from memorialization.report.model import Report

NAMESPACE: Final = "memorialization"


def step(configuration: str, name: str, usage: "Usage") -> None:
    """What the calls of one step were, and what the account has left."""
    if (stats := _stats()) is None:
        return
    tags = {"configuration": configuration, "step": name}
    stats.incr(f"{NAMESPACE}.hubspot.calls", sum(usage.calls.values()), tags=tags)
    stats.incr(f"{NAMESPACE}.hubspot.throttled", usage.throttled, tags=tags)
    stats.timing(f"{NAMESPACE}.hubspot.waited", timedelta(seconds=usage.waited), tags=tags)
    if usage.daily_remaining is not None:
        stats.gauge(f"{NAMESPACE}.hubspot.left_today", usage.daily_remaining, tags={"configuration": configuration})


def held_back(configuration: str) -> None:
    """A run found its window in the hands of another, and comes again later."""
    if (stats := _stats()) is not None:
        stats.incr(f"{NAMESPACE}.window.held", tags={"configuration": configuration})


def night(report: "Report") -> None:
    """The funnel of a night, and how late everything was; dry runs and reverts tell nothing of the nights."""
    if report.run.dry_run or report.run.reverts or (stats := _stats()) is None:
        return
    tags = {"configuration": report.run.configuration}
    for name, count in report.funnel.model_dump().items():
        stats.gauge(f"{NAMESPACE}.funnel.{name}", count, tags=tags)
    late = datetime.fromisoformat(report.run.finished_at) - datetime.fromisoformat(report.run.window_end)
    stats.gauge(f"{NAMESPACE}.report.after_window", late.total_seconds(), tags=tags)
    for one in report.moving.lateness if report.moving else ():
        if one.span == "run":
            stats.gauge(f"{NAMESPACE}.lateness.{one.what}", one.p95, tags=tags | {"channel": one.channel})


def _stats() -> Any:
    """Airflow's metrics; None where Airflow is not loaded, which costs a second and sends nothing."""
    if "airflow.sdk" not in sys.modules:
        return None
    from airflow.sdk.observability import stats

    return stats
