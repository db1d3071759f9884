"""A transcript that is too long for its property stands whole in notes, associated with the record; never twice.

Notes have no unique property. The ledger keeps their ids, and before any is made the notes of the record are looked
through for one that says it is this part (`note_texts`), so that neither an answer that was lost nor a dropped
ledger makes a second. Nothing is sent again within a run: what may exist is looked for, and else left to the next.
Notes of older interactions stay, for they are history. What a person changed or deleted stays so.
"""

import hashlib
from collections.abc import Iterable
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from memorialization.canonical import canonical, value_hash
from memorialization.compare import DRIFTED, MISSING, NEW
from memorialization.errors import ConfigurationError
from memorialization.mapping import SPILLED
from memorialization.mappings import NOTE
from memorialization.note_texts import SMALLEST_LIMIT, bodies, told, unused
from memorialization.ports import Entity, NewRecord, Receipt, WriteRow
from memorialization.rendering import iso
from memorialization.run import Frozen, Ports, Run
from memorialization.text import utf16_length

BODY: Final = "hs_note_body"
AT: Final = "hs_timestamp"

STANDING: Final = "standing"
EDITED: Final = "edited"
PLANNED: Final = "planned"

NOT_WRITTEN: Final = "RECORD_NOT_WRITTEN"  # the record itself was not made, so nothing can stand beside it
MOVED: Final = "MOVED"  # somebody changed the note since it was planned

Key = tuple[str, str, str, int]  # record, property, interaction key, part

_KEYS: Final = ["record", "property", "interaction_key", "part"]
_WANTED: Final = [*_KEYS, "section", "end_time", "body"]


def wanted(candidates: pd.DataFrame, frozen: Frozen, entity: str) -> pd.DataFrame:
    """One row per note that should stand beside the records of these desired rows: columns `_WANTED`.

    Every interaction has its own, also where a newer one holds the property.
    """
    rows = []
    template = frozen.configuration.crm.rendering.transcript_template
    for s in frozen.sections:
        for row in s.section.spills if s.section.entity == entity else ():
            column = SPILLED + row.external_crm_field
            if column not in candidates:
                continue
            mine = candidates[candidates["section"].eq(s.number) & candidates[column].notna()]
            mine = mine.drop_duplicates(["record", "interaction_key"], keep="last")
            for record, key, end, text in mine[["record", "interaction_key", "end_time", column]].itertuples(
                index=False
            ):
                made = bodies(text, key, row.external_crm_field, _limit(frozen), template)
                named = (record, row.external_crm_field, key)
                rows += [(*named, part, s.number, end, body) for part, body in enumerate(made, start=1)]
    return pd.DataFrame(rows, columns=_WANTED)


def plan(run: Run, frozen: Frozen, entity: str, rows: pd.DataFrame, ports: Ports) -> pd.DataFrame:
    """Says of each wanted note whether it is standing, edited or planned (`state`), and of what is there its `note_id`.

    Notes that a shorter transcript left over are wanted too, with a body that says so.
    """
    target = frozen.entities[entity]
    records = rows["record"].where(~rows["record"].str.startswith(NEW)).astype("str")
    known, seen = _look(run, target, rows.assign(record_id=records), frozen, ports)
    rows = _with_left_over(rows, [*known, *seen.there])
    keys = list(rows[_KEYS].itertuples(index=False, name=None))
    found = seen.there | {key: str(n["note_id"]) for key, n in known.items()}
    rows["note_id"] = pd.Series([found.get(key) for key in keys], index=rows.index, dtype="str")
    rows["current"] = rows["note_id"].map(seen.bodies).astype("str")
    there, plain, held = rows["note_id"].notna(), _plain(rows["body"]), _plain(rows["current"])
    rows["value_hash"] = value_hash(plain, ports.key)
    written = pd.Series([known.get(key, {}).get("value_hash") for key in keys], index=rows.index, dtype="Int64")
    ours = written.eq(rows["value_hash"]).fillna(False).astype("bool")  # and HubSpot spells it another way
    gone = there & held.isna()
    unlike = there & ~gone & ~plain.eq(held)
    edited = gone | (unlike & rows["note_id"].isin(_by_people(rows.loc[unlike, "note_id"], frozen, ports)))
    rows["state"] = np.select([edited, there & (~unlike | ours)], [EDITED, STANDING], default=PLANNED)
    standing = rows[rows["state"].eq(STANDING)]
    _remember(run, target, standing.assign(record_id=standing["record"]), ports)
    return rows


