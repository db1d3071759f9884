"""What was added beside the values, in the report: notes with whole transcripts, and associations of records.

wanted = standing + edited + held + planned; planned = made + rejected + unaccounted: what no step told of is
unaccounted, as with values.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from memorialization.additions import ASSOCIATION, PLAN, made
from memorialization.mappings import NOTE
from memorialization.notes import EDITED, PLANNED, STANDING
from memorialization.report.model import Addition, Verdict
from memorialization.report.words import Language
from memorialization.run import Frozen, Run

_Row = tuple[str, int, str]  # kind, section, about


def additions(run: Run, frozen: Frozen, steps: Iterable[dict[str, Any]], *, held: bool) -> list[Addition]:
    """`held`: whether the gate held the whole run."""
    done = [s for s in steps if s["step"] == PLAN and s["state"] == "done"]
    states: dict[_Row, Counter[str]] = {}
    for c in (c for s in done for c in s["summary"]["additions"]):
        states.setdefault((c["kind"], c["section"], c["about"]), Counter())[c["state"]] += c["n"]
    notes, pairs = made(run, [s["partition"] for s in done])
    outcomes = _outcomes(NOTE, "property", notes) | _outcomes(ASSOCIATION, "target", pairs)
    sections = {s.number: s for s in frozen.sections}
    rows = []
    for (kind, section, about), n in sorted(states.items()):
        told = outcomes.get((kind, section, about), Counter())
        planned = 0 if held else n[PLANNED]
        rows.append(
            Addition(
                kind="note" if kind == NOTE else "association",
                mapping=sections[section].mapping.name,
                entity=sections[section].section.entity,
                about=about,
                wanted=n.total(),
                standing=n[STANDING],
                edited=n[EDITED],
                held=n[PLANNED] - planned,
                planned=planned,
                made=told["written"],
                rejected=told["rejected"],
                unaccounted=planned - told["written"] - told["rejected"],
                verified=told["verified"],
            )
        )
    return rows


def failures(added: Sequence[Addition]) -> list[str]:
    """What makes a run fail."""
    return [
        f"{a.unaccounted:,} {a.kind}s of {a.entity} ({a.about}) are unaccounted: neither made nor rejected"
        for a in added
        if a.unaccounted
    ]


def told(verdict: Verdict, added: Sequence[Addition], words: Language) -> Verdict:
    """The verdict, with a sentence on what was added and on what was refused."""
    clauses = []
    for name in ("made", "held", "rejected"):
        counts = [(kind, sum(getattr(a, name) for a in added if a.kind == kind)) for kind in ("note", "association")]
        clauses += [words.say(f"verdict.{kind}.{name}", n=n) for kind, n in counts if n]
    unproven = sum(a.made - a.verified for a in added)
    clauses += [words.say("verdict.unproven", n=unproven)] if unproven else []
    if not clauses:
        return verdict
    waits = unproven or any(a.rejected for a in added)
    state = "attention" if waits and verdict.state == "balanced" else verdict.state
    sentence = verdict.sentence + words.say("verdict.beside", what=", ".join(clauses))
    return verdict.model_copy(update={"state": state, "sentence": sentence})


def _outcomes(kind: str, about: str, frame: pd.DataFrame) -> dict[_Row, Counter[str]]:
    found: dict[_Row, Counter[str]] = {}
    if frame.empty:
        return found
    proven = frame["verified"] if "verified" in frame else frame["outcome"].eq("written")
    columns = (frame["section"], frame[about], frame["outcome"], proven.eq(True).fillna(False))
    for section, name, outcome, verified in zip(*columns, strict=True):
        n = found.setdefault((kind, int(section), str(name)), Counter())
        n[outcome] += 1
        n["verified"] += bool(verified)
    return found
