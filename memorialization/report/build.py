"""Builds the report of a run from its files and its lines in the ledger; a pure reading, done as often as wanted.

Whatever steps finished are in it; whatever failed is named. Lists of people's work (parked, rejected) hold at
most `MOST_LISTED` rows, the funnel counts all.
"""

import importlib.metadata
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import pandas as pd
import pyarrow.compute as pc

from memorialization import approval
from memorialization.compare import EDITED, VERDICTS
from memorialization.configuration import Configuration
from memorialization.crm import Crm
from memorialization.gate import LEFT_ALONE, MOVED, NOT_APPROVED, QUOTA, released
from memorialization.interactions import SCRIPT
from memorialization.mappings import CHANNEL_OF
from memorialization.matching import PARKED
from memorialization.receipts import REJECTED, UNACCOUNTED, WRITTEN
from memorialization.rejections import OPEN
from memorialization.report import legs, quota
from memorialization.report.additions import additions
from memorialization.report.additions import failures as unaccounted
from memorialization.report.additions import told as told_of_additions
from memorialization.report.approval import planned
from memorialization.report.changes import Changes, by_row
from memorialization.report.coverage import coverage
from memorialization.report.model import (
    Funnel,
    MappingRow,
    Report,
    RunFacts,
    Step,
    Suite,
    SystematicRow,
)
from memorialization.report.moving import moving
from memorialization.report.rows import MOST_LISTED, edited, parked, refused, rejected
from memorialization.report.sentence import verdict
from memorialization.report.truncation import LENGTHS, truncation
from memorialization.report.undo import LEFT, left, undone
from memorialization.report.words import language
from memorialization.run import Frozen, NumberedSection, Run, thaw

_PACKAGES: Final = ("memorialize", "apache-airflow", "pandas", "hubspot-api-client", "great-expectations")


def build(
    run: Run,
    facts: dict[str, Any],
    steps: list[dict[str, Any]],
    plan: approval.Plan | None = None,
    kept: Sequence[dict[str, Any]] = (),
) -> Report:
    """`facts`: the run's row in the ledger; `steps`: its steps; `plan`: its plan, where there was anything to write;
    `kept`: the configuration's refused values that are not cured."""
    frozen = thaw(run)
    crm = frozen.configuration.crm
    words = language(crm.report.language)
    waits = plan is not None and plan["state"] in approval.WITHOUT_LEAVE
    gathered = _Gathered(run, frozen, steps, waits=waits)
    funnel, reasons = _funnel(gathered)
    quality = _quality(run, frozen.configuration, gathered)
    listed = [_step(s) for s in steps if s["step"] != "report"]
    failures = [approval.why_not(plan)] if plan is not None and waits else []
    failures += [f"{quota.STOPPED}: {gathered.stop}"] if gathered.stop is not None else []
    failures += [
        f"{s.step} of {s.partition} failed: {s.error}"
        for s, entry in zip(listed, (e for e in steps if e["step"] != "report"), strict=True)
        if s.state != "done" and quota.stopped(entry) is None
    ]
    failures += funnel.imbalances()
    if funnel.unaccounted:
        causes = sorted({s["summary"].get("stopped_by") or "" for s in steps if s["step"] == "apply" and s["summary"]})
        told = "".join(f" ({cause})" for cause in causes if cause)
        failures.append(f"{funnel.unaccounted:,} values are unaccounted: neither written nor rejected{told}")
    writes = crm.mode == "adopted" and not run.dry_run
    failures += [
        f"quality suite {s.suite!r}: {s.failing:,} of {s.rows:,} fail"
        for s in quality
        if s.state == "fail" and (writes or s.suite != "stored")  # what nobody was to mend is a finding, no failure
    ]
    added = additions(run, frozen, steps, held=bool(waits or gathered.hold))
    failures += unaccounted(added)
    moved = moving(run, steps, frozen.configuration.crm.extraction)
    skipped = sum(moved.skipped.values()) if moved else 0
    left_alone = sum(reasons.get("held", {}).get(reason, 0) for reason in LEFT_ALONE)
    open_ = max(funnel.rejected, sum(row["state"] == OPEN for row in kept))
    found = (
        undone(run, funnel, reasons, failures, words)
        if run.reverts
        else verdict(
            words, funnel, failures,
            writes=writes, left_alone=left_alone, open_=open_, skipped=skipped,
        )
    )  # fmt: skip
    listed_keys = pd.concat(
        [pd.Series([], dtype="str"), *(frame["interaction_key"] for frame in gathered.told_one_by_one() if len(frame))]
    )
    shown = legs.shown(run, gathered.partitions, listed_keys)
    return Report(
        run=_run_facts(run, frozen, facts, gathered),
        verdict=told_of_additions(found, added, words),
        funnel=funnel,
        plan=planned(plan) if plan is not None else None,
        reasons=reasons,
        mapping_rows=tuple(_mapping_rows(gathered)),
        truncation=tuple(truncation(frozen, gathered.lengths, gathered.transcripts, gathered.receipts)),
        cards=tuple(coverage(gathered.cards, frozen.configuration)),
        additions=tuple(added),
        quality=tuple(quality),
        systematic=tuple(
            SystematicRow(
                mapping=gathered.section(s["section"]).mapping.name,
                entity=gathered.section(s["section"]).section.entity,
                external_crm_field=s["property"],
                pattern=s["pattern"],
                disagree=s["disagree"],
                comparable=s["comparable"],
            )
            for s in gathered.systematic
        ),
        parked=tuple(parked(frozen, gathered.parked, shown)),
        knows_customers=all(summary["knows_customers"] for summary in gathered.prepared),
        rejected=tuple(rejected(frozen, gathered.receipts, shown)),
        refused=tuple(refused(kept, words)),
        edited=tuple(edited(frozen, gathered.findings, shown)),
        left=tuple(left(frozen, gathered.changes.told)),
        quota=quota.quota(steps, gathered.changes.planned, frozen.configuration.crm.quota.share),
        moving=moved,
        causes=tuple(legs.inferred(run, gathered.partitions, gathered.changes.lost, crm.timezone)),
        steps=tuple(listed),
    )


