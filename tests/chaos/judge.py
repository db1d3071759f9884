"""What must be true after a night, whatever it met; each question answered by what is wrong, so nothing is good."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from memorialization.ledger import Ledger
from memorialization.report.model import Funnel
from tests.app.oracle import CONTACT, TICKET, oracle, records
from tests.app.world import World

OUTCOME: Final = {
    "cxone_disposition", "cxone_disposition_notes", "cxone_last_disposition", "cxone_last_notes"
}  # fmt: skip


@dataclass
class Judgement:
    """`values`: how many the oracle knows; else what is wrong, in words without values."""

    values: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    clobbered: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)


def judged(world: World, truth: Mapping[str, Any], ledger: Ledger, journal: Path, nights: tuple[str, str]) -> Judgement:
    """`truth` is of all that ever was, and holds people's edits of this night, too.

    Left out is what is due after the end of the `nights`, the records of what ended before their beginning, and what
    an agent said under Outcomes of a case that another agent took later: CXone hands out the last one's alone.
    """
    begin, end = nights
    due = [leg for leg in truth["legs"] if leg["fate"] and leg["due_at"] <= end]
    apart = {name for leg in due if leg["end"] < begin for name in records(leg)}
    told = oracle({**truth, "legs": [leg for leg in truth["legs"] if leg in due or not leg["fate"]]})
    names = told.values.keys() - apart
    tickets = {leg["ticket_id"]: leg["id"] for leg in truth["legs"] if leg["ticket_id"]}
    edited = {(e["type_id"], tickets.get(e["record_id"], e["record_id"]), e["property"]) for e in truth["edits"]}
    fleeting = {
        (name, property_)
        for leg in due
        if any(other["id"] == leg["id"] and other["end"] > leg["end"] for other in due)
        for name, values in records(leg).items()
        for property_ in OUTCOME & values.keys()
    }
    found = Judgement(sum(len(told.values[name]) for name in names))
    for name, what, *_ in told.wrong(world, sorted(names)):
        if (name, what) in fleeting:
            continue
        kind = found.clobbered if (*name, what) in edited else found.lost
        if what.endswith(" records") and what != "0 records":
            kind = found.doubled
        kind.append(f"{name[0]}/{name[1]} {what}")
    found.doubled += doubled(world, journal)
    runs = ledger.rows("select run_id::text, funnel from runs where finished_at is not null")
    found.unbalanced = [f"run {run['run_id']}: {what}" for run in runs for what in _imbalances(ledger, run)]
    held = ledger.rows("select run_id::text, holder from leases where expires_at > clock_timestamp()")
    found.stuck = [f"run {lease['run_id']} ({lease['holder']})" for lease in held]
    return found


def _imbalances(ledger: Ledger, run: Mapping[str, Any]) -> list[str]:
    """A funnel that does not add up, or that the receipts do not bear out."""
    funnel = Funnel(**run["funnel"])
    query = "select outcome, count(*) as n from receipts where run_id = cast(:run as uuid) group by outcome"
    receipts = {row["outcome"]: row["n"] for row in ledger.rows(query, run=run["run_id"])}
    counted = {name: getattr(funnel, name) for name in ("written", "rejected")}  # unsent ones may be held, or neither
    wrong = [f"{counted[name]} {name}, {receipts.get(name, 0)} receipts" for name in counted
             if counted[name] != receipts.get(name, 0)]  # fmt: skip
    return funnel.imbalances() + wrong


def doubled(world: World, journal: Path) -> Iterator[str]:
    """Values that we sent again although HubSpot still held them from the time before."""
    sent: dict[tuple[str, str, str], list[tuple[datetime, str]]] = defaultdict(list)
    for line in journal.read_text().splitlines():
        change = json.loads(line)
        if change.get("method") in ("create", "update") and change["source"]["type"] == "INTEGRATION":
            at, arguments = datetime.fromisoformat(change["at"]), change["arguments"]
            for name, value in arguments["properties"].items():
                sent[arguments["type_id"], arguments["record_id"], name].append((at, value))
    for (type_id, record, name), writes in sent.items():
        if type_id not in (CONTACT, TICKET):
            continue
        for (first, value), (second, again) in pairwise(writes):
            if value == again and not _changed_between(world, type_id, record, name, first, second):
                yield f"{type_id}/{record} {name}"


def _changed_between(world: World, type_id: str, record: str, name: str, first: datetime, second: datetime) -> bool:
    history = world.record(type_id, record)["history"].get(name, [])
    return any(first < datetime.fromisoformat(entry["timestamp"]) < second for entry in history)
