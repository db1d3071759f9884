"""A value that HubSpot refused lives on in the ledger until it is cured; it is never dropped without a word.

    open -> cured      written, found equal, edited by a person, or superseded by a newer interaction's value
         -> expired    refused for longer than `rejected.expire_after`, or out of the reach of every later run
         -> dismissed  by a person: held until its value changes

An open one is offered again 1, 2, 4, 8 ... days after each refusal: its interaction is pulled, mapped, compared and
planned anew, so a changed mapping, portal or value cures it. HubSpot refuses rows, so all values of a refused row
are kept.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pandas as pd

from memorialization.crm import Crm
from memorialization.durations import length
from memorialization.hashing import comparable
from memorialization.ledger.rejections import cure, out_of_reach, places, uncured
from memorialization.ledger.rejections import offered as due
from memorialization.ports import Entity
from memorialization.run import Frozen, Ports, Run, thaw

OPEN: Final = "open"
CURED: Final = "cured"
EXPIRED: Final = "expired"
DISMISSED: Final = "dismissed"

WRITTEN: Final = "written"
EQUAL: Final = "equal"
EDITED: Final = "edited"
SUPERSEDED: Final = "superseded"
TIME: Final = "time"

_DAY: Final = timedelta(days=1)
_MOST_DOUBLED: Final = 15  # 45 years: beyond every `expire_after`, and within the calendar
_KEPT: Final = [
    "type_id", "interaction_key", "property", "record", "start_time", "end_time", "value_hash", "value_length",
    "category", "code", "correlation_id", "run_id",
]  # fmt: skip


def offered(run: Run, start: datetime, ports: Ports) -> tuple[frozenset[str], datetime | None]:
    """Keys of the interactions that this run is to meet again, and when the first of them began.

    `start`: from when on it meets interactions anyway; it goes back further by `rejected.expire_after`. What began
    earlier expires here, unless the run is a rehearsal.
    """
    crm = thaw(run).configuration.crm
    begin = start - length(crm.rejected.expire_after)
    if crm.mode == "adopted" and not run.dry_run:
        out_of_reach(ports.ledger, run.configuration, begin)
    return due(ports.ledger, run.configuration, run.window.end, begin)


def reach(crm: Crm) -> timedelta:
    """How long ago an interaction may have begun for a nightly run to offer its refused values again, at the least."""
    return timedelta(hours=crm.extraction.max_call_hours) + length(crm.rejected.expire_after)


def found(run: Run, target: Entity, values: pd.DataFrame, reason: str, ports: Ports) -> None:
    """What was refused once and needs no writing now is cured.

    `values`: record, property, interaction_key, end_time.
    """
    known = places(ports.ledger, run.configuration, target.type_id) if len(values) else []
    if known:
        keys = {(row["interaction_key"], row["property"]) for row in known}
        records = {(row["record"], row["property"]) for row in known}
        near = values[values["property"].isin([row["property"] for row in known])]
        asked = zip(near["interaction_key"], near["record"], near["property"], strict=True)
        mine = near.loc[[(key, name) in keys or (record, name) in records for key, record, name in asked]]
        cure(ports.ledger, run.configuration, target.type_id, mine, reason)


def dismissed(
    run: Run, target: Entity, values: pd.DataFrame, hashed: Callable[[pd.DataFrame], pd.DataFrame], ports: Ports
) -> pd.Series:
    """Which of these values a person has dismissed as they are, or may have, where the ledger's hash is of another key;
    one row per record, property; and interaction_key.

    `hashed` gives record_id, property and value_hash of some of them.
    """
    known = uncured(ports.ledger, run.configuration, target.type_id, state=DISMISSED) if len(values) else []
    if not known:
        return pd.Series(False, index=values.index)
    told: dict[tuple[str, str], set[int]] = {}
    for row in known:
        for whose in (row["interaction_key"], row["record"]):
            told.setdefault((whose, row["property"]), set()).add(row["value_hash"])
    asked = zip(values["interaction_key"], values["record"], values["property"], strict=True)
    meant = pd.Series([told.get((k, p), set()) | told.get((r, p), set()) for k, r, p in asked], index=values.index)
    near = meant.map(bool).astype("bool")
    if not near.any():
        return pd.Series(False, index=values.index)
    forms = hashed(values[near])
    found = dict(zip(zip(forms["record_id"], forms["property"], strict=True), forms["value_hash"], strict=True))
    places = zip(values["record"], values["property"], meant, strict=True)
    same = [any(_may_be(found.get((r, p), 0), one) for one in hashes) for r, p, hashes in places]
    return pd.Series(same, index=values.index, dtype="bool")


def keep(run: Run, refused: pd.DataFrame, frozen: Frozen, target: Entity, ports: Ports) -> None:
    """Enter values that HubSpot refused: rows of the ledger's receipts, with the `end_time` of their interaction."""
    if refused.empty:
        return
    known = uncured(ports.ledger, run.configuration, target.type_id)
    before = {(row["interaction_key"], row["property"]): row for row in known}
    fresh = refused.rename(columns={"after_hash": "value_hash", "after_length": "value_length"})
    fresh["start_time"] = fresh["interaction_key"].map(_starts(run)).fillna(fresh["end_time"])
    keep_for, now = length(frozen.configuration.crm.rejected.expire_after), datetime.now(UTC)
    lives = [
        after_refusal(before.get((key, name)), int(value), run, keep_for, now)
        for key, name, value in zip(fresh["interaction_key"], fresh["property"], fresh["value_hash"], strict=True)
    ]
    kept = fresh[_KEPT].assign(configuration=run.configuration, last_at=now)
    ports.ledger.keep_rejected(kept.assign(**{name: [life[name] for life in lives] for name in lives[0]}))
    cure(ports.ledger, run.configuration, target.type_id, refused, SUPERSEDED, others=True)


def after_refusal(
    before: dict[str, Any] | None, value_hash: int, run: Run, keep_for: timedelta, now: datetime
) -> dict[str, Any]:
    """first_at, tries, next_at, state and reason of a value that was refused `now`; `before`: its row, if it has one.

    A refusal before the value was due again (the same step or window once more) brings its end no nearer.
    """
    if before is None or not _may_be(before["value_hash"], value_hash):
        before = {"first_at": now, "tries": 0, "next_at": run.window.end}
    elif run.window.end < before["next_at"]:
        return {name: before[name] for name in ("first_at", "tries", "next_at", "state", "reason")}
    tries = before["tries"] + 1
    doubled = min(tries, _MOST_DOUBLED)
    over = _DAY * (2**doubled - 1) > keep_for  # so long after the first refusal it would be offered next
    return {
        "first_at": before["first_at"],
        "tries": tries,
        "next_at": run.window.end + _DAY * 2 ** (doubled - 1),
        "state": EXPIRED if over else OPEN,
        "reason": TIME if over else None,
    }


def _may_be(one: int, other: int) -> bool:
    """Whether two hashes may be of the same value: all but those that are known to differ."""
    return one == other or not comparable(one, other)


def _starts(run: Run) -> "pd.Series[Any]":
    """interaction key -> start of the leg, of all interactions of the run."""
    frames = [
        run.files.read_frame(f"settled/{name}.parquet", ["interaction_key", "start_time"])
        for name in run.files.read_json("partitions.json")["partitions"]
        if run.files.exists(f"settled/{name}.parquet")
    ]
    return pd.concat(frames).drop_duplicates("interaction_key").set_index("interaction_key")["start_time"]
