"""What is added beside the values: notes with whole transcripts (`notes`), and associations of records.

wanted = standing + edited + planned, and planned = made + rejected + unaccounted unless the gate held the run. They
are steps of their own, after the values: their records must exist, and what fails here costs no value.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import pandas as pd

from memorialization import associations, notes
from memorialization.approval import Plan
from memorialization.compare import NEW
from memorialization.intake import buckets_of
from memorialization.mappings import NOTE
from memorialization.plan import ASSOCIATIONS, NOTES, added, check_added, leave, pairs_of
from memorialization.reconcile import candidates_of
from memorialization.run import Frozen, Ports, Run, recorded, thaw

PLAN: Final = "plan additions"
ADD: Final = "add"

ASSOCIATION: Final = "Association"

PENDING: Final = ""
"""Instead of the id of a record whose bucket is not delivered yet."""


def plan(run: Run, entity: str, bucket: int, ports: Ports) -> None:
    """Compare what one bucket's records should have beside them with what HubSpot holds; writes nothing there."""
    frozen = thaw(run)
    if not _any(frozen, entity):
        return
    name = f"{entity}/{bucket}"
    with recorded(run, ports, PLAN, name) as summary:
        candidates = candidates_of(run, name)
        counts: Counter[tuple[str, int, str, str]] = Counter()
        if not candidates.empty:
            spilled = notes.wanted(candidates, frozen, entity)
            if not spilled.empty:
                spilled = notes.plan(run, frozen, entity, spilled, ports)
                counts.update(
                    (NOTE, *key) for key in zip(spilled["section"], spilled["property"], spilled["state"], strict=True)
                )
                run.files.write_frame(f"{NOTES}/{name}.parquet", spilled[spilled["state"].eq(notes.PLANNED)])
            pairs = associations.wanted(run, frozen, entity, candidates)
            if not pairs.empty:
                there = associations.standing(frozen, entity, pairs, ports)
                states = there.map({True: notes.STANDING, False: notes.PLANNED})
                counts.update(
                    (ASSOCIATION, *key) for key in zip(pairs["section"], pairs["target"], states, strict=True)
                )
                run.files.write_frame(f"{ASSOCIATIONS}/{name}.parquet", pairs[~there])
        summary.update(
            additions=[
                {"kind": kind, "section": int(section), "about": about, "state": state, "n": n}
                for (kind, section, about, state), n in sorted(counts.items())
            ]
        )


def deliver(run: Run, entity: str, bucket: int, ports: Ports) -> None:
    """Add what was planned for one bucket, whose values were delivered, and what waited for a record of it.

    Raises PlanRefused or ApprovalNeeded, before anything is added, unless that is still the plan.
    """
    frozen = thaw(run)
    name = f"{entity}/{bucket}"
    kept = leave(run, ports, name)
    beside = added(run, name)
    check_added(run, kept, name, beside, NOTES, ASSOCIATIONS)
    spilled = beside.get(NOTES, pd.DataFrame())
    waiting = [(near, i, pairs) for near, i, pairs in _waiting(run, kept, frozen, entity, bucket) if len(pairs)]
    if ASSOCIATIONS in beside:
        waiting.insert(0, (entity, bucket, beside[ASSOCIATIONS]))
    if spilled.empty and not waiting:
        return
    with recorded(run, ports, ADD, name) as summary:
        ends = _Ends(run, kept)
        if not spilled.empty:
            ids = {record: ends.find(entity, bucket, record) for record in spilled["record"].unique()}
            made = notes.deliver(run, frozen, entity, spilled, ids, ports)
            run.files.write_frame(f"notes_made/{name}.parquet", made.drop(columns=["body", "current"]))
        for near, i, pairs in waiting:
            near_ids = [ends.find(near, i, record) for record in pairs["record"]]
            far = zip(pairs["target"], pairs["other_bucket"], pairs["other"], strict=True)
            far_ids = [ends.find(str(target), int(b), record) for target, b, record in far]
            done = _associated(run, frozen, near, pairs.assign(near_id=near_ids, far_id=far_ids), ports)
            run.files.write_frame(f"associations_made/{near}/{i}/{name}.parquet", done)
        summary.update(notes=len(spilled), associations=sum(len(pairs) for _, _, pairs in waiting))


