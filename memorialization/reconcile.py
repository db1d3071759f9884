"""read -> compare -> plan for one bucket of records: a verdict for every value, a change for what may be mended.

Records are read by id, never by search. Values that differ are read again with their property history before
anything is planned. The plan is a file of changes; nothing is written to HubSpot here.

Columns of *changes* (one row per value that is missing, drifted or truncated and may be mended):
    record, record_id, key_property, key_value, property, section, interaction_key, end_time, due_at,
    verdict, pattern, kept, dismissed, times, desired, current
`kept`: the row fills empty properties only (`ownership: fill_if_empty`), and this one holds another value: the
verdict stands, the gate holds it. `dismissed`: HubSpot refused this very value, and a person said to let it be.
`times`: how often the value will stand in the property's history once it is written.
Columns of *findings* (values that a person should see; no text): record_id, property, section,
    interaction_key, verdict, reason, changed_at, changed_by (of an edited value: when it was changed, ISO 8601, and
    HubSpot's sourceType of that change)
Columns of *transcripts* (no text): `transcripts.COLUMNS`.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from memorialization import echo, rejections, transcripts
from memorialization.canonical import Kind, canonical, kind_of, value_hash
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
from memorialization.interactions import channel_of
from memorialization.mapping import LENGTH, OTHER, STATUS, VALUE
from memorialization.mappings import CHANNEL_OF
from memorialization.ownership import Candidate, Holder, Policy, by_integrations, judge, writer
from memorialization.ports import Change, Property, Window
from memorialization.rendering import Status
from memorialization.run import Frozen, Ports, Run, recorded, thaw
from memorialization.undone import looked_through

_LEAST: Final = timedelta(milliseconds=1)  # of which times are made

CHANGES: Final = [
    "record", "record_id", "key_property", "key_value", "property", "section", "interaction_key", "end_time",
    "due_at", "verdict", "pattern", "kept", "dismissed", "times", "desired", "current",
]  # fmt: skip
ECHO: Final = "echo"
FLATTENED: Final = "flattened"
"""Why values that HubSpot spells otherwise are equal, as the counts' reason."""

FINDINGS: Final = [
    "record_id", "property", "section", "interaction_key", "verdict", "reason", "changed_at", "changed_by"
]  # fmt: skip


def reconcile(run: Run, entity: str, bucket: int, ports: Ports) -> dict[str, Any]:
    """Compare one bucket of one entity; returns its counts. Raises what the ports raise."""
    frozen = thaw(run)
    name = f"{entity}/{bucket}"
    with recorded(run, ports, "reconcile", name) as summary:
        candidates = candidates_of(run, name)
        judged = _judge(run, frozen, entity, candidates, ports)
        for part, frame in judged.frames.items():
            run.files.write_frame(f"{part}/{name}.parquet", frame)
        run.files.write_json(f"counts/{name}.json", judged.counts)
        target = frozen.entities[entity]
        ports.ledger.keep_holders(run.configuration, target.type_id, judged.holders, written=False)
        equal = judged.holders.rename(columns={"record_id": "record"})
        for reason, values in (*judged.settled.items(), (rejections.EQUAL, equal)):
            rejections.found(run, target, values, reason, ports)
        summary.update(
            records=judged.records, values=judged.counts, planned=len(judged.frames["changes"]),
            superseded=judged.superseded,
        )  # fmt: skip
    return dict(summary)


