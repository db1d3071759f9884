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
    Compared,
    RowRule,
    compare_property,
    disagreement,
    in_order,
)
from memorialization.hashing import Key
from memorialization.ledger.moving import overtaken
from memorialization.mapping import LENGTH, OTHER, STATUS
from memorialization.mappings import CHANNEL_OF
from memorialization.ownership import Candidate, Holder, Policy, by_integrations, judge, writer
from memorialization.ports import Change, Property, Window
from memorialization.rendering import Status
from memorialization.run import Frozen, Ports, Run, recorded, thaw
from memorialization.undone import looked_through
from memorialization.verdicts import ECHO, counted, counted_rows, rows_of

_LEAST: Final = timedelta(milliseconds=1)  # of which times are made

CHANGES: Final = [
    "record", "record_id", "key_property", "key_value", "property", "section", "interaction_key", "end_time",
    "due_at", "verdict", "pattern", "kept", "dismissed", "times", "desired", "current",
]  # fmt: skip
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
        if not run.dry_run:
            overtaken(ports.ledger, run.configuration, target.type_id, _older(judged, run, frozen, entity, ports.key))
        for reason, values in (*judged.settled.items(), (rejections.EQUAL, equal)):
            rejections.found(run, target, values, reason, ports)
        summary.update(
            records=judged.records, values=judged.counts, planned=len(judged.frames["changes"]),
            superseded=judged.superseded,
        )  # fmt: skip
    return dict(summary)


def _older(judged: "_Judged", run: Run, frozen: Frozen, entity: str, key: Key) -> pd.DataFrame:
    """What HubSpot holds at values that a newer interaction may have been judged at before, as holders.

    The live system writes when after-call work ends, so an older interaction may be written over a newer one, after
    the night that saw that one. In a night, whoever ended within its window is the newest.
    """
    superseded = judged.settled.get(SUPERSEDED)
    found = [judged.holders]
    if superseded is not None and len(superseded):
        there = superseded.assign(desired=superseded["current"], times=0)
        found.append(holders_of(there, kinds_of(frozen, entity), frozen.configuration.crm.phone_regions, key))
    values = pd.concat(found, ignore_index=True)
    return values[values["end_time"] < run.window.start] if run.nightly else values


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
    long: list[pd.DataFrame] = []
    equal: list[pd.DataFrame] = []
    texts: list[pd.DataFrame] = []
    for name in mapped:
        rules = [_rule(s.section, name, properties[name]) for s in frozen.sections]
        compared = compare_property(name, candidates, record, current[name], readable, rules, regions)
        result.superseded += len(compared.superseded)
        result.counts += counted(name, candidates, current[name], compared, rules)
        equal.append(_held(name, candidates, names, compared, ports.key))
        there = compared.under(*REPAIRABLE, WITHHELD, UNREADABLE)
        long.append(rows_of(name, candidates, names, current[name], compared, np.flatnonzero(there)))
        if LENGTH + name in candidates:
            lengths = candidates[LENGTH + name].iloc[compared.winners]
            some = np.flatnonzero(lengths.notna())
            whole = candidates[OTHER + name].iloc[compared.winners[some]] if OTHER + name in candidates else None
            spelled = [kinds.get((n, name), "text") for n in range(len(rules))]
            rows = rows_of(name, candidates, names, current[name], compared, some)
            crm = frozen.configuration.crm
            texts.append(
                transcripts.measured(rows, lengths.iloc[some], whole, properties[name], spelled, crm, ports.key)
            )
    result.records = len(names)
    everything = pd.concat(long, ignore_index=True)
    open_ = everything["verdict"].isin(REPAIRABLE)
    echoed = everything[open_ & everything["current"].notna()]
    echoed = echoed[echo.known(echoed, echoed["current"], run.configuration, frozen.entities[entity], kinds, regions,
                               ports)].assign(verdict=EQUAL, note=ECHO)  # fmt: skip
    equal.append(holders_of(echoed.assign(desired=echoed["current"], times=0), kinds, regions, ports.key))
    still = everything[open_].drop(echoed.index)
    owned = _owned(run, frozen, entity, still.reset_index(drop=True), ports)
    owned = pd.concat([owned, echoed], ignore_index=True)
    result.superseded += int(owned["verdict"].eq(SUPERSEDED).sum())
    result.settled = {verdict: owned[owned["verdict"].eq(verdict)] for verdict in (EDITED, SUPERSEDED)}
    changes = owned[owned["verdict"].ne(SUPERSEDED)]
    result.counts += counted_rows(changes)
    result.holders = pd.concat(equal, ignore_index=True)
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
            run, frozen.entities[entity], planned, lambda values: holders_of(values, kinds, regions, ports.key), ports
        ),
        pattern=_patterns(planned, planned["verdict"].eq(DRIFTED) & ~kept),
    )[CHANGES]
    return result


def _patterns(values: pd.DataFrame, where: pd.Series) -> pd.Series:
    """In which way these values disagree; "" elsewhere."""
    found = pd.Series("", index=values.index, dtype="str")
    some = values[where]
    found[where] = [disagreement(d, c) for d, c in zip(some["desired"], some["current"], strict=True)]
    return found