def made(run: Run, names: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(notes, associations) of these buckets with what became of each; those nothing is known of are not among them."""
    spilled, pairs = [], []
    every = list(dict.fromkeys(f"{pair['entity']}/{pair['bucket']}" for pair in buckets_of(run))) if names else []
    for name in names:
        spilled.append(_read(run, f"notes_made/{name}.parquet"))
        pairs += [_read(run, f"associations_made/{name}/{other}.parquet") for other in every]
    found = pd.concat(pairs, ignore_index=True) if pairs else pd.DataFrame()
    if len(found):  # two buckets may both have found both ends; one proof is enough
        found = found.sort_values("outcome", key=lambda o: o.ne("written"), kind="stable")
        found = found.drop_duplicates(["target", "record", "other"])
    return pd.concat(spilled, ignore_index=True) if spilled else pd.DataFrame(), found


class _Ends:
    """Where the records of a run are, as far as its buckets have been delivered."""

    def __init__(self, run: Run, kept: Plan) -> None:
        self._run = run
        self._planned = kept["buckets"]
        self._made: dict[str, dict[str, str] | None] = {}

    def find(self, entity: str, bucket: int, record: str) -> str | None:
        """The record's id; PENDING where its bucket is not delivered yet, None where it was not made."""
        if not record.startswith(NEW):
            return record
        name = f"{entity}/{bucket}"
        if name not in self._made:
            self._made[name] = self._receipts(name)
        made = self._made[name]
        if made is None:
            return PENDING if name in self._planned else None
        return made.get(record)

    def _receipts(self, name: str) -> dict[str, str] | None:
        if not self._run.files.exists(f"receipts/{name}.parquet"):
            return None
        receipts = self._run.files.read_frame(f"receipts/{name}.parquet", ["record", "record_id", "outcome"])
        written = receipts[receipts["outcome"].eq("written") & receipts["record_id"].notna()]
        return dict(zip(written["record"], written["record_id"], strict=True))


def _waiting(run: Run, kept: Plan, frozen: Frozen, entity: str, bucket: int) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """(entity, bucket, pairs): of the buckets of the plan, those whose other end is a new record of this one."""
    nears = {s.section.entity for s in frozen.sections if entity in s.section.associate_with}
    for pair in pairs_of(kept):
        near, i = pair["entity"], pair["bucket"]
        if near not in nears or ASSOCIATIONS not in kept["buckets"][f"{near}/{i}"]:
            continue
        pairs = _read(run, f"{ASSOCIATIONS}/{near}/{i}.parquet")
        check_added(run, kept, f"{near}/{i}", {ASSOCIATIONS: pairs} if len(pairs) else {}, ASSOCIATIONS)
        ours = pairs["target"].eq(entity) & pairs["other_bucket"].eq(bucket)
        yield near, i, pairs[ours & pairs["other"].str.startswith(NEW)]


def _associated(run: Run, frozen: Frozen, near: str, pairs: pd.DataFrame, ports: Ports) -> pd.DataFrame:
    """What became of the pairs; those with an end that is not there yet are left out, for they are done later."""
    lost = pairs["near_id"].isna() | pairs["far_id"].isna()
    pending = ~lost & (pairs["near_id"].eq(PENDING) | pairs["far_id"].eq(PENDING))
    ready = pairs[~lost & ~pending]
    found = ready.assign(record=ready["near_id"], other=ready["far_id"])
    alone = partial(ports.ledger.renew_lease, run.run_id)
    done = associations.deliver(frozen, near, found, ports, before=alone)
    done = done.assign(record=ready["record"], other=ready["other"])
    nowhere = pairs[lost].assign(outcome="rejected", category=notes.NOT_WRITTEN, code=None, correlation_id=None)
    return pd.concat([done, nowhere], ignore_index=True) if len(nowhere) else done


def _read(run: Run, name: str) -> pd.DataFrame:
    return run.files.read_frame(name) if run.files.exists(name) else pd.DataFrame()


def _any(frozen: Frozen, entity: str) -> bool:
    sections = [s.section for s in frozen.sections if s.section.entity == entity]
    return any(section.spills or section.associate_with for section in sections)
