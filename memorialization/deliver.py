"""apply -> verify for one bucket: writes what the gate released, and proves for every value what became of it.

planned = written + rejected + unaccounted, per value, by trace id and never by position; written values are
read back: written = verified + verify_failed. Values are looked at again just before they go out, slice by slice, and
before they go out again; what HubSpot left unanswered is settled by reading it. A second try of the same step sends
nothing that was acknowledged or stands, and never makes a second record: new records go through an upsert by their
unique key (hubspot-api, section 2). What somebody changed since it was planned is `held: moved`, even to the very
value that was planned, for it is not ours to take back; what somebody changed after we wrote it stays changed, and
its receipt says written.
"""

import hashlib
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from memorialization import echo, plan, rejections
from memorialization.canonical import canonical, same
from memorialization.compare import NEW
from memorialization.errors import MemorializationError, QuotaExhausted, ServiceUnavailable, Transient
from memorialization.gate import MOVED, may_be_written
from memorialization.ports import Entity, Receipt, WriteRow
from memorialization.receipts import REJECTED, UNACCOUNTED, WRITTEN, Book, acknowledged, answers, rows
from memorialization.reconcile import holders_of, kinds_of
from memorialization.run import Frozen, Ports, Run, recorded, thaw

FREE: Final = "free"
STANDING: Final = "standing"
ACKNOWLEDGED: Final = "acknowledged"
UNSENT: Final = "unsent"

SLICE: Final = 400  # records looked at and written in one go: four batches side by side
ROUNDS: Final = 5  # of looking and writing, for what has no answer
FIRST_WAIT = 2.0  # seconds before the second round; doubled before each further one


def deliver(run: Run, entity: str, bucket: int, ports: Ports) -> dict[str, Any]:
    """Write one bucket of the run's plan; returns counts.

    Raises PlanRefused or ApprovalNeeded unless it is still the plan that may be applied, LeaseLost where another run
    works the window, and what the store raises before anything is sent. The lease is asked before each batch. What is
    Transient is raised also where it left values unsettled, after their receipts are kept: the next try goes on.
    """
    frozen = thaw(run)
    name = f"{entity}/{bucket}"
    with recorded(run, ports, "apply", name) as summary:
        decided = run.files.read_json("gate.json")
        planned = may_be_written(run, name, decided["hold"], decided["systematic"])
        plan.check(run, ports, name, planned)
        target = frozen.entities[entity]
        planned = planned.assign(trace=[_trace(run, record) for record in planned["record"]])
        before = acknowledged(run, planned, target, ports)
        told = pd.Series([key in before for key in _keys(planned)], index=planned.index, dtype="bool")
        found, given, stopped_by = _send(run, name, planned[~told], frozen, target, ports)
        fresh = found.reindex(planned.index, fill_value=ACKNOWLEDGED)
        planned = planned.assign(fresh=fresh)[fresh.ne(MOVED)].reset_index(drop=True)
        values, unread = _settle(run, planned, before, given, frozen, target, ports)
        run.files.write_frame(f"receipts/{name}.parquet", values)
        _remember(run, values, frozen, target, ports)
        summary.update(
            planned=len(values),
            **{o: int(values["outcome"].eq(o).sum()) for o in (WRITTEN, REJECTED, UNACCOUNTED)},
            verified=int(values["verified"].eq(True).sum()),
            created=int(values.loc[values["created"], "record"].nunique()),
            stopped_by=_told(stopped_by or unread),
        )
        if not values["outcome"].eq(UNACCOUNTED).any():
            stopped_by = None  # reading back has settled it
        for error in (stopped_by, unread):
            if isinstance(error, Transient):
                raise error
    return dict(summary)


def _keys(planned: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(planned["record"], planned["property"], strict=True))


def _told(error: MemorializationError | None) -> str | None:
    return f"{type(error).__name__}: {error}" if error else None