def candidates_of(run: Run, name: str) -> pd.DataFrame:
    """The desired frames of one bucket, in order of time; empty where there are none."""
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
            "transcripts": pd.DataFrame(columns=transcripts.COLUMNS),
        }
        self.holders = pd.DataFrame(
            columns=["record_id", "property", "end_time", "interaction_key", "value_hash", "times"]
        )
        self.settled: dict[str, pd.DataFrame] = {}  # verdict -> values that were wrong and need no writing


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
    channels = channel_of(candidates["interaction_key"])
    long: list[pd.DataFrame] = []
    held: list[pd.DataFrame] = []
    texts: list[pd.DataFrame] = []
    for name in mapped:
        rules = [_rule(s.section, name, properties[name]) for s in frozen.sections]
        compared = compare_property(name, candidates, record, current[name], readable, rules, regions)
        result.superseded += len(compared.superseded)
        won = compared.winners
        frame = pd.DataFrame(
            {
                "record": names.iloc[compared.records].array,
                "property": name,
                **{c: candidates[c].iloc[won].array for c in ("section", "interaction_key", "end_time", "due_at")},
                "key_value": candidates["key_value"].iloc[won].array,
                "channel": channels.iloc[won].array,
                "status": candidates[STATUS + name].iloc[won].array,
                "desired": candidates[VALUE + name].iloc[won].array,
                "current": current[name].iloc[compared.records].array,
                "verdict": compared.verdicts,
            }
        )
        frame["note"] = np.where(_flattened(frame, rules), FLATTENED, "")
        equal = frame[frame["verdict"].eq(EQUAL)]
        held.append(holders_of(equal.assign(desired=equal["current"], times=0), kinds, regions))
        if LENGTH + name in candidates:
            lengths = candidates[LENGTH + name].iloc[won]
            whole = candidates[OTHER + name].iloc[won] if OTHER + name in candidates else None
            spelled = [kinds.get((n, name), "text") for n in range(len(rules))]
            texts.append(
                transcripts.measured(frame, lengths, whole, properties[name], spelled, frozen.configuration.crm)
            )
        result.counts += _count(frame[~frame["verdict"].isin(REPAIRABLE)], name)
        long.append(frame[frame["verdict"].isin((*REPAIRABLE, WITHHELD, UNREADABLE))])
    result.records = len(names)
    everything = pd.concat(long, ignore_index=True)
    open_ = everything["verdict"].isin(REPAIRABLE)
    echoed = everything[open_ & everything["current"].notna()]
    echoed = echoed[echo.known(echoed, echoed["current"], run.configuration, frozen.entities[entity], kinds, regions,
                               ports.ledger)].assign(verdict=EQUAL, note=ECHO)  # fmt: skip
    held.append(holders_of(echoed.assign(desired=echoed["current"], times=0), kinds, regions))
    still = everything[open_].drop(echoed.index)
    owned = _owned(run, frozen, entity, still.reset_index(drop=True), ports)
    owned = pd.concat([owned, echoed], ignore_index=True)
    result.superseded += int(owned["verdict"].eq(SUPERSEDED).sum())
    result.settled = {verdict: owned[owned["verdict"].eq(verdict)] for verdict in (EDITED, SUPERSEDED)}
    changes = owned[owned["verdict"].ne(SUPERSEDED)]
    for name, group in changes.groupby("property"):
        result.counts += _count(group, str(name))
    result.holders = pd.concat(held, ignore_index=True)
    findings = pd.concat([everything[~open_], changes[changes["verdict"].eq(EDITED)]], ignore_index=True)
    result.frames["findings"] = _findings(findings)
    if texts:
        result.frames["transcripts"] = transcripts.judged(
            pd.concat(texts, ignore_index=True), owned, run, frozen.entities[entity], _policy(frozen), ports
        )
    planned = changes[changes["verdict"].isin(REPAIRABLE)].reset_index(drop=True)
    section_keys = {s.number: s.section.key_property for s in frozen.sections}
    kept = planned["verdict"].ne(MISSING) & _owners(frozen, planned).eq("fill_if_empty")
    result.frames["changes"] = planned.assign(
        record_id=planned["record"].where(~planned["record"].str.startswith(NEW)),
        key_property=planned["section"].map(section_keys).astype("str"),
        times=planned["times"].astype("int64"),
        kept=kept,
        dismissed=rejections.dismissed(
            run, frozen.entities[entity], planned, lambda values: holders_of(values, kinds, regions), ports
        ),
        pattern=[
            disagreement(d, c) if v == DRIFTED and not k else ""
            for v, d, c, k in zip(planned["verdict"], planned["desired"], planned["current"], kept, strict=True)
        ],
    )[CHANGES]
    return result


