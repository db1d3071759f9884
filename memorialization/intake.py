"""The beginning of a run: what is wanted is checked, frozen and fetched; nothing is decided about it yet.

    open_run -> extract (voice, digital) -> partition

Every run has at least one partition per channel, so that a quiet night is a run like any other.
"""

import logging
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from uuid6 import uuid7

from memorialization import rejections
from memorialization.configuration import Configuration
from memorialization.coverage import found, reaching_back
from memorialization.errors import WindowError
from memorialization.interactions import INTERACTIONS, TRANSCRIPTS
from memorialization.leases import taken
from memorialization.ledger.coverage import known
from memorialization.ledger.moving import earlier, give_up, lateness, looked_at, versions_of
from memorialization.moving import UNCHANGED, UNCOVERED, Earlier, sifted
from memorialization.portal import check_account, check_schema, check_scopes, creates_in_pipelines
from memorialization.ports import Batch, Channel, Wanted, Window
from memorialization.resuming import ResumedSource
from memorialization.run import Frozen, Ports, Run, freeze, recorded, thaw

log = logging.getLogger(__name__)

HEALED: Final = "healed.json"
"""In staging: the gaps before its own interval that a run covers beside it."""

CHANNELS: Final[tuple[Channel, ...]] = ("voice", "digital")
_FIRST_YEAR: Final = 2000
_MONTH: Final = timedelta(days=30)


def window(start: str | datetime | None, end: str | datetime | None) -> Window:
    """A window from two ISO 8601 times or datetimes; one without a zone is UTC. Raises WindowError."""
    if start is None or end is None:
        raise WindowError("the window needs a start and an end: give both, or neither for the last night")
    first, last = _instant(start), _instant(end)
    if first >= last:
        raise WindowError(f"the window ends ({last.isoformat()}) before it starts ({first.isoformat()})")
    return Window(first, last)


def _instant(value: str | datetime) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for a zone that leads out of the calendar
        raise WindowError(f"{value!r} is not a time. Write it as 2026-11-22T02:00:00Z") from None
    if moment.year < _FIRST_YEAR:
        raise WindowError(f"{value!r} is before the year {_FIRST_YEAR}: CXone holds no interaction of that time")
    return moment


def open_run(
    configuration: Configuration,
    span: Window,
    ports: Ports,
    *,
    staging_root: str,
    dry_run: bool,
    heal: bool = False,
    dag_run_id: str | None = None,
    try_number: int = 1,
) -> Run:
    """Check account, scopes and properties, freeze them, and enter the run into the ledger.

    `heal`: the newest window reaches back over days before it that no run has covered.

    Raises ConfigurationError, WrongAccount or PermissionMissing before anything is read from CXone, and LeaseHeld
    while another run works a part of the window.
    """
    ports.ledger.check()
    healed: list[dict[str, str]] = []
    if heal:
        span, healed = _healed(configuration, span, ports)
    writes = configuration.crm.mode == "adopted" and not dry_run
    check_account(configuration, ports.store.account())
    check_scopes(configuration, ports.store.scopes(), writes=writes)
    cards = (section.entity for card in configuration.dynamic.values() for section in card.sections)
    entities = {name: ports.store.entity(name) for name in (*configuration.written_entities, *cards)}
    schema = {name: ports.store.properties(entity) for name, entity in entities.items()}
    pipelines = {name: ports.store.pipelines(entities[name]) for name in creates_in_pipelines(configuration)}
    check_schema(configuration, schema, pipelines)
    run_id = str(uuid7())
    run = Run(
        run_id=run_id,
        configuration=configuration.name,
        staging=f"{staging_root}/{configuration.name}/{run_id}",
        window_start=span.start.isoformat(),
        window_end=span.end.isoformat(),
        dry_run=dry_run,
        nightly=heal,
    )
    with taken(run, ports.ledger, dag_run_id):
        freeze(run, Frozen(configuration, entities, schema))
        run.files.write_json(HEALED, healed)
        ports.ledger.open_run(
            {
                "run_id": run_id,
                "configuration": configuration.name,
                "dag_run_id": dag_run_id,
                "try_number": try_number,
                "window_start": span.start,
                "window_end": span.end,
                "mode": configuration.crm.mode,
                "dry_run": dry_run,
                "nightly": heal,
                "mapping_hash": configuration.mapping_hash,
                "staging": run.staging,
            }
        )
    return run


def _healed(configuration: Configuration, span: Window, ports: Ports) -> tuple[Window, list[dict[str, str]]]:
    """(the window, from the first gap within `heal_days` on; the gaps, and what is known of each: start, end, was)."""
    most = timedelta(days=configuration.crm.extraction.heal_days)
    around = known(ports.ledger, configuration.name, Window(span.start - most, datetime.now(UTC)))
    wider, gaps = reaching_back(span, around, most)
    if gaps:
        log.warning("the window begins at %s: not all before %s is covered yet", wider.start, span.start)
    named = [(gap, found(gap, around, configuration.mapping_hash)) for gap in gaps]
    return wider, [
        {"start": gap.start.isoformat(), "end": gap.end.isoformat(), "was": was.state} for gap, was in named if was
    ]


