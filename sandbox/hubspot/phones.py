"""A calculated phone number holds the digits of the national number: no country code, no trunk zero.

HubSpot drops the country code in `hs_searchable_calculated_phone_number` (hubspot-api, section 3). How it
tells one is not documented; here a `+` or `00` announces one, and eleven digits that start with 1 are North
American.
"""

from __future__ import annotations

import re

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

_COUNTRY_CODES = frozenset(str(code) for code in COUNTRY_CODE_TO_REGION_CODE)
_EXTENSION = re.compile(r"\s*(?:ext\.?|x|#|;ext=)\s*\d+\s*$", re.IGNORECASE)
_NOT_DIGIT = re.compile(r"\D+")


def national_digits(phone: str) -> str:
    """The digits of the national number of a phone as people type it; "" when it holds none."""
    text = _EXTENSION.sub("", phone.strip()).replace("(0)", "")
    digits = _NOT_DIGIT.sub("", text)
    if text.startswith("+"):
        return _without_country(digits)
    if digits.startswith("00"):
        return _without_country(digits[2:])
    if len(digits) == 11 and digits.startswith("1"):
        return digits[1:]
    return digits.removeprefix("0")


def _without_country(digits: str) -> str:
    for length in (1, 2, 3):  # calling codes are prefix-free
        if digits[:length] in _COUNTRY_CODES:
            return digits[length:]
    return digits
