"""Why values were likely lost: lost values grouped by what their interactions have in common; an inference, no proof.

Every interaction with a lost value is in exactly one group, the first of these that claims it:

1. `since`, `outage`: a stretch of time in which nearly everything was lost, whoever the agent. One that lasts to the
   last interaction is `since`, as after the integration's system user was deleted; the others are an `outage`.
2. `skill`, then `agent`: one of them loses most of its interactions, and far more than all others do.
3. `first_of_day`: agents' first interactions of the day are lost far more often than later ones: the agent's CRM
   token is being renewed then (cxone-api, section 1).
4. `scattered`: what is left, such as closed tabs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np
import pandas as pd

Kind = Literal["since", "outage", "skill", "agent", "first_of_day", "scattered"]

STRETCH_SHARE: Final = 0.9
"""Of every beginning and end of a stretch at least this share is lost."""
STRETCH_AT_LEAST: Final = 10
"""Lost interactions of a stretch; of a skill too."""
AGENTS_AT_LEAST: Final = 3
"""So many agents lose in a stretch or skill; what fewer lose is theirs."""
ONE_AGENT_AT_MOST: Final = 0.6
"""Share of a skill's lost interactions that one agent may have; above, it is that agent's."""
MOST: Final = 0.5
"""A skill or an agent loses at least this share of its interactions ..."""
TIMES_OTHERS: Final = 3.0
"""... and at least so many times the share that all others lose."""
AGENT_AT_LEAST: Final = 5
"""Lost interactions of an agent, or of agents' first ones."""
FIRST_SHARE: Final = 0.25
"""Share of first interactions that are lost."""

COLUMNS: Final = ("interaction_key", "agent", "skill", "day", "due_at", "values")
"""Text, text or null, text or null, the due moment's day where the schedule hangs, UTC, lost values (int)."""


@dataclass(frozen=True, slots=True)
class Found:
    """One group. `subject`: the agent or skill. `of`: interactions it could have struck, of which `keys` were lost;
    `elsewhere`: (lost, all) of the others. Keys in the order of their due moments, the first at `start`."""

    kind: Kind
    subject: str | None
    start: datetime
    end: datetime
    keys: tuple[str, ...]
    values: int
    of: int
    elsewhere: tuple[int, int]


def causes(legs: pd.DataFrame) -> list[Found]:
    """`legs`: one row per due interaction whose values were judged, with `COLUMNS`; their order does not matter."""
    legs = legs.sort_values(["due_at", "interaction_key"], ignore_index=True)
    for column in ("agent", "skill"):  # of a whole night: names are kept once, in their order
        named = legs[column].astype("category").cat
        legs[column] = named.reorder_categories(sorted(named.categories))
    legs["lost"] = legs["values"].gt(0)
    first = legs["agent"].notna() & ~legs.duplicated(["agent", "day"])
    found: list[Found] = []
    left = legs
    for stretch in _stretches(legs):
        kind: Kind = "since" if stretch[-1] == len(legs) - 1 else "outage"
        inside = legs.index.isin(stretch)
        found.append(_found(kind, None, legs[inside], legs[~inside]))
        left = left[~left.index.isin(stretch)]
    for column, named in (("skill", _skills), ("agent", _agents)):
        for subject in named(left):
            inside = left[column].eq(subject)
            found.append(_found("skill" if column == "skill" else "agent", subject, left[inside], left[~inside]))
            left = left[~inside]
    at_first = first[left.index]
    early, later = left[at_first], left[~at_first]
    if early["lost"].sum() >= AGENT_AT_LEAST and _stands_out(early, later, FIRST_SHARE):
        found.append(_found("first_of_day", None, early, later))
        left = later
    if left["lost"].any():
        found.append(_found("scattered", None, left, left.iloc[:0]))
    return found


def _found(kind: Kind, subject: str | None, inside: pd.DataFrame, others: pd.DataFrame) -> Found:
    lost = inside[inside["lost"]]
    start, end = lost["due_at"].iloc[0].to_pydatetime(), lost["due_at"].iloc[-1].to_pydatetime()
    beside = (int(others["lost"].sum()), len(others))
    keys = tuple(lost["interaction_key"])
    return Found(kind, subject, start, end, keys, int(lost["values"].sum()), len(inside), beside)


def _stretches(legs: pd.DataFrame) -> Iterator[np.ndarray]:
    """Positions of each stretch, the longest first: the part of the night with the largest sum, where a lost
    interaction counts one and one that is not lost takes away what `STRETCH_SHARE` allows."""
    score = np.where(legs["lost"], 1.0, -STRETCH_SHARE / (1 - STRETCH_SHARE))
    while True:
        sums = np.concatenate(([0.0], np.cumsum(score)))
        lowest = np.minimum.accumulate(sums)
        last = int(np.argmax(sums - lowest))
        begin = int(np.flatnonzero(sums[: last + 1] == lowest[last])[-1])
        inside = np.arange(begin, last)
        lost = legs.iloc[inside][legs["lost"].to_numpy()[inside]]
        if len(lost) < STRETCH_AT_LEAST:
            return
        score[inside] = -1e6  # not a second time
        if lost["agent"].nunique() >= AGENTS_AT_LEAST:
            yield inside


def _skills(legs: pd.DataFrame) -> Iterator[str]:
    lost, of = legs[legs["lost"]], legs["skill"].value_counts()
    for skill, group in lost.groupby("skill", sort=True):
        shares = group["agent"].astype("str").value_counts(normalize=True)
        many = len(group) >= STRETCH_AT_LEAST and len(shares) >= AGENTS_AT_LEAST
        others = (len(lost) - len(group), len(legs) - int(of[skill]))
        if many and shares.iloc[0] <= ONE_AGENT_AT_MOST and _above(len(group), int(of[skill]), *others, MOST):
            yield str(skill)


def _agents(legs: pd.DataFrame) -> Iterator[str]:
    counts = legs.groupby("agent", sort=True)["lost"].agg(["sum", "size"])
    all_lost, all_legs = int(legs["lost"].sum()), len(legs)
    for agent, lost, of in counts[counts["sum"].ge(AGENT_AT_LEAST)].itertuples():
        if _above(int(lost), int(of), all_lost - int(lost), all_legs - int(of), MOST):
            yield str(agent)


def _stands_out(inside: pd.DataFrame, others: pd.DataFrame, share: float) -> bool:
    return _above(int(inside["lost"].sum()), len(inside), int(others["lost"].sum()), len(others), share)


def _above(lost: int, of: int, others_lost: int, others: int, share: float) -> bool:
    return lost >= share * of and lost * others >= TIMES_OTHERS * others_lost * of
