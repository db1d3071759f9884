"""The plan of a run: what the gate released, counted, hashed and kept. What is written is exactly that, or nothing.

The hashes of a bucket are over every value that may be written, every note and every association that is to stand
beside, and what HubSpot held when it was planned; the plan's hash is over its buckets, the run and the mapping. It
stands in the ledger, apart from the files it vouches for. It is salted with what stands in those files alone, for of a
bucket of one value a guess could be tried.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pandas as pd

from memorialization.approval import (
    APPLIED,
    APPROVED,
    EXPIRED,
    MADE,
    NOT_NEEDED,
    REFUSED,
    WITHOUT_LEAVE,
    Plan,
    above,
    amount,
    given_before,
    why_not,
)
from memorialization.compare import NEW
from memorialization.durations import length
from memorialization.errors import ApprovalNeeded, PlanRefused
from memorialization.ledger.copying import as_hashed
from memorialization.run import Frozen, Ports, Run, thaw

CHANGES: Final = "changes"
NOTES: Final = "notes"
ASSOCIATIONS: Final = "associations"

_CONTENT: Final = {
    CHANGES: ["record", "record_id", "key_property", "key_value", "property", "section", "desired", "current"],
    NOTES: ["record", "property", "interaction_key", "part", "section", "end_time", "body", "note_id", "current",
            "value_hash"],
    ASSOCIATIONS: ["section", "target", "record", "other", "interaction_key", "other_bucket"],
}  # fmt: skip
"""By folder of the run's files, the columns that say what is written where."""
_TEXTS: Final = ("desired", "current", "body")
"""Columns that tell no row from another: the others do."""


class Tally:
    """The counts and hashes of a plan, gathered bucket by bucket, so that only one is in memory."""

    def __init__(self, salt: str) -> None:
        self._salt = salt
        self.buckets: dict[str, dict[str, str]] = {}
        self._n: Counter[str] = Counter()
        self._properties: Counter[tuple[str, str, str]] = Counter()

    def add(self, name: str, released: pd.DataFrame, beside: dict[str, pd.DataFrame]) -> None:
        """One bucket's values that may be written, the columns of *changes*, and what is added (`added`)."""
        self.buckets[name] = _hashes(released, beside, self._salt)
        there = beside[NOTES]["note_id"].notna() if NOTES in beside else pd.Series(dtype="bool")
        new = released["record"].astype("str").str.startswith(NEW)
        self._n.update(
            values=len(released),
            overwrites=int(released["current"].fillna("").ne("").sum()),
            creates=int(released.loc[new, "record"].nunique()),
            records=int(released["record"].nunique()),
            notes=int((~there).sum()),
            mended=int(there.sum()),
            associations=len(beside.get(ASSOCIATIONS, ())),
        )
        entity = name.rsplit("/", 1)[0]
        for (prop, verdict), n in released.groupby(["property", "verdict"]).size().items():
            self._properties[entity, str(prop), str(verdict)] += int(n)

    def counts(self, comparable: int) -> dict[str, Any]:
        """{values, overwrites, creates, records, notes, mended, associations, comparable, properties}

        `notes` are new, `mended` are there; `comparable`: values that HubSpot holds and CXone knows, of the whole run;
        `properties`: [{entity, property, verdict, n}].
        """
        rows = [
            {"entity": entity, "property": prop, "verdict": verdict, "n": n}
            for (entity, prop, verdict), n in sorted(self._properties.items())
        ]
        names = ("values", "overwrites", "creates", "records", "notes", "mended", "associations")
        numbers = {name: self._n[name] for name in names}
        return {**numbers, "comparable": comparable, "properties": rows}


def added(run: Run, name: str) -> dict[str, pd.DataFrame]:
    """What is to stand beside the records of one bucket, `<entity>/<number>`: NOTES, ASSOCIATIONS; never empty."""
    files = {folder: f"{folder}/{name}.parquet" for folder in (NOTES, ASSOCIATIONS)}
    frames = {folder: run.files.read_frame(file) for folder, file in files.items() if run.files.exists(file)}
    return {folder: frame for folder, frame in frames.items() if len(frame)}


def bucket_hash(rows: pd.DataFrame, salt: str, folder: str = CHANGES) -> str:
    """16 hex digits over the content of these rows of a folder's file, in whatever order they stand."""
    content = rows[_CONTENT[folder]]
    told = as_hashed(content, [column for column in content if column not in _TEXTS]) if len(content) else b""
    return hashlib.sha256(salt.encode() + told).hexdigest()[:16]


def _hashes(released: pd.DataFrame, beside: dict[str, pd.DataFrame], salt: str) -> dict[str, str]:
    return {folder: bucket_hash(rows, salt, folder) for folder, rows in ({CHANGES: released} | beside).items()}


