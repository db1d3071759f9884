"""Tolerant reading of CXone's answers: field names, spellings and types differ by version and endpoint.

A reader here never raises for one odd cell: what cannot be read is None. Source: cxone-api, sections 3 and 6.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from memorialization.errors import ContractBroken


def rows_of(body: Any, key: str, place: str) -> tuple[list[Any], Mapping[str, Any]]:
    """The list under `key` and its envelope; tolerates `resultSet`, another case of the key, a bare list."""
    if isinstance(body, list):
        return body, {}
    if isinstance(body, dict):
        envelope = body.get("resultSet", body)
        for name, rows in envelope.items() if isinstance(envelope, dict) else ():
            if name.lower() == key.lower() and isinstance(rows, list):
                return rows, envelope
    raise ContractBroken(f"CXone's answer to {place} holds no list `{key}`")


def texts(rows: Sequence[Mapping[str, Any]], *names: str) -> list[str | None]:
    """One text per row: the first of `names` that a row holds; numbers become text, blanks None."""
    found = [_text(row.get(names[0])) for row in rows]
    for name in names[1:]:
        if None in found:
            found = [text or _text(row.get(name)) for text, row in zip(found, rows, strict=True)]
    return found


def text_of(row: Mapping[str, Any], *names: str) -> str | None:
    """The first of `names` that holds something, as stripped text."""
    return next((text for name in names if (text := _text(row.get(name)))), None)


def number_of(row: Mapping[str, Any], *names: str) -> float:
    """The first of `names` that holds a finite number, also one spelled as text; NaN if none does."""
    for name in names:
        try:
            number = float(row[name])
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(number):
            return number
    return math.nan


def count_of(row: Mapping[str, Any], name: str) -> int | None:
    """A count such as totalRecords or hits; None where the answer does not tell."""
    text = text_of(row, name)
    return int(text) if text and text.isdecimal() else None


def _text(value: object) -> str | None:
    if type(value) is str:
        return value.strip() or None
    return None if value is None or isinstance(value, (dict, list)) else str(value)


def zulu(moment: datetime) -> str:
    """ISO 8601 with milliseconds and a literal Z: the only spelling surely honoured (cxone-api, 3.1)."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
