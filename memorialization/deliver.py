"""apply -> verify for one bucket: writes what the gate released, and proves for every value what became of it.

planned = written + rejected + unaccounted, per value, by trace id and never by position; written values are
read back: written = verified + verify_failed. What HubSpot left unanswered is settled by reading it. A second
run of the same step sends only what does not stand yet, and never makes a second record: new records go through
an upsert by their unique key (hubspot-api, section 2). What somebody changed since it was planned is `held: moved`.
"""

import hashlib
from typing import Any, Final

import numpy as np
import pandas as pd

from memorialization.canonical import canonical
from memorialization.compare import NEW
from memorialization.gate import MOVED, released
from memorialization.ports import Entity, Receipt, WriteRow
from memorialization.reconcile import holders_of, kinds_of, value_hash
from memorialization.run import Frozen, Ports, Run, recorded, thaw
from memorialization.text import utf16_length

WRITTEN: Final = "written"
REJECTED: Final = "rejected"
UNACCOUNTED: Final = "unaccounted"

STANDING: Final = "standing"


def deliver(run: Run, entity: str, bucket: int, ports: Ports) -> dict[str, Any]:
    """Write one bucket's released changes; returns counts. Raises what the store raises before anything is sent."""
    frozen = thaw(run)
    name = f"{entity}/{bucket}"
    with recorded(run, ports, "apply", name) as summary:
        decided = run.files.read_json("gate.json")
        changes = run.files.read_frame(f"changes/{name}.parquet")
        planned = changes[released(changes, decided["hold"], decided["systematic"]).eq("")].reset_index(drop=True)
        target = frozen.entities[entity]
        fresh = _look_again(planned, frozen, target, ports)
        run.files.write_frame(f"moved/{name}.parquet", planned.loc[fresh.eq(MOVED), ["record", "property"]])
        planned = planned.assign(standing=fresh.eq(STANDING))[fresh.ne(MOVED)].reset_index(drop=True)
        receipts = ports.store.write(target, _rows(run, frozen, planned[~planned["standing"]]))
        stopped_by = ports.store.stopped_by
        values = _settle(run, planned, receipts, frozen, target, ports)
        run.files.write_frame(f"receipts/{name}.parquet", values)
        _remember(run, values, frozen, target, ports)
        summary.update(
            planned=len(values),
            **{o: int(values["outcome"].eq(o).sum()) for o in (WRITTEN, REJECTED, UNACCOUNTED)},
            verified=int(values["verified"].eq(True).sum()),
            created=int(values.loc[values["created"], "record"].nunique()),
            stopped_by=f"{type(stopped_by).__name__}: {stopped_by}" if stopped_by else None,
        )
    return dict(summary)


