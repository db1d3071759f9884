from __future__ import annotations

import pytest

from sandbox.hubspot.phones import national_digits


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+49 (0)30 1234-567", "301234567"),
        ("0049 30 1234567", "301234567"),
        ("030/1234567", "301234567"),
        ("+1 (801) 555-1234", "8015551234"),
        ("(801) 555-1234 ext. 12", "8015551234"),
        ("1-801-555-1234", "8015551234"),
        ("801.555.1234", "8015551234"),
        ("+420 601 123 456", "601123456"),
        ("", ""),
        ("unknown", ""),
    ],
)
def test_the_country_code_is_dropped(typed: str, digits: str) -> None:
    assert national_digits(typed) == digits
