"""Brings two spellings of one value to one form, by what the value means; equal forms mean equal values.

HubSpot returns strings for everything and respells some; the live system spells a few fields differently
from the reporting API. What is not known to be the same stays different: what HubSpot made of one value is
learned by its echo (`echo`). Sources: hubspot-api, sections 3 and 9; memorialization reference, section 3,
"Rendering is configuration", and section 5.
"""

import re
import string
from collections.abc import Callable, Iterator
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final, Literal

import numpy as np
import pandas as pd
import phonenumbers

from memorialization.columns import by_unique, holds
from memorialization.hashing import Key
from memorialization.ports import Property
from memorialization.rendering import NUMBER, parse

Kind = Literal["text", "line", "html", "email", "folded", "instant", "date", "number", "set", "phone"]

_BY_TYPE: Final[dict[str, Kind]] = {
    "datetime": "instant",
    "date": "date",
    "number": "number",
    "bool": "folded",
    "phone_number": "phone",
}
_BY_FIELD: Final[dict[str, Kind]] = {
    "Start Time": "instant",
    "End Time": "instant",
    "ANI": "phone",
    "DNIS": "phone",
    "Tags": "set",
    "Status": "folded",
    "Media Type": "folded",
    "Direction": "folded",
    "Contact Type": "folded",
    "Channel Type": "folded",
    "Final State": "folded",
}
_PROSE: Final = ("Transcription Text", "Disposition Notes")
_ENDS_A_LINE: Final = frozenset(
    ("br", "p", "div", "li", "ul", "ol", "tr", "table", "blockquote", "pre", "hr", "h1", "h2", "h3", "h4", "h5", "h6")
)
_UNSEEN: Final = ("script", "style")
_TAGS_BEGIN: Final = "/!" + string.ascii_letters
_LONG: Final = 11
_PLAIN_INSTANT: Final = (
    r"(?:19|20)[0-9]{2}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3})?Z"
)
"""As HubSpot returns a datetime (hubspot-api, section 3), of a day that is known to be one: 29 February is not."""
_PLAIN_NUMBER: Final = r"0|[1-9][0-9]*"
_SAME_WORD: Final = {"call": "phonecall", "voice": "phonecall", "work": "workitem"}


def kind_of(target: Property, cxone_field: str) -> Kind:
    """How values of this row compare: by the property's type, then by what the CXone field is.

    A single-line text cannot show line breaks: prose that lost them there is whole (memorialization reference,
    section 5, "flattened by design"); in a text area it is not. HubSpot keeps e-mail addresses in lower case.
    """
    if target.type == "enumeration":
        return "set" if target.field_type == "checkbox" else "text"
    if target.name == "email":
        return "email"
    kind = "phone" if target.field_type == "phonenumber" else _BY_TYPE.get(target.type)
    kind = kind or _BY_FIELD.get(cxone_field, "text")
    if kind == "text" and target.field_type == "html":
        return "html"
    return "line" if kind == "text" and target.field_type == "text" and cxone_field in _PROSE else kind


def canonical(values: pd.Series, kind: Kind, regions: tuple[str, ...]) -> pd.Series:
    """The canonical form (dtype str), missing where the value is missing or empty.

    A value that cannot be read as its kind (a word in a date) keeps its own text, so that it differs.
    """
    text = values.astype("str")
    if holds(text, "\r"):
        text = text.str.replace("\r\n?", "\n", regex=True)
    text = _present(text.str.rstrip())
    match kind:
        case "text":
            return text
        case "line":
            flat = ~text.str.contains("\n", regex=False).eq(True)
            return _unless(flat, text, text, lambda rest: _each(rest, _one_line))
        case "html":
            return by_unique(text, lambda rich: _present(_each(rich, _seen)))
        case "email":
            return _present(text.str.strip().str.lower())
        case "folded":
            return by_unique(text, _folded)
        case "instant":
            millis = text.str.slice(20, 23)
            respelled = text.str.slice(0, 19) + "." + millis.mask(millis.eq(""), "000") + "000"
            return _unless(text.str.fullmatch(_PLAIN_INSTANT).eq(True), respelled, text, _instants)
        case "date":
            return by_unique(text, lambda dates: parse(dates).dt.strftime("%Y-%m-%d").astype("str").fillna(dates))
        case "number":
            return _unless(text.str.fullmatch(_PLAIN_NUMBER).eq(True), text, text, _numbers)
        case "set":
            return by_unique(text, lambda sets: _present(_each(sets, _members)))
        case "phone":
            return by_unique(text, lambda numbers: _each(numbers, lambda number: _likeliest(number, regions)))


def _present(text: pd.Series) -> pd.Series:
    """Missing where it is empty."""
    empty = text.eq("")
    return text.mask(empty) if empty.any() else text


def _each(text: pd.Series, form: Callable[[str], str]) -> pd.Series:
    return pd.Series([form(value) for value in text.to_numpy()], index=text.index, dtype="str")


