"""Between plan and apply: decides for the whole run what is held back, and why; everything else may be written.

planned + held = missing + drifted + truncated, always. The reasons of this gate: `ownership` (the row fills
empty properties only, and this one is not: a decision of the configuration, whatever the mode), `dismissed` (HubSpot
refused this very value before, and a person has dismissed it), `observe` (the configuration is not adopted),
`dry_run`, and `systematic`: a mapping row in which most comparable values disagree
in the same way speaks of a misunderstanding of its spelling, and is reported once instead of rewriting the whole
portal (memorialization reference, section 3).

What is left is the run's plan. Above the limits of `approval` in crm.yaml it waits for a person: `not_approved`.
"""

from collections import Counter
from typing import Any, Final

import numpy as np
import pandas as pd

from memorialization import plan
from memorialization.approval import Plan
from memorialization.compare import DRIFTED, EQUAL, TRUNCATED
from memorialization.errors import PlanRefused
from memorialization.run import Ports, Run, recorded, thaw

DISMISSED: Final = "dismissed"
OBSERVE: Final = "observe"
DRY_RUN: Final = "dry_run"
SYSTEMATIC: Final = "systematic"
MOVED: Final = "moved"
OWNERSHIP: Final = "ownership"
NOT_APPROVED: Final = "not_approved"
QUOTA: Final = "quota"  # set where the day's calls ended before it was sent

HELD_REASONS: Final = (OWNERSHIP, DISMISSED, OBSERVE, DRY_RUN, MOVED, SYSTEMATIC, NOT_APPROVED, QUOTA)

LEFT_ALONE: Final = (OWNERSHIP, DISMISSED)
"""Somebody has decided so, in the configuration or about the value itself: nothing waits for a person."""


def gate(run: Run, reconciled: list[dict[str, Any]], ports: Ports, *, backfill: bool = False) -> dict[str, Any]:
    """`reconciled`: the (entity, bucket) pairs whose plan exists. Returns {"apply": pairs that may be written now}.

    Writes `gate.json`: {"hold": reason or null for all, "systematic": [{section, property, pattern, share}]}, and
    enters the plan into the ledger where there is anything to write. Runs of a `backfill` share their limits.
    """
    frozen = thaw(run)
    crm = frozen.configuration.crm
    with recorded(run, ports, "gate", "all") as summary:
        hold = DRY_RUN if run.dry_run else OBSERVE if crm.mode == "observe" else None
        comparable: Counter[tuple[int, str]] = Counter()
        patterns: Counter[tuple[int, str, str]] = Counter()
        names = [f"{pair['entity']}/{pair['bucket']}" for pair in reconciled]
        for name in names:
            frame = run.files.read_frame(f"changes/{name}.parquet", ["section", "property", "pattern"])
            for c in run.files.read_json(f"counts/{name}.json"):
                if c["verdict"] in (EQUAL, DRIFTED, TRUNCATED):
                    comparable[c["section"], c["property"]] += c["n"]
            seen = frame[frame["pattern"].ne("")].groupby(["section", "property", "pattern"]).size()
            patterns.update({(int(s), p, w): int(n) for (s, p, w), n in seen.items()})
        systematic = [
            {"section": s, "property": p, "pattern": w, "disagree": n, "comparable": comparable[s, p]}
            for (s, p, w), n in sorted(patterns.items())
            if comparable[s, p] >= crm.systematic.at_least and n / comparable[s, p] > crm.systematic.share
        ]
        run.files.write_json("gate.json", {"hold": hold, "systematic": systematic})
        tally = plan.Tally(frozen.salt)
        for name in names if hold is None else ():
            beside, free = plan.added(run, name), may_be_written(run, name, hold, systematic)
            if len(free) or beside:
                tally.add(name, free, beside)
        apply: list[dict[str, Any]] = []
        if tally.buckets:
            kept = plan.keep(run, frozen, tally, sum(comparable.values()), ports, backfill=backfill)
            apply = plan.pairs_of(kept)
        summary.update(hold=hold, systematic=len(systematic), apply=len(apply))
    return {"apply": apply}


def verify(run: Run, planned: Plan) -> None:
    """Raises PlanRefused unless the run's files are there and say, in every bucket, what was planned."""
    try:
        decided = run.files.read_json("gate.json")
        for name in planned["buckets"]:
            changes = may_be_written(run, name, decided["hold"], decided["systematic"])
            plan.check_content(run, planned, name, changes)
    except FileNotFoundError:
        raise PlanRefused(f"the files of run {run.run_id} are not there any more. Run the window again.") from None


def may_be_written(run: Run, name: str, hold: str | None, systematic: list[dict[str, Any]]) -> pd.DataFrame:
    """The changes of one bucket, `<entity>/<number>`, that the gate holds for no reason."""
    changes = run.files.read_frame(f"changes/{name}.parquet")
    return changes[released(changes, hold, systematic).eq("")].reset_index(drop=True)


def released(changes: pd.DataFrame, hold: str | None, systematic: list[dict[str, Any]]) -> pd.Series:
    """For each change the reason it is held for, "" where it may be written; columns: section, property, kept,
    dismissed."""
    caught = pd.Series(False, index=changes.index)
    for row in systematic:
        caught |= changes["section"].eq(row["section"]) & changes["property"].eq(row["property"])
    reasons = np.select(
        [changes["kept"].eq(True), changes["dismissed"].eq(True), caught & (hold is None)],
        [OWNERSHIP, DISMISSED, SYSTEMATIC],
        default=hold or "",
    )
    return pd.Series(reasons, index=changes.index, dtype="str")
