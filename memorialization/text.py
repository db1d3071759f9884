"""Lengths in HubSpot's presumed unit; one place for it, because the unit is not documented.

HubSpot runs on the JVM, so a "character" is taken to be a UTF-16 code unit (hubspot-api, section 3): an emoji
counts 2. Whatever fits in UTF-16 units also fits in code points.
"""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def utf16_length(values: pd.Series) -> pd.Series:
    """UTF-16 units of each text (int64), 0 for a missing one.

    Code points plus one for each character beyond the Basic Multilingual Plane; those are the ones that UTF-8
    writes with a lead byte F0 to F4, so counting needs no encoding.
    """
    text = pa.array(values, type=pa.large_string(), from_pandas=True)
    astral = pc.count_substring_regex(text, "[\U00010000-\U0010ffff]")
    total = pc.add(pc.cast(pc.utf8_length(text), pa.int64()), pc.cast(astral, pa.int64()))
    return pd.Series(pc.fill_null(total, 0).to_numpy(zero_copy_only=False), index=values.index, dtype="int64")
