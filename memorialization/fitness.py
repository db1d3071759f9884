"""What of the mapped values fits the properties that should hold them, before anything is written; figures, no text.

Columns of *lengths* (`LENGTHS`; one row per transcript and target property):
    interaction_key, section, property, limit; length of the whole, and delivered (less, where the row cuts it), in the
    account's unit (`text.Measure`); code_points, utf16, bytes of the whole; ambiguous: whether it fits depends on a
    unit that is not settled
Columns of *faults* (`FAULTS`; one row per due interaction and section that maps anything of its channel):
    interaction_key, section; mapped: values that CXone has; how many of them are too_long, not_an_option,
    not_a_number, not_a_date, not_a_boolean; key_known: whether the section's key, if it has one, has a value; limit
    and length: of the transcript with the least room, if it has one
"""

from typing import Final

import numpy as np
import pandas as pd

from memorialization.mapping import LENGTH, OTHER, STATUS, VALUE
from memorialization.rendering import Status
from memorialization.run import Frozen, NumberedSection
from memorialization.text import UNITS, lengths_by_unit

_UNFIT: Final = (
    Status.TOO_LONG, Status.NOT_AN_OPTION, Status.NOT_A_NUMBER, Status.NOT_A_DATE, Status.NOT_A_BOOLEAN
)  # fmt: skip

LENGTHS: Final = ["interaction_key", "section", "property", "limit", "length", "delivered", *UNITS, "ambiguous"]
FAULTS: Final = [
    "interaction_key", "section", "mapped", *(fault.name.lower() for fault in _UNFIT), "key_known", "limit", "length"
]  # fmt: skip


def lengths(desired: pd.DataFrame, numbered: NumberedSection, frozen: Frozen) -> list[pd.DataFrame]:
    """`LENGTHS` of the section's rows that map a transcript; `desired` as `mapping.map_section` makes it."""
    properties, measure = frozen.schema[numbered.section.entity], frozen.configuration.crm.measure
    frames = []
    for row in numbered.section.fields:
        column = LENGTH + row.external_crm_field
        if row.is_transcript and column in desired:
            names = [prefix + row.external_crm_field for prefix in (LENGTH, VALUE, OTHER)]
            there = desired.loc[desired[column].gt(0), ["interaction_key", *names]]
            limit = measure.limit_of(properties[row.external_crm_field])
            length, delivered, whole = there[names[0]].astype("int64"), there[names[1]], there[names[2]]
            shortened = whole.notna() & delivered.notna()
            whole = whole.fillna(delivered) if whole.notna().any() else delivered
            by_unit: dict[str, pd.Series] = {str(unit): counted for unit, counted in lengths_by_unit(whole).items()}
            left = length.copy()
            left[shortened] = measure.lengths(delivered[shortened])
            frames.append(
                pd.DataFrame(
                    {
                        "interaction_key": there["interaction_key"],
                        "section": numbered.number,
                        "property": row.external_crm_field,
                        "limit": limit,
                        "length": length,
                        "delivered": left,
                        **by_unit,
                        "ambiguous": measure.ambiguous(whole, limit or 0),
                    }
                )
            )
    return frames


def faults(desired: pd.DataFrame, numbered: NumberedSection, texts: list[pd.DataFrame]) -> pd.DataFrame:
    """`FAULTS` of one section, whose `lengths` are `texts`; empty where it maps nothing of their channel."""
    stated = [column for column in desired.columns if column.startswith(STATUS)]
    if not stated:
        return pd.DataFrame(columns=FAULTS)
    status = desired[stated].fillna(Status.BLANK).to_numpy()
    measured = [
        frame.assign(length=frame["delivered"])[["interaction_key", "limit", "length"]]
        for frame in texts if len(frame)
    ]  # fmt: skip
    rooms = pd.concat(measured) if measured else pd.DataFrame(columns=["interaction_key", "limit", "length"])
    rooms = rooms.assign(room=rooms["limit"] - rooms["length"]).sort_values("room", kind="stable")
    tightest = rooms.drop_duplicates("interaction_key").set_index("interaction_key")
    keys = desired["interaction_key"]
    return pd.DataFrame(
        {
            "interaction_key": keys,
            "section": numbered.number,
            "mapped": np.isin(status, [Status.VALUE, *_UNFIT]).sum(axis=1),
            **{fault.name.lower(): (status == fault).sum(axis=1) for fault in _UNFIT},
            "key_known": desired["key_value"].notna() if numbered.section.key else True,
            **{name: keys.map(tightest[name]).astype("Float64") for name in ("limit", "length")},
        }
    )