def deliver(
    run: Run, frozen: Frozen, entity: str, planned: pd.DataFrame, ids: dict[str, str | None], ports: Ports
) -> pd.DataFrame:
    """Make and mend the planned notes; adds record_id, outcome, verified, category, code and correlation_id.

    `ids`: record -> its id, None where it is not there. HubSpot is looked at again first, so that a second try of the
    step makes no second note.
    """
    target, note = frozen.entities[entity], frozen.entities[NOTE]
    values = planned.assign(record_id=planned["record"].map(ids).astype("str")).reset_index(drop=True)
    values["trace"] = [_trace(run, key) for key in values[_KEYS].itertuples(index=False, name=None)]
    values["created"] = values["note_id"].isna()
    _, seen = _look(run, target, values, frozen, ports)
    values["note_id"] = values["note_id"].fillna(_found(values, seen))
    now = values["note_id"].map(seen.bodies).astype("str")
    done = _plain(values["body"]).eq(_plain(now))
    moved = values["note_id"].notna() & ~done & ~values["created"] & ~_plain(now).eq(_plain(values["current"]))
    lost = values["record_id"].isna()
    rest = values[~done & ~moved & ~lost]
    new, old = rest[rest["note_id"].isna()], rest[rest["note_id"].notna()]
    made = [
        NewRecord(row.trace, {BODY: row.body, AT: row.at}, row.record_id)
        for row in new.assign(at=iso(new["end_time"])).itertuples()
    ]
    mended = [WriteRow(row.trace, {BODY: row.body}, record_id=row.note_id) for row in old.itertuples()]
    alone = partial(ports.ledger.renew_lease, run.run_id)
    answers = ports.store.add(note, made, target, before=alone) if made else []
    answers += ports.store.write(note, mended, before=alone) if mended else []
    by_trace = {answer.trace: answer for answer in answers}
    receipts = [
        by_trace.get(trace) or Receipt(trace, "rejected" if why else "written", category=why or None)
        for trace, why in zip(values["trace"], np.select([lost, moved], [NOT_WRITTEN, MOVED], ""), strict=True)
    ]
    return _settled(run, values, receipts, target, frozen, ports)


class _Seen(NamedTuple):
    """What HubSpot holds: notes that say what they are, bodies by note id, and (record id, note id) associated."""

    there: dict[Key, str]
    bodies: dict[str, str]
    linked: set[tuple[str, str]]


def _look(
    run: Run, target: Entity, rows: pd.DataFrame, frozen: Frozen, ports: Ports
) -> tuple[dict[Key, dict[str, Any]], _Seen]:
    """What the ledger knows of the notes of these rows' transcripts, and what HubSpot holds.

    Notes that the ledger knows as those of other transcripts are not read again.
    """
    records = sorted(set(rows["record_id"].dropna()))
    if not records:
        return {}, _Seen({}, {}, set())
    asked = set(rows[["record_id", "property", "interaction_key"]].itertuples(index=False, name=None))
    known, others = {}, set()
    for n in ports.ledger.notes(run.configuration, target.type_id, records):
        key = (n["record_id"], n["property"], n["interaction_key"], n["part"])
        if key[:3] in asked:
            known[key] = n
        else:
            others.add(n["note_id"])
    note = frozen.entities[NOTE]
    linked = {(r, n) for r, notes in ports.store.associated(target, records, note).items() for n in notes}
    wanted_ids = {n["note_id"] for n in known.values()} | {n for _, n in linked if n not in others}
    found = ports.store.read(note, sorted(wanted_ids, key=int), [BODY]) if wanted_ids else pd.DataFrame()
    held = dict(zip(found["asked"], found[BODY], strict=True)) if len(found) else {}
    held = {note_id: body for note_id, body in held.items() if isinstance(body, str)}
    says = dict(zip(held, map(told, _plain(pd.Series(list(held.values()), dtype="str"))), strict=True))
    there: dict[Key, str] = {}
    for record, note_id in sorted(linked, key=lambda pair: int(pair[1])):  # of two the older
        said = says.get(note_id)
        if said is not None:
            there.setdefault((record, said.property, said.interaction_key, said.part), note_id)
    return known, _Seen(there, held, linked)


