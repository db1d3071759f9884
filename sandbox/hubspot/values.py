"""A stored value is always a string in HubSpot's own spelling, whichever way it was written.

`normalised` makes that spelling, `problem` says why the API would refuse a value (hubspot-api, sections 3 and
4). Decided here, for the reference does not know: strings are neither trimmed nor rewritten, unless the portal
`respells` (`respelled`); a datetime without a zone is refused; a too long value gets the code INVALID_LENGTH;
epoch seconds are read as milliseconds (1970). What a character of a limit is, is the portal's `LengthUnit`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import escape
from html.parser import HTMLParser
from typing import Literal

TEXT_LIMIT = 65_536  # of the portal's unit
LengthUnit = Literal["utf16", "characters", "bytes"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000
_INTEGER = re.compile(r"-?\d{1,18}")
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_EMAIL = re.compile(r"[^@\s;,<>]+@[^@\s;,<>.]+(\.[^@\s;,<>.]+)+")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"


@dataclass(frozen=True)
class Problem:
    """Why a value was refused: HubSpot's code and its message."""

    code: str
    message: str


@dataclass(frozen=True)
class Property:
    """A property's definition, as far as values depend on it; `item` is the API's own form of it."""

    name: str
    type: str
    field_type: str
    unique: bool
    read_only: bool
    options: tuple[str, ...]
    max_length: int | None
    item: dict[str, object]
    respells: bool = False
    unit: LengthUnit = "utf16"

    @property
    def is_text(self) -> bool:
        return self.type == "string"

    @property
    def is_set(self) -> bool:
        return self.type == "enumeration" and self.field_type == "checkbox"


def iso(milliseconds: int) -> str:
    """An instant as HubSpot prints it: UTC, the fraction left out when it is zero (hubspot-api, section
    2.1).
    """
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds")[:-6] + "Z"


def millis(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime, the rest cut off."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def utf16_units(text: str) -> int:
    """The length the JVM sees."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def length(text: str, unit: LengthUnit) -> int:
    """How long a text is in a unit."""
    if unit == "utf16":
        return utf16_units(text)
    return len(text) if unit == "characters" else len(text.encode("utf-8", "surrogatepass"))


def text_of(raw: object) -> str | None:
    """A JSON value as the string it stands for; None when it cannot be one (an object, an array)."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return repr(raw) if isinstance(raw, (int, float)) else None


def normalised(definition: Property, value: str, current: str = "") -> str:
    """The stored spelling of a value that the type can hold.

    `current` matters to checkboxes alone: a leading ";" adds to the options that are set.
    Raises ValueError when a date or datetime cannot be read.
    """
    kind = definition.type
    if kind == "string" or not value:
        value = respelled(definition, value) if definition.respells and value else value
        return value.strip().lower() if definition.name in ("email", "hs_additional_emails") else value
    if kind == "datetime":
        return iso(_instant(value))
    if kind == "date":
        return _day(value)
    if definition.is_set:
        chosen = f"{current}{value}" if value.startswith(";") else value
        parts = list(dict.fromkeys(part for part in chosen.split(";") if part))
        return ";".join(sorted(parts, key=definition.options.index) if definition.respells else parts)
    return value


def respelled(definition: Property, value: str) -> str:
    """What a portal that rewrites texts makes of one: all that hubspot-api, section 3, leaves open, at its worst.

    Outer white space and invisible characters go, line breaks become LF (blanks in a single-line text), hard spaces
    blanks; a phone number loses its punctuation, rich text everything but its plain tags.
    """
    if definition.field_type == "html":
        return _sanitised(value)
    text = "".join(c for c in value.replace("\u00a0", " ") if c not in _INVISIBLE)
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if definition.field_type == "phonenumber":
        return re.sub(r"[\s()/.-]", "", text)
    return re.sub(r"\s*\n\s*", " ", text) if definition.field_type == "text" else text


class _Sanitiser(HTMLParser):
    """Keeps text, escaped, and plain tags without their attributes."""

    _KEPT = frozenset(("br", "p", "div", "b", "strong", "i", "em", "ul", "ol", "li", "a"))

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unseen += tag in ("script", "style")
        if tag in self._KEPT:
            self.parts.append("<br />" if tag == "br" else f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in ("script", "style")
        if tag in self._KEPT and tag != "br":
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._unseen <= 0:
            self.parts.append(escape(data, quote=False).replace("  ", " &nbsp;"))


def _sanitised(rich: str) -> str:
    parser = _Sanitiser()
    parser.feed(rich.strip())
    parser.close()
    return "".join(parser.parts)


def problem(definition: Property, value: str) -> Problem | None:
    """Why the API refuses a value for a property; None when it takes it. "" (clear) always passes."""
    if definition.read_only:
        return Problem("READ_ONLY_VALUE", f'"{definition.name}" is a read only property; its value cannot be set.')
    if not value:
        return None
    if definition.is_text:
        return _text_problem(definition, value)
    if value[0] in _INVISIBLE or value[-1] in _INVISIBLE or value != value.strip():
        return Problem(
            "LEADING_TRAILING_WHITESPACE", f'Property "{definition.name}" has leading or trailing whitespace.'
        )
    if definition.type == "number":
        fits = _NUMBER.fullmatch(value)
        return None if fits else Problem("INVALID_INTEGER", f"{value} was not a valid number.")
    if definition.type in ("bool", "enumeration"):
        return _option_problem(definition, value)
    if definition.type in ("date", "datetime"):
        return _time_problem(definition, value)
    return None


def _text_problem(definition: Property, value: str) -> Problem | None:
    limit = min(TEXT_LIMIT, definition.max_length or TEXT_LIMIT)
    if length(value, definition.unit) > limit:
        message = f'Property "{definition.name}" is longer than the maximum of {limit} characters.'
        return Problem("INVALID_LENGTH", message)
    if definition.name == "email" and not _EMAIL.fullmatch(value.strip()):
        return Problem("INVALID_EMAIL", f"Email address {value} is invalid")
    return None


def _option_problem(definition: Property, value: str) -> Problem | None:
    allowed = ("true", "false") if definition.type == "bool" else definition.options
    parts = [part for part in value.split(";") if part] if definition.is_set else [value]
    if all(part in allowed for part in parts):
        return None
    message = f"{value} was not one of the allowed options: [{', '.join(allowed)}]"
    return Problem("INVALID_OPTION", message)


def _time_problem(definition: Property, value: str) -> Problem | None:
    try:
        instant = _instant(value)
    except ValueError:
        return Problem("INVALID_LONG", f"{value} was not a valid long.")
    if definition.type == "date" and instant % _DAY_MS:
        return Problem("INVALID_DATE", f"{value} is not midnight UTC.")
    return None


def _instant(value: str) -> int:
    if _INTEGER.fullmatch(value):
        milliseconds = int(value)
        iso_limit = 253_402_300_799_999  # the end of the year 9999
        if abs(milliseconds) > iso_limit:
            raise ValueError(f"{value} lies outside the years that can be shown")
        return milliseconds
    if _DATE.fullmatch(value):
        day = date.fromisoformat(value)
        return millis(datetime(day.year, day.month, day.day, tzinfo=UTC))
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no zone")
    return millis(moment)


def _day(value: str) -> str:
    if _DATE.fullmatch(value):
        return date.fromisoformat(value).isoformat()
    return iso(_instant(value))[:10]
