"""Gathers what is known of an interaction: ledger, staging of its run, CXone, HubSpot; writes to none of them."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import fsspec
import pandas as pd

from app import steps
from app.connections import connection, ledger_url
from app.nights import interval_of
from app.settings import settings
from memorialization.compare import SUPERSEDED
from memorialization.configuration import Configuration, load
from memorialization.errors import ConfigurationError, MemorializationError
from memorialization.explain import Facts, TargetFacts, ValueFacts, Written
from memorialization.ledger.audit import seen, written_of
from memorialization.matching import MATCHED, PARKED
from memorialization.ports import Channel
from memorialization.preview import Onlooker
from memorialization.replay import Replayed, asked, replay, staged
from memorialization.run import Ports, run_of

_FRESH: Final = 60.0  # seconds
_kept: dict[str, tuple[float, tuple[Any, ...], Ports | None]] = {}
_asking = threading.Lock()


def gather(name: str, contact: str) -> list[Facts]:
    """The facts of every leg of a contact (Contact ID, its GUID, or interaction key), the oldest first.

    Raises ConfigurationError if no run has seen it.
    """
    configuration = load(settings().mappings, name)
    ports = _ports(configuration)
    ports.ledger.check()
    rows = seen(ports.ledger, name, contact)
    if not rows:
        raise ConfigurationError(
            f"no run of {name} has seen the contact {contact!r}. Copy the Contact ID from CXone or the interaction "
            f"key from a report; if its day was never run: memorialize run -c {name} --from DAY --to DAY"
        )
    return [_facts(configuration, row, ports) for row in rows]


def _ports(configuration: Configuration) -> Ports:
    """Clients that ask for token, account and properties anew only after `_FRESH` seconds, or for another connection.

    A person who goes from contact to contact waits for none of that a second time.
    """
    crm = (configuration.cxone_connection, configuration.hubspot_connection)
    of = (configuration, *map(connection, crm), ledger_url())
    with _asking:
        made, wanted, ports = _kept.get(configuration.name, (0.0, (), None))
        if ports is None or wanted != of or time.monotonic() - made > _FRESH:
            ports = replace(steps.ports(configuration), ledger=Onlooker(ledger_url()))
            _kept[configuration.name] = (time.monotonic(), of, ports)
    return ports


def _facts(configuration: Configuration, row: dict[str, Any], ports: Ports) -> Facts:
    key, now = row["interaction_key"], datetime.now(UTC)
    run_id = str(row["run_id"])
    batch, origin = None, ""
    facts = ports.ledger.find_run(run_id)
    if facts and row["state"] != "provisional":  # what is still open may have gone on since
        batch, origin = staged(run_of(facts), key), f"as run {run_id} read it"
    if batch is None and row["start_time"]:
        try:
            batch, origin = asked(configuration, key, row["start_time"], row["end_time"], now, ports), "asked of it now"
        except MemorializationError as error:
            origin = f"could not be asked: {type(error).__name__}"
    replayed = None
    if batch is not None:
        with _in_memory() as folder:
            replayed = replay(configuration, batch, now, ports, folder)
    elif not origin.startswith("could"):
        origin = "does not tell it any more"
    settled = replayed.settled if replayed else {}
    end = row["end_time"]
    return Facts(
        configuration=configuration.name,
        mode=configuration.crm.mode,
        integration_sources=frozenset(configuration.crm.integration_sources),
        interaction_key=key,
        channel=row["channel"],
        state=settled.get("state") or row["state"],
        reason=settled.get("reason") if replayed else row["reason"],
        mapping=settled.get("mapping"),
        ended_by=settled.get("ended_by"),
        start_time=row["start_time"],
        end_time=end,
        said=settled,
        origin=origin,
        seen_by=run_id,
        interval=interval_of(configuration.crm.schedule, end, configuration.crm.timezone) if end else None,
        now=now,
        targets=tuple(_targets(configuration, row, replayed, ports)),
    )


@contextmanager
def _in_memory() -> Iterator[str]:
    """The address of a staging in this process's memory, gone at the end: customer text touches no disk."""
    folder = f"/memorialize-explain-{uuid4()}"
    try:
        yield f"memory:/{folder}"
    finally:
        fsspec.filesystem("memory").rm(folder, recursive=True)


