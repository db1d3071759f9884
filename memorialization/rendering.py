"""Turns one CXone column into the strings that HubSpot should hold, or says why a value cannot be held.

Every cell gets exactly one `Status`: a value, nothing to say, or withheld for a reason. Strings are spelled
as HubSpot spells them back, by the property's type (hubspot-api, section 3).
"""

from enum import IntEnum
from typing import Final

import numpy as np
import pandas as pd

from memorialization.ports import Property
from memorialization.text import utf16_length


class Status(IntEnum):
    """What a mapped cell says; 10 and above are withheld, the name is the reason in reports."""

    BLANK = 0  # CXone says nothing, or the value is not expected
    VALUE = 1
    NO_SOURCE = 2
    TOO_LONG = 10
    NOT_AN_OPTION = 11
    NOT_A_NUMBER = 12
    NOT_A_DATE = 13
    NOT_A_BOOLEAN = 14
    ENDER_UNKNOWN = 15


_BOOLEANS: Final = {"true": "true", "false": "false"}
NUMBER: Final = r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"


def render(source: pd.Series, target: Property, separator: str) -> tuple[pd.Series, np.ndarray]:
    """(values: dtype str, status: int8), both aligned with `source`.

    `source` holds text, UTC timestamps, booleans or lists of text (tags, joined by `separator`).
    """
    text, instants = _as_text(source, separator)
    text = text.where(text.str.strip().ne(""))
    match target.type:
        case "number":
            stripped = text.str.strip()
            values, fault = stripped.where(stripped.str.fullmatch(NUMBER)), Status.NOT_A_NUMBER
        case "datetime":
            values, fault = iso(instants if instants is not None else parse(text)), Status.NOT_A_DATE
        case "date":
            when = instants if instants is not None else parse(text)
            values, fault = when.dt.strftime("%Y-%m-%d").astype("str"), Status.NOT_A_DATE
        case "bool":
            values, fault = text.str.strip().str.lower().map(_BOOLEANS).astype("str"), Status.NOT_A_BOOLEAN
        case "enumeration":
            values, fault = _options(text, target, separator), Status.NOT_AN_OPTION
        case _:
            limit = target.effective_max_length or 0
            values, fault = text.where(utf16_length(text).le(limit)), Status.TOO_LONG
    status = np.where(values.notna(), Status.VALUE, np.where(text.notna(), fault, Status.BLANK))
    return values.astype("str"), status.astype("int8")


def iso(instants: pd.Series) -> pd.Series:
    """UTC timestamps as HubSpot returns them: milliseconds only where they are not zero."""
    whole = instants.dt.strftime("%Y-%m-%dT%H:%M:%S").astype("str")
    millis = instants.dt.microsecond // 1000
    if not millis.gt(0).any():
        return whole + "Z"
    fraction = "." + millis.fillna(0).astype("int64").astype("str").str.zfill(3)
    return whole + fraction.where(millis.gt(0), "").astype("str") + "Z"


def parse(text: pd.Series) -> pd.Series:
    """ISO 8601 text with a whole date, or epoch milliseconds, as UTC timestamps; NaT where it is neither."""
    text = text.str.strip()
    millis = pd.to_numeric(text.where(text.str.fullmatch(r"[0-9]{12,14}")), errors="coerce")
    dated = text.str.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # pandas also takes "now", "2026" and "-0" for dates
    instants = pd.to_datetime(text.where(dated), utc=True, errors="coerce", format="ISO8601").dt.as_unit("us")
    return instants.fillna(pd.to_datetime(millis, unit="ms", utc=True, errors="coerce").dt.as_unit("us"))


def _as_text(source: pd.Series, separator: str) -> tuple[pd.Series, pd.Series | None]:
    if isinstance(source.dtype, pd.DatetimeTZDtype):
        return iso(source), source
    if source.dtype == bool or (source.dropna().isin([True, False]).all() and source.dtype == object):
        return source.map({True: "true", False: "false"}).astype("str"), None
    if source.dtype == object:  # lists of tags
        joined = [separator.join(v) if v is not None and len(v) else None for v in source]
        return pd.Series(joined, index=source.index, dtype="str"), None
    return source.astype("str"), None


def _options(text: pd.Series, target: Property, separator: str) -> pd.Series:
    if not target.options:  # options of this property are defined elsewhere: HubSpot judges
        return text
    by_label = {label: value for value, label in target.options}
    known = by_label | {value: value for value, _ in target.options}
    if target.field_type != "checkbox":
        return text.map(known).astype("str")
    chosen = [_all_options(v, known, separator) if isinstance(v, str) else None for v in text]
    return pd.Series(chosen, index=text.index, dtype="str")


def _all_options(text: str, known: dict[str, str], separator: str) -> str | None:
    values = [known.get(part.strip()) for part in text.split(separator)]
    return None if None in values else ";".join(v for v in values if v is not None)
