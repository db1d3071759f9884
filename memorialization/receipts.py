"""Receipts in the ledger: what HubSpot acknowledged is kept while the writing goes on, and is never sent again.

A step that is killed loses at most the answers of the calls under way; the next try settles those by reading. Hashes
and lengths only, no text.
"""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from memorialization.canonical import canonical, value_hash
from memorialization.hashing import Key
from memorialization.ports import Entity, Receipt
from memorialization.reconcile import kinds_of
from memorialization.run import Frozen, Ports, Run
from memorialization.text import utf16_length

WRITTEN: Final = "written"
REJECTED: Final = "rejected"
UNACCOUNTED: Final = "unaccounted"

_ANSWER: Final = ["outcome", "created", "category", "code", "correlation_id"]


def answers(values: pd.DataFrame, given: Sequence[Receipt]) -> pd.DataFrame:
    """The values with what HubSpot answered to each: outcome, created, category, code, correlation_id, record_id."""
    ids = pd.Series([a.record_id for a in given], index=values.index, dtype="str")
    return values.assign(
        outcome=[a.outcome for a in given],
        created=[a.created for a in given],
        record_id=values["record_id"].fillna(ids),
        **{
            name: pd.Series([getattr(a, name) for a in given], index=values.index, dtype="str")
            for name in ("category", "code", "correlation_id")
        },
    )


def acknowledged(run: Run, planned: pd.DataFrame, target: Entity, ports: Ports) -> dict[tuple[str, str], Receipt]:
    """(record, property) -> what an earlier try of this run was answered, of values written or rejected."""
    known = ports.ledger.rows(
        "select record, property, record_id, outcome, created, category, code, correlation_id from receipts "
        "where run_id = cast(:run_id as uuid) and type_id = :type_id and outcome in ('written', 'rejected')",
        run_id=run.run_id,
        type_id=target.type_id,
    )
    mine = set(zip(planned["record"], planned["property"], strict=True))
    found = {(row.pop("record"), row.pop("property")): row for row in known}
    return {key: Receipt(trace="", **row) for key, row in found.items() if key in mine}


class Book:
    """The receipts of one bucket; `sent`: its values that go out now, each with the `trace` of its row."""

    def __init__(self, run: Run, sent: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> None:
        self._keep = ports.ledger.keep_receipts
        self._traces = sent["trace"].reset_index(drop=True)
        self._rows = rows(run, sent, frozen, target, ports.key).reset_index(drop=True)

    def take(self, told: Sequence[Receipt]) -> None:
        """Keep what HubSpot just answered; nothing is entered for rows that it left unanswered."""
        by_trace = {a.trace: a for a in told if a.outcome != UNACCOUNTED}
        mine = self._traces[self._traces.isin(by_trace)]
        self._keep(answers(self._rows.loc[mine.index], [by_trace[trace] for trace in mine]))


def rows(run: Run, values: pd.DataFrame, frozen: Frozen, target: Entity, key: Key) -> pd.DataFrame:
    """Values as rows of the ledger's receipts, without what HubSpot answered, which `values` may hold already."""
    kinds, regions = kinds_of(frozen, target.name), frozen.configuration.crm.phone_regions
    after = values["stands"] if "stands" in values else values["desired"]  # as HubSpot spells it, once it was read
    hashes = pd.DataFrame({"before": 0, "after": 0}, index=values.index, dtype="int64")
    for (section, name), group in values.groupby(["section", "property"]):
        kind = kinds[int(section), str(name)]
        hashes.loc[group.index, "before"] = value_hash(canonical(group["current"], kind, regions), key)
        hashes.loc[group.index, "after"] = value_hash(canonical(after[group.index], kind, regions), key)
    there = [c for c in (*_ANSWER, "verified") if c in values]
    kept: Any = values[["record", "property", "record_id", "interaction_key", "verdict", *there]]
    return kept.assign(
        run_id=run.run_id,
        type_id=target.type_id,
        before_hash=hashes["before"].where(values["current"].notna()).astype("Int64"),
        before_length=utf16_length(values["current"]),
        after_hash=hashes["after"],
        after_length=utf16_length(values["desired"]),
    )
