"""Verdicts as counts and as rows, with literal values."""

import numpy as np
import pandas as pd

from memorialization.compare import RowRule, compare_property, in_order
from memorialization.rendering import Status
from memorialization.verdicts import counted, counted_rows, rows_of

LINE = RowRule("line", transcript=False)
HELD = ["one two", "three", "Bob", None, None, "x", "old"]


def _night() -> pd.DataFrame:
    rows = [
        ("v:1", "one\ntwo", Status.VALUE), ("v:2", "three", Status.VALUE), ("d:3", "Ada", Status.VALUE),
        ("d:4", "Eve", Status.VALUE), ("v:5", None, Status.TOO_LONG), ("d:6", None, Status.BLANK),
        ("v:7", None, Status.ENDER_UNKNOWN),
    ]  # fmt: skip
    keys, values, statuses = zip(*rows, strict=True)
    ends = pd.date_range("2026-11-22T18:00:00Z", periods=len(rows), freq="min")
    return in_order(
        pd.DataFrame(
            {
                "interaction_key": pd.Series(keys, dtype="str"), "end_time": ends, "due_at": ends,
                "key_value": pd.Series(keys, dtype="str"), "section": 0,
                "v.p": pd.Series(values, dtype="str"), "s.p": statuses,
            }
        )
    )  # fmt: skip


def test_settled_verdicts_are_counted_with_their_reasons_and_the_others_are_rows() -> None:
    candidates, current = _night(), pd.Series(HELD, dtype="str")
    records = pd.Series([str(n) for n in range(len(HELD))], dtype="str")
    readable = np.array([True] * (len(HELD) - 1) + [False])
    compared = compare_property("p", candidates, np.arange(len(HELD)), current, readable, [LINE], ())
    told = [
        (c["channel"], c["verdict"], c["reason"], c["n"]) for c in counted("p", candidates, current, compared, [LINE])
    ]
    assert told == [
        ("digital", "not_expected", "", 1),
        ("voice", "equal", "", 1),
        ("voice", "equal", "flattened", 1),
        ("voice", "unreadable", "ender_unknown", 1),
        ("voice", "withheld", "too_long", 1),
    ]
    rows = rows_of("p", candidates, records, current, compared, np.flatnonzero(compared.under("drifted", "missing")))
    assert rows[["record", "interaction_key", "channel", "desired", "verdict"]].to_numpy().tolist() == [
        ["2", "d:3", "digital", "Ada", "drifted"],
        ["3", "d:4", "digital", "Eve", "missing"],
    ]
    assert counted_rows(rows) == [
        {"section": 0, "property": "p", "channel": "digital", "verdict": v, "reason": "", "n": 1}
        for v in ("drifted", "missing")
    ]
