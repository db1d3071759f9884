"""Brings two spellings of one value to one form, by what the value means; equal forms mean equal values.

HubSpot returns strings for everything and respells some; the live system spells a few fields differently
from the reporting API. What is not known to be the same stays different. Sources: hubspot-api, sections 3
and 9; memorialization reference, section 3, "Rendering is configuration".
"""

from functools import lru_cache
from typing import Final, Literal

import pandas as pd
import phonenumbers

from memorialization.ports import Property
from memorialization.rendering import NUMBER, parse

Kind = Literal["text", "folded", "instant", "date", "number", "set", "phone"]

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
_LONG: Final = 11
_SAME_WORD: Final = {"call": "phonecall", "voice": "phonecall", "work": "workitem"}


def kind_of(target: Property, cxone_field: str) -> Kind:
    """How values of this row compare: by the property's type, then by what the CXone field is."""
    if target.type == "enumeration":
        return "set" if target.field_type == "checkbox" else "text"
    return _BY_TYPE.get(target.type) or _BY_FIELD.get(cxone_field, "text")


def canonical(values: pd.Series, kind: Kind, regions: tuple[str, ...]) -> pd.Series:
    """The canonical form (dtype str), missing where the value is missing or empty.

    A value that cannot be read as its kind (a word in a date) keeps its own text, so that it differs.
    """
    text = values.astype("str").str.replace("\r\n?", "\n", regex=True).str.rstrip()
    text = text.where(text.ne(""))
    match kind:
        case "text":
            return text
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
            return text.map({v: (*readings(v, regions), v)[0] for v in unique}).astype("str")


def _split(value: str) -> list[str]:
    return value.replace(",", ";").replace("|", ";").split(";")


@lru_cache(maxsize=200_000)
def readings(number: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    """Every valid reading of a phone number as +4930..., the likeliest first; empty if it is none.

    CXone writes international numbers without "+", and national ones without their country: digits alone can
    mean several numbers. Eleven digits and more that are valid with "+" are most likely that.
    """
    international = ("+" + number, None)
    national = [(number, region) for region in regions]
    bare = number.isdigit() and not number.startswith("0")
    order = [international, *national] if bare and len(number) >= _LONG else [*national, international]
    found = []
    for spelling, region in order if bare else national:
        try:
            parsed = phonenumbers.parse(spelling, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            found.append(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return tuple(dict.fromkeys(found))
