"""Builds the report of a run from its files and its lines in the ledger; a pure reading, done as often as wanted.

Whatever steps finished are in it; whatever failed is named. Lists of people's work (parked, rejected) hold at
most `MOST_LISTED` rows, the funnel counts all.
"""

import importlib.metadata
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any, Final, Literal

import pandas as pd

from memorialization.compare import DRIFTED, EQUAL, MISSING, NEW, TRUNCATED, VERDICTS, WITHHELD
from memorialization.configuration import CHANNEL_OF, Configuration
from memorialization.deliver import REJECTED, UNACCOUNTED, WRITTEN
from memorialization.gate import MOVED, OWNERSHIP, released
from memorialization.interactions import SCRIPT, channel_of
from memorialization.matching import PARKED
from memorialization.reconcile import TRANSCRIPTS
from memorialization.report.coverage import coverage
from memorialization.report.model import (
    Funnel,
    MappingRow,
    Parked,
    Rejected,
    Report,
    RunFacts,
    Step,
    Suite,
    SystematicRow,
    Truncation,
    Verdict,
)
from memorialization.run import Frozen, NumberedSection, Run, thaw

MOST_LISTED: Final = 500

_PACKAGES: Final = ("memorialize", "apache-airflow", "pandas", "hubspot-api-client", "great-expectations")


def build(run: Run, facts: dict[str, Any], steps: list[dict[str, Any]]) -> Report:
    """`facts`: the run's row in the ledger; `steps`: its steps."""
    frozen = thaw(run)
    gathered = _Gathered(run, frozen, steps)
    funnel, reasons = _funnel(gathered)
    quality = _quality(run, frozen.configuration, gathered)
    listed = [_step(s) for s in steps if s["step"] != "report"]
    failures = [f"{s.step} of {s.partition} failed: {s.error}" for s in listed if s.state != "done"]
    failures += funnel.imbalances()
    if funnel.unaccounted:
        causes = sorted({s["summary"].get("stopped_by") or "" for s in steps if s["step"] == "apply" and s["summary"]})
        told = "".join(f" ({cause})" for cause in causes if cause)
        failures.append(f"{funnel.unaccounted:,} values are unaccounted: neither written nor rejected{told}")
    failures += [f"quality suite {s.suite!r}: {s.failing:,} of {s.rows:,} fail" for s in quality if s.state == "fail"]
    return Report(
        run=_run_facts(run, frozen, facts, gathered),
        verdict=_verdict(frozen.configuration, run, funnel, failures, reasons.get("held", {}).get(OWNERSHIP, 0)),
        funnel=funnel,
        reasons=reasons,
        mapping_rows=tuple(_mapping_rows(gathered)),
        truncation=tuple(_truncation(gathered)),
        cards=tuple(coverage(gathered.cards, frozen.configuration)),
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
        parked=tuple(_parked(gathered)),
        rejected=tuple(_rejected(gathered)),
        steps=tuple(listed),
    )