def _with_left_over(rows: pd.DataFrame, found: Iterable[Key]) -> pd.DataFrame:
    """And the parts that there are in HubSpot, and that the transcript does not have any more."""
    last = rows.drop_duplicates(_KEYS[:3], keep="last").set_index(_KEYS[:3])
    left = [
        (*key[:3], key[3], row["section"], row["end_time"], unused(key[2], key[1], key[3], int(row["part"])))
        for key in dict.fromkeys(found)
        if key[:3] in last.index and key[3] > (row := last.loc[key[:3]])["part"]
    ]
    return pd.concat([rows, pd.DataFrame(left, columns=_WANTED)], ignore_index=True) if left else rows


def _found(values: pd.DataFrame, seen: _Seen) -> pd.Series:
    keys = values[["record_id", *_KEYS[1:]]].itertuples(index=False, name=None)
    return pd.Series([seen.there.get(key) for key in keys], index=values.index, dtype="str")


def _settled(
    run: Run, values: pd.DataFrame, receipts: list[Receipt], target: Entity, frozen: Frozen, ports: Ports
) -> pd.DataFrame:
    """What became of each note; what HubSpot left unanswered is decided by what it holds now."""
    made = pd.Series([r.record_id for r in receipts], index=values.index, dtype="str")
    values["note_id"] = values["note_id"].fillna(made)
    for name in ("outcome", "category", "code", "correlation_id"):
        values[name] = pd.Series([getattr(r, name) for r in receipts], index=values.index, dtype="str")
    _, seen = _look(run, target, values[values["outcome"].ne("rejected")], frozen, ports)
    values["note_id"] = values["note_id"].fillna(_found(values, seen))
    stands = _plain(values["body"]).eq(_plain(values["note_id"].map(seen.bodies).astype("str")))
    pairs = zip(values["record_id"], values["note_id"], strict=True)
    linked = pd.Series([pair in seen.linked for pair in pairs], index=values.index)
    there = values["note_id"].isin(list(seen.bodies)) & (linked | ~values["created"])
    arrived = values["outcome"].eq("unaccounted") & there & (stands | values["created"])
    values["outcome"] = values["outcome"].mask(arrived, "written")
    values["verified"] = (stands & there).where(values["outcome"].eq("written")).astype("boolean")
    _remember(run, target, values[values["outcome"].eq("written")], ports)
    _receipts(run, values, frozen.entities[NOTE], ports)
    return values


def _remember(run: Run, target: Entity, rows: pd.DataFrame, ports: Ports) -> None:
    columns = ["record_id", *_KEYS[1:], "note_id", "value_hash"]
    ports.ledger.keep_notes(
        rows[columns].assign(configuration=run.configuration, type_id=target.type_id, run_id=run.run_id)
    )


def _receipts(run: Run, values: pd.DataFrame, note: Entity, ports: Ports) -> None:
    kept = values[["interaction_key", "outcome", "created", "verified", "category", "code", "correlation_id"]]
    before = _plain(values["current"])
    ports.ledger.keep_receipts(
        kept.assign(
            run_id=run.run_id,
            type_id=note.type_id,
            record=values["note_id"].where(~values["created"], NEW + values["trace"]),
            property=BODY,
            record_id=values["note_id"],
            verdict=np.where(values["created"], MISSING, DRIFTED),
            before_hash=pd.Series(value_hash(before, ports.key), index=values.index)
            .where(before.notna())
            .astype("Int64"),
            before_length=utf16_length(values["current"]),
            after_hash=values["value_hash"],
            after_length=utf16_length(values["body"]),
        )
    )


def _by_people(ids: pd.Series, frozen: Frozen, ports: Ports) -> list[str]:
    """Of these notes, those whose body a person changed last."""
    asked = ids.unique().tolist()
    histories = ports.store.histories(frozen.entities[NOTE], asked, [BODY]) if asked else {}
    sources = frozen.configuration.crm.integration_sources
    return [i for i in asked if (made := histories.get(i, {}).get(BODY)) and made[0].source_type not in sources]


def _plain(htmls: pd.Series) -> pd.Series:
    return canonical(htmls, "html", ())


def _limit(frozen: Frozen) -> int:
    limit = frozen.configuration.crm.measure.limit_of(frozen.schema[NOTE][BODY])
    if limit is None or limit < SMALLEST_LIMIT:
        raise ConfigurationError(
            f"on_overflow: note needs notes that may hold at least {SMALLEST_LIMIT:,} characters, and this portal's "
            f"rule for {BODY} allows {limit}. Raise it in HubSpot, or write on_overflow: cut."
        )
    return limit


def _trace(run: Run, key: Key) -> str:
    return hashlib.sha256(f"{run.run_id} note {key}".encode()).hexdigest()[:32]
