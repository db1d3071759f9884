"""What is done with every value is done with whole columns: ten times the rows are not more calls of Python functions.

Phone numbers are left out, each different one of which is read by its library.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import world
from memorialization.canonical import kind_of
from memorialization.compare import RowRule, compare_property, in_order
from memorialization.gate import released
from memorialization.hashing import key_of
from memorialization.ledger.copying import as_copied
from memorialization.mapping import map_section
from memorialization.moving import versions
from memorialization.reconcile import holders_of
from memorialization.settle import settle
from memorialization.verdicts import counted

FEW, MANY = 400, 4000
SETUP = world.configuration("laws")
KEY = key_of("0123456789abcdef0123456789abcdef")
SCHEMA = world.NumberedStore().properties(world.TICKET)
(SECTION,) = SETUP.mappings["All"].sections
KINDS = {(0, name): kind_of(SCHEMA[name], field) for name, field in world._PLAIN.items()}


def calls(work: Callable[[], Any]) -> int:
    """How many functions are called, of Python or of C."""
    n = 0

    def seen(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal n
        n += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return n


def told(rows: int) -> pd.DataFrame:
    frame = world._table(world.facts(np.arange(rows) * 5 + 2)).to_pandas()  # calls alone, with few different names
    return frame.assign(end_time=frame["end_time"].dt.floor("h"))


def desired(rows: int) -> pd.DataFrame:
    due = settle(told(rows), SETUP, world.DAY.end)
    return map_section(due, "voice", SECTION, pd.Series(dtype="str"), SCHEMA, SETUP).assign(section=0)


def settled(rows: int) -> Callable[[], Any]:
    frame = told(rows)
    return lambda: (settle(frame, SETUP, world.DAY.end), versions(frame, KEY))


def mapped(rows: int) -> Callable[[], Any]:
    due = settle(told(rows), SETUP, world.DAY.end)
    return lambda: map_section(due, "voice", SECTION, pd.Series(dtype="str"), SCHEMA, SETUP)


def compared(rows: int) -> Callable[[], Any]:
    candidates = in_order(desired(rows))
    record, readable = np.arange(rows), np.ones(rows, dtype=bool)

    def work() -> None:
        for (_, name), kind in KINDS.items():
            held, rules = candidates[f"v.{name}"].mask(record % 10 == 0), [RowRule(kind, transcript=False)]
            found = compare_property(name, candidates, record, held, readable, rules, ("DE",))
            counted(name, candidates, held, found, rules)

    return work


def kept(rows: int) -> Callable[[], Any]:
    wide = desired(rows)
    values = wide.assign(record=wide["key_value"], property="skill_id", desired=wide["v.skill_id"], times=0)
    return lambda: as_copied(holders_of(values, KINDS, (), KEY), ["record_id", "property"])


def gated(rows: int) -> Callable[[], Any]:
    frame = pd.DataFrame({"section": 0, "property": "p", "kept": False, "dismissed": False}, index=range(rows))
    return lambda: released(frame, None, [{"section": 0, "property": "p"}])


@pytest.mark.parametrize("step", [settled, mapped, compared, kept, gated])
def test_more_rows_are_not_more_calls(step: Callable[[int], Callable[[], Any]]) -> None:
    step(FEW)()  # imports and caches
    few, many = calls(step(FEW)), calls(step(MANY))
    assert many < few + (MANY - FEW) / 10, f"{few:,} calls for {FEW} rows, {many:,} for {MANY}"
