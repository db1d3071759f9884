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
from memorialization.columns import at
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
_NAMES: Final = np.array(VERDICTS, dtype=object)
_CODES: Final = {verdict: code for code, verdict in enumerate(VERDICTS)}

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
    `codes`: place of each verdict in `VERDICTS` (int8); `forms`: canonical form of what HubSpot holds where that was
    compared, else missing (str); `superseded`: rows of older candidates, per row.
    """

    records: np.ndarray
    winners: np.ndarray
    codes: np.ndarray
    forms: pd.Series
    superseded: np.ndarray

    @property
    def verdicts(self) -> np.ndarray:
        """Object array of verdict names."""
        names: np.ndarray = _NAMES[self.codes]
        return names

    def under(self, *verdicts: str) -> np.ndarray:
        """Which of the values have one of these verdicts (bool)."""
        return np.isin(self.codes, [_CODES[verdict] for verdict in verdicts])


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
    codes = np.select(
        [~readable[records], won == Status.BLANK, won == Status.NO_SOURCE, won >= Status.TOO_LONG],
        [_CODES[verdict] for verdict in (UNREADABLE, NOT_EXPECTED, NO_SOURCE, WITHHELD)],
        default=_CODES[EQUAL],
    ).astype("int8")
    forms = pd.Series(np.nan, index=range(len(records)), dtype="str")
    judged = np.flatnonzero(codes == _CODES[EQUAL])
    section = candidates["section"].to_numpy()[winners[judged]]
    for rule in {rules[s] for s in np.unique(section)} - {None}:
        assert rule is not None
        mine = judged[np.isin(section, [number for number, other in enumerate(rules) if other == rule])]
        held = at(current, records[mine])
        codes[mine], canonically = _verdicts(name, candidates, winners[mine], held, rule, regions)
        if len(mine) == len(forms):
            forms = canonically.reset_index(drop=True)
        else:
            forms.iloc[mine] = canonically.array
    beaten = np.flatnonzero(speaks & (winner[record] != rows))
    return Compared(records, winners, codes, forms, beaten)


def _verdicts(
    name: str,
    candidates: pd.DataFrame,
    winners: np.ndarray,
    current: pd.Series,
    rule: RowRule,
    regions: tuple[str, ...],
) -> tuple[np.ndarray, pd.Series]:
    """(codes of the verdicts, canonical forms of `current`). What is the same byte for byte has the same form."""
    held = canonical(current, rule.kind, regions)
    wanted = at(candidates[VALUE + name], winners)
    there = held.notna().to_numpy()
    codes = np.where(there, _CODES[EQUAL], _CODES[MISSING])
    rest = np.flatnonzero(there & ~np.asarray(wanted.array == current.array))
    if len(rest):
        other = candidates[OTHER + name].iloc[winners[rest]] if OTHER + name in candidates else None
        codes[rest] = _closely(wanted.iloc[rest], other, current.iloc[rest], held.iloc[rest], rule, regions)
    return codes, held


def _closely(
    wanted: pd.Series,
    other: pd.Series | None,
    current: pd.Series,
    canonically: pd.Series,
    rule: RowRule,
    regions: tuple[str, ...],
) -> np.ndarray:
    """Codes of the verdicts of values that HubSpot holds in another spelling; `canonically`: that one's form."""
    desired = canonical(wanted, rule.kind, regions).to_numpy(dtype=object)
    held = canonically.to_numpy(dtype=object)
    equal = desired == held
    if rule.kind == "phone":
        equal |= same(wanted, current, rule.kind, regions)
    whole = desired
    if other is not None:
        spelled = canonical(other, rule.kind, regions).to_numpy(dtype=object)
        equal |= spelled == held
        whole = np.where(pd.isna(spelled), desired, spelled)
    codes = np.where(equal, _CODES[EQUAL], _CODES[DRIFTED])
    if rule.transcript:
        for i in np.flatnonzero(codes == _CODES[DRIFTED]):
            if kept_of(desired[i], held[i]) is not None or kept_of(whole[i], held[i]) is not None:
                codes[i] = _CODES[TRUNCATED]
    return codes


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
