"""Brings two spellings of one value to one form, by what the value means; equal forms mean equal values.

HubSpot returns strings for everything and respells some; the live system spells a few fields differently
from the reporting API. What is not known to be the same stays different: what HubSpot made of one value is
learned by its echo (`echo`). Sources: hubspot-api, sections 3 and 9; memorialization reference, section 3,
"Rendering is configuration", and section 5.
"""

import re
import string
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final, Literal

import numpy as np
import pandas as pd
import phonenumbers

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
    text = values.astype("str").str.replace("\r\n?", "\n", regex=True).str.rstrip()
    text = text.where(text.ne(""))
    match kind:
        case "text":
            return text
        case "line":
            return text.where(~text.str.contains("\n", regex=False).eq(True), text.map(_one_line, na_action="ignore"))
        case "html":
            plain = text.map({value: _seen(value) for value in text.dropna().unique()}).astype("str")
            return plain.where(plain.ne(""))
        case "email":
            address = text.str.strip().str.lower()
            return address.where(address.ne(""))
        case "folded":
            folded = text.str.lower().str.replace(r"[\s_-]", "", regex=True).str.strip()
            return folded.where(folded.ne(""), text).replace(_SAME_WORD)
        case "instant":
            instants = parse(text)
            return instants.dt.strftime("%Y-%m-%dT%H:%M:%S.%f").astype("str").fillna(text)
        case "date":
            return parse(text).dt.strftime("%Y-%m-%d").astype("str").fillna(text)
        case "number":
            plain = text.str.strip()
            plain = plain.where(plain.str.fullmatch(NUMBER))
            plain = plain.str.replace(r"^(-?)0*", r"\1", regex=True)
            plain = plain.str.replace(r"^(-?)(\.|$)", r"\g<1>0\2", regex=True)
            plain = plain.str.replace(r"(\.[0-9]*?)0+$", r"\1", regex=True).str.removesuffix(".")
            return plain.replace({"-0": "0"}).fillna(text)
        case "set":
            unique = text.dropna().unique()
            forms = {v: ";".join(sorted({p.strip() for p in _split(v)} - {""})) for v in unique}
            chosen = text.map(forms).astype("str")
            return chosen.where(chosen.ne(""))
        case "phone":
            unique = text.dropna().unique()
            return text.map({v: _likeliest(v, regions) for v in unique}).astype("str")


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


def value_hash(canonical_values: pd.Series) -> np.ndarray:
    """int64 hashes of canonical values; 0 for a missing one."""
    text = canonical_values.astype("str")
    hashed = pd.util.hash_array(text.fillna("").to_numpy(dtype=object), categorize=False).view("int64")
    return np.where(text.isna(), 0, hashed)


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
