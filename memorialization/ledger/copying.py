"""Rows as text, in the format that PostgreSQL's COPY reads; whole columns are spelled at once, no row by itself.

Different rows have different texts, whatever stands in them.

Source: PostgreSQL manual, COPY, "Text Format": a tab between columns, a line break after each row, "\\N" for null, and
a backslash before each of these characters that is part of a value.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from memorialization.columns import holds

_NOTHING, _TAB, _END, _UTC = (pa.scalar(text, pa.large_string()) for text in ("", "\t", "\n", "+00"))
_NULL: Final = pa.scalar("\\N", pa.large_string())
_ESCAPED: Final = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}  # the backslash first


def as_copied(frame: pd.DataFrame, keys: Sequence[str]) -> pa.BufferReader:
    """The rows by their keys, in one order for all writers, so that none waits for another for ever; of rows with the
    same keys the last."""
    ranks = [pd.factorize(frame[key], sort=True)[0] for key in keys]
    order = np.lexsort(ranks[::-1])
    again = np.logical_and.reduce([rank[order][:-1] == rank[order][1:] for rank in ranks])
    return pa.BufferReader(_in_text(frame.iloc[order[np.append(~again, True)]]))


def as_hashed(frame: pd.DataFrame, keys: Sequence[str]) -> pa.Buffer:
    """The text of all rows, by their keys: the same in whatever order they stand."""
    return _in_text(frame.iloc[np.lexsort([pd.factorize(frame[key], sort=True)[0] for key in keys])])


def _in_text(frame: pd.DataFrame) -> pa.Buffer:
    """The rows one after another. Times have microseconds, whatever the unit of their column."""
    *spelled, last = (_spelled(frame[column]) for column in frame.columns)
    rows = pc.binary_join_element_wise(*spelled, pc.binary_join_element_wise(last, _NOTHING, _END), _TAB)
    _, starts, data = rows.buffers()  # as the values of a column they lie in one piece
    return data.slice(0, np.frombuffer(starts, dtype="int64")[len(rows)])


def _spelled(values: pd.Series) -> pa.LargeStringArray:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        moments = pa.array(values.dt.as_unit("us").dt.tz_convert("UTC").dt.tz_localize(None), from_pandas=True)
        text = pc.binary_join_element_wise(moments.cast(pa.large_string()), _NOTHING, _UTC)
    else:
        if values.dtype == object:
            values = pd.Series([None if pd.isna(value) else str(value) for value in values], dtype="str")
        text = pa.array(values, from_pandas=True).cast(pa.large_string())
    text = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    for special, escaped in _ESCAPED.items() if isinstance(values.dtype, pd.StringDtype) else ():
        if holds(values, special):
            text = pc.replace_substring(text, special, escaped)
    return pc.fill_null(text, _NULL)
