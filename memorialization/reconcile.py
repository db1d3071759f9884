"""read -> compare -> plan for one bucket of records: a verdict for every value, a change for what may be mended.

Records are read by id, never by search. Values that differ are read again with their property history before
anything is planned. The plan is a file of changes; nothing is written to HubSpot here.

Columns of *changes* (one row per value that is missing, drifted or truncated and may be mended):
    record, record_id, key_property, key_value, property, section, interaction_key, end_time, due_at,
    verdict, pattern, kept, desired, current
`kept`: the row fills empty properties only (`ownership: fill_if_empty`), and this one holds another value: the
verdict stands, the gate holds it.
Columns of *findings* (values that a person should see; no text): record_id, property, section,
    interaction_key, verdict, reason
Columns of *transcripts* (every transcript that has a target; no text): record, property, section,
    interaction_key, limit, length (of the whole), delivered (of what should stand: less, where the row cuts),
    held_length, verdict
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from memorialization.canonical import Kind, canonical, kind_of
from memorialization.compare import (
    DRIFTED,
    EDITED,
    EQUAL,
    MISSING,
    NEW,
    REPAIRABLE,
    SUPERSEDED,
    UNREADABLE,
    WITHHELD,
    RowRule,
    compare_property,
    disagreement,
    in_order,
)
from memorialization.configuration import CHANNEL_OF
from memorialization.interactions import channel_of
from memorialization.mapping import LENGTH, STATUS, VALUE
from memorialization.ownership import Candidate, Policy, by_integrations, judge, writer_end_at
from memorialization.ports import Change, Property
from memorialization.rendering import Status
from memorialization.run import Frozen, Ports, Run, recorded, thaw
from memorialization.text import utf16_length

CHANGES: Final = [
    "record", "record_id", "key_property", "key_value", "property", "section", "interaction_key", "end_time",
    "due_at", "verdict", "pattern", "kept", "desired", "current",
]  # fmt: skip
FINDINGS: Final = ["record_id", "property", "section", "interaction_key", "verdict", "reason"]
TRANSCRIPTS: Final = [
    "record", "property", "section", "interaction_key", "limit", "length", "delivered", "held_length", "verdict"
]  # fmt: skip


def reconcile(run: Run, entity: str, bucket: int, ports: Ports) -> dict[str, Any]:
    """Compare one bucket of one entity; returns its counts. Raises what the ports raise."""
    frozen = thaw(run)
    name = f"{entity}/{bucket}"
    with recorded(run, ports, "reconcile", name) as summary:
        candidates = _candidates(run, name)
        judged = _judge(run, frozen, entity, candidates, ports)
        for part, frame in judged.frames.items():
            run.files.write_frame(f"{part}/{name}.parquet", frame)
        run.files.write_json(f"counts/{name}.json", judged.counts)
        ports.ledger.keep_holders(run.configuration, frozen.entities[entity].type_id, judged.holders, written=False)
        summary.update(
            records=judged.records, values=judged.counts, planned=len(judged.frames["changes"]),
            superseded=judged.superseded,
        )  # fmt: skip
    return dict(summary)


def _candidates(run: Run, name: str) -> pd.DataFrame:
    partitions = run.files.read_json("partitions.json")["partitions"]
    prepared = [f"prepared/{partition}.json" for partition in partitions]
    files = [
        file
        for partition in prepared
        if run.files.exists(partition)  # else its preparation failed, which the report says
        for file in run.files.read_json(partition)["files"].get(name, [])
    ]
    frames = [run.files.read_frame(file) for file in files]
    return in_order(pd.concat(frames, ignore_index=True)) if frames else pd.DataFrame()


class _Judged:
    """The verdicts of a bucket, gathered property by property."""

    def __init__(self) -> None:
        self.records = 0
        self.superseded = 0
        self.counts: list[dict[str, Any]] = []
        self.frames: dict[str, pd.DataFrame] = {
            "changes": pd.DataFrame(columns=CHANGES),
            "findings": pd.DataFrame(columns=FINDINGS),
            "transcripts": pd.DataFrame(columns=TRANSCRIPTS),
        }
        self.holders = pd.DataFrame(columns=["record_id", "property", "end_time", "interaction_key", "value_hash"])


def _judge(run: Run, frozen: Frozen, entity: str, candidates: pd.DataFrame, ports: Ports) -> _Judged:
    result = _Judged()
    if candidates.empty:
        return result
    record, names = pd.factorize(candidates["record"])
    names = pd.Series(names, dtype="str")
    properties = frozen.schema[entity]
    mapped = [c.removeprefix(STATUS) for c in candidates.columns if c.startswith(STATUS)]
    current, readable = _read(frozen, entity, names, mapped, ports)
    regions = frozen.configuration.crm.phone_regions
    kinds = kinds_of(frozen, entity)
    long: list[pd.DataFrame] = []
    held: list[pd.DataFrame] = []
    transcripts: list[pd.DataFrame] = []
    for name in mapped:
        rules = [_rule(s.section, name, properties[name]) for s in frozen.sections]
        compared = compare_property(name, candidates, record, current[name], readable, rules, regions)
        result.superseded += len(compared.superseded)
        rows = candidates.iloc[compared.winners]
        frame = pd.DataFrame(
            {
                "record": names.iloc[compared.records].to_numpy(),
                "property": name,
                "section": rows["section"].to_numpy(),
                "interaction_key": rows["interaction_key"].to_numpy(),
                "end_time": rows["end_time"].to_numpy(),
                "due_at": rows["due_at"].to_numpy(),
                "key_value": rows["key_value"].to_numpy(),
                "status": rows[STATUS + name].to_numpy(),
                "desired": rows[VALUE + name].to_numpy(),
                "current": current[name].iloc[compared.records].to_numpy(),
                "verdict": compared.verdicts,
            }
        )
        equal = frame[frame["verdict"].eq(EQUAL)]
        held.append(holders_of(equal.assign(desired=equal["current"]), kinds, regions))
        if LENGTH + name in candidates:
            transcripts.append(_transcripts(frame, rows[LENGTH + name], properties[name]))
        result.counts += _count(frame[~frame["verdict"].isin(REPAIRABLE)], name)
        long.append(frame[frame["verdict"].isin((*REPAIRABLE, WITHHELD, UNREADABLE))])
    result.records = len(names)
    everything = pd.concat(long, ignore_index=True)
    open_ = everything["verdict"].isin(REPAIRABLE)
    owned = _owned(run, frozen, entity, everything[open_].reset_index(drop=True), ports)
    result.superseded += int(owned["verdict"].eq(SUPERSEDED).sum())
    changes = owned[owned["verdict"].ne(SUPERSEDED)]
    for name, group in changes.groupby("property"):
        result.counts += _count(group, str(name))
    result.holders = pd.concat(held, ignore_index=True)
    findings = pd.concat([everything[~open_], changes[changes["verdict"].eq(EDITED)]], ignore_index=True)
    result.frames["findings"] = _findings(findings)
    if transcripts:
        result.frames["transcripts"] = _final(pd.concat(transcripts, ignore_index=True), owned)
    planned = changes[changes["verdict"].isin(REPAIRABLE)].reset_index(drop=True)
    section_keys = {s.number: s.section.key_property for s in frozen.sections}
    kept = planned["verdict"].ne(MISSING) & _owners(frozen, planned).eq("fill_if_empty")
    result.frames["changes"] = planned.assign(
        record_id=planned["record"].where(~planned["record"].str.startswith(NEW)),
        key_property=planned["section"].map(section_keys).astype("str"),
        kept=kept,
        pattern=[
            disagreement(d, c) if v == DRIFTED and not k else ""
            for v, d, c, k in zip(planned["verdict"], planned["desired"], planned["current"], kept, strict=True)
        ],
    )[CHANGES]
    return result


def _rule(section: Any, name: str, target: Property) -> RowRule | None:
    row = next((r for r in section.fields if r.external_crm_field == name), None)
    return RowRule(kind_of(target, row.cxone_data), row.is_transcript) if row else None


def _read(
    frozen: Frozen, entity: str, names: pd.Series, mapped: list[str], ports: Ports
) -> tuple[pd.DataFrame, np.ndarray]:
    """(current values by position of record, readable): a new record holds nothing; a vanished one is unreadable."""
    new = names.str.startswith(NEW)
    found = ports.store.read(frozen.entities[entity], names[~new].tolist(), mapped).set_index("asked")
    current = found.reindex(index=names.to_numpy(), columns=mapped).reset_index(drop=True).astype("str")
    return current, (new | names.isin(found.index)).to_numpy()


def _owned(run: Run, frozen: Frozen, entity: str, changes: pd.DataFrame, ports: Ports) -> pd.DataFrame:
    """Verdicts after looking at each differing value's history: still its own, edited, or superseded."""
    if changes.empty:
        return changes
    crm = frozen.configuration.crm
    policy = Policy(frozenset(crm.integration_sources), timedelta(seconds=crm.live_write_grace_seconds))
    target = frozen.entities[entity]
    known = changes[~changes["record"].str.startswith(NEW)]
    ids = known["record"].unique().tolist()
    witnesses = _witnesses(frozen, entity)
    asked = sorted({*known["property"], *witnesses.values()})
    histories = ports.store.histories(target, ids, asked) if ids else {}
    holders = ports.ledger.holders(run.configuration, target.type_id, ids) if ids else {}
    owners = _owners(frozen, changes)
    counting: list[Sequence[Change]] = []
    for record, name, owner in zip(changes["record"], changes["property"], owners, strict=True):
        made = histories.get(record, {}).get(name, ())
        counting.append(by_integrations(made, policy) if owner == "pipeline" else made)
    values = pd.Series([m[0].value if m else np.nan for m in counting], index=changes.index, dtype="str")
    newest = changes["current"].where(owners.ne("pipeline"), values)
    kinds = kinds_of(frozen, entity)
    hashes = pd.DataFrame({"newest": 0, "desired": 0}, index=changes.index, dtype="int64")
    texts = pd.DataFrame({"newest": newest, "desired": changes["desired"]})
    for (section, name), rows in texts.groupby([changes["section"], changes["property"]]):
        for column in texts:
            forms = canonical(rows[column], kinds[int(section), str(name)], crm.phone_regions)
            hashes.loc[rows.index, column] = value_hash(forms)
    verdicts = []
    for record, name, section, verdict, end, key, due, before, wanted, made in zip(
        changes["record"],
        changes["property"],
        changes["section"],
        changes["verdict"],
        changes["end_time"],
        changes["interaction_key"],
        changes["due_at"],
        hashes["newest"],
        hashes["desired"],
        counting,
        strict=True,
    ):
        ends = histories.get(record, {}).get(witnesses.get(int(section), ""), [])
        verdicts.append(
            judge(
                Candidate(verdict, end, key, due, before, wanted),
                holders.get((record, name)),
                made,
                policy,
                writer_end=writer_end_at(made[0].at, ends) if made else None,
            )
        )
    return changes.assign(verdict=verdicts)


