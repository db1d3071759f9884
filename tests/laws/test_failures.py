"""No failure of HubSpot is claimed to be dealt with that no test shows, and none of the reference is left out."""

import re

import pytest

from tests.laws.failures import FAILURES, GUIDE, NOT_OURS, Failure, guide
from tests.proofs import absent

SURPRISES = set(range(1, 21))  # hubspot-api, section 9
PAINS = set(range(1, 26))  # peers, section D


def test_the_guide_holds_the_table_as_it_is() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert text.count("<!-- generated: failures -->") == 1
    assert guide(text) == text, "python -m tests.laws.failures"


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.what)
def test_every_test_that_is_named_is_there(failure: Failure) -> None:
    assert absent(failure.tests) == []


def test_every_surprise_and_every_pain_is_dealt_with() -> None:
    sources = [(s, failure) for failure in FAILURES for s in failure.source.split("; ")]
    surprises = {int(n) for s, _ in sources if s.startswith("H ") for n in re.findall(r"\b9\.(\d+)", s)}
    pains = {int(n) for s, _ in sources if re.fullmatch(r"D [\d, ]+", s) for n in re.findall(r"\d+", s)}
    assert surprises == SURPRISES
    assert pains | NOT_OURS.keys() == PAINS
    assert not pains & NOT_OURS.keys()
    rows = {int(n) for s, _ in sources for n in re.findall(r"2\.3 row (\d)", s)}
    assert rows == {1, 2, 3, 4, 5, 6}  # hubspot-api, section 2.3