class _Gathered:
    """The run's files, read once."""

    def __init__(self, run: Run, frozen: Frozen, steps: list[dict[str, Any]]) -> None:
        self.frozen = frozen
        self.sections = {s.number: s for s in frozen.sections}
        done = [s for s in steps if s["state"] == "done"]
        self.prepared = [s["summary"] for s in done if s["step"] == "prepare"]
        self.reconciled = [s for s in done if s["step"] == "reconcile"]
        self.calls = sum((s["summary"] or {}).get("calls", 0) for s in done)
        self.throttled = sum((s["summary"] or {}).get("throttled", 0) for s in done)
        self.cards = [row for s in done if s["step"] == "cards" for row in s["summary"]["cards"]]
        self.judged = [s for s in done if s["step"].startswith("judge ")]
        decided = run.files.read_json("gate.json") if run.files.exists("gate.json") else {}
        self.systematic = decided.get("systematic", [])
        self.targets = [
            run.files.read_frame(f"targets/{s['partition']}.parquet") for s in done if s["step"] == "prepare"
        ]
        self.lengths = [
            run.files.read_frame(f"lengths/{s['partition']}.parquet") for s in done if s["step"] == "prepare"
        ]
        self.transcripts = []
        changes, receipts = [], []
        for step in self.reconciled:
            name = step["partition"]
            entity = name.rsplit("/", 1)[0]
            self.transcripts.append(run.files.read_frame(f"transcripts/{name}.parquet"))
            part = run.files.read_frame(
                f"changes/{name}.parquet", ["record", "property", "section", "interaction_key", "verdict", "kept"]
            )
            part["held"] = released(part, decided.get("hold"), self.systematic).to_numpy()
            if run.files.exists(f"moved/{name}.parquet"):
                moved = pd.MultiIndex.from_frame(run.files.read_frame(f"moved/{name}.parquet"))
                part.loc[pd.MultiIndex.from_frame(part[["record", "property"]]).isin(moved), "held"] = MOVED
            changes.append(part.assign(entity=entity))
            if run.files.exists(f"receipts/{name}.parquet"):
                columns = ["record", "record_id", "property", "section", "interaction_key", "outcome", "verified",
                           "category", "code", "correlation_id"]  # fmt: skip
                receipts.append(run.files.read_frame(f"receipts/{name}.parquet", columns).assign(entity=entity))
        self.changes = pd.concat(changes, ignore_index=True) if changes else pd.DataFrame({"held": []})
        self.receipts = pd.concat(receipts, ignore_index=True) if receipts else pd.DataFrame()

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
        if c["verdict"] == WITHHELD:
            reasons[WITHHELD][c["reason"]] += c["n"]
    n["superseded"] = sum(step["summary"]["superseded"] for step in gathered.reconciled)
    held = gathered.changes["held"]
    n["held"] = int(held.ne("").sum())
    n["planned"] = int(held.eq("").sum())
    reasons["held"].update({k: int(v) for k, v in held[held.ne("")].value_counts().items()})
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
    held = _by_row(gathered.changes[gathered.changes["held"].ne("")])
    outcomes = {
        o: _by_row(gathered.receipts[gathered.receipts["outcome"].eq(o)] if len(gathered.receipts) else pd.DataFrame())
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
                )
            )
    return rows


def _by_row(frame: pd.DataFrame) -> Counter[tuple[int, str, str]]:
    if frame.empty:
        return Counter()
    keys = [frame["section"], frame["property"], channel_of(frame["interaction_key"])]
    return Counter({(int(s), str(p), str(c)): int(n) for (s, p, c), n in frame.groupby(keys).size().items()})