def _send(
    run: Run, name: str, planned: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports
) -> tuple[pd.Series, dict[str, Receipt], MemorializationError | None]:
    """Look at the values and write those that are free, slice by slice; again, after a new look, what has no answer.

    Returns what the last look found of each value (UNSENT where none was made), the answers by trace, and the error
    that ended the sending early. Raises that error where nothing was sent before it.
    """
    found = pd.Series(UNSENT, index=planned.index, dtype="str")
    given: dict[str, Receipt] = {}
    for part in _slices(planned):
        for turn in range(ROUNDS):
            if turn:
                time.sleep(FIRST_WAIT * 2 ** (turn - 1))
            try:
                fresh, there = _look_as_sender(run, name, part, frozen, target, ports)
                found[part.index] = fresh
                moved = planned.loc[found.eq(MOVED), ["record", "property"]]
                run.files.write_frame(f"moved/{name}.parquet", moved)
                part = part[fresh.eq(FREE)]
                given |= _written(run, name, part, there, frozen, target, ports)
            except MemorializationError as error:
                if not given:
                    raise
                return found, given, error
            part = part[[given[trace].outcome == UNACCOUNTED for trace in part["trace"]]]
            stopped_by = ports.store.stopped_by if len(part) else None
            if part.empty or not isinstance(stopped_by, ServiceUnavailable | None):
                break
        if stopped_by is not None:
            return found, given, stopped_by
    return found, given, None


