"""Late and moving data: an older interaction is taken up again only if it is not what the ledger knows of it.

CXone's rows change after a night has read them (after-call work, a corrected disposition), and some appear only after
their window was read. Each has a version, a hash over what CXone says of it; a night looks at what changed lately
(cxone-api, section 3.2), and leaves what has the version that is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from memorialization.hashing import Key
from memorialization.ports import Window

CHANGED: Final = "changed"
LATE: Final = "late"
UNCHANGED: Final = "unchanged"
UNCOVERED: Final = "uncovered"

_APART: Final = frozenset({"interaction_key", "channel", "updated_at"})  # not what a value is made of


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a night must know of those before it.

    `since`: what CXone changed from then on is looked at. `known`: interaction key -> CXone's last change that was
    seen, of those since then. `covered`: the windows that were delivered and end later than that.
    """

    since: datetime
    known: Mapping[str, datetime]
    covered: Sequence[Window]


def versions(interactions: pd.DataFrame, key: Key) -> pd.Series:
    """int64 per row of `interactions.INTERACTIONS` (and `script.*`), over all that CXone says of the interaction.

    The order of columns and columns of nothing make no difference. A transcript enters by its hash, never as text.
    """
    total = np.zeros(len(interactions), dtype="uint64")
    for name in interactions.columns:
        if name not in _APART:
            there = interactions[name].notna().to_numpy()
            if there.any():
                values = interactions[name][there]
                codes, unique = pd.factorize(_spelled(values) if values.dtype == object else values)
                spelled = (f"{name}=" + _spelled(pd.Series(unique))).to_numpy(dtype=object)
                total[there] += key.hashed(spelled)[codes]
    return pd.Series(key.marked(total), index=interactions.index)


def _spelled(values: pd.Series) -> pd.Series:
    """The same text for the same value, whatever type the nulls beside it have made of its column."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.dt.as_unit("ms").astype("int64").astype("str")
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.astype("float64").astype("str")
    if isinstance(values.dtype, pd.StringDtype):
        return values
    lists = values.map(lambda value: "\x1f".join(value) if isinstance(value, list | np.ndarray) else str(value))
    return lists.astype("str")


def sifted(
    interactions: pd.DataFrame,
    window: Window,
    again: frozenset[str],
    versions_known: Mapping[str, int | None],
    covered: Sequence[Window],
    key: Key,
) -> pd.Series:
    """Why each interaction is taken up or left (str): "" for the window's own, open ones and those of `again`.

    Of those that ended before the window: `changed` since the version that is known, or `late`, never seen though the
    window that holds its end is covered; both are taken up. Left are `unchanged` ones, and those of an interval that
    is not covered (`uncovered`), for they are that interval's.
    """
    ends, keys = interactions["end_time"], interactions["interaction_key"]
    seen = keys.isin(list(versions_known))
    same = versions(interactions, key).eq(keys.map(dict(versions_known)))
    held = pd.Series(False, index=interactions.index)
    for one in covered:
        held |= ends.ge(one.start) & ends.lt(one.end)
    own = ~ends.lt(window.start) | keys.isin(again)
    why = np.select([own, seen & same, seen, held], ["", UNCHANGED, CHANGED, LATE], default=UNCOVERED)
    return pd.Series(why, index=interactions.index, dtype="str")
