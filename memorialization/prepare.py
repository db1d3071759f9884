"""settle -> map -> match for one partition of interactions; what is due leaves as desired frames per record.

The desired frames are spread over (entity, bucket) by record, so that all that meets on one record is later
compared in one place. A partition's files are written whole; doing it again gives the same files.
"""

from typing import Any, Final

import numpy as np
import pandas as pd

from memorialization import fitness
from memorialization.compare import NEW
from memorialization.interactions import channel_of
from memorialization.ledger.store import SEEN
from memorialization.mapping import UNSURE, map_section
from memorialization.matching import MATCHED, PARKED, RESOLVED, TO_CREATE, Ladder
from memorialization.moving import versions
from memorialization.ports import Channel
from memorialization.resolutions import addresses, recall, remembers
from memorialization.run import Frozen, NumberedSection, Ports, Run, recorded, thaw
from memorialization.settle import DUE, PROVISIONAL, settle

_TARGET_COLUMNS: Final = [
    "interaction_key",
    "entity",
    "section",
    "outcome",
    "record_id",
    "record",
    "rule",
    "reason",
    "candidates",
]


def prepare(run: Run, partition: str, buckets: int, ports: Ports) -> dict[str, Any]:
    """Returns the partition's counts; raises what the ports raise."""
    frozen = thaw(run)
    with recorded(run, ports, "prepare", partition) as summary:
        interactions = run.files.read_frame(f"interactions/{partition}.parquet")
        settled = settle(interactions, frozen.configuration, run.window.end)
        due_now = settled["end_time"].where(settled["state"].eq(DUE)).notna()
        first_due = pd.Series(pd.Timestamp(run.window.end), index=settled.index).where(due_now)
        settled = settled.assign(version=versions(interactions, ports.key), first_due_at=first_due)
        # what is provisional must be looked at again whatever becomes of this run; the rest is known when it is done
        ports.ledger.keep_interactions(run.configuration, run.run_id, settled[settled["state"].eq(PROVISIONAL)])
        run.files.write_frame(f"settled/{partition}.parquet", settled[list(SEEN)])
        told = run.files.read_frame(f"transcripts/{partition}.parquet")
        transcripts = told.drop_duplicates("transcript_ref").set_index("transcript_ref")["text"]
        targets: list[pd.DataFrame] = []
        lengths: list[pd.DataFrame] = []
        mapped: list[pd.DataFrame] = []
        unsure: list[dict[str, Any]] = []
        files: dict[str, list[str]] = {}
        for mapping_name, due in settled[settled["state"].eq(DUE)].groupby("mapping", sort=True):
            contacts: dict[str, str] = {}
            sections = [s for s in frozen.sections if s.mapping.name == mapping_name]
            for numbered in sorted(sections, key=lambda s: s.section.entity != "Contact"):  # contacts lead others
                found, desired = _section(
                    run, frozen, numbered, due.reset_index(drop=True), transcripts, contacts, ports
                )
                targets.append(found)
                unsure += _unsure(desired, numbered.number)
                desired = desired.drop(columns=[c for c in desired.columns if c.startswith(UNSURE)])
                texts = fitness.lengths(desired, numbered, frozen)
                lengths += texts
                mapped.append(fitness.faults(desired, numbered, texts))
                desired = desired[found["outcome"].isin([MATCHED, TO_CREATE])]
                if numbered.section.entity == "Contact":
                    matched = found[found["outcome"].eq(MATCHED)]
                    contacts = dict(zip(matched["interaction_key"], matched["record_id"], strict=True))
                for bucket, part in desired.groupby(bucket_of(desired["record"], buckets)):
                    name = f"desired/{numbered.section.entity}/{bucket}/{partition}-{numbered.number}.parquet"
                    files.setdefault(f"{numbered.section.entity}/{bucket}", []).append(
                        run.files.write_frame(name, part)
                    )
        found = pd.concat(targets) if targets else pd.DataFrame(columns=_TARGET_COLUMNS)
        run.files.write_frame(f"targets/{partition}.parquet", found[_TARGET_COLUMNS])
        measured = pd.concat(lengths) if lengths else pd.DataFrame(columns=fitness.LENGTHS)
        run.files.write_frame(f"lengths/{partition}.parquet", measured)
        judged = pd.concat(mapped) if mapped else pd.DataFrame(columns=fitness.FAULTS)
        run.files.write_frame(f"mapped/{partition}.parquet", judged)
        if targets:
            ports.ledger.keep_targets(run.configuration, run.run_id, found)
        summary.update(
            interactions=_counts(settled, ["state", "reason"]),
            channel=_counts(settled, ["channel"]),
            targets=_counts(found, ["entity", "section", "outcome", "reason", "rule"]),
            knows_customers=bool(ports.address_secret),
            ambiguous=unsure,
        )
        run.files.write_json(f"prepared/{partition}.json", {"files": files})
    return dict(summary)


