"""Turns one CXone column into the strings that HubSpot should hold, or says why a value cannot be held.

Every cell gets exactly one `Status`: a value, nothing to say, or withheld for a reason. Strings are spelled
as HubSpot spells them back, by the property's type (hubspot-api, section 3).
"""

import html
import re
from contextlib import suppress
from datetime import datetime
from enum import IntEnum
from typing import Final, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from memorialization.ports import Property
from memorialization.text import Measure


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
_SPACES: Final = " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_UNSEEN: Final = _SPACES + "\xad\u200b\u200c\u200d\u2060\ufeff"
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z")
"""As HubSpot returns a datetime (hubspot-api, section 3)."""

NUMBER: Final = r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"


def render(source: pd.Series, target: Property, separator: str, measure: Measure) -> tuple[pd.Series, np.ndarray]:
    """(values: dtype str, status: int8), both aligned with `source`.

    `source` holds text, UTC timestamps, booleans or lists of text (tags, joined by `separator`). What is no text must
    not have white space or invisible characters around it: HubSpot refuses it (hubspot-api, section 3).
    """
    text, instants = _as_text(source, separator)
    stripped = text.str.strip(_UNSEEN)
    blank = stripped.eq("")
    if blank.any():
        text, stripped = text.mask(blank), stripped.mask(blank)
    match target.type:
        case "number":
            values, fault = stripped.where(stripped.str.fullmatch(NUMBER)), Status.NOT_A_NUMBER
        case "datetime":
            values, fault = text if instants is not None else iso(parse(text)), Status.NOT_A_DATE
        case "date":
            when = instants if instants is not None else parse(text)
            values, fault = when.dt.strftime("%Y-%m-%d").astype("str"), Status.NOT_A_DATE
        case "bool":
            values, fault = stripped.str.lower().map(_BOOLEANS).astype("str"), Status.NOT_A_BOOLEAN
        case "enumeration":
            values, fault = _options(stripped, target, separator), Status.NOT_AN_OPTION
        case _:
            if target.type == "phone_number":
                text = stripped
            elif target.field_type == "html":
                text = rich(text)
            long = measure.over(text, measure.limit_of(target) or 0)
            values, fault = text.mask(long) if long.any() else text, Status.TOO_LONG
    status = np.where(values.notna(), Status.VALUE, np.where(text.notna(), fault, Status.BLANK))
    return values.astype("str"), status.astype("int8")


def rich(text: pd.Series) -> pd.Series:
    """Plain text as html that shows it: HubSpot takes unescaped "<" for tags, and runs lines together."""
    escaped = text.str.replace("&", "&amp;").str.replace("<", "&lt;").str.replace(">", "&gt;")
    return escaped.str.replace(r"\r\n?|\n", "<br>", regex=True)


def rich_text(text: str) -> str:
    """The same of one text."""
    return re.sub("\r\n?|\n", "<br>", html.escape(text, quote=False))


def iso(instants: pd.Series) -> pd.Series:
    """UTC timestamps as HubSpot returns them: milliseconds only where they are not zero."""
    moments = pa.array(instants.dt.tz_convert("UTC").dt.tz_localize(None), from_pandas=True)
    spelled = pc.utf8_replace_slice(pc.cast(moments, pa.large_string()), 10, 11, "T")
    whole = pd.Series(pc.utf8_slice_codeunits(spelled, 0, 19), index=instants.index, dtype="str")
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


def instant(text: str) -> datetime | None:
    """`parse` of one text, for where there is no column: a column of one costs a thousand times as much as a match.

    None also for the year 0, which Python does not know.
    """
    if text[:1].isalpha():
        return None
    with suppress(ValueError):
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text)
        when = parse(pd.Series([text], dtype="str"))[0]
        return None if pd.isna(when) else cast(datetime, when.to_pydatetime())
    return None


def _as_text(source: pd.Series, separator: str) -> tuple[pd.Series, pd.Series | None]:
    if isinstance(source.dtype, pd.DatetimeTZDtype):
        return iso(source), source
    if source.dtype == bool or (source.dtype == object and source.dropna().isin([True, False]).all()):
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
