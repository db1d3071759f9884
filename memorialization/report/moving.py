"""What was late or moved, what CXone said that cannot be, and how long its data takes; from the steps' own counts."""

import math
from collections import Counter
from typing import Any, Final

import numpy as np
import pandas as pd

from memorialization.crm import Extraction
from memorialization.moving import CHANGED, LATE
from memorialization.report.model import Lateness, Moving
from memorialization.run import Run
from memorialization.settle import DUE

_SHARES: Final = (0.5, 0.95, 0.99, 1.0)
_HOUR: Final = pd.Timedelta(hours=1)


def moving(run: Run, steps: list[dict[str, Any]], rules: Extraction) -> Moving | None:
    """None for a run that extracted nothing yet, or that takes another one back."""
    done = [s for s in steps if s["state"] == "done"]
    extracted = [s["summary"] for s in done if s["step"] == "extract"]
    if not extracted:
        return None
    counts, skipped, assumed = (_sum(extracted, name) for name in ("moved", "skipped", "assumed"))
    times = [
        run.files.read_frame(f"settled/{s['partition']}.parquet", ["channel", "state", "end_time", "updated_at"])
        for s in done
        if s["step"] == "prepare"
    ]
    found = [*_of_run(run, pd.concat(times, ignore_index=True) if times else None), *_of_ledger(extracted)]
    longest = max((row.longest for row in found if row.what == "due"), default=None)
    return Moving(
        trailing_days=rules.trailing_days if run.nightly else 0,
        changed=counts[CHANGED],
        late=counts[LATE],
        given_up=counts["given_up"],
        skipped=dict(skipped.most_common()),
        assumed=dict(assumed.most_common()),
        lateness=tuple(found),
        horizon_days=rules.settle_horizon_days,
        suggested_days=None if longest is None else math.ceil(longest / 24) + 1,
    )


def _sum(summaries: list[dict[str, Any]], name: str) -> Counter[str]:
    total = Counter[str]()
    for summary in summaries:
        total.update(summary.get(name) or {})
    return total


def _of_run(run: Run, times: pd.DataFrame | None) -> list[Lateness]:
    """Of the interactions that ended in the window: an older one is taken up for its lateness, and would distort it."""
    if times is None:
        return []
    ended = times[times["end_time"].ge(run.window.start) & times["end_time"].lt(run.window.end)]
    rows = []
    for channel, group in ended.groupby("channel", sort=True):
        due = (pd.Timestamp(run.window.end) - group["end_time"])[group["state"].eq(DUE)]
        for what, waits in (("changed", group["updated_at"] - group["end_time"]), ("due", due)):
            hours = (waits.dropna() / _HOUR).clip(lower=0)
            if len(hours):
                spread = np.quantile(hours.to_numpy(), _SHARES, method="inverted_cdf").tolist()  # as percentile_disc
                rows.append(_row("run", str(channel), what, len(hours), spread))
    return rows


def _of_ledger(extracted: list[dict[str, Any]]) -> list[Lateness]:
    return [
        _row("month", row["channel"], what, row["n"], [max(0.0, hours) for hours in row[what]])
        for summary in extracted
        for row in summary.get("lateness") or []
        for what in ("changed", "due")
        if row[what] and None not in row[what]
    ]


def _row(span: str, channel: str, what: str, n: int, spread: list[float]) -> Lateness:
    p50, p95, p99, longest = (round(hours, 2) for hours in spread)
    return Lateness.model_validate(
        {"span": span, "channel": channel, "what": what, "interactions": n,
         "p50": p50, "p95": p95, "p99": p99, "longest": longest}
    )  # fmt: skip
