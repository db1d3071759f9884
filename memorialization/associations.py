"""Records of one interaction are associated where a section says so; what is associated already is never touched.

Both ends must be known: matched, or made by this run. A pair with an end that is yet to be made is associated by
whichever of the two buckets comes second. HubSpot replaces the labels of a pair that is associated again
(hubspot-api, section 2.7), so each pair is read just before, and only what is not associated at all is sent.
"""

from collections.abc import Callable
from typing import Final

import pandas as pd

from memorialization.compare import NEW
from memorialization.matching import MATCHED, TO_CREATE
from memorialization.ports import Entity, Receipt, pair_trace
from memorialization.prepare import bucket_of
from memorialization.run import Frozen, Ports, Run

PAIRS: Final = ["section", "target", "record", "other", "interaction_key", "other_bucket"]


def wanted(run: Run, frozen: Frozen, entity: str, candidates: pd.DataFrame) -> pd.DataFrame:
    """One row per pair of records that should be associated: columns `PAIRS`; `record` is of `entity`."""
    files = run.files.read_json("partitions.json")
    targets = [
        run.files.read_frame(f"targets/{part}.parquet", ["interaction_key", "entity", "outcome", "record"])
        for part in files["partitions"]
        if run.files.exists(f"targets/{part}.parquet")
    ]
    known = pd.concat(targets, ignore_index=True)
    known = known[known["outcome"].isin([MATCHED, TO_CREATE])].rename(columns={"record": "other", "entity": "target"})
    rows = []
    for s in frozen.sections:
        if s.section.entity == entity and s.section.associate_with:
            near = candidates.loc[candidates["section"].eq(s.number), ["section", "record", "interaction_key"]]
            far = known[known["target"].isin(s.section.associate_with)]
            rows.append(near.merge(far[["interaction_key", "target", "other"]], on="interaction_key"))
    pairs = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=PAIRS)
    pairs = pairs.drop_duplicates(["target", "record", "other"], ignore_index=True)
    return pairs.assign(other_bucket=bucket_of(pairs["other"], files["buckets"]).astype("int64"))[PAIRS]


def standing(frozen: Frozen, entity: str, pairs: pd.DataFrame, ports: Ports) -> pd.Series:
    """Which pairs of record ids are associated in HubSpot now, in whatever way; a record to be made is not."""
    there = pd.Series(False, index=pairs.index)
    real = ~pairs["record"].str.startswith(NEW) & ~pairs["other"].str.startswith(NEW)
    for target, group in pairs[real].groupby("target"):
        linked = _linked(frozen.entities[entity], frozen.entities[str(target)], group["record"], ports)
        there[group.index] = [pair in linked for pair in zip(group["record"], group["other"], strict=True)]
    return there


def deliver(
    frozen: Frozen, entity: str, pairs: pd.DataFrame, ports: Ports, *, before: Callable[[], None]
) -> pd.DataFrame:
    """Associate pairs whose ends are record ids; adds outcome, category, code and correlation_id.

    written: read again and there. `before`: see `RecordStore.associate`.
    """
    source = frozen.entities[entity]
    waiting = pairs[~standing(frozen, entity, pairs, ports)]
    receipts: dict[tuple[str, str], Receipt] = {}
    for target, group in waiting.groupby("target"):
        ends = list(dict.fromkeys(zip(group["record"], group["other"], strict=True)))
        said = {r.trace: r for r in ports.store.associate(source, ends, frozen.entities[str(target)], before=before)}
        receipts |= {(str(target), pair_trace(pair)): said[pair_trace(pair)] for pair in ends}
    there = standing(frozen, entity, pairs, ports)
    told = [
        Receipt("", "written") if stands
        else receipt if (receipt := receipts[target, pair_trace((record, other))]).outcome == "rejected"
        else Receipt("", "unaccounted")
        for stands, target, record, other in zip(there, pairs["target"], pairs["record"], pairs["other"], strict=True)
    ]  # fmt: skip
    columns = ("outcome", "category", "code", "correlation_id")
    return pairs.assign(
        **{c: pd.Series([getattr(r, c) for r in told], index=pairs.index, dtype="str") for c in columns}
    )


def _linked(source: Entity, target: Entity, records: pd.Series, ports: Ports) -> set[tuple[str, str]]:
    asked = records.unique().tolist()
    return {(near, far) for near, ends in ports.store.associated(source, asked, target).items() for far in ends}