def _slices(planned: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Parts of at most `SLICE` records of a kind; kinds (by id, by each key property) fill batches of their own."""
    if planned.empty:
        return
    kind = planned["key_property"].where(planned["record"].str.startswith(NEW), "").astype("str")
    number = pd.Series(0, index=planned.index)
    for _, records in planned["record"].groupby(kind):
        number[records.index] = records.factorize(sort=True)[0] // SLICE
    for _, part in planned.groupby(number):
        yield part


def _look_as_sender(
    run: Run, name: str, part: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports
) -> tuple[pd.Series, dict[str, str]]:
    """What `_look` found, and the records that exist.

    What stands without our having sent it was somebody else's doing, and so is moved; what we sent without hearing an
    answer stands also in HubSpot's own spelling.
    """
    fresh, there, held = _look(part, frozen, target, ports)
    sent = set(_keys(_sent(run, name)))
    ours = pd.Series([key in sent for key in _keys(part)], index=part.index, dtype="bool")
    unlike = part.assign(record_id=part["record"].map(there))[
        fresh.eq(MOVED) & ours & held.notna() & ~_merged(part, there)
    ]
    kinds = kinds_of(frozen, target.name)
    respelled = echo.learn(run, unlike, held[unlike.index], frozen, target, kinds, ports)
    fresh = fresh.mask(respelled.reindex(fresh.index, fill_value=False), STANDING)
    ours |= part["record"].str.startswith(NEW)  # a revert leaves new records
    return fresh.mask(fresh.eq(STANDING) & ~ours, MOVED), there


def _written(
    run: Run, name: str, part: pd.DataFrame, there: dict[str, str], frozen: Frozen, target: Entity, ports: Ports
) -> dict[str, Receipt]:
    """The answers by trace. Kept before anything is sent: what is about to be, so that what stands of it is ours."""
    if part.empty:
        return {}
    together = pd.concat([_sent(run, name), part[["record", "property"]]], ignore_index=True)
    run.files.write_frame(_sent_file(name), together.drop_duplicates())
    book = Book(run, part, frozen, target, ports)
    alone = partial(ports.ledger.renew_lease, run.run_id)
    receipts = ports.store.write(target, _rows(frozen, part, there), before=alone, told=book.take)
    return {r.trace: r for r in receipts}


def _sent(run: Run, name: str) -> pd.DataFrame:
    """What this or an earlier try of the step sent or was about to send: record, property."""
    if not run.files.exists(_sent_file(name)):
        return pd.DataFrame(columns=["record", "property"], dtype="str")
    return run.files.read_frame(_sent_file(name))


def _sent_file(name: str) -> str:
    return f"sent/{name}.parquet"


def look_again(planned: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> pd.Series:
    """What became of each value since it was planned, read just before the write.

    free: as planned; standing: HubSpot holds the value already, by an earlier try of this step or by somebody else;
    moved: somebody changed it since, or merged its record into another, and it is left alone.
    """
    return _look(planned, frozen, target, ports).found


class _Seen(NamedTuple):
    found: pd.Series  # as `look_again`
    ids: dict[str, str]  # record -> record id of those that exist
    held: pd.Series  # what HubSpot holds of each value


def _look(planned: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> _Seen:
    there, ids = _read_back(planned, frozen, target, ports)
    held = _held_now(planned, there)
    standing = _stands_now(planned, held, frozen, target, ports)
    as_planned = _stands_now(planned.assign(desired=planned["current"]), held, frozen, target, ports)
    untouched = as_planned | (planned["current"].isna() & held.isna())
    found = np.select([_merged(planned, ids), standing, untouched], [MOVED, STANDING, FREE], default=MOVED)
    return _Seen(pd.Series(found, index=planned.index, dtype="str"), ids, held)


def _merged(planned: pd.DataFrame, ids: dict[str, str]) -> pd.Series:
    """Rows of ids that lead to another record by now: a later run judges all that is the survivor's in one place."""
    survivor = planned["record"].map(ids)
    return survivor.notna() & survivor.ne(planned["record"]) & ~planned["record"].str.startswith(NEW)


def _rows(frozen: Frozen, sent: pd.DataFrame, there: dict[str, str]) -> list[WriteRow]:
    """`there`: records that exist; one that was made since it was planned keeps its fixed values."""
    create_with = {s.number: s.section.create_with for s in frozen.sections}
    rows = []
    for record, group in sent.groupby("record", sort=True):
        values = dict(zip(group["property"], group["desired"], strict=True))
        first = group.iloc[0]
        if str(record).startswith(NEW):
            values = ({} if record in there else create_with[int(first["section"])]) | values
            rows.append(
                WriteRow(
                    first["trace"],
                    values,
                    key_property=first["key_property"],
                    key_value=first["key_value"],
                )
            )
        else:
            rows.append(WriteRow(first["trace"], values, record_id=str(record)))
    return rows


def _trace(run: Run, record: object) -> str:
    return hashlib.sha256(f"{run.run_id} {record}".encode()).hexdigest()[:32]


def _settle(
    run: Run,
    planned: pd.DataFrame,
    before: dict[tuple[str, str], Receipt],
    given: dict[str, Receipt],
    frozen: Frozen,
    target: Entity,
    ports: Ports,
) -> tuple[pd.DataFrame, QuotaExhausted | Transient | None]:
    """The planned values with their outcome; what HubSpot left unanswered is decided by what it holds now.

    `before`: what earlier tries were answered, by value; `given`: what this one was answered, by trace. Where reading
    back fails, because the day's calls are used up or HubSpot is away, that error is returned too, and nothing is
    verified.
    """
    unread: QuotaExhausted | Transient | None = None
    unsent, stands = Receipt("", UNACCOUNTED), Receipt("", WRITTEN)
    found = [
        before[key] if fresh == ACKNOWLEDGED else stands if fresh == STANDING else given.get(trace, unsent)
        for key, trace, fresh in zip(_keys(planned), planned["trace"], planned["fresh"], strict=True)
    ]
    values = answers(planned, found)
    try:
        asked = values["outcome"].ne(REJECTED) & values["fresh"].ne(UNSENT)
        there, ids = _read_back(values[asked], frozen, target, ports)
    except (QuotaExhausted, Transient) as error:
        there, ids, unread = pd.DataFrame(), {}, error
    held = _held_now(values, there)
    holds = _stands_now(values, held, frozen, target, ports)
    values["record_id"] = values["record_id"].fillna(values["record"].map(ids).astype("str"))
    unlike = values["outcome"].eq(WRITTEN) & ~holds & held.notna()
    kinds = kinds_of(frozen, target.name)
    try:
        learned = echo.learn(run, values[unlike], held[unlike], frozen, target, kinds, ports)
        holds |= learned.reindex(holds.index, fill_value=False)
    except (QuotaExhausted, Transient) as error:
        unread = error
    values["stands"] = held.where(holds, values["desired"])
    values["outcome"] = values["outcome"].where(~(values["outcome"].eq(UNACCOUNTED) & holds), WRITTEN)
    values["verified"] = holds.where(values["outcome"].eq(WRITTEN)).astype("boolean")
    return values, unread


def _read_back(sent: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> tuple[pd.DataFrame, dict[str, str]]:
    """(what HubSpot holds now: one row per record, a column per property; record -> record id)."""
    names = sorted(sent["property"].unique())
    new = sent["record"].astype("str").str.startswith(NEW)
    frames = []
    if (~new).any():
        frames.append(ports.store.read(target, sent.loc[~new, "record"].unique().tolist(), names))
    for key_property, group in sent[new].groupby("key_property"):
        keys = group["key_value"].unique().tolist()
        found = ports.store.read(target, keys, names, id_property=str(key_property))
        frames.append(found.assign(asked=NEW + found["asked"]))
    if not frames:
        return pd.DataFrame(columns=names), {}
    there = pd.concat(frames, ignore_index=True).drop_duplicates("asked").set_index("asked")
    return there, there["record_id"].to_dict()


def _held_now(values: pd.DataFrame, there: pd.DataFrame) -> pd.Series:
    """What HubSpot now holds at each (record, property), missing where it holds nothing or was not read."""
    held = pd.Series(np.nan, index=values.index, dtype="str")
    for name, group in values.groupby("property"):
        if name in there:
            held.loc[group.index] = there[name].reindex(group["record"].to_numpy()).set_axis(group.index)
    return held


def _stands_now(values: pd.DataFrame, held: pd.Series, frozen: Frozen, target: Entity, ports: Ports) -> pd.Series:
    """Whether HubSpot now holds each value, or what it is known to make of it."""
    equal = _equal_now(values, held, frozen, target)
    unlike = ~equal & held.notna()
    setup = frozen.configuration
    equal[unlike] = echo.known(
        values[unlike], held[unlike], setup.name, target, kinds_of(frozen, target.name), setup.crm.phone_regions,
        ports,
    )  # fmt: skip
    return equal


def _equal_now(values: pd.DataFrame, held: pd.Series, frozen: Frozen, target: Entity) -> pd.Series:
    """Whether HubSpot now holds each value, by what the value means."""
    equal = pd.Series(False, index=values.index)
    regions = frozen.configuration.crm.phone_regions
    for (section, name), group in values.groupby(["section", "property"]):
        kind = kinds_of(frozen, target.name)[int(section), str(name)]
        now = held[group.index]
        cleared = group["desired"].notna() & canonical(group["desired"], kind, regions).isna()  # by a revert alone
        equal.loc[group.index] = same(group["desired"], now, kind, regions) | (
            cleared & canonical(now, kind, regions).isna()
        )
    return equal


def _remember(run: Run, values: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> None:
    """Receipts, refusals and holders into the ledger: hashes and lengths, no text."""
    receipts = rows(run, values, frozen, target, ports.key)
    ports.ledger.keep_receipts(receipts)
    standing = values[values["verified"].eq(True)]
    standing = standing.assign(record=standing["record_id"], desired=standing["stands"])
    if run.reverts:  # what stands there now is not ours
        ports.ledger.drop_holders(run.configuration, target.type_id, standing)
        return
    rejections.found(run, target, values[values["verified"].eq(True)], rejections.WRITTEN, ports)
    refused = receipts.assign(end_time=values["end_time"])[values["outcome"].eq(REJECTED)]
    rejections.keep(run, refused, frozen, target, ports)
    regions = frozen.configuration.crm.phone_regions
    holders = holders_of(standing, kinds_of(frozen, target.name), regions, ports.key)
    ports.ledger.keep_holders(run.configuration, target.type_id, holders, written=True)