def extract(run: Run, channel: Channel, ports: Ports) -> dict[str, Any]:
    """Fetch one channel's interactions into partition files; returns {"partitions": [names], "rows": n}.

    Tried again, it reads no case anew that it came to before.
    """
    frozen = thaw(run)
    rules = frozen.configuration.crm.extraction
    reach = timedelta(hours=rules.max_call_hours) if channel == "voice" else timedelta(days=rules.max_case_days)
    since = run.window.start - reach
    reach_back = since - timedelta(days=max(rules.max_case_days, rules.settle_horizon_days))
    open_, first_open = ports.ledger.provisional(run.configuration, reach_back)
    decided, first_decided = ports.ledger.decided(run.configuration, reach_back)  # by a person, since they were parked
    refused, first_refused = rejections.offered(run, since, ports)
    firsts = (first_open, first_decided, first_refused)
    wanted = Wanted(
        # a call is found by its start alone; a case of `again` by its id, however old it is
        since=min(start for start in (since, *firsts) if start) if channel == "voice" else since,
        transcripts=frozen.configuration.wants_transcripts,
        script_variables=frozen.configuration.script_variables,
        again=open_ | decided | refused,
    )
    past = earlier(ports.ledger, run.configuration, run.window, rules.trailing_days) if run.nightly else None
    if past is not None:
        wanted = replace(wanted, changed_since=past.since, known=past.known)
    source = ResumedSource(ports.source, run.files)
    with recorded(run, ports, "extract", channel) as summary:
        moved = Counter[str]()
        met: set[str] = set()
        names: list[str] = []
        rows = texts = held = 0
        parts: list[pa.Table] = []
        transcripts: list[pa.Table] = []

        def flush() -> None:
            nonlocal parts, transcripts, held
            name = f"{channel}-{len(names)}"
            table = pa.concat_tables(parts, promote_options="default") if parts else INTERACTIONS.empty_table()
            text = pa.concat_tables(transcripts) if transcripts else TRANSCRIPTS.empty_table()
            run.files.write_table(f"interactions/{name}.parquet", table)
            run.files.write_table(f"transcripts/{name}.parquet", text)
            names.append(name)
            parts, transcripts, held = [], [], 0

        for batch in source.interactions(channel, run.window, wanted):
            if past is not None:
                batch = _moved(batch, run, wanted.again, past, moved, ports)
            met.update(wanted.again.intersection(batch.interactions["interaction_key"].to_pylist()))
            parts.append(batch.interactions)
            transcripts.append(batch.transcripts)
            held += batch.interactions.num_rows
            rows += batch.interactions.num_rows
            texts += batch.transcripts.num_rows
            if held >= rules.partition_rows:
                flush()
        if parts or not names:
            flush()
        if run.nightly and not run.dry_run:
            horizon = run.window.end - timedelta(days=rules.settle_horizon_days)
            moved["given_up"] = give_up(ports.ledger, run.configuration, run.run_id, channel, horizon, sorted(met))
        summary.update(
            partitions=names,
            rows=rows,
            moved=dict(moved),
            lateness=lateness(ports.ledger, run.configuration, channel, run.window.start - _MONTH),
            transcripts=texts,
            skipped=dict(source.skipped),
            assumed=dict(source.assumed),
        )
    return dict(summary)


def _moved(batch: Batch, run: Run, again: frozenset[str], past: Earlier, moved: Counter[str], ports: Ports) -> Batch:
    """Without the older interactions that are what the ledger knows of them, or that belong to another interval."""
    rows = batch.interactions.to_pandas(ignore_metadata=True)
    older = rows["end_time"].lt(run.window.start)
    known = versions_of(ports.ledger, run.configuration, rows.loc[older, "interaction_key"].tolist())
    why = sifted(rows, run.window, again, known, past.covered, ports.key)
    moved.update(why[why.ne("")].value_counts().to_dict())
    same = rows[why.eq(UNCHANGED) & rows["updated_at"].notna()]
    if len(same) and not run.dry_run:
        looked_at(ports.ledger, run.configuration, same["interaction_key"].tolist(), same["updated_at"].tolist())
    kept = batch.interactions.filter(pa.array(~why.isin([UNCHANGED, UNCOVERED])))
    texts = pc.is_in(batch.transcripts["transcript_ref"], kept["transcript_ref"].combine_chunks().drop_null())
    return Batch(kept, batch.transcripts.filter(texts))


def partition(run: Run, extracted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The partitions to prepare, each with the number of buckets that records are spread over."""
    rules = thaw(run).configuration.crm.extraction
    buckets = max(1, -(-sum(e["rows"] for e in extracted) // rules.partition_rows))
    names = [name for e in extracted for name in e["partitions"]]
    run.files.write_json("partitions.json", {"partitions": names, "buckets": buckets})
    return [{"partition": name, "buckets": buckets} for name in names]


def remember(run: Run, ports: Ports) -> None:
    """What a run has delivered need not be looked at again: the ledger learns how each interaction was settled.

    What a person had decided waits no more.
    """
    for name in run.files.read_json("partitions.json")["partitions"]:
        settled = run.files.read_frame(f"settled/{name}.parquet")
        ports.ledger.keep_interactions(run.configuration, run.run_id, settled)
        ports.ledger.delivered(run.configuration, run.files.read_frame(f"targets/{name}.parquet"))


def buckets_of(run: Run) -> list[dict[str, Any]]:
    """The (entity, bucket) pairs to reconcile: all sections of one entity meet there, record by record."""
    buckets = run.files.read_json("partitions.json")["buckets"]
    return [{"entity": name, "bucket": i} for name in thaw(run).configuration.entities for i in range(buckets)]