def _section(
    run: Run,
    frozen: Frozen,
    numbered: NumberedSection,
    due: pd.DataFrame,
    transcripts: pd.Series,
    contacts: dict[str, str],
    ports: Ports,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(targets, desired) of one section, aligned: one row per interaction each."""
    section, entity = numbered.section, frozen.entities[numbered.section.entity]
    properties = frozen.schema[section.entity]
    kept = ports.ledger.matches(run.configuration, section.entity, due["interaction_key"].tolist())
    recalled = recall(frozen.configuration, section, due, ports.ledger, ports.address_secret)
    targets, desired = [], []
    for name, rows in due.groupby("channel", sort=True):
        channel: Channel = "voice" if name == "voice" else "digital"
        rows = rows.reset_index(drop=True)
        wide = map_section(rows, channel, section, transcripts, properties, frozen.configuration)
        ladder = Ladder(
            channel, section, entity, properties, ports.store, kept, contacts,
            frozen.configuration.crm.phone_regions, recalled.records,
        )  # fmt: skip
        found = ladder.match(rows, wide)
        decided = found["interaction_key"].map(dict(recalled.resolved_by)).where(found["rule"].eq(RESOLVED))
        found = found.assign(entity=section.entity, section=numbered.number, resolved_by=decided.astype("str"))
        found["addresses"] = _addresses(found, rows, numbered, frozen, ports)
        found["contact_guid"] = rows["contact_guid"].astype("str")
        record = found["record_id"].where(found["outcome"].eq(MATCHED), NEW + wide["key_value"]).astype("str")
        found["record"] = record
        wide = wide.assign(section=np.int32(numbered.number), record=record)
        targets.append(found)
        desired.append(wide)
    return pd.concat(targets, ignore_index=True), pd.concat(desired, ignore_index=True)


def _addresses(
    found: pd.DataFrame, rows: pd.DataFrame, numbered: NumberedSection, frozen: Frozen, ports: Ports
) -> pd.Series:
    """Of what is parked, whose it is: kept with the target, so that a decision is remembered for the customer."""
    result = pd.Series([()] * len(found), index=found.index, dtype="object")
    parked = found["outcome"].eq(PARKED)
    if parked.any() and remembers(numbered.section):
        result[parked] = addresses(rows[parked.to_numpy()], frozen.configuration, ports.address_secret)
    return result


def _unsure(desired: pd.DataFrame, section: int) -> list[dict[str, Any]]:
    """[{section, property, channel, n}]: texts of which HubSpot's unit, not settled yet, decides whether they fit."""
    found = []
    for column in (c for c in desired.columns if c.startswith(UNSURE)):
        there = desired.loc[desired[column].eq(True), "interaction_key"]
        for channel, n in channel_of(there).value_counts().sort_index().items():
            name = column.removeprefix(UNSURE)
            found.append({"section": section, "property": name, "channel": str(channel), "n": int(n)})
    return found


def bucket_of(record: pd.Series, buckets: int) -> np.ndarray:
    hashed: np.ndarray = pd.util.hash_array(record.to_numpy(dtype=object), categorize=False)
    return hashed % np.uint64(buckets)


def _counts(frame: pd.DataFrame, columns: list[str]) -> list[dict[str, Any]]:
    """[{column: value, ..., "n": count}], values None where missing."""
    if frame.empty:
        return []
    counted = frame.groupby(columns, dropna=False).size().reset_index(name="n")
    return [
        {k: (None if pd.isna(v) else v.item() if isinstance(v, np.generic) else v) for k, v in row.items()}
        for row in counted.to_dict("records")
    ]