class _Gathered:
    """The run's files, read once."""

    def __init__(self, run: Run, frozen: Frozen, steps: list[dict[str, Any]], *, waits: bool) -> None:
        self.frozen = frozen
        self.sections = {s.number: s for s in frozen.sections}
        done = [s for s in steps if s["state"] == "done"]
        self.prepared = [s["summary"] for s in done if s["step"] == "prepare"]
        self.reconciled = [s for s in done if s["step"] == "reconcile"]
        self.calls = sum((s["summary"] or {}).get("calls", 0) for s in done)
        self.throttled = sum((s["summary"] or {}).get("throttled", 0) for s in done)
        self.cards = [row for s in done if s["step"] == "cards" for row in s["summary"]["cards"]]
        self.stop = quota.stop(steps)
        applied = {s["partition"]: s for s in steps if s["step"] == "apply"}
        self.judged = [s for s in done if s["step"].startswith("judge ")]
        decided = run.files.read_json("gate.json") if run.files.exists("gate.json") else {}
        self.hold = decided.get("hold")
        self.systematic = decided.get("systematic", [])
        self.partitions = [s["partition"] for s in done if s["step"] == "prepare"]
        self.parked = [
            run.files.read_frame(f"targets/{name}.parquet", where=pc.field("outcome") == PARKED)
            for name in self.partitions
        ]
        self.lengths = [run.files.read_frame(f"lengths/{name}.parquet", LENGTHS) for name in self.partitions]
        self.transcripts = []
        self.findings: list[pd.DataFrame] = []
        held_rows = pd.MultiIndex.from_tuples(
            [(int(s["section"]), str(s["property"])) for s in self.systematic], names=["section", "property"]
        )
        self.changes = Changes(held_rows)
        receipts = []
        for step in self.reconciled:
            name = step["partition"]
            entity = name.rsplit("/", 1)[0]
            self.transcripts.append(run.files.read_frame(f"transcripts/{name}.parquet"))
            part = run.files.read_frame(
                f"changes/{name}.parquet",
                ["record", "property", "section", "interaction_key", "verdict", "kept", "dismissed"],
            )
            held = released(part, self.hold, self.systematic)
            part["held"] = (held.mask(held.eq(""), NOT_APPROVED) if waits else held).to_numpy()
            if run.files.exists(f"moved/{name}.parquet"):
                moved = pd.MultiIndex.from_frame(run.files.read_frame(f"moved/{name}.parquet"))
                part.loc[pd.MultiIndex.from_frame(part[["record", "property"]]).isin(moved), "held"] = MOVED
            if run.files.exists(f"left/{name}.parquet"):  # of a revert
                part = pd.concat([part, run.files.read_frame(f"left/{name}.parquet")], ignore_index=True)
            told = None
            if run.files.exists(f"receipts/{name}.parquet"):
                columns = ["record", "record_id", "property", "section", "interaction_key", "outcome", "verified",
                           "category", "code", "correlation_id"]  # fmt: skip
                told = run.files.read_frame(f"receipts/{name}.parquet", columns)
                receipts.append(told.assign(entity=entity))
            if self.stop is not None:
                unsent = quota.not_sent(part, told, applied.get(name))
                part["held"] = part["held"].mask(part["held"].eq("") & unsent, QUOTA)
            self.changes.add(entity, part, LEFT)
            if run.files.exists(f"findings/{name}.parquet"):
                found = run.files.read_frame(f"findings/{name}.parquet", where=pc.field("verdict") == EDITED)
                self.findings.append(found.assign(entity=entity))
        self.receipts = pd.concat(receipts, ignore_index=True) if receipts else pd.DataFrame()

    def told_one_by_one(self) -> list[pd.DataFrame]:
        """Rows with the interaction_key of what the report lists."""
        refused = self.receipts[self.receipts["outcome"].eq(REJECTED)] if len(self.receipts) else self.receipts
        return [*self.parked, refused, *self.findings]

    def section(self, number: int) -> NumberedSection:
        return self.sections[int(number)]

    def counts(self) -> list[dict[str, Any]]:
        return [c for step in self.reconciled for c in step["summary"]["values"]]


