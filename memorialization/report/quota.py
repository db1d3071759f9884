"""What the account's calls of the day have to do with a run: what it needed, what was left, and what waits for more.

A run that the day's calls do not suffice for is stopped, not lost: HubSpot refuses such a call before it looks at
it, so what was not sent is `held: quota`, its interval stays open, and the first run after midnight of the account
heals it (extraction.heal_days).
"""

from typing import Any, Final

import pandas as pd

from memorialization.errors import QuotaExhausted
from memorialization.gate import QUOTA
from memorialization.receipts import UNACCOUNTED
from memorialization.report.model import Quota

STOPPED: Final = "stopped on quota"

CALLS_A_BATCH: Final = 3  # read again, write, read back
BATCH: Final = 100  # records a call

_KIND: Final = QuotaExhausted.__name__


def stop(steps: list[dict[str, Any]]) -> str | None:
    """The message of the first stop for want of calls; None where there was none."""
    return next((message for step in steps if (message := stopped(step)) is not None), None)


def stopped(step: dict[str, Any]) -> str | None:
    """Likewise of one step, which either failed for it or went on to settle what it had sent."""
    summary = step["summary"] or {}
    if step["state"] == "failed" and summary.get("error") == _KIND:
        return str(summary["message"])
    told = summary.get("stopped_by") or ""
    return str(told).removeprefix(f"{_KIND}: ") if told.startswith(_KIND) else None


def not_sent(changes: pd.DataFrame, receipts: pd.DataFrame | None, apply: dict[str, Any] | None) -> pd.Series:
    """Which changes of one bucket of a stopped run were not sent; `apply`: its step, if it was begun.

    Both frames have record and property; `receipts` is None where none are kept.
    """
    if receipts is None:
        begun = apply is not None and stopped(apply) is None
        return pd.Series(not begun, index=changes.index)
    if apply is None or stopped(apply) is None:
        return pd.Series(False, index=changes.index)
    keys = ["record", "property"]
    left = pd.MultiIndex.from_frame(receipts.loc[receipts["outcome"].eq(UNACCOUNTED), keys])
    return pd.Series(pd.MultiIndex.from_frame(changes[keys]).isin(left), index=changes.index)


def quota(steps: list[dict[str, Any]], changes: pd.DataFrame, reserve: float) -> Quota | None:
    """`changes`: entity, record, held; None where HubSpot has not told the day's figures before the writing."""
    told = [s["summary"]["daily"] for s in steps if s["step"] != "apply" and (s["summary"] or {}).get("daily")]
    if not told:
        return None
    limit, remaining = told[-1]
    planned = changes[changes["held"].isin(["", QUOTA])]
    records = planned.groupby("entity")["record"].nunique() if len(planned) else pd.Series(dtype="int64")
    needed = sum(CALLS_A_BATCH * -(-int(number) // BATCH) for number in records)
    return Quota(
        daily_limit=limit, remaining=remaining, reserve=reserve, needed=needed,
        short=short(needed, limit, remaining, reserve),
    )  # fmt: skip


def short(needed: int, limit: int, remaining: int, reserve: float) -> int:
    """Calls that are missing, the reserve left alone; 0 where the day's calls suffice."""
    return max(0, needed - max(0, remaining - int(reserve * limit)))
