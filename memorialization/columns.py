"""Whole columns of text at once: what would be done for each value by itself is done for each different one, or not at
all where it changes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def by_unique(text: pd.Series, forms: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """`forms` of a column, made of each text once; missing stays missing."""
    codes, unique = pd.factorize(text)
    made = forms(pd.Series(unique, dtype="str")).array
    return pd.Series(made.take(codes, allow_fill=True), index=text.index)


def looked_up(text: pd.Series, table: Mapping[str, Any]) -> pd.Series:
    """`text.map` of a table (dtype object), looked up once for each text; missing where it is not in the table."""
    codes, unique = pd.factorize(text)
    found = np.array([*(table.get(value, np.nan) for value in unique.to_numpy()), np.nan], dtype=object)
    return pd.Series(found[codes], index=text.index)


def among(text: pd.Series, others: pd.Series) -> np.ndarray:
    """Which of the texts are among the others (bool)."""
    column, those = (pa.array(values, type=pa.large_string(), from_pandas=True) for values in (text, others))
    return np.asarray(pc.is_in(column, those, skip_nulls=True), dtype=bool)


def holds(text: pd.Series, character: str) -> bool:
    """Whether any of the texts holds this character."""
    column = pa.array(text, type=pa.large_string(), from_pandas=True)
    data = (chunk.buffers()[2] for chunk in (column.chunks if isinstance(column, pa.ChunkedArray) else [column]))
    return any(buffer is not None and character.encode() in buffer.to_pybytes() for buffer in data)


def at(values: pd.Series, positions: np.ndarray) -> pd.Series:
    """`values.iloc[positions]`; the column itself where that is all of it, in its order."""
    everything = len(positions) == len(values) and bool((positions == np.arange(len(values))).all())
    return values if everything else values.iloc[positions]