def keep(run: Run, frozen: Frozen, tally: Tally, comparable: int, ports: Ports, *, backfill: bool) -> dict[str, Any]:
    """Enter the plan into the ledger, decided where no person needs to be asked; returns it as it stands there."""
    limits = frozen.configuration.crm.approval
    horizon = length(limits.horizon)
    mapping_hash = frozen.configuration.mapping_hash
    content = [run.run_id, mapping_hash, sorted(tally.buckets.items())]
    counts = tally.counts(comparable)

    def made(plans: list[dict[str, Any]]) -> dict[str, Any]:
        now = datetime.now(UTC)
        before = [p for p in plans if str(p["run_id"]) != run.run_id]
        total = sum(amount(c) for c in (*(p["counts"] for p in before), counts))
        # a revert is an order
        exceeds = [] if run.reverts else above([*(p["counts"] for p in before), counts], limits)
        given = given_before(before, total) if exceeds else None
        return {
            "run_id": run.run_id,
            "configuration": run.configuration,
            "mapping_hash": mapping_hash,
            "plan_hash": hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16],
            "buckets": tally.buckets,
            "counts": counts | {"total": total},
            "backfill": backfill,
            "state": APPROVED if given else MADE if exceeds else NOT_NEEDED,
            "exceeds": exceeds,
            "made_at": now,
            "expires_at": now + horizon,
            "decided_by": given["decided_by"] if given else None,
            "decided_at": given["decided_at"] if given else None,
        }

    if backfill:
        ports.ledger.keep_backfill_plan(run.configuration, datetime.now(UTC) - horizon, made)
    else:
        ports.ledger.keep_plan(made([]))
    kept = ports.ledger.plan(run.run_id)
    assert kept is not None
    return kept


def pairs_of(plan: Plan | None) -> list[dict[str, Any]]:
    """The (entity, bucket) pairs of a plan that may be written now; none where there is no plan or no leave."""
    if plan is None or plan["state"] in (*WITHOUT_LEAVE, APPLIED):
        return []
    split = [name.rsplit("/", 1) for name in sorted(plan["buckets"])]
    return [{"entity": entity, "bucket": int(bucket)} for entity, bucket in split]


def check(run: Run, ports: Ports, name: str, released: pd.DataFrame) -> None:
    """Raises PlanRefused or ApprovalNeeded unless this bucket, and what is added to it, may be written as it is now."""
    check_content(run, leave(run, ports, name), name, released)


def leave(run: Run, ports: Ports, name: str) -> Plan:
    """The plan by which this bucket may be written now. Raises PlanRefused or ApprovalNeeded where there is none."""
    plan = ports.ledger.plan(run.run_id)
    if plan is None or name not in plan["buckets"]:
        raise PlanRefused(f"{name} of run {run.run_id} is in no plan. Run the window again.")
    if plan["state"] == MADE:
        raise ApprovalNeeded(why_not(plan))
    check_usable(plan)
    return plan


def check_content(run: Run, plan: Plan, name: str, released: pd.DataFrame) -> None:
    """Raises PlanRefused where the run's files do not say any more what was planned."""
    frozen = thaw(run)
    if frozen.configuration.mapping_hash != plan["mapping_hash"]:
        raise PlanRefused(f"the mapping of run {run.run_id} was altered after its plan was made. Run the window again.")
    _compare(run, plan, name, _hashes(released, added(run, name), frozen.salt), (CHANGES, NOTES, ASSOCIATIONS))


def check_added(run: Run, plan: Plan, name: str, beside: dict[str, pd.DataFrame], *folders: str) -> None:
    """Raises PlanRefused unless `beside`, in these folders, is what was planned beside the values of a bucket."""
    salt = thaw(run).salt
    found = {folder: bucket_hash(beside[folder], salt, folder) for folder in folders if folder in beside}
    _compare(run, plan, name, found, folders)


def _compare(run: Run, plan: Plan, name: str, found: dict[str, str], folders: Iterable[str]) -> None:
    for folder in folders:
        if found.get(folder) != plan["buckets"][name].get(folder):
            raise PlanRefused(
                f"{folder}/{name}.parquet of run {run.run_id} is not what was planned: it was altered since, and "
                "nothing of it is written. Run the window again."
            )


def check_usable(plan: Plan) -> None:
    """Raises PlanRefused where a plan was refused, is applied, or is older than its horizon."""
    if plan["state"] in (REFUSED, EXPIRED):
        raise PlanRefused(why_not(plan))
    if plan["state"] == APPLIED:
        raise PlanRefused(f"the plan of run {plan['run_id']} is applied already; nothing was written.")
    if datetime.now(UTC) >= plan["expires_at"]:
        raise PlanRefused(
            f"the plan of run {plan['run_id']} is of {plan['made_at'].astimezone(UTC):%Y-%m-%d %H:%M} UTC and older "
            "than approval.horizon allows; nothing was written. Run the window again."
        )