def _owners(frozen: Frozen, changes: pd.DataFrame) -> pd.Series:
    """The `ownership` of each change's mapping row."""
    rows = {
        (s.number, row.external_crm_field, channel): row.ownership
        for s in frozen.sections
        for channel in CHANNEL_OF
        for row in s.section.rows(channel)
    }
    channels = channel_of(changes["interaction_key"])
    keys = zip(changes["section"], changes["property"], channels, strict=True)
    return pd.Series([rows[int(s), p, c] for s, p, c in keys], index=changes.index, dtype="str")


def _witnesses(frozen: Frozen, entity: str) -> dict[int, str]:
    """Section number -> the datetime property that holds an interaction's End Time, where one is mapped."""
    schema = frozen.schema[entity]
    return {
        s.number: row.external_crm_field
        for s in frozen.sections
        if s.section.entity == entity
        for row in s.section.fields
        if row.cxone_data == "End Time" and schema[row.external_crm_field].type == "datetime"
    }


def kinds_of(frozen: Frozen, entity: str) -> dict[tuple[int, str], Kind]:
    """How the values of each (section number, property) of an entity compare."""
    return {
        (s.number, row.external_crm_field): kind_of(frozen.schema[entity][row.external_crm_field], row.cxone_data)
        for s in frozen.sections
        if s.section.entity == entity
        for row in reversed(s.section.fields)  # of two rows, one per channel, the first one speaks, as in `_rule`
    }


