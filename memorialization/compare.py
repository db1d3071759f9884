"""Compares what HubSpot should hold with what it holds: exactly one verdict per (record, property).

First the latest interaction wins each property of a record; older candidates are *superseded* and stand in no
sum. Then the winner's value is compared in canonical form. All of it is columnar; rows of their own are made
only for values that are not equal. Source: memorialization reference, sections 5 and 7.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from memorialization.canonical import Kind, canonical, same
from memorialization.mapping import OTHER, STATUS, VALUE
from memorialization.rendering import Status, instant
from memorialization.text import kept_of

EQUAL: Final = "equal"
MISSING: Final = "missing"
DRIFTED: Final = "drifted"
TRUNCATED: Final = "truncated"
EDITED: Final = "edited"
NOT_EXPECTED: Final = "not_expected"
NO_SOURCE: Final = "no_source"
WITHHELD: Final = "withheld"
UNREADABLE: Final = "unreadable"
SUPERSEDED: Final = "superseded"

VERDICTS: Final = (
    EQUAL, MISSING, DRIFTED, TRUNCATED, EDITED, NOT_EXPECTED, NO_SOURCE, WITHHELD, UNREADABLE
)  # fmt: skip
REPAIRABLE: Final = (MISSING, DRIFTED, TRUNCATED)

NEW: Final = "new:"
"""Prefix of `record` for a record that does not exist yet; the key's value follows."""

_NOT_MAPPED: Final = -1


@dataclass(frozen=True, slots=True)
class RowRule:
    """How one mapping row's values compare."""

    kind: Kind
    transcript: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """Verdicts of one property, one per record that the property is mapped for.

    `records`: position of each record in the list of records; `winners`: row of the candidates that decides;
    `verdicts`: object array of verdict names; `superseded`: rows of older candidates, per row.
    """

    records: np.ndarray
    winners: np.ndarray
    verdicts: np.ndarray
    superseded: np.ndarray


def in_order(candidates: pd.DataFrame) -> pd.DataFrame:
    """Candidates sorted so that the latest interaction of a record comes last: leg end, then interaction key."""
    ordered = candidates.sort_values(["end_time", "interaction_key"], kind="stable", ignore_index=True)
    for column in ordered.columns:
        if column.startswith(STATUS):
            ordered[column] = ordered[column].fillna(_NOT_MAPPED).astype("int8")
    return ordered


def compare_property(
    name: str,
    candidates: pd.DataFrame,
    record: np.ndarray,
    current: pd.Series,
    readable: np.ndarray,
    rules: Sequence[RowRule | None],
    regions: tuple[str, ...],
) -> Compared:
    """Compare one property over all records of a partition.

    `candidates`: desired frames of all sections, through `in_order`, with `section` (index into `rules`);
    `record`: for each row the position of its record; `current`: what HubSpot holds, by position of record
    (missing where unset); `readable`: whether the record could be read, by position.
    """
    status = candidates[STATUS + name].to_numpy()
    rows = np.arange(len(status))
    speaks = (status == Status.VALUE) | (status >= Status.TOO_LONG)
    winner = np.full(len(current), -1)
    for eligible in (status == Status.NO_SOURCE, status == Status.BLANK, speaks):  # the strongest comes last
        winner[record[eligible]] = rows[eligible]  # of several rows the last one stays: the latest interaction
    records = np.flatnonzero(winner >= 0)
    winners = winner[records]
    won = status[winners]
    verdicts = np.select(
        [~readable[records], won == Status.BLANK, won == Status.NO_SOURCE, won >= Status.TOO_LONG],
        [UNREADABLE, NOT_EXPECTED, NO_SOURCE, WITHHELD],
        default=EQUAL,
    ).astype(object)
    judged = np.flatnonzero(verdicts == EQUAL)
    section = candidates["section"].to_numpy()
    for rule in {rules[s] for s in np.unique(section[winners[judged]])} - {None}:
        assert rule is not None
        mine = judged[[rules[s] == rule for s in section[winners[judged]]]]
        verdicts[mine] = _verdicts(name, candidates, winners[mine], current.iloc[records[mine]], rule, regions)
    beaten = np.flatnonzero(speaks & (winner[record] != rows))
    return Compared(records, winners, verdicts, beaten)


def _verdicts(
    name: str,
    candidates: pd.DataFrame,
    winners: np.ndarray,
    current: pd.Series,
    rule: RowRule,
    regions: tuple[str, ...],
) -> np.ndarray:
    desired = canonical(candidates[VALUE + name].iloc[winners], rule.kind, regions).to_numpy(dtype=object)
    held = canonical(current, rule.kind, regions).to_numpy(dtype=object)
    equal = desired == held
    if rule.kind == "phone":
        equal |= same(candidates[VALUE + name].iloc[winners], current, rule.kind, regions)
    whole = desired
    if OTHER + name in candidates:
        other = canonical(candidates[OTHER + name].iloc[winners], rule.kind, regions).to_numpy(dtype=object)
        equal |= other == held
        whole = np.where(pd.isna(other), desired, other)
    verdicts = np.where(equal, EQUAL, np.where(pd.isna(held), MISSING, DRIFTED)).astype(object)
    if rule.transcript:
        for i in np.flatnonzero(verdicts == DRIFTED):
            if kept_of(desired[i], held[i]) is not None or kept_of(whole[i], held[i]) is not None:
                verdicts[i] = TRUNCATED
    return verdicts


def disagreement(desired: str, current: str) -> str:
    """In which way two texts differ, coarse enough that one misunderstanding gives one answer.

    "" where there is no pattern: such differences are values that went wrong one by one.
    """
    if len(desired) > 200 or len(current) > 200:
        return ""
    if desired.casefold() == current.casefold():
        return "upper and lower case"
    if re.sub(r"\s", "", desired) == re.sub(r"\s", "", current):
        return "spacing"
    if re.sub(r"\D", "", desired) == re.sub(r"\D", "", current) != "":
        return "punctuation"
    wanted, held = instant(desired), instant(current)
    if wanted is not None and held is not None:
        seconds = (held - wanted).total_seconds()
        return f"times {seconds / 3600:+g} h apart" if seconds % 900 == 0 else ""
    if not re.search(r"\d", desired + current):
        return ""  # words of any shape: the name of another skill or agent, not another spelling of this one
    shapes = [_shape(text) for text in (desired, current)]
    return f"spelled {shapes[1]!r} instead of {shapes[0]!r}"[:80] if shapes[0] != shapes[1] else ""


def _shape(text: str) -> str:
    """Letters and digits by kind, plain punctuation, and nothing else of the text."""
    kinds = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text))
    return re.sub(r"[^a9 \-_:./+(),;@]", "·", kinds)[:24]
