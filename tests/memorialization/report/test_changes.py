"""Changes counted bucket by bucket, with literal values."""

import pandas as pd

from memorialization.gate import MOVED, OWNERSHIP, QUOTA, SYSTEMATIC
from memorialization.report.changes import Changes


def part(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """Rows of (record, property, interaction key, verdict, held)."""
    frame = pd.DataFrame(list(rows), columns=["record", "property", "interaction_key", "verdict", "held"], dtype="str")
    return frame.assign(section=0)


def changes() -> Changes:
    counted = Changes(pd.MultiIndex.from_tuples([(0, "status")], names=["section", "property"]))
    counted.add(
        "Ticket",
        part(
            ("1", "agent", "v:1", "missing", ""),
            ("1", "skill", "v:1", "drifted", ""),
            ("2", "agent", "v:2", "missing", QUOTA),
            ("3", "status", "v:3", "drifted", SYSTEMATIC),
            ("4", "agent", "v:4", "drifted", OWNERSHIP),
        ),
        (MOVED,),
    )
    counted.add(
        "Contact", part(("1", "agent", "v:1", "missing", MOVED), ("9", "agent", "d:9", "truncated", "")), (MOVED,)
    )
    return counted


def test_every_value_is_counted_once_by_its_reason_and_row() -> None:
    counted = changes()
    assert counted.held == {"": 3, QUOTA: 1, SYSTEMATIC: 1, OWNERSHIP: 1, MOVED: 1}
    assert counted.rows == {(0, "agent", "voice"): 3, (0, "status", "voice"): 1}


def test_a_record_is_planned_once_in_its_entity() -> None:
    planned = changes().planned
    assert planned[["entity", "record"]].to_numpy().tolist() == [["Ticket", "1"], ["Ticket", "2"], ["Contact", "9"]]


def test_lost_is_what_neither_a_decision_nor_a_systematic_difference_explains() -> None:
    assert changes().lost.to_dict() == {"v:1": 3, "v:2": 1}


def test_only_rows_of_the_reasons_asked_for_are_kept() -> None:
    told = changes().told
    assert told[["entity", "record", "held"]].to_numpy().tolist() == [["Contact", "1", MOVED]]


def test_nothing_changed_is_nothing() -> None:
    nothing = Changes(pd.MultiIndex.from_tuples([], names=["section", "property"]))
    assert nothing.lost.empty and nothing.told.empty and nothing.planned.empty
    assert nothing.held == {} and nothing.rows == {}