def _unless(plain: pd.Series, quick: pd.Series, text: pd.Series, read: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """`quick` where a text is plain, else what `read` makes of it; missing stays missing."""
    rest = np.flatnonzero(text.notna() & ~plain)
    if len(rest):
        quick = quick.copy()
        quick.iloc[rest] = read(text.iloc[rest]).array
    return quick


def _folded(text: pd.Series) -> pd.Series:
    folded = text.str.lower().str.replace(r"[\s_-]", "", regex=True).str.strip()
    return folded.where(folded.ne(""), text).replace(_SAME_WORD)


def _instants(text: pd.Series) -> pd.Series:
    return parse(text).dt.strftime("%Y-%m-%dT%H:%M:%S.%f").astype("str").fillna(text)


def _numbers(text: pd.Series) -> pd.Series:
    plain = text.str.strip()
    plain = plain.where(plain.str.fullmatch(NUMBER))
    plain = plain.str.replace(r"^(-?)0*", r"\1", regex=True)
    plain = plain.str.replace(r"^(-?)(\.|$)", r"\g<1>0\2", regex=True)
    plain = plain.str.replace(r"(\.[0-9]*?)0+$", r"\1", regex=True).str.removesuffix(".")
    return plain.replace({"-0": "0"}).fillna(text)


def _members(value: str) -> str:
    return ";".join(sorted({part.strip() for part in _split(value)} - {""}))


def same(first: pd.Series, second: pd.Series, kind: Kind, regions: tuple[str, ...]) -> np.ndarray:
    """Where two aligned columns hold the same value; never where one of the two is missing.

    Digits without a country can mean several numbers, which no single form can show: two phone numbers are the
    same where one reading of the first is one of the second.
    """
    one, other = canonical(first, kind, regions), canonical(second, kind, regions)
    equal: np.ndarray = one.reset_index(drop=True).eq(other.reset_index(drop=True)).to_numpy(dtype=bool, copy=True)
    if kind == "phone":
        there = one.notna().to_numpy() & other.notna().to_numpy()
        for i in np.flatnonzero(there & ~equal):
            equal[i] = not set(readings(first.iloc[i], regions)).isdisjoint(readings(second.iloc[i], regions))
    return equal


def value_hash(canonical_values: pd.Series, key: Key) -> np.ndarray:
    """int64 hashes of canonical values; 0 for a missing one."""
    codes, unique = pd.factorize(canonical_values.astype("str"))
    hashed = key.marked(key.hashed(unique.to_numpy(dtype=object)))
    hashes: np.ndarray = np.append(hashed, 0)[codes]  # -1, the last, for a missing one
    return hashes


class _Seen(HTMLParser):
    """Collects the text that a reader of the page sees, a line break for each tag that makes one."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unseen += tag in _UNSEEN
        self._end_line(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        self._end_line(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)

    def _end_line(self, tag: str) -> None:
        if tag in _ENDS_A_LINE:
            self.parts.append("\n")


def _one_line(text: str) -> str:
    """A blank for the white space around and between line breaks. (A regular expression takes time by the square of
    a run of blanks.)"""
    first, *rest = text.split("\n")
    return " ".join([first.rstrip(), *filter(None, map(str.strip, rest))])


def unfinished_tag(rich: str) -> int:
    """Where a tag begins that html, cut inside it, does not end; else the length of the html."""
    start = rich.rfind("<")
    begun = start > rich.rfind(">") and (rich[start + 1 : start + 2] or "/") in _TAGS_BEGIN
    return start if begun else len(rich)


def _seen(rich: str) -> str:
    """The text content of html: HubSpot rewrites its tags, entities and spaces, and keeps this."""
    parser = _Seen()
    parser.feed(rich[: unfinished_tag(rich)])
    parser.close()
    lines = re.sub(r"[^\S\n]+", " ", "".join(parser.parts))
    return re.sub(r" ?\n\s*", "\n", lines).strip()


def _split(value: str) -> list[str]:
    return value.replace(",", ";").replace("|", ";").split(";")


@lru_cache(maxsize=200_000)
def readings(number: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    """Every valid reading of a phone number as +4930..., the likeliest first; empty if it is none.

    CXone writes international numbers without "+", and national ones without their country: digits alone can
    mean several numbers. Eleven digits and more that are valid with "+" are most likely that.
    """
    return tuple(dict.fromkeys(_read(number, regions)))


@lru_cache(maxsize=200_000)
def _likeliest(number: str, regions: tuple[str, ...]) -> str:
    """The first of the readings, or the number as it is; the others, which cost as much each, are not made."""
    return next(_read(number, regions), number)


def _read(number: str, regions: tuple[str, ...]) -> Iterator[str]:
    international = ("+" + number, None)
    national = [(number, region) for region in regions]
    bare = number.isdigit() and not number.startswith("0")
    order = [international, *national] if bare and len(number) >= _LONG else [*national, international]
    for spelling, region in order if bare else national:
        try:
            parsed = phonenumbers.parse(spelling, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            yield phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