def _truncation(gathered: _Gathered) -> list[Truncation]:
    lengths = pd.concat(gathered.lengths) if gathered.lengths else pd.DataFrame()
    found = pd.concat(gathered.transcripts) if gathered.transcripts else pd.DataFrame(columns=TRANSCRIPTS)
    if lengths.empty:
        return []
    done = gathered.receipts
    done = done[done["verified"].eq(True)] if len(done) else pd.DataFrame(columns=["section", "property", "record"])
    rows = []
    for (section, name), group in lengths.groupby(["section", "property"]):
        stood = found[found["section"].eq(section) & found["property"].eq(name)]
        verdicts = stood["verdict"].value_counts()
        shortened = stood["delivered"].lt(stood["length"])
        found_shortened = int((stood["verdict"].eq(EQUAL) & shortened).sum())
        mended = done.loc[done["section"].eq(section) & done["property"].eq(name), "record"]
        now = stood["verdict"].eq(EQUAL) | stood["record"].isin(mended)
        cut = stood[stood["verdict"].isin([TRUNCATED, WITHHELD])]
        whole = int(verdicts.get(EQUAL, 0)) - found_shortened
        rows.append(
            Truncation(
                mapping=gathered.section(section).mapping.name,
                entity=gathered.section(section).section.entity,
                external_crm_field=str(name),
                limit=int(group["limit"].iloc[0]),
                transcripts=len(group),
                over_limit=int(group["length"].gt(group["limit"]).sum()),
                median=int(group["length"].median()),
                p99=int(group["length"].quantile(0.99)),
                longest=int(group["length"].max()),
                found_whole=whole,
                found_truncated=int((stood["held_length"].gt(0) & stood["verdict"].isin([TRUNCATED, WITHHELD])).sum()),
                found_missing=int(
                    verdicts.get(MISSING, 0) + (stood["held_length"].eq(0) & stood["verdict"].eq(WITHHELD)).sum()
                ),
                found_altered=int(verdicts.get(DRIFTED, 0) + verdicts.get("edited", 0)),
                found_shortened=found_shortened,
                whole_now=int((now & ~shortened).sum()),
                shortened_by_policy=int((now & shortened).sum()),
                characters_lost=int((cut["length"] - cut["held_length"]).clip(lower=0).sum()),
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


def _parked(gathered: _Gathered) -> list[Parked]:
    frames = [t[t["outcome"].eq(PARKED)] for t in gathered.targets if len(t)]
    frame = pd.concat(frames).head(MOST_LISTED) if frames else pd.DataFrame()
    return [
        Parked(
            interaction_key=row["interaction_key"],
            mapping=gathered.section(row["section"]).mapping.name,
            entity=row["entity"],
            reason=row["reason"],
            candidates=tuple(row["candidates"]),
            links=tuple(_link(gathered.frozen, row["entity"], c) for c in row["candidates"]),
        )
        for row in frame.to_dict("records")
    ]


def _rejected(gathered: _Gathered) -> list[Rejected]:
    if gathered.receipts.empty:
        return []
    refused = gathered.receipts[gathered.receipts["outcome"].eq(REJECTED)]
    rows = []
    for (entity, record), group in list(refused.groupby(["entity", "record"]))[:MOST_LISTED]:
        first = group.iloc[0]
        text = {c: None if pd.isna(first[c]) else str(first[c]) for c in ("category", "code", "correlation_id")}
        known = not str(record).startswith(NEW)
        rows.append(
            Rejected(
                interaction_key=first["interaction_key"],
                entity=str(entity),
                record=str(record),
                link=_link(gathered.frozen, str(entity), str(record)) if known else None,
                properties=tuple(sorted(group["property"])),
                **text,
            )
        )
    return rows


def _link(frozen: Frozen, entity: str, record_id: str) -> str:
    """The record's page in HubSpot: screen-pop domain, Hub ID, type and id."""
    crm = frozen.configuration.crm
    domain = crm.external_screenpop_domain_hs
    return f"{domain}/contacts/{crm.account_id}/record/{frozen.entities[entity].type_id}/{record_id}"


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


def _verdict(configuration: Configuration, run: Run, f: Funnel, failures: list[str], left_alone: int) -> Verdict:
    """`left_alone`: values that differ, and that their row's ownership leaves as they are."""
    wrong = f.missing + f.drifted + f.truncated - left_alone
    if failures:
        sentence = f"Not all is settled: {failures[0]}."
    elif not f.pulled:
        sentence = "A quiet night: no interaction ended in this window."
    elif run.dry_run or configuration.crm.mode == "observe":
        sentence = (
            f"{f.equal:,} of {f.values:,} values stand in HubSpot; {wrong:,} would be mended, nothing was written."
        )
    elif not wrong:
        sentence = f"HubSpot holds what it should: {f.equal:,} values equal, nothing to write."
    else:
        sentence = (
            f"{wrong:,} values were lost or wrong in HubSpot; {f.verified:,} are mended and proven by reading back."
        )
    waiting = {
        "parked targets": f.parked,
        "rejected values": f.rejected,
        "held values": 0 if run.dry_run or configuration.crm.mode == "observe" else f.held - left_alone,
        "withheld values": f.withheld,
        "unreadable values": f.unreadable,
        "values that did not read back": f.verify_failed,
    }
    if not failures and any(waiting.values()):
        sentence = (
            f"{sentence[:-1]}. Waiting for a person: "
            + ", ".join(f"{count:,} {what}" for what, count in waiting.items() if count)
            + "."
        )
    state: Literal["balanced", "attention", "failed"] = (
        "failed" if failures else "attention" if f.held > left_alone or any(waiting.values()) else "balanced"
    )
    return Verdict(state=state, sentence=sentence, failures=tuple(failures))


def _run_facts(run: Run, frozen: Frozen, facts: dict[str, Any], gathered: _Gathered) -> RunFacts:
    return RunFacts(
        run_id=run.run_id,
        configuration=run.configuration,
        configuration_name=frozen.configuration.crm.configuration_name,
        window_start=run.window_start,
        window_end=run.window_end,
        mode=frozen.configuration.crm.mode,
        dry_run=run.dry_run,
        mapping_hash=frozen.configuration.mapping_hash,
        started_at=facts["started_at"].astimezone(UTC).isoformat(timespec="seconds"),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        hubspot_calls=gathered.calls,
        hubspot_throttled=gathered.throttled,
        versions={name: importlib.metadata.version(name) for name in _PACKAGES},
    )