def _funnel(gathered: _Gathered) -> tuple[Funnel, dict[str, dict[str, int]]]:
    n: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for summary in gathered.prepared:
        for c in summary["interactions"]:
            n["pulled"] += c["n"]
            n[c["state"]] += c["n"]
            if c["reason"]:
                reasons[c["state"]][c["reason"]] += c["n"]
        for c in summary["targets"]:
            n["targets"] += c["n"]
            n[c["outcome"]] += c["n"]
            if c["reason"]:
                reasons[c["outcome"]][c["reason"]] += c["n"]
            if c["rule"] and c["outcome"] == "matched":
                reasons["matched"][c["rule"]] += c["n"]
    for c in gathered.counts():
        n["values"] += c["n"]
        n[c["verdict"]] += c["n"]
        if c["reason"]:  # of what is withheld, and of what is equal in HubSpot's own spelling
            reasons[c["verdict"]][c["reason"]] += c["n"]
    n["superseded"] = sum(step["summary"]["superseded"] for step in gathered.reconciled)
    reasons["held"].update({reason: n_ for reason, n_ in gathered.changes.held.items() if reason})
    n["held"], n["planned"] = reasons["held"].total(), gathered.changes.held[""]
    if len(gathered.receipts):
        outcome = gathered.receipts["outcome"]
        n[WRITTEN], n[REJECTED] = int(outcome.eq(WRITTEN).sum()), int(outcome.eq(REJECTED).sum())
        n["verified"] = int(gathered.receipts["verified"].eq(True).sum())
        n["verify_failed"] = n[WRITTEN] - n["verified"]
        refused = gathered.receipts[outcome.eq(REJECTED)]
        codes = refused["code"].fillna(refused["category"]).fillna("unknown")
        reasons[REJECTED].update({k: int(v) for k, v in codes.value_counts().items()})
    n[UNACCOUNTED] = n["planned"] - n[WRITTEN] - n[REJECTED]  # a bucket whose step died has no receipts
    fields = {name: n[name] for name in Funnel.model_fields}
    return Funnel(**fields), {k: dict(v.most_common()) for k, v in sorted(reasons.items()) if v}