def value_hash(canonical_values: pd.Series) -> np.ndarray:
    """int64 hashes of canonical values; 0 for a missing one."""
    text = canonical_values.astype("str")
    hashed = pd.util.hash_array(text.fillna("").to_numpy(dtype=object), categorize=False).view("int64")
    return np.where(text.isna(), 0, hashed)


def holders_of(values: pd.DataFrame, kinds: dict[tuple[int, str], Kind], regions: tuple[str, ...]) -> pd.DataFrame:
    """Rows for the ledger's holders: values whose `desired` now stands in HubSpot at `record`."""
    parts = [
        group.assign(value_hash=value_hash(canonical(group["desired"], kinds[int(section), str(name)], regions)))
        for (section, name), group in values.groupby(["section", "property"])
    ]
    rows = pd.concat(parts, ignore_index=True) if parts else values.assign(value_hash=0)
    rows = rows[["record", "property", "end_time", "interaction_key", "value_hash"]]
    return rows.rename(columns={"record": "record_id"})


def _transcripts(frame: pd.DataFrame, lengths: pd.Series, target: Property) -> pd.DataFrame:
    """Every transcript's length beside its limit and what HubSpot holds of it; no text."""
    there = frame["status"].isin([Status.VALUE, Status.TOO_LONG])
    rows = frame[there]
    length = lengths.set_axis(frame.index)[there].astype("int64")
    held = utf16_length(rows["current"])
    whole = rows["verdict"].eq(EQUAL) & held.gt(target.effective_max_length or 0)  # more than we could deliver
    return pd.DataFrame(
        {
            "record": rows["record"],
            "property": target.name,
            "section": rows["section"],
            "interaction_key": rows["interaction_key"],
            "limit": target.effective_max_length,
            "length": length,
            "delivered": length.where(rows["status"].eq(Status.TOO_LONG) | whole, utf16_length(rows["desired"])),
            "held_length": held,
            "verdict": rows["verdict"],
        }
    )


