"""How long a text is, in the unit that HubSpot counts; one place for it, because the unit is not documented.

HubSpot runs on the JVM, so a "character" is taken to be a UTF-16 code unit (hubspot-api, section 3): an emoji
counts 2. `memorialize portal probe` settles it for an account, and what it found is the `Measure` of its texts.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from memorialization.ports import LARGEST_TEXT, Property

Unit = Literal["utf16", "code_points", "bytes"]
UNITS: Final[tuple[Unit, ...]] = ("code_points", "utf16", "bytes")
"""No text has more of one than of the next."""

Bound = Literal["rule", "probed", "hubspot"]
Format = Literal["single_line", "multi_line", "rich_text", "other"]
_FORMATS: Final[dict[str, Format]] = {"textarea": "multi_line", "html": "rich_text", "text": "single_line"}
_HALVES: Final = "?\ufffd"


@dataclass(frozen=True, slots=True)
class Measure:
    """What an account's texts are measured by: `limit` is the most that any text property takes, in `unit`.

    `settled`: the unit was seen, not presumed. Until then, texts that fit in one unit and not in another are
    *ambiguous*; they are treated by `unit`, and counted.
    """

    unit: Unit = "utf16"
    limit: int = LARGEST_TEXT
    settled: bool = False

    def lengths(self, values: pd.Series) -> pd.Series:
        """Length of each text (int64) in this unit, 0 for a missing one."""
        return lengths(values, self.unit)

    def limit_of(self, target: Property) -> int | None:
        """The most that a property takes: its MAX_LENGTH rule, never above `limit`; None if it holds no text."""
        if not target.holds_text:
            return None
        return min(self.limit, target.max_length or self.limit)

    def bound_of(self, target: Property) -> Bound:
        """What sets `limit_of`: a rule of the property, what was probed, or HubSpot's documented maximum."""
        if target.max_length is not None and target.max_length < self.limit:
            return "rule"
        return "hubspot" if self.limit == LARGEST_TEXT else "probed"

    def ambiguous(self, values: pd.Series, limit: int) -> pd.Series:
        """Which texts fit into `limit` in one unit and not in another (bool); none once the unit is settled."""
        if self.settled:
            return pd.Series(False, index=values.index)
        over = lengths(values, UNITS[-1]).gt(limit)
        return lengths(values, UNITS[0]).le(limit) & over if over.any() else over

    def over(self, values: pd.Series, limit: int) -> pd.Series:
        """Which texts are longer than `limit` (bool)."""
        over = lengths(values, UNITS[-1]).gt(limit)
        return self.lengths(values).gt(limit) if over.any() else over

    @property
    def strictest(self) -> Unit:
        """The unit in which a text that fits surely fits."""
        return self.unit if self.settled else UNITS[-1]


def lengths(values: pd.Series, unit: Unit) -> pd.Series:
    """Length of each text (int64) in a unit, 0 for a missing one."""
    text = _in_one_piece(values)
    counted = _bytes(text) if unit == "bytes" else _code_points(text)
    return pd.Series(counted + _astral(text) if unit == "utf16" else counted, index=values.index, dtype="int64")


def utf16_length(values: pd.Series) -> pd.Series:
    """UTF-16 units of each text (int64), 0 for a missing one."""
    return lengths(values, "utf16")


def lengths_by_unit(values: pd.Series) -> dict[Unit, pd.Series]:
    """`lengths` in each of the `UNITS`."""
    text = _in_one_piece(values)
    points = _code_points(text)
    counted: dict[Unit, np.ndarray] = {"code_points": points, "utf16": points + _astral(text), "bytes": _bytes(text)}
    return {unit: pd.Series(counted[unit], index=values.index, dtype="int64") for unit in UNITS}


def _in_one_piece(values: pd.Series) -> pa.LargeStringArray:
    text = pa.array(values, type=pa.large_string(), from_pandas=True)
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _counted(numbers: pa.Array) -> np.ndarray:
    counted: np.ndarray = pc.fill_null(pc.cast(numbers, pa.int64()), 0).to_numpy(zero_copy_only=False)
    return counted


def _code_points(text: pa.LargeStringArray) -> np.ndarray:
    return _counted(pc.utf8_length(text))


def _bytes(text: pa.LargeStringArray) -> np.ndarray:
    return _counted(pc.binary_length(text))


def _astral(text: pa.LargeStringArray) -> np.ndarray:
    """Characters beyond the Basic Multilingual Plane: those that UTF-8 writes with a lead byte F0 to F4, so counting
    needs no encoding. Of all texts at once, for they lie in one piece."""
    _, starts, data = text.buffers()
    if data is None or not len(text):
        return np.zeros(len(text), dtype="int64")
    begin = np.frombuffer(starts, dtype="int64", count=len(text) + 1, offset=8 * text.offset)
    found = begin[0] + np.flatnonzero(np.frombuffer(data, dtype="uint8")[begin[0] : begin[-1]] >= 0xF0)
    counted = np.bincount(np.searchsorted(begin, found, side="right") - 1, minlength=len(text))
    return np.where(pc.is_valid(text).to_numpy(zero_copy_only=False), counted, 0)


def format_of(target: Property) -> Format:
    """What a property makes of a transcript: whole lines only in a multi-line or rich text (memorialization reference,
    section 5); `other` is what holds no text, or a text of a fixed form."""
    return _FORMATS.get(target.field_type, "other") if target.type == "string" else "other"


def kept_of(whole: str, held: str) -> int | None:
    """How many characters of `whole` its proper beginning `held` keeps; None where it is no such beginning.

    Cut inside a surrogate pair, `held` ends with what stands for half of it: "?" or U+FFFD.
    """
    if len(held) < len(whole) and whole.startswith(held):
        return len(held)
    kept = len(held) - 1
    half = held[-1:] and held[-1] in _HALVES and kept < len(whole) and whole[kept] > "\uffff"
    return kept if half and whole.startswith(held[:-1]) else None


def as_stored(values: pd.Series, *, trimmed: bool, flattened: bool) -> pd.Series:
    """Texts as an account keeps them: without white space around them, with blanks for line breaks."""
    if flattened:
        values = values.str.replace(r"\r\n?|\n", " ", regex=True)
    return values.str.strip() if trimmed else values


def size(text: str, unit: Unit) -> int:
    """Length of one text in a unit."""
    return len(text) if unit == "code_points" else len(text.encode(_ENCODING[unit])) // _WIDTH[unit]


def fitting(text: str, room: int, unit: Unit) -> int:
    """How many code points of the beginning of a text fit into `room` of a unit."""
    room = max(room, 0)
    if unit == "code_points":
        return min(room, len(text))
    encoding = _ENCODING[unit]
    return len(text[:room].encode(encoding)[: room * _WIDTH[unit]].decode(encoding, errors="ignore"))


_ENCODING: Final = {"utf16": "utf-16-le", "bytes": "utf-8"}
_WIDTH: Final = {"utf16": 2, "bytes": 1}