def _mapping_rows(gathered: _Gathered) -> list[MappingRow]:
    verdicts: dict[tuple[int, str, str], Counter[str]] = defaultdict(Counter)
    for c in gathered.counts():
        verdicts[c["section"], c["property"], c["channel"]][c["verdict"]] += c["n"]
    unsure = Counter[tuple[int, str, str]]()
    for c in (c for prepared in gathered.prepared for c in prepared["ambiguous"]):
        unsure[c["section"], c["property"], c["channel"]] += c["n"]
    held = gathered.changes.rows
    outcomes = {
        o: by_row(gathered.receipts[gathered.receipts["outcome"].eq(o)] if len(gathered.receipts) else pd.DataFrame())
        for o in (WRITTEN, REJECTED)
    }
    rows = []
    for s in gathered.frozen.sections:
        for row in s.section.fields:
            keys = [
                (s.number, row.external_crm_field, channel)
                for channel, name in CHANNEL_OF.items()
                if row.channel in (name, SCRIPT)
            ]
            counts = sum((verdicts[key] for key in keys), Counter[str]())
            rows.append(
                MappingRow(
                    mapping=s.mapping.name,
                    entity=s.section.entity,
                    external_crm_field=row.external_crm_field,
                    channel=row.channel,
                    cxone_data=row.cxone_data,
                    verdicts={v: counts[v] for v in VERDICTS if counts[v]},
                    held=sum(held[key] for key in keys),
                    written=sum(outcomes[WRITTEN][key] for key in keys),
                    rejected=sum(outcomes[REJECTED][key] for key in keys),
                    ambiguous=sum(unsure[key] for key in keys),
                )
            )
    return rows


def _quality(run: Run, configuration: Configuration, gathered: _Gathered) -> list[Suite]:
    suites: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for step in gathered.judged:
        suites[step["step"].removeprefix("judge ")].append(step)
    result = []
    for name, steps in sorted(suites.items()):
        rows = sum(s["summary"]["rows"] for s in steps)
        failing = sum(s["summary"]["failing"] for s in steps)
        keys = [k for s in steps for k in run.files.read_json(f"quality/{name}/{s['partition']}.json")["failing"]]
        threshold = configuration.crm.quality.get(name)
        warn, fail = (threshold.warn, threshold.fail) if threshold else (0.0, None)
        share = failing / rows if rows else 0.0
        state: Literal["ok", "warn", "fail"] = (
            "fail" if fail is not None and share > fail else "warn" if warn is not None and share > warn else "ok"
        )
        result.append(
            Suite(
                suite=name,
                about=steps[0]["summary"]["about"],
                rows=rows,
                failing=failing,
                warn=warn,
                fail=fail,
                state=state,
                interaction_keys=tuple(sorted(set(keys))[:MOST_LISTED]),
            )
        )
    return result


def _step(step: dict[str, Any]) -> Step:
    end = step["finished_at"] or step["started_at"]
    error = None
    if step["state"] == "failed":
        error = f"{step['summary']['error']}: {step['summary']['message']}"
    elif step["state"] == "running":
        error = "ended without a word (killed?)"
    return Step(
        step=step["step"],
        partition=step["partition"],
        state=step["state"] if step["state"] != "running" else "failed",
        seconds=round((end - step["started_at"]).total_seconds(), 2),
        error=error,
    )


def _run_facts(run: Run, frozen: Frozen, facts: dict[str, Any], gathered: _Gathered) -> RunFacts:
    measure = frozen.configuration.crm.measure
    return RunFacts(
        run_id=run.run_id,
        configuration=run.configuration,
        configuration_name=frozen.configuration.crm.configuration_name,
        window_start=run.window_start,
        window_end=run.window_end,
        mode=frozen.configuration.crm.mode,
        dry_run=run.dry_run,
        reverts=run.reverts,
        mapping_hash=frozen.configuration.mapping_hash,
        character_unit=measure.unit if measure.settled else "unknown",
        started_at=facts["started_at"].astimezone(UTC).isoformat(timespec="seconds"),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        hubspot_calls=gathered.calls,
        hubspot_throttled=gathered.throttled,
        versions={name: importlib.metadata.version(name) for name in _PACKAGES},
        language=frozen.configuration.crm.report.language,
        thresholds=_thresholds(frozen.configuration.crm),
    )


def _thresholds(crm: Crm) -> dict[str, int | float | str | None]:
    """By their places in crm.yaml; a suite that never warns or fails has null."""
    named: dict[str, int | float | str | None] = {}
    for key in ("systematic", "approval"):
        named |= {f"{key}.{name}": value for name, value in getattr(crm, key).model_dump().items()}
    named |= {"quota.reserve": crm.quota.share, "rejected.expire_after": crm.rejected.expire_after}
    extraction = crm.extraction.model_dump(
        include={"acw_grace_hours", "settle_horizon_days", "trailing_days", "heal_days"}
    )
    named |= {f"extraction.{name}": value for name, value in extraction.items()}
    for suite, threshold in sorted(crm.quality.items()):
        named |= {f"quality.{suite}.{name}": value for name, value in threshold.model_dump().items()}
    return named
