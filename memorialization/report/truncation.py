"""The truncation table: every transcript against the limit of its field, what became of it, and what would hold it.

One row per mapping, entity and property. Counts and lengths only: a pure reading of what the steps left.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from memorialization.compare import DRIFTED, EDITED, EQUAL, MISSING, TRUNCATED, WITHHELD
from memorialization.forensics import CUT, FLATTENED
from memorialization.report.model import Advice, Truncation, UnitLengths
from memorialization.run import Frozen, NumberedSection
from memorialization.text import UNITS, format_of
from memorialization.transcripts import COLUMNS

BINS: Final = 20
"""Bars of `Truncation.histogram` up to the limit; one more is for all that is longer."""

LENGTHS: Final = ["section", "property", "limit", "length", *UNITS, "ambiguous"]
"""What is read of the transcripts' lengths (`fitness`)."""

_QUANTILES: Final = {"median": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}
_TYPICAL: Final = 3  # cuts at one and the same place, from which on it is no chance
_MOST_NAMED: Final = 3


def truncation(
    frozen: Frozen, lengths: list[pd.DataFrame], transcripts: list[pd.DataFrame], receipts: pd.DataFrame
) -> Iterator[Truncation]:
    """`lengths`: of each partition, `LENGTHS`; `transcripts`: of each bucket (`transcripts.COLUMNS`); `receipts`: of
    all buckets, empty where nothing was written."""
    measured = pd.concat(lengths) if lengths else pd.DataFrame()
    if measured.empty:
        return
    found = pd.concat(transcripts) if transcripts else pd.DataFrame(columns=COLUMNS)
    done = receipts[receipts["verified"].eq(True)] if len(receipts) else pd.DataFrame(columns=COLUMNS)
    sections = {s.number: s for s in frozen.sections}
    for (section, name), group in measured.groupby(["section", "property"]):
        stood = found[found["section"].eq(section) & found["property"].eq(name)]
        mended = done.loc[done["section"].eq(section) & done["property"].eq(name), "record"]
        numbered = sections[int(section)]
        target = frozen.schema[numbered.section.entity][str(name)]
        limit = int(group["limit"].iloc[0])
        yield Truncation(
            mapping=numbered.mapping.name,
            entity=numbered.section.entity,
            external_crm_field=str(name),
            format=format_of(target),
            limit=limit,
            bound=frozen.configuration.crm.measure.bound_of(target),
            ambiguous=int(group["ambiguous"].sum()),
            histogram=_histogram(group["length"], limit),
            by_unit=tuple(
                UnitLengths(
                    unit=unit,
                    over_limit=int(group[unit].gt(limit).sum()),
                    p99=int(group[unit].quantile(0.99)),
                    longest=int(group[unit].max()),
                )
                for unit in UNITS
            ),
            advice=_advice(frozen, numbered, str(name), group, limit),
            **_lengths(group, limit),
            **_fates(stood, mended),
        )


def _lengths(group: pd.DataFrame, limit: int) -> dict[str, Any]:
    quantiles = {name: int(group["length"].quantile(at)) for name, at in _QUANTILES.items()}
    over = int(group["length"].gt(limit).sum())
    return {"transcripts": len(group), "over_limit": over, "longest": int(group["length"].max()), **quantiles}


def _histogram(length: pd.Series, limit: int) -> tuple[int, ...]:
    bars = np.clip((length.to_numpy(dtype="float64") * BINS / limit).astype("int64"), 0, BINS - 1)
    bars[length.gt(limit).to_numpy()] = BINS
    return tuple(int(n) for n in np.bincount(bars, minlength=BINS + 1))


def _fates(stood: pd.DataFrame, mended: pd.Series) -> dict[str, Any]:
    verdicts = stood["verdict"].value_counts()
    shortened = stood["delivered"].lt(stood["length"])
    found_shortened = int((stood["verdict"].eq(EQUAL) & shortened).sum())
    now = stood["verdict"].eq(EQUAL) | stood["record"].isin(mended)
    partly = stood["verdict"].isin([TRUNCATED, WITHHELD])
    cut = stood[stood["finding"].eq(CUT)]
    places = cut["cut_at"].value_counts()
    usual = int(places.index[0]) if len(places) and places.iloc[0] >= _TYPICAL else None
    flattened = stood["finding"].eq(FLATTENED)
    return {
        "found_whole": int(verdicts.get(EQUAL, 0)) - found_shortened,
        "found_truncated": int((stood["held_length"].gt(0) & partly).sum()),
        "found_missing": int(
            verdicts.get(MISSING, 0) + (stood["held_length"].eq(0) & stood["verdict"].eq(WITHHELD)).sum()
        ),
        "found_altered": int(verdicts.get(DRIFTED, 0) + verdicts.get(EDITED, 0)),
        "found_flattened": int((flattened & stood["verdict"].ne(EQUAL)).sum()),
        "found_not_expected": int(stood["finding"].eq("not_expected").sum()),
        "flattened_by_design": int((flattened & stood["verdict"].eq(EQUAL)).sum()),
        "found_shortened": found_shortened,
        "whole_now": int((now & ~shortened).sum()),
        "shortened_by_policy": int((now & shortened).sum()),
        "characters_lost": int(stood["characters_lost"].sum()),
        "turns_lost": int(stood["turns_lost"].sum()),
        "words_lost": int(stood["words_lost"].sum()),
        "cut_by": _counted(cut["written_by"].replace("", "unknown")),
        "cut_inside": _counted(cut.loc[cut["cut_inside"].ne(""), "cut_inside"]),
        "usual_cut": usual,
    }


def _counted(names: pd.Series) -> dict[str, int]:
    return {str(name): int(n) for name, n in names.value_counts().sort_index().items()}


def _advice(frozen: Frozen, numbered: NumberedSection, name: str, group: pd.DataFrame, limit: int) -> Advice:
    """`holds`: properties of the record that no row maps and that would hold the longest transcript with its lines."""
    section, measure = numbered.section, frozen.configuration.crm.measure
    properties = frozen.schema[section.entity]
    mapped = {
        r.external_crm_field for s in frozen.sections if s.section.entity == section.entity for r in s.section.fields
    }
    longest = int(group["length"].max())
    holds = sorted(
        p.name for p in properties.values()
        if format_of(p) in ("multi_line", "rich_text") and p.name not in mapped
        and not (p.read_only or p.calculated or p.name.startswith("hs_")) and longest <= (measure.limit_of(p) or 0)
    )  # fmt: skip
    row = next(r for r in section.fields if r.external_crm_field == name and r.is_transcript)
    target = properties[name]
    if longest <= limit:
        fits = format_of(target) in ("multi_line", "rich_text")
        return Advice(kind="none" if fits else "text_area", holds=() if fits else tuple(holds[:_MOST_NAMED]))
    raised = measure.bound_of(target) == "rule" and longest <= measure.limit
    refused: Literal["raise_rule", "choose_policy"] = "raise_rule" if raised else "choose_policy"
    kind = refused if row.on_overflow == "reject" else row.on_overflow
    return Advice(kind=kind, holds=tuple(holds[:_MOST_NAMED]))
