"""Versions tell a change from a row that merely looks otherwise; what of an older row is taken up follows from them."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.hashing import key_of
from memorialization.interactions import INTERACTIONS
from memorialization.moving import CHANGED, LATE, UNCHANGED, UNCOVERED, sifted, versions
from memorialization.ports import Window
from tests.memorialization.nights import DAY, SECRET, interaction

KEY = key_of(SECRET)
BEFORE = Window(DAY.start - timedelta(days=1), DAY.start)


def frame(*rows: dict[str, Any], extra: dict[str, pa.DataType] | None = None) -> pd.DataFrame:
    schema = INTERACTIONS
    for name, kind in (extra or {}).items():
        schema = schema.append(pa.field(name, kind))
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    ).to_pandas()


def version(row: dict[str, Any], *beside: dict[str, Any], **extra: pa.DataType) -> int:
    return int(versions(frame(row, *beside, extra=extra), KEY).iloc[0])


@pytest.mark.parametrize(
    "change",
    [
        {"disposition_name": "Sale"},
        {"disposition_notes": "corrected"},
        {"tags": ["VIP"]},
        {"tags": ["VIP", "Churn"]},
        {"transcript_ref": "0" * 64},
        {"due_at": DAY.start + timedelta(hours=20)},
        {"end_time": DAY.start + timedelta(hours=19)},
        {"wrap_up_closed": False},
        {"media_type_id": 5},
        {"agent_name": "Agent 2"},
        {"script.order": "A-1"},
    ],
)
def test_whatever_cxone_says_otherwise_is_another_version(change: dict[str, Any]) -> None:
    scripts = {"script.order": pa.large_string()}
    assert version(interaction(1), **scripts) != version(interaction(1) | change, **scripts)


def test_when_cxone_changed_a_row_and_a_column_of_nothing_make_no_version() -> None:
    plain = version(interaction(1))
    assert version(interaction(1) | {"updated_at": DAY.end}) == plain
    assert version(interaction(1), **{"script.order": pa.large_string()}) == plain


def test_a_version_does_not_depend_on_the_rows_beside_it() -> None:
    """Nulls beside it make another type of a column: 4 and 4.0, True and "True"."""
    odd = interaction(2, media_type_id=None, refused=None, tags=None, end_time=None, due_at=None)
    assert version(interaction(1), odd) == version(interaction(1)) == version(interaction(1), interaction(1))


def test_a_version_is_the_same_tomorrow() -> None:
    assert version(interaction(1)) == -2555015079518976863


@given(order=st.permutations([field.name for field in INTERACTIONS]))
def test_a_version_does_not_depend_on_the_order_of_columns(order: list[str]) -> None:
    rows = frame(interaction(1, tags=["a", "b"]), interaction(2))
    assert versions(rows[order], KEY).tolist() == versions(rows, KEY).tolist()


def test_what_is_taken_up_and_what_is_left() -> None:
    earlier = DAY.start - timedelta(hours=3)
    rows = frame(
        interaction(1),  # of the window
        interaction(2, end_time=None),  # still open
        interaction(3, end_time=earlier),  # known, and another version
        interaction(4, end_time=earlier),  # known as it is
        interaction(5, end_time=earlier),  # never seen, of a window that is covered
        interaction(6, end_time=BEFORE.start - timedelta(milliseconds=1)),  # never seen, of one that is not
        interaction(7, end_time=BEFORE.start - timedelta(days=30)),  # asked for again
        interaction(8, end_time=earlier),  # known, and no version of it
    )
    known = {"v:3": 1, "v:4": int(versions(rows, KEY)[3]), "v:8": None}
    found = sifted(rows, DAY, frozenset({"v:7"}), known, [BEFORE], KEY)
    assert found.tolist() == ["", "", CHANGED, UNCHANGED, LATE, UNCOVERED, "", CHANGED]


def test_a_version_that_was_hashed_with_another_key_is_looked_at_once_more() -> None:
    earlier = frame(interaction(4, end_time=DAY.start - timedelta(hours=3)))
    for key, why in ((KEY, UNCHANGED), (key_of("another"), CHANGED)):
        known = {"v:4": int(versions(earlier, key)[0])}
        assert sifted(earlier, DAY, frozenset(), known, [BEFORE], KEY).tolist() == [why]


def test_no_rows_have_no_versions() -> None:
    nothing = frame()
    assert versions(nothing, KEY).tolist() == [] and versions(nothing, KEY).dtype == np.int64
    assert sifted(nothing, DAY, frozenset(), {}, [BEFORE], KEY).tolist() == []