def _flattened(frame: pd.DataFrame, rules: Sequence[RowRule | None]) -> pd.Series:
    """Which values are equal but for line breaks that their single-line property cannot hold."""
    lines = [number for number, rule in enumerate(rules) if rule is not None and rule.kind == "line"]
    flat = frame["verdict"].eq(EQUAL) & frame["section"].isin(lines)
    if not flat.any():
        return flat
    return flat & frame["desired"].str.contains("\n").eq(True) & ~frame["current"].str.contains("\n").eq(True)


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
        return changes.assign(times=0, written_by="")
    crm, target = frozen.configuration.crm, frozen.entities[entity]
    known = changes[~changes["record"].str.startswith(NEW)]
    ids = known["record"].unique().tolist()
    witnesses = _witnesses(frozen, entity)
    asked = sorted({*known["property"], *witnesses.values()})
    histories = ports.store.histories(target, ids, asked) if ids else {}
    kinds = kinds_of(frozen, entity)
    histories = looked_through(histories, run.configuration, target, kinds, crm.phone_regions, ports.ledger)
    holders = ports.ledger.holders(run.configuration, target.type_id, ids) if ids else {}
    known_of = [
        bool(histories.get(record, {}).get(name)) or (record, name) in holders
        for record, name in zip(changes["record"].tolist(), changes["property"].tolist(), strict=True)
    ]
    weighed = _weighed(run, frozen, changes[known_of], histories, holders, witnesses, kinds)
    # of most values that never came nothing is known, and nothing stands against them
    rest = changes.drop(weighed.index).assign(times=1, changed_at=np.nan, changed_by=np.nan, written_by="unknown")
    return pd.concat([weighed, rest.astype({"changed_at": "str", "changed_by": "str"})]).sort_index()


def _weighed(
    run: Run,
    frozen: Frozen,
    changes: pd.DataFrame,
    histories: dict[str, dict[str, list[Change]]],
    holders: dict[tuple[str, str], Holder],
    witnesses: dict[str, str],
    kinds: dict[tuple[int, str], Kind],
) -> pd.DataFrame:
    """`changes` under the verdicts that their histories and holders allow."""
    crm, policy = frozen.configuration.crm, _policy(frozen)
    owners = _owners(frozen, changes)
    counting: list[Sequence[Change]] = []
    for record, name, owner in zip(changes["record"], changes["property"], owners, strict=True):
        made = histories.get(record, {}).get(name, ())
        counting.append(by_integrations(made, policy) if owner == "pipeline" else made)
    values = pd.Series([m[0].value if m else np.nan for m in counting], index=changes.index, dtype="str")
    newest = changes["current"].where(owners.ne("pipeline"), values)
    hashes = [_hashes(changes, texts, kinds, crm.phone_regions) for texts in (newest, changes["desired"])]
    verdicts = []
    for record, name, verdict, end, key, due, before, wanted, made in zip(
        changes["record"],
        changes["property"],
        changes["verdict"],
        changes["end_time"],
        changes["interaction_key"],
        changes["due_at"],
        *hashes,
        counting,
        strict=True,
    ):
        witness = witnesses.get(name, "")
        ends = histories.get(record, {}).get(witness, [])
        verdicts.append(
            judge(
                Candidate(verdict, end, key, due, before, wanted),
                holders.get((record, name)),
                made,
                policy,
                ends=ends,
                known_until=_known_until(end, run.window, holders.get((record, witness))),
            )
        )
    return changes.assign(
        verdict=verdicts,
        times=[1 + sum(c.value == d for c in m) for m, d in zip(counting, changes["desired"], strict=True)],
        changed_at=pd.Series(
            [m[0].at.isoformat() if m else np.nan for m in counting], index=changes.index, dtype="str"
        ),
        changed_by=pd.Series([m[0].source_type if m else np.nan for m in counting], index=changes.index, dtype="str"),
        written_by=[
            writer(histories.get(record, {}).get(name, ()), held, holders.get((record, name)), policy)
            for record, name, held in zip(changes["record"], changes["property"], hashes[0], strict=True)
        ],
    )


def _policy(frozen: Frozen) -> Policy:
    crm = frozen.configuration.crm
    return Policy(frozenset(crm.integration_sources), timedelta(seconds=crm.live_write_grace_seconds))


