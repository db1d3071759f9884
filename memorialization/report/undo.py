"""What the report of a revert says: which values are as they were before the run, and which were left, and why."""

from typing import Literal

import pandas as pd

from memorialization.gate import DRY_RUN, MOVED
from memorialization.report.model import Funnel, Left, Verdict
from memorialization.report.rows import MOST_LISTED, link
from memorialization.report.words import ENGLISH, Language
from memorialization.revert import CREATED, NEWER
from memorialization.run import Frozen, Run

LEFT = (MOVED, NEWER, CREATED)
"""Why a revert leaves a value."""


def undone(
    run: Run, f: Funnel, reasons: dict[str, dict[str, int]], failures: list[str], words: Language = ENGLISH
) -> Verdict:
    """The verdict of a revert: its sentence says that it is an undo. `reasons`: as in the report."""
    held, run_id = reasons.get("held", {}), str(run.reverts)
    told = [words.say(f"undo.left.{reason}", n=held[reason]) for reason in LEFT if held.get(reason)]
    if failures:
        sentence = words.say("undo.unsettled", run=run_id, failure=failures[0])
    else:
        before = [words.say("undo.equal", n=f.equal)] if f.equal else []
        now = (
            words.say("undo.dry_run", n=held.get(DRY_RUN, 0))
            if run.dry_run
            else words.say("undo.restored", n=f.verified)
        )
        ended = words.say("undo.nothing") if run.dry_run else ""
        sentence = words.say("undo.of", run=run_id, n=f.values, what=", ".join([now, *before]) + ended) + "."
        sentence += words.say("undo.left", what=", ".join(told)) if told else ""
    open_ = f.rejected or f.verify_failed or told
    state: Literal["balanced", "attention", "failed"] = "failed" if failures else "attention" if open_ else "balanced"
    return Verdict(state=state, sentence=sentence, failures=tuple(failures))


def left(frozen: Frozen, changes: pd.DataFrame) -> list[Left]:
    """By reason and record; `changes` with `entity` and `held`."""
    if "record" not in changes:
        return []
    rows = []
    kept = changes[changes["held"].isin(LEFT)]
    for (reason, entity, record), group in list(kept.groupby(["held", "entity", "record"]))[:MOST_LISTED]:
        rows.append(
            Left(
                reason=str(reason),
                interaction_key=str(group["interaction_key"].iloc[0]),
                entity=str(entity),
                record_id=str(record),
                link=link(frozen, str(entity), str(record)),
                properties=tuple(sorted(group["property"])),
            )
        )
    return rows