def _held(name: str, candidates: pd.DataFrame, names: pd.Series, compared: Compared, key: Key) -> pd.DataFrame:
    """`holders_of` the equal values of one property, of forms that are made already."""
    some = np.flatnonzero(compared.under(EQUAL))
    won = candidates[["end_time", "interaction_key"]].iloc[compared.winners[some]]
    return pd.DataFrame(
        {
            "record_id": names.iloc[compared.records[some]].array,
            "property": name,
            **{column: won[column].array for column in won},
            "value_hash": value_hash(compared.forms.iloc[some], key),
            "times": 0,
        }
    )


def _rule(section: Any, name: str, target: Property) -> RowRule | None:
    row = next((r for r in section.fields if r.external_crm_field == name), None)
    return RowRule(kind_of(target, row.cxone_data), row.is_transcript) if row else None


def _read(
    frozen: Frozen, entity: str, names: pd.Series, mapped: list[str], ports: Ports
) -> tuple[pd.DataFrame, np.ndarray]:
    """(current values by position of record, readable): a new record holds nothing; a vanished one is unreadable."""
    new = names.str.startswith(NEW)
    asked = names[~new].to_numpy().tolist()
    found = ports.store.read(frozen.entities[entity], asked, mapped).reindex(columns=["asked", *mapped])
    at = pd.Index(found["asked"]).get_indexer(names)
    current = {name: pd.Series(found[name].astype("str").array.take(at, allow_fill=True)) for name in mapped}
    return pd.DataFrame(current), new.to_numpy() | (at >= 0)


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
    histories = looked_through(histories, run.configuration, target, kinds, crm.phone_regions, ports)
    holders = ports.ledger.holders(run.configuration, target.type_id, ids) if ids else {}
    told = [(record, name) for record, names in histories.items() for name, made in names.items() if made]
    places = pd.MultiIndex.from_tuples([*told, *holders], names=["record", "property"])
    known_of = pd.MultiIndex.from_frame(changes[["record", "property"]]).isin(places)
    weighed = _weighed(run, frozen, changes[known_of], histories, holders, witnesses, kinds, ports.key)
    # of most values that never came nothing is known, and nothing stands against them
    rest = changes[~known_of].assign(times=1, changed_at=np.nan, changed_by=np.nan, written_by="unknown")
    return pd.concat([weighed, rest.astype({"changed_at": "str", "changed_by": "str"})]).sort_index()


def _weighed(
    run: Run,
    frozen: Frozen,
    changes: pd.DataFrame,
    histories: dict[str, dict[str, list[Change]]],
    holders: dict[tuple[str, str], Holder],
    witnesses: dict[str, str],
    kinds: dict[tuple[int, str], Kind],
    key: Key,
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
    hashes = [_hashes(changes, texts, kinds, crm.phone_regions, key) for texts in (newest, changes["desired"])]
    verdicts = []
    for record, name, verdict, end, interaction, due, before, wanted, made in zip(
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
                Candidate(verdict, end, interaction, due, before, wanted),
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
    owners = np.empty(len(changes), dtype=object)
    for (section, name, voice), here in _places(changes, changes["interaction_key"].str.startswith("v:")).items():
        owners[here] = rows[int(section), name, "voice" if voice else "digital"]
    return pd.Series(owners, index=changes.index, dtype="str")


def _places(values: pd.DataFrame, *beside: pd.Series) -> dict[Any, np.ndarray]:
    """(section, property, ...) -> positions of its values."""
    found: dict[Any, np.ndarray] = values.groupby([values["section"], values["property"], *beside], sort=False).indices
    return found


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


def holders_of(
    values: pd.DataFrame, kinds: dict[tuple[int, str], Kind], regions: tuple[str, ...], key: Key
) -> pd.DataFrame:
    """Rows for the ledger's holders: values whose `desired` now stands in HubSpot at `record`, `times` so far."""
    return pd.DataFrame(
        {
            "record_id": values["record"],
            **{name: values[name] for name in ("property", "end_time", "interaction_key")},
            "value_hash": _hashes(values, values["desired"], kinds, regions, key),
            "times": values["times"],
        }
    )


def _hashes(
    values: pd.DataFrame, texts: pd.Series, kinds: dict[tuple[int, str], Kind], regions: tuple[str, ...], key: Key
) -> np.ndarray:
    """`value_hash` of `texts`, aligned with `values`, each as the mapping row of its section and property means it."""
    of_kind: dict[Kind, list[np.ndarray]] = {}
    for (section, name), rows in _places(values).items():
        of_kind.setdefault(kinds[int(section), name], []).append(rows)
    hashes = np.zeros(len(values), dtype="int64")
    for kind, found in of_kind.items():
        rows = np.concatenate(found)
        hashes[rows] = value_hash(canonical(texts.iloc[rows], kind, regions), key)
    return hashes


def _findings(frame: pd.DataFrame) -> pd.DataFrame:
    reasons = [
        Status(s).name.lower() if v == WITHHELD else "" for s, v in zip(frame["status"], frame["verdict"], strict=True)
    ]
    return frame.assign(record_id=frame["record"], reason=reasons).reindex(columns=FINDINGS)
