from datetime import UTC, datetime

import pandas as pd
import pytest

from memorialization.ledger import Ledger
from memorialization.preview import Difference, Onlooker, _difference, masked


@pytest.mark.parametrize(
    ("value", "whole", "shown"),
    [
        ("Meier-Lüdenscheid", False, "M…d (17)"),
        ("+49 30 1234567", False, "+…# (14)"),
        ("4711001", False, "#…# (7)"),
        ("٣abc٤", False, "#…# (5)"),
        ("Ada", False, "(3)"),
        ("Ja", False, "(2)"),
        ("\u202eabcd", False, "?…d (5)"),
        ("Guten Tag, hier Meier", True, "(21)"),
        ("😀" * 5, False, "😀…😀 (10)"),
        ("", False, "empty"),
        (None, False, "empty"),
        (float("nan"), True, "empty"),
    ],
)
def test_a_sample_shows_ends_and_length_and_never_a_digit(value: object, whole: bool, shown: str) -> None:
    assert masked(value, whole=whole) == shown


def changes(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """(record, property, desired, reason)"""
    frame = pd.DataFrame(rows, columns=["record", "property", "desired", "reason"], dtype="str")
    return frame.assign(entity="Ticket")


def test_two_plans_differ_in_what_only_one_writes_and_what_both_write_otherwise() -> None:
    new = changes(("1", "a", "x", ""), ("2", "a", "y", ""), ("3", "b", "z", ""), ("4", "c", "q", "systematic"))
    old = changes(("1", "a", "x", ""), ("2", "a", "Y", ""), ("4", "c", "q", ""), ("5", "d", "w", "ownership"))
    assert _difference(new, old) == (
        Difference("Ticket", "a", added=0, removed=0, changed=1, values=1),
        Difference("Ticket", "b", added=1, removed=0, changed=0, values=1),
        Difference("Ticket", "c", added=0, removed=1, changed=0, values=1),
    )


def test_empty_plans_do_not_differ() -> None:
    assert _difference(changes(), changes()) == ()


def holders(*records: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": list(records), "property": "p", "end_time": datetime(2026, 11, 20, tzinfo=UTC),
            "interaction_key": "v:1", "value_hash": 1, "times": 1,
        }
    )  # fmt: skip


def test_an_onlooker_reads_what_stands_and_writes_nothing(ledger: Ledger) -> None:
    ledger.keep_holders("acme", "0-5", holders("1"), written=True)
    onlooker = Onlooker(ledger._engine.url.render_as_string(hide_password=False))
    onlooker.check()
    onlooker.keep_holders("acme", "0-5", holders("2", "3"), written=True)
    onlooker.keep_holders("acme", "0-5", holders("4"), written=True)
    onlooker.start_step("0", "extract", "voice")
    onlooker.cover("acme", datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC), "0" * 32, "m")
    for seen in (ledger, onlooker):
        assert set(seen.holders("acme", "0-5", ["1", "2", "3", "4"])) == {("1", "p")}
