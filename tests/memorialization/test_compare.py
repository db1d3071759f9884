"""Latest wins, and exactly one verdict per (record, property), held against a plain reading of the rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.compare import VERDICTS, Compared, RowRule, compare_property, disagreement, in_order
from memorialization.rendering import Status

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
TEXT = RowRule("text", transcript=False)
TRANSCRIPT = RowRule("text", transcript=True)
REGIONS = ("DE", "US")


def candidates(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Rows of (record, minute, interaction key, status or None, value[, section[, other spelling]])."""
    return in_order(
        pd.DataFrame(
            {
                "record": [r[0] for r in rows],
                "end_time": pd.to_datetime([START + timedelta(minutes=r[1]) for r in rows], utc=True),
                "interaction_key": [r[2] for r in rows],
                "s.p": [np.nan if r[3] is None else r[3] for r in rows],
                "v.p": pd.Series([r[4] for r in rows], dtype="str"),
                "section": [r[5] if len(r) > 5 else 0 for r in rows],
                "a.p": pd.Series([r[6] if len(r) > 6 else None for r in rows], dtype="str"),
            }
        )
    )


def compare(
    frame: pd.DataFrame,
    held: list[str | None],
    rules: tuple[RowRule | None, ...] = (TEXT,),
    unreadable: tuple[int, ...] = (),
) -> Compared:
    readable = np.array([i not in unreadable for i in range(len(held))])
    current = pd.Series(held, dtype="str")
    return compare_property("p", frame, frame["record"].to_numpy(), current, readable, rules, REGIONS)


def one(status: Status, value: str | None, held: str | None, rule: RowRule = TEXT) -> str:
    compared = compare(candidates((0, 0, "v:1", status, value)), [held], (rule,))
    assert compared.records.tolist() == [0]
    return str(compared.verdicts[0])


@pytest.mark.parametrize(
    ("status", "value", "held", "verdict"),
    [
        (Status.VALUE, "Ada", "Ada", "equal"),
        (Status.VALUE, "Ada", "Ada \r\n", "equal"),
        (Status.VALUE, "Ada", None, "missing"),
        (Status.VALUE, "Ada", "  ", "missing"),
        (Status.VALUE, "Ada", "Bob", "drifted"),
        (Status.VALUE, "Ada Lovelace", "Ada", "drifted"),  # only a transcript can be truncated
        (Status.BLANK, None, "Bob", "not_expected"),
        (Status.NO_SOURCE, None, "Bob", "no_source"),
        (Status.TOO_LONG, None, "Bob", "withheld"),
        (Status.ENDER_UNKNOWN, None, None, "withheld"),
    ],
)
def test_each_status_has_its_verdict(status: Status, value: str | None, held: str | None, verdict: str) -> None:
    assert one(status, value, held) == verdict


@pytest.mark.parametrize(
    ("held", "verdict"),
    [
        ("Hello, how are you?", "equal"),
        ("Hello, how", "truncated"),
        ("H", "truncated"),
        ("hello, how", "drifted"),
        ("how are you?", "drifted"),
        ("Hello, how are you? Fine.", "drifted"),
        (None, "missing"),
    ],
)
def test_a_proper_beginning_of_a_transcript_is_truncated(held: str | None, verdict: str) -> None:
    assert one(Status.VALUE, "Hello, how are you?", held, TRANSCRIPT) == verdict


def test_another_known_spelling_is_equal() -> None:
    compared = compare(candidates((0, 0, "v:1", 1, "4711", 0, "8c9a-uuid")), ["8c9a-uuid"])
    assert compared.verdicts.tolist() == ["equal"]


def test_no_other_spelling_and_nothing_held_is_missing() -> None:
    assert compare(candidates((0, 0, "v:1", 1, "4711", 0, None)), [None]).verdicts.tolist() == ["missing"]


def test_what_cannot_be_read_is_unreadable_whatever_it_should_hold() -> None:
    frame = candidates((0, 0, "v:1", 1, "Ada"), (1, 0, "v:2", 0, None), (2, 0, "v:3", 1, "Ada"))
    assert compare(frame, [None, None, "Ada"], unreadable=(0, 1)).verdicts.tolist() == [
        "unreadable",
        "unreadable",
        "equal",
    ]


def test_the_latest_end_wins_then_the_key_and_the_beaten_are_counted() -> None:
    frame = candidates(
        (0, 9, "v:9", 1, "late"),
        (0, 3, "v:3", 1, "early"),
        (1, 5, "v:52", 1, "greater key"),
        (1, 5, "v:51", 1, "smaller key"),
    )
    compared = compare(frame, ["late", "greater key"])
    assert compared.verdicts.tolist() == ["equal", "equal"]
    assert frame["v.p"].iloc[compared.superseded].tolist() == ["early", "smaller key"]


def test_a_later_blank_does_not_hide_an_earlier_value_but_a_later_withheld_one_does() -> None:
    frame = candidates(
        (0, 1, "v:1", 1, "Ada"),
        (0, 2, "v:2", Status.BLANK, None),
        (1, 1, "v:3", 1, "Ada"),
        (1, 2, "v:4", Status.TOO_LONG, None),
    )
    compared = compare(frame, ["Ada", "Ada"])
    assert compared.verdicts.tolist() == ["equal", "withheld"]
    assert len(compared.superseded) == 1


