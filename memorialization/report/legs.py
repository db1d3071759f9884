"""The run's due interactions as its report needs them: who had them and when, what of theirs was lost, where CXone
shows them."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from memorialization.columns import among
from memorialization.matching import MATCHED, TO_CREATE
from memorialization.report.causes import COLUMNS, causes
from memorialization.report.model import Cause
from memorialization.run import Run

_FACTS = ["interaction_key", "agent_id", "skill_id", "skill_name", "due_at", "end_time"]
_NAMES = ["agent_id", "skill_id", "skill_name"]
_SHOWN = ["interaction_key", "transcript_url", "recording_url"]
_MOST_KEYS = 50


def shown(run: Run, partitions: Sequence[str], keys: pd.Series) -> dict[str, str]:
    """Where CXone shows each of these interactions: its transcript, else its recording's player."""
    found: dict[str, str] = {}
    for name in partitions if len(keys) else ():
        legs = run.files.read_frame(f"interactions/{name}.parquet", _SHOWN)
        legs = legs[among(legs["interaction_key"], keys)].astype("str")
        urls = legs["transcript_url"].where(legs["transcript_url"].notna(), legs["recording_url"])
        safe = urls.str.startswith("https://").eq(True)
        found |= zip(legs.loc[safe, "interaction_key"], urls[safe], strict=True)
    return found


def _read(run: Run, partitions: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(one row per interaction that has a target, `_FACTS`; one row per record that it meets: leg, its position among
    the former, place and end). Of a whole night: names that repeat are categories, a place is a hash."""
    legs, places, before = [], [], 0
    for name in partitions:
        targets = run.files.read_table(f"targets/{name}.parquet", ["interaction_key", "entity", "record", "outcome"])
        if not targets.num_rows:
            continue
        told = run.files.read_table(f"interactions/{name}.parquet", _FACTS)
        told = told.filter(pc.is_in(told["interaction_key"], targets["interaction_key"]))
        for column in _NAMES:
            told = told.set_column(told.schema.get_field_index(column), column, told[column].dictionary_encode())
        legs.append(told)
        met = targets.filter(pc.field("outcome").isin([MATCHED, TO_CREATE])).to_pandas(ignore_metadata=True)
        row = pd.Index(told["interaction_key"].to_numpy()).get_indexer(met["interaction_key"])
        place = (met["entity"] + "/" + met["record"]).to_numpy(dtype=object)
        ends = pc.fill_null(told["end_time"].cast(pa.int64()), 0).to_numpy()
        places.append(
            pd.DataFrame({"leg": before + row, "place": pd.util.hash_array(place, categorize=False), "end": ends[row]})
        )
        before += told.num_rows
    frame = pa.concat_tables(legs).unify_dictionaries().to_pandas(ignore_metadata=True)
    return frame, pd.concat(places, ignore_index=True)


def _newest(legs: pd.DataFrame, places: pd.DataFrame) -> np.ndarray:
    """Which legs are the newest on one of their records (bool), by their end, then by their key."""
    last = places[places["end"].eq(places.groupby("place")["end"].transform("max"))]
    tied = last[last.duplicated("place", keep=False)]
    if len(tied):
        keys = tied.assign(key=legs["interaction_key"].iloc[tied["leg"]].array).sort_values("key")
        last = last.drop(keys.index[keys.duplicated("place", keep="last")])
    found = np.zeros(len(legs), dtype=bool)
    found[last["leg"]] = True
    return found


def inferred(run: Run, partitions: Sequence[str], lost: pd.Series, zone: str) -> list[Cause]:
    """Why values were likely lost. `lost`: interaction key -> lost values; `zone`: where the schedule's days begin.

    An interaction counts where its values were judged: one that has lost values, or the newest on one of its records.
    """
    if lost.empty or not partitions:  # a run that takes another back has none
        return []
    legs, places = _read(run, partitions)
    there = _newest(legs, places) | among(legs["interaction_key"], lost.index.to_series())
    judged = legs[there & legs["due_at"].notna()]
    due, keys = judged["due_at"], judged["interaction_key"]
    skill = judged["skill_name"] if judged["skill_name"].notna().all() else judged["skill_name"].astype("str").where(
        judged["skill_name"].notna(), judged["skill_id"].astype("str")
    )  # fmt: skip
    values = pd.Index(lost.index).get_indexer(keys)
    told = pd.DataFrame(
        {
            "interaction_key": keys,
            "agent": judged["agent_id"],
            "skill": skill,
            "day": due.dt.tz_convert(ZoneInfo(zone)).dt.tz_localize(None).dt.normalize(),
            "due_at": due,
            "values": np.append(lost.to_numpy(), 0)[values],
        },
        columns=list(COLUMNS),
    )
    return [
        Cause(
            kind=c.kind,
            subject=c.subject,
            start=c.start.isoformat(timespec="seconds"),
            end=c.end.isoformat(timespec="seconds"),
            values=c.values,
            interactions=len(c.keys),
            of=c.of,
            elsewhere=c.elsewhere[0],
            elsewhere_of=c.elsewhere[1],
            interaction_keys=c.keys[:_MOST_KEYS],
        )
        for c in causes(told)
    ]
