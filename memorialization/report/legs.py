"""The run's due interactions as its report needs them: who had them and when, what of theirs was lost, where CXone
shows them."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pandas as pd

from memorialization.compare import DRIFTED, MISSING
from memorialization.gate import LEFT_ALONE
from memorialization.matching import MATCHED, TO_CREATE
from memorialization.report.causes import COLUMNS, causes
from memorialization.report.model import Cause
from memorialization.run import Run

_FACTS = [
    "interaction_key",
    "agent_id",
    "skill_id",
    "skill_name",
    "due_at",
    "end_time",
    "transcript_url",
    "recording_url",
]
_MOST_KEYS = 50


def read(run: Run, partitions: Sequence[str], targets: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One row per interaction that has a target, with facts of CXone; `targets`: of the same partitions."""
    legs = []
    for name, found in zip(partitions, targets, strict=True):
        frame = run.files.read_frame(f"interactions/{name}.parquet", _FACTS)
        legs.append(frame[frame["interaction_key"].isin(found["interaction_key"])])
    return pd.concat(legs, ignore_index=True) if legs else pd.DataFrame(columns=_FACTS)


def shown(legs: pd.DataFrame) -> dict[str, str]:
    """Where CXone shows each interaction: its transcript, else its recording's player."""
    urls = legs["transcript_url"].where(legs["transcript_url"].notna(), legs["recording_url"])
    safe = urls.str.startswith("https://").eq(True) if len(legs) else urls.notna()
    return dict(zip(legs.loc[safe, "interaction_key"], urls[safe], strict=True))


def inferred(
    legs: pd.DataFrame, targets: Sequence[pd.DataFrame], changes: pd.DataFrame, systematic: pd.MultiIndex, zone: str
) -> list[Cause]:
    """Why values were likely lost. `changes`: section, property, interaction_key, verdict, held; `systematic`: the
    (section, property) that have a cause of their own; `zone`: where the schedule's days begin.

    An interaction counts where its values were judged: one that has lost values, or the newest on one of its records.
    """
    if legs.empty or "verdict" not in changes:
        return []
    lost = changes[changes["verdict"].isin([MISSING, DRIFTED]) & ~changes["held"].isin(LEFT_ALONE)]
    lost = lost[~pd.MultiIndex.from_frame(lost[["section", "property"]]).isin(systematic)]
    values = lost.groupby("interaction_key").size()
    found = pd.concat(targets, ignore_index=True)
    found = found[found["outcome"].isin([MATCHED, TO_CREATE])][["interaction_key", "entity", "record"]]
    found = found.merge(legs[["interaction_key", "end_time"]], on="interaction_key")
    newest = found.sort_values(["end_time", "interaction_key"]).drop_duplicates(["entity", "record"], keep="last")
    judged = legs[legs["interaction_key"].isin({*newest["interaction_key"], *values.index}) & legs["due_at"].notna()]
    due = judged["due_at"]
    told = pd.DataFrame(
        {
            "interaction_key": judged["interaction_key"],
            "agent": judged["agent_id"],
            "skill": judged["skill_name"].where(judged["skill_name"].notna(), judged["skill_id"]),
            "day": due.dt.tz_convert(ZoneInfo(zone)).dt.strftime("%Y-%m-%d"),
            "due_at": due,
            "values": judged["interaction_key"].map(values).fillna(0).astype("int64"),
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
