"""The verdicts of one property as rows and as counts: equal values, which most are, never become rows of their own.

Columns of *rows* (`rows_of`): record, property, section, interaction_key, end_time, due_at, key_value, channel, status
(`rendering.Status`), desired, current, verdict, note ("" or why a value that HubSpot spells otherwise is equal).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from memorialization.compare import EQUAL, REPAIRABLE, VERDICTS, Compared, RowRule
from memorialization.interactions import channel_of
from memorialization.mapping import STATUS, VALUE
from memorialization.rendering import Status

ECHO: Final = "echo"
FLATTENED: Final = "flattened"
"""Why values that HubSpot spells otherwise are equal, as the counts' reason."""

_REASONS: Final = ("", FLATTENED, *(status.name.lower() for status in Status if status >= Status.TOO_LONG))


def rows_of(
    name: str, candidates: pd.DataFrame, records: pd.Series, current: pd.Series, compared: Compared, some: np.ndarray
) -> pd.DataFrame:
    """`some` (positions) of the values compared; `records`, `current`: by position of record."""
    where, won = compared.records[some], compared.winners[some]
    told = candidates[["section", "interaction_key", "end_time", "due_at", "key_value"]].iloc[won]
    return pd.DataFrame(
        {
            "record": records.iloc[where].array,
            "property": name,
            **{column: told[column].array for column in told},
            "channel": channel_of(told["interaction_key"]).array,
            "status": candidates[STATUS + name].iloc[won].array,
            "desired": candidates[VALUE + name].iloc[won].array,
            "current": current.iloc[where].array,
            "verdict": compared.verdicts[some],
            "note": "",
        }
    )


def counted(
    name: str, candidates: pd.DataFrame, current: pd.Series, compared: Compared, rules: Sequence[RowRule | None]
) -> list[dict[str, Any]]:
    """[{section, property, channel, verdict, reason, n}] of all verdicts but those that may be mended: of them the
    history decides."""
    settled = np.flatnonzero(~compared.under(*REPAIRABLE))
    won = compared.winners[settled]
    status, section = candidates[STATUS + name].to_numpy()[won], candidates["section"].to_numpy()[won]
    reason = np.zeros(len(won), dtype="int64")
    for number, withheld in enumerate((s for s in Status if s >= Status.TOO_LONG), start=2):
        reason[status == withheld] = number
    reason[compared.under(EQUAL)[settled]] = 0
    reason[_flattened(name, candidates, current, compared, rules)[settled]] = 1
    voice = candidates["interaction_key"].str.startswith("v:").to_numpy()[won]
    shape = (len(rules), 2, len(VERDICTS), len(_REASONS))
    places = np.ravel_multi_index((section, voice.astype("int64"), compared.codes[settled], reason), shape)
    numbers = np.bincount(places)
    found = []
    for place in np.flatnonzero(numbers):
        of_section, of_voice, verdict, why = (int(i) for i in np.unravel_index(place, shape))
        channel = "voice" if of_voice else "digital"
        found.append((of_section, channel, VERDICTS[verdict], _REASONS[why], int(numbers[place])))
    return [_count(name, *one) for one in sorted(found)]


def counted_rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The same of `rows` whose verdicts are settled."""
    keys = ["property", "section", "channel", "verdict", "note"]
    numbers = rows.groupby(keys, sort=True).size()
    return [
        _count(str(name), int(section), str(channel), str(verdict), str(note), int(n))
        for (name, section, channel, verdict, note), n in numbers.items()
    ]


def _count(name: str, section: int, channel: str, verdict: str, reason: str, n: int) -> dict[str, Any]:
    return {"section": section, "property": name, "channel": channel, "verdict": verdict, "reason": reason, "n": n}


def _flattened(
    name: str, candidates: pd.DataFrame, current: pd.Series, compared: Compared, rules: Sequence[RowRule | None]
) -> np.ndarray:
    """Which values are equal but for line breaks that their single-line property cannot hold (bool)."""
    flat = compared.under(EQUAL)
    lines = [number for number, rule in enumerate(rules) if rule is not None and rule.kind == "line"]
    rows = np.flatnonzero(flat & np.isin(candidates["section"].to_numpy()[compared.winners], lines))
    flat[:] = False
    broken = candidates[VALUE + name].iloc[compared.winners[rows]].str.contains("\n", regex=False).eq(True)
    whole = ~current.iloc[compared.records[rows]].str.contains("\n", regex=False).eq(True)
    flat[rows] = broken.to_numpy() & whole.to_numpy()
    return flat