def _known_until(end: datetime, window: Window, newest: Holder | None) -> datetime:
    """Up to which leg end this run, or one before it, knows all interactions of a record from `end` on.

    `newest` holds the record's End Time: it was judged, and so was whatever else it says.
    """
    here = window.end - _LEAST if end >= window.start else end
    return here if newest is None else max(here, newest.end_time)


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


def _witnesses(frozen: Frozen, entity: str) -> dict[str, str]:
    """Property -> the datetime property that tells who wrote it: End Time, written by all that write the property.

    Where one section or channel writes the property without it, or never renews it, it tells nothing.
    """
    schema = frozen.schema[entity]
    beside: dict[str, set[str]] = {}
    for section in (s.section for s in frozen.sections if s.section.entity == entity):
        own = [channel for channel, name in CHANNEL_OF.items() if any(r.channel == name for r in section.fields)]
        for channel in own or CHANNEL_OF:  # a section of script variables alone speaks of both
            rows = section.rows(channel)
            ends = [r.external_crm_field for r in rows if r.cxone_data == "End Time" and r.ownership != "fill_if_empty"]
            witness = next((name for name in ends if schema[name].type == "datetime"), "")
            for row in rows:
                beside.setdefault(row.external_crm_field, set()).add(witness)
    return {name: found.pop() for name, found in beside.items() if len(found) == 1 and "" not in found}


def kinds_of(frozen: Frozen, entity: str) -> dict[tuple[int, str], Kind]:
    """How the values of each (section number, property) of an entity compare."""
    return {
        (s.number, row.external_crm_field): kind_of(frozen.schema[entity][row.external_crm_field], row.cxone_data)
        for s in frozen.sections
        if s.section.entity == entity
        for row in reversed(s.section.fields)  # of two rows, one per channel, the first one speaks, as in `_rule`
    }


def holders_of(values: pd.DataFrame, kinds: dict[tuple[int, str], Kind], regions: tuple[str, ...]) -> pd.DataFrame:
    """Rows for the ledger's holders: values whose `desired` now stands in HubSpot at `record`, `times` so far."""
    return pd.DataFrame(
        {
            "record_id": values["record"],
            **{name: values[name] for name in ("property", "end_time", "interaction_key")},
            "value_hash": _hashes(values, values["desired"], kinds, regions),
            "times": values["times"],
        }
    )


def _hashes(
    values: pd.DataFrame, texts: pd.Series, kinds: dict[tuple[int, str], Kind], regions: tuple[str, ...]
) -> np.ndarray:
    """`value_hash` of `texts`, aligned with `values`, each as the mapping row of its section and property means it."""
    section, (property_, names) = values["section"].to_numpy(), pd.factorize(values["property"])
    of_kind: dict[Kind, list[np.ndarray]] = {}
    for number, name in np.unique(np.column_stack([section, property_]), axis=0):
        rows = np.flatnonzero((section == number) & (property_ == name))
        of_kind.setdefault(kinds[int(number), names[name]], []).append(rows)
    hashes = np.zeros(len(values), dtype="int64")
    for kind, found in of_kind.items():
        rows = np.concatenate(found)
        hashes[rows] = value_hash(canonical(texts.iloc[rows], kind, regions))
    return hashes


def _count(frame: pd.DataFrame, name: str) -> list[dict[str, Any]]:
    """[{section, property, channel, verdict, reason, n}]"""
    seen = Counter(zip(*(frame[c] for c in ("section", "channel", "verdict", "status", "note")), strict=True))
    counted: Counter[tuple[int, str, str, str]] = Counter()
    for (section, channel, verdict, status, note), n in seen.items():
        withheld = Status(status).name.lower() if status >= Status.TOO_LONG else ""
        counted[section, channel, verdict, note if verdict == EQUAL else withheld] += n
    return [
        {"section": int(s), "property": name, "channel": channel, "verdict": verdict, "reason": reason, "n": n}
        for (s, channel, verdict, reason), n in sorted(counted.items())
    ]


def _findings(frame: pd.DataFrame) -> pd.DataFrame:
    reasons = [
        Status(s).name.lower() if v == WITHHELD else "" for s, v in zip(frame["status"], frame["verdict"], strict=True)
    ]
    return frame.assign(record_id=frame["record"], reason=reasons).reindex(columns=FINDINGS)