def _look_again(planned: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> pd.Series:
    """What became of each value since it was planned, read just before the write.

    free: as planned; standing: HubSpot holds the value already, an earlier try of this step wrote it; moved:
    somebody changed it since, and it is left alone.
    """
    there, _ = _read_back(planned, frozen, target, ports)
    standing = _equal_now(planned, there, frozen, target)
    as_planned = _equal_now(planned.assign(desired=planned["current"]), there, frozen, target)
    untouched = as_planned | (planned["current"].isna() & ~_holds_any(planned, there))
    return pd.Series(
        np.select([standing, untouched], [STANDING, "free"], default=MOVED), index=planned.index, dtype="str"
    )


def _holds_any(values: pd.DataFrame, there: pd.DataFrame) -> pd.Series:
    """Whether HubSpot now holds anything at each (record, property)."""
    holds = pd.Series(False, index=values.index)
    for name, group in values.groupby("property"):
        if name in there:
            holds.loc[group.index] = there[name].reindex(group["record"].to_numpy()).notna().to_numpy()
    return holds


def _rows(run: Run, frozen: Frozen, planned: pd.DataFrame) -> list[WriteRow]:
    create_with = {s.number: s.section.create_with for s in frozen.sections}
    rows = []
    for record, group in planned.groupby("record", sort=True):
        values = dict(zip(group["property"], group["desired"], strict=True))
        first = group.iloc[0]
        if str(record).startswith(NEW):
            values = create_with[int(first["section"])] | values
            rows.append(
                WriteRow(
                    _trace(run, record),
                    values,
                    key_property=first["key_property"],
                    key_value=first["key_value"],
                )
            )
        else:
            rows.append(WriteRow(_trace(run, record), values, record_id=str(record)))
    return rows


def _trace(run: Run, record: object) -> str:
    return hashlib.sha256(f"{run.run_id} {record}".encode()).hexdigest()[:32]


def _settle(
    run: Run, planned: pd.DataFrame, receipts: list[Receipt], frozen: Frozen, target: Entity, ports: Ports
) -> pd.DataFrame:
    """The planned values with their outcome; what HubSpot left unanswered is decided by what it holds now."""
    by_trace = {receipt.trace: receipt for receipt in receipts}
    answers = [
        Receipt(trace, WRITTEN) if standing else by_trace[trace]
        for trace, standing in zip((_trace(run, r) for r in planned["record"]), planned["standing"], strict=True)
    ]
    values = planned.assign(
        outcome=[a.outcome for a in answers],
        created=[a.created for a in answers],
        category=pd.Series([a.category for a in answers], dtype="str"),
        code=pd.Series([a.code for a in answers], dtype="str"),
        correlation_id=pd.Series([a.correlation_id for a in answers], dtype="str"),
    )
    there, ids = _read_back(values[values["outcome"].ne(REJECTED)], frozen, target, ports)
    holds = _equal_now(values, there, frozen, target)
    values["record_id"] = values["record_id"].fillna(values["record"].map(ids).astype("str"))
    values["outcome"] = values["outcome"].where(~(values["outcome"].eq(UNACCOUNTED) & holds), WRITTEN)
    values["verified"] = holds.where(values["outcome"].eq(WRITTEN)).astype("boolean")
    return values


def _read_back(sent: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> tuple[pd.DataFrame, dict[str, str]]:
    """(what HubSpot holds now: one row per record, a column per property; record -> record id)."""
    names = sorted(sent["property"].unique())
    new = sent["record"].astype("str").str.startswith(NEW)
    frames = []
    if (~new).any():
        frames.append(ports.store.read(target, sent.loc[~new, "record"].unique().tolist(), names))
    for key_property, group in sent[new].groupby("key_property"):
        keys = group["key_value"].unique().tolist()
        found = ports.store.read(target, keys, names, id_property=str(key_property))
        frames.append(found.assign(asked=NEW + found["asked"]))
    if not frames:
        return pd.DataFrame(columns=names), {}
    there = pd.concat(frames, ignore_index=True).drop_duplicates("asked").set_index("asked")
    return there, there["record_id"].to_dict()


def _equal_now(values: pd.DataFrame, there: pd.DataFrame, frozen: Frozen, target: Entity) -> pd.Series:
    """Whether HubSpot now holds each value, compared in canonical form."""
    equal = pd.Series(False, index=values.index)
    regions = frozen.configuration.crm.phone_regions
    for (section, name), group in values.groupby(["section", "property"]):
        if name not in there:
            continue
        kind = kinds_of(frozen, target.name)[int(section), str(name)]
        held = there[name].reindex(group["record"].to_numpy()).set_axis(group.index)
        equal.loc[group.index] = canonical(group["desired"], kind, regions).eq(canonical(held, kind, regions))
    return equal


def _remember(run: Run, values: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> None:
    """Receipts and holders into the ledger: hashes and lengths, no text."""
    kinds, regions = kinds_of(frozen, target.name), frozen.configuration.crm.phone_regions
    hashes = pd.DataFrame({"before": 0, "after": 0}, index=values.index, dtype="int64")
    for (section, name), group in values.groupby(["section", "property"]):
        kind = kinds[int(section), str(name)]
        hashes.loc[group.index, "before"] = value_hash(canonical(group["current"], kind, regions))
        hashes.loc[group.index, "after"] = value_hash(canonical(group["desired"], kind, regions))
    kept = ["record", "property", "record_id", "interaction_key", "verdict", "outcome", "verified"]
    receipts = values[[*kept, "category", "code", "correlation_id"]].assign(
        run_id=run.run_id,
        type_id=target.type_id,
        before_hash=hashes["before"].where(values["current"].notna()).astype("Int64"),
        before_length=utf16_length(values["current"]),
        after_hash=hashes["after"],
        after_length=utf16_length(values["desired"]),
    )
    ports.ledger.keep_receipts(receipts)
    standing = values[values["verified"].eq(True)]
    standing = standing.assign(record=standing["record_id"])
    rows = holders_of(standing, kinds, regions)
    ports.ledger.keep_holders(run.configuration, target.type_id, rows, written=True)