def _targets(
    configuration: Configuration, row: dict[str, Any], replayed: Replayed | None, ports: Ports
) -> Sequence[TargetFacts]:
    key, ledger = row["interaction_key"], ports.ledger
    channel: Channel = row["channel"]
    sections = [s for m in configuration.mappings.values() for s in m.sections]
    first = {m["entity"]: m for m in _of(ledger, "matches", configuration.name, key)}
    decided = {r["entity"]: r["record_id"] for r in _of(ledger, "resolutions", configuration.name, key)}
    if replayed:
        targets = replayed.targets
    else:  # what the ledger remembers of it; of sections, the first of the record type speaks
        number = {s.entity: i for i, s in reversed(list(enumerate(sections))) if s.rows(channel)}
        waiting = {p["entity"]: p for p in _of(ledger, "parked", configuration.name, key)}
        targets = [
            {"entity": e, "section": number[e], "outcome": MATCHED, "record_id": m["record_id"], "candidates": ()}
            for e, m in first.items()
            if e in number
        ] + [
            {"entity": e, "section": number[e], "outcome": PARKED, "reason": p["reason"], "candidates": p["candidates"]}
            for e, p in waiting.items()
            if e in number
        ]
    result = []
    for target in targets:
        entity, number_ = target["entity"], int(target["section"])
        record = target.get("record_id") if target["outcome"] == MATCHED else None
        kept = first.get(entity, {}) if record else {}
        section = sections[number_]
        crm, type_id = configuration.crm, ports.store.entity(entity).type_id
        base = f"{crm.external_screenpop_domain_hs}/contacts/{crm.account_id}/record/{type_id}"
        result.append(
            TargetFacts(
                entity=entity,
                outcome=target["outcome"],
                record_id=record,
                link=f"{base}/{record}" if record else None,
                rule=kept.get("rule") or target.get("rule"),
                by=kept.get("resolved_by"),
                reason=target.get("reason"),
                candidates=tuple(target["candidates"]),
                decided=decided.get(entity),
                values=tuple(_values(configuration, number_, section.rows(channel), entity, record, replayed, ports)),
            )
        )
    return result


def _values(
    configuration: Configuration, number: int, rows: Any, entity: str, record: str | None,
    replayed: Replayed | None, ports: Ports,
) -> Sequence[ValueFacts]:  # fmt: skip
    if record is None:
        return ()
    target = ports.store.entity(entity)
    names = [row.external_crm_field for row in rows]
    found = ports.store.read(target, [record], names)
    held = {} if found.empty else found.iloc[0].to_dict()
    histories = ports.store.histories(target, [record], names).get(record, {}) if held else {}
    holders = ports.ledger.holders(configuration.name, target.type_id, [record])
    receipts = written_of(ports.ledger, configuration.name, target.type_id, record)
    result = []
    for row in rows:
        name = row.external_crm_field
        verdict = replayed.verdicts.get((number, name), (SUPERSEDED, "")) if replayed else (None, "")
        value = held.get(name)
        result.append(
            ValueFacts(
                property=name,
                cxone_data=row.cxone_data,
                transcript=row.is_transcript,
                verdict=verdict[0],
                reason=verdict[1],
                ownership=row.ownership,
                desired=replayed.desired.get((number, name)) if replayed else None,
                held=value if isinstance(value, str) and not pd.isna(value) else None,
                newest=next(iter(histories.get(name, ())), None),
                holder=holders.get((record, name)),
                receipts=tuple(Written(**{k: v for k, v in r.items() if k != "property"})
                               for r in receipts if r["property"] == name),
            )
        )  # fmt: skip
    return result


def _of(ledger: Any, table: str, configuration: str, key: str) -> list[dict[str, Any]]:
    return list(ledger.rows(
        f"select * from {table} where configuration = :configuration and interaction_key = :key",  # noqa: S608
        configuration=configuration, key=key,
    ))  # fmt: skip