def _final(transcripts: pd.DataFrame, owned: pd.DataFrame) -> pd.DataFrame:
    """Transcripts under their last verdict; what a newer interaction supersedes is not looked for any more."""
    keys = ["record", "property"]
    verdicts = transcripts[keys].merge(owned[[*keys, "verdict"]], on=keys, how="left")["verdict"]
    final = transcripts.assign(verdict=verdicts.fillna(transcripts["verdict"]))
    return final[final["verdict"].ne(SUPERSEDED)]


def _count(frame: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    """[{section, property, channel, verdict, reason, n}]"""
    reasons = frame["status"].map(lambda s: Status(s).name.lower() if s >= Status.TOO_LONG else "")
    keys = frame[["section", "verdict"]].assign(channel=channel_of(frame["interaction_key"]), reason=reasons)
    counted = keys.groupby(["section", "channel", "verdict", "reason"]).size()
    return [
        {"section": int(s), "property": name, "channel": channel, "verdict": verdict, "reason": reason, "n": int(n)}
        for (s, channel, verdict, reason), n in counted.items()
    ]


def _findings(frame: pd.DataFrame) -> pd.DataFrame:
    reasons = [
        Status(s).name.lower() if v == WITHHELD else "" for s, v in zip(frame["status"], frame["verdict"], strict=True)
    ]
    return frame.assign(record_id=frame["record"], reason=reasons)[FINDINGS]