def test_a_section_that_does_not_map_the_property_is_silent() -> None:
    frame = candidates((0, 1, "v:1", 1, "Ada", 0), (0, 2, "v:2", None, None, 1), (1, 1, "v:3", None, None, 1))
    compared = compare(frame, ["Ada", "Ada"], (TEXT, None))
    assert compared.records.tolist() == [0]
    assert compared.verdicts.tolist() == ["equal"]


def test_each_section_compares_by_its_own_rule() -> None:
    frame = candidates((0, 1, "v:1", 1, "4930901820", 0), (1, 1, "v:2", 1, "4930901820", 1))
    compared = compare(frame, ["+49 30 901820", "+49 30 901820"], (RowRule("phone", False), TEXT))
    assert compared.verdicts.tolist() == ["equal", "drifted"]


_STATUSES = (None, *Status)
_TEXTS = ("A", "AB", "ABC", "B")


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[tuple[Any, ...]], list[str | None], tuple[int, ...]]:
    records = draw(st.integers(1, 4))
    rows = []
    for number in range(draw(st.integers(1, 12))):
        status = draw(st.sampled_from(_STATUSES))
        value = draw(st.sampled_from(_TEXTS)) if status == Status.VALUE else None
        minute, section = draw(st.integers(0, 3)), draw(st.integers(0, 1))
        rows.append((draw(st.integers(0, records - 1)), minute, f"v:{number:02}", status, value, section))
    held = draw(st.lists(st.sampled_from((None, "", *_TEXTS)), min_size=records, max_size=records))
    unreadable = draw(st.sets(st.integers(0, records - 1)))
    return draw(st.permutations(rows)), held, tuple(unreadable)


def _oracle(
    rows: list[tuple[Any, ...]], held: list[str | None], unreadable: tuple[int, ...]
) -> tuple[dict[int, str], set[str]]:
    """(record -> verdict, keys of the superseded), read off the rules one record at a time."""
    verdicts: dict[int, str] = {}
    superseded: set[str] = set()
    for record, stands in enumerate(held):
        mine = sorted((r for r in rows if r[0] == record and r[3] is not None), key=lambda r: (r[1], r[2]))
        speaking = [r for r in mine if r[3] == Status.VALUE or r[3] >= Status.TOO_LONG]
        superseded |= {r[2] for r in speaking[:-1]}
        if not mine:
            continue
        blank = any(r[3] == Status.BLANK for r in mine)
        if record in unreadable:
            verdicts[record] = "unreadable"
        elif not speaking:
            verdicts[record] = "not_expected" if blank else "no_source"
        elif speaking[-1][3] != Status.VALUE:
            verdicts[record] = "withheld"
        elif not stands:
            verdicts[record] = "missing"
        elif stands == speaking[-1][4]:
            verdicts[record] = "equal"
        elif speaking[-1][5] == 1 and speaking[-1][4].startswith(stands):  # section 1 maps the transcript
            verdicts[record] = "truncated"
        else:
            verdicts[record] = "drifted"
    return verdicts, superseded


@given(_cases())
def test_every_mapped_value_has_exactly_the_one_verdict_of_the_rules(
    case: tuple[list[tuple[Any, ...]], list[str | None], tuple[int, ...]],
) -> None:
    rows, held, unreadable = case
    frame = candidates(*rows)
    compared = compare(frame, held, (TEXT, TRANSCRIPT), unreadable)
    verdicts, superseded = _oracle(rows, held, unreadable)
    assert dict(zip(compared.records.tolist(), compared.verdicts.tolist(), strict=True)) == verdicts
    assert len(set(compared.records.tolist())) == len(compared.records)
    assert set(compared.verdicts.tolist()) <= set(VERDICTS)
    beaten = frame["interaction_key"].iloc[compared.superseded].tolist()
    assert set(beaten) == superseded
    assert len(beaten) == len(superseded)


@pytest.mark.parametrize(
    ("desired", "current", "pattern"),
    [
        ("Inbound", "INBOUND", "upper and lower case"),
        ("a b", "ab", "spacing"),
        ("a\nb", "a b", "spacing"),
        ("2026/11/22", "2026-11-22", "punctuation"),
        ("2026-11-22T18:00:00Z", "2026-11-22T19:00:00Z", "times +1 h apart"),
        ("2026-11-22T18:00:00Z", "2026-11-22T17:00:07Z", ""),
        ("4711", "8c9a", "spelled '9a9a' instead of '9'"),
        ("Ada", "Bob", ""),
        ("x" * 201, "X" * 201, ""),
    ],
)
def test_a_disagreement_is_named_only_where_it_has_a_pattern(desired: str, current: str, pattern: str) -> None:
    assert disagreement(desired, current) == pattern


def test_another_name_is_no_other_spelling() -> None:
    """After an outage a contact holds the skill of an older call: each such value is wrong for itself."""
    assert disagreement("E-Mail DE", "Reklamation DE") == ""
    assert disagreement("20786525", "5cb043ce-d002-4a99-a000-8f0a63effb86") != ""
