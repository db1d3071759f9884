"""The changes of a run as its report needs them, counted bucket by bucket; only what is told one by one stays as rows.

A night has more lost values than interactions; the memory that its report takes must not grow with them.
"""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from memorialization.compare import DRIFTED, MISSING
from memorialization.gate import LEFT_ALONE, QUOTA
from memorialization.interactions import channel_of

Row = tuple[int, str, str]  # section, property, channel


class Changes:
    """`held`: reason -> values, "" for planned ones; `rows`: held values of each mapping row."""

    def __init__(self, systematic: pd.MultiIndex) -> None:
        """`systematic`: the (section, property) whose loss has a cause of its own."""
        self.held: Counter[str] = Counter()
        self.rows: Counter[Row] = Counter()
        self._systematic = systematic
        self._told: list[pd.DataFrame] = []
        self._planned: list[pd.DataFrame] = []
        self._lost: list[pd.Series] = []

    def add(self, entity: str, part: pd.DataFrame, told: Sequence[str]) -> None:
        """One bucket: record, property, section, interaction_key, verdict, held; `told`: reasons whose rows stay."""
        held = part["held"]
        self.held.update({str(reason): int(n) for reason, n in held.value_counts().items()})
        self.rows += by_row(part[held.ne("")])
        self._told.append(part[held.isin(told)].assign(entity=entity))
        planned = part.loc[held.isin(["", QUOTA]), ["record"]].drop_duplicates()
        self._planned.append(planned.assign(entity=entity, held=""))
        lost = part[part["verdict"].isin([MISSING, DRIFTED]) & ~held.isin(LEFT_ALONE)]
        lost = lost[~pd.MultiIndex.from_frame(lost[["section", "property"]]).isin(self._systematic)]
        self._lost.append(lost["interaction_key"].value_counts())

    @property
    def told(self) -> pd.DataFrame:
        """The rows that are kept, with entity."""
        return pd.concat(self._told, ignore_index=True) if self._told else pd.DataFrame({"held": []})

    @property
    def planned(self) -> pd.DataFrame:
        """entity, record, held: once for each record of which any value is planned, or held for want of calls."""
        return pd.concat(self._planned, ignore_index=True) if self._planned else pd.DataFrame({"held": []})

    @property
    def lost(self) -> pd.Series:
        """Interaction key -> its lost values that nobody has decided to leave."""
        every = pd.concat(self._lost) if self._lost else pd.Series(dtype="int64")
        return every.groupby(level=0).sum()


def by_row(frame: pd.DataFrame) -> Counter[Row]:
    """Values by mapping row; `frame`: section, property, interaction_key."""
    if frame.empty:
        return Counter()
    keys = [frame["section"], frame["property"], channel_of(frame["interaction_key"])]
    return Counter({(int(s), str(p), str(c)): int(n) for (s, p, c), n in frame.groupby(keys).size().items()})
