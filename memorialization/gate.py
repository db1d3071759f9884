"""Between plan and apply: decides for the whole run what is held back, and why; everything else may be written.

planned + held = missing + drifted + truncated, always. The reasons of this gate: `ownership` (the row fills
empty properties only, and this one is not: a decision of the configuration, whatever the mode), `observe` (the
configuration is not adopted), `dry_run`, and `systematic`: a mapping row in which most comparable values disagree
in the same way speaks of a misunderstanding of its spelling, and is reported once instead of rewriting the whole
portal (memorialization reference, section 3).
"""

from collections import Counter
from typing import Any, Final

import pandas as pd

from memorialization.compare import DRIFTED, EQUAL, TRUNCATED
from memorialization.run import Ports, Run, recorded, thaw

OBSERVE: Final = "observe"
DRY_RUN: Final = "dry_run"
SYSTEMATIC: Final = "systematic"
MOVED: Final = "moved"
OWNERSHIP: Final = "ownership"

HELD_REASONS: Final = (OWNERSHIP, OBSERVE, DRY_RUN, MOVED, SYSTEMATIC)


def gate(run: Run, reconciled: list[dict[str, Any]], ports: Ports) -> dict[str, Any]:
    """`reconciled`: the (entity, bucket) pairs whose plan exists. Returns {"apply": pairs with something to write}.

    Writes `gate.json`: {"hold": reason or null for all, "systematic": [{section, property, pattern, share}]}.
    """
    frozen = thaw(run)
    crm = frozen.configuration.crm
    with recorded(run, ports, "gate", "all") as summary:
        hold = DRY_RUN if run.dry_run else OBSERVE if crm.mode == "observe" else None
        comparable: Counter[tuple[int, str]] = Counter()
        patterns: Counter[tuple[int, str, str]] = Counter()
        changes: dict[str, pd.DataFrame] = {}
        for pair in reconciled:
            name = f"{pair['entity']}/{pair['bucket']}"
            frame = run.files.read_frame(f"changes/{name}.parquet", ["section", "property", "kept", "pattern"])
            changes[name] = frame
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
        apply = [
            pair
            for pair in reconciled
            if (released(changes[f"{pair['entity']}/{pair['bucket']}"], hold, systematic) == "").any()
        ]
        summary.update(hold=hold, systematic=len(systematic), apply=len(apply))
    return {"apply": apply}


def released(changes: pd.DataFrame, hold: str | None, systematic: list[dict[str, Any]]) -> pd.Series:
    """For each change the reason it is held for, "" where it may be written; columns: section, property, kept."""
    rows = {(s["section"], s["property"]) for s in systematic}
    caught = [(s, p) in rows for s, p in zip(changes["section"], changes["property"], strict=True)]
    reasons = [hold or (SYSTEMATIC if c else "") for c in caught]
    return pd.Series(reasons, index=changes.index, dtype="str").mask(changes["kept"].eq(True), OWNERSHIP)
