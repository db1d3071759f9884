"""The beginning of a run: what is wanted is checked, frozen and fetched; nothing is decided about it yet.

    open_run -> extract (voice, digital) -> partition

Every run has at least one partition per channel, so that a quiet night is a run like any other.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from uuid6 import uuid7

from memorialization.configuration import Configuration
from memorialization.errors import WindowError
from memorialization.interactions import INTERACTIONS, TRANSCRIPTS
from memorialization.portal import check_account, check_schema, check_scopes
from memorialization.ports import Channel, Wanted, Window
from memorialization.run import Frozen, Ports, Run, freeze, recorded, thaw

log = logging.getLogger(__name__)

CHANNELS: Final[tuple[Channel, ...]] = ("voice", "digital")
_FIRST_YEAR: Final = 2000


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

    `heal`: the newest window reaches back over nights that failed just before it.

    Raises ConfigurationError, WrongAccount or PermissionMissing before anything is read from CXone.
    """
    ports.ledger.check()
    if heal:
        span = _healed(configuration, span, ports)
    writes = configuration.crm.mode == "adopted" and not dry_run
    check_account(configuration, ports.store.account())
    check_scopes(configuration, ports.store.scopes(), writes=writes)
    cards = (section.entity for card in configuration.dynamic.values() for section in card.sections)
    entities = {name: ports.store.entity(name) for name in (*configuration.entities, *cards)}
    schema = {name: ports.store.properties(entity) for name, entity in entities.items()}
    check_schema(configuration, schema)
    run_id = str(uuid7())
    run = Run(
        run_id=run_id,
        configuration=configuration.name,
        staging=f"{staging_root}/{configuration.name}/{run_id}",
        window_start=span.start.isoformat(),
        window_end=span.end.isoformat(),
        dry_run=dry_run,
    )
    freeze(run, Frozen(configuration, entities, schema))
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
            "mapping_hash": configuration.mapping_hash,
            "staging": run.staging,
        }
    )
    return run


def _healed(configuration: Configuration, span: Window, ports: Ports) -> Window:
    """The window from the end of what is covered, so that a failed night leaves no hole; older windows stay."""
    covered = ports.ledger.covered_until(configuration.name, span.start)
    reach = timedelta(days=configuration.crm.extraction.heal_days)
    if covered is None or span.start - covered > reach:
        return span
    if covered < span.start:
        log.warning("the window begins at %s: what lies before %s is not covered yet", covered, span.start)
    return Window(covered, span.end)


def extract(run: Run, channel: Channel, ports: Ports) -> dict[str, Any]:
    """Fetch one channel's interactions into partition files; returns {"partitions": [names], "rows": n}."""
    frozen = thaw(run)
    rules = frozen.configuration.crm.extraction
    reach = timedelta(hours=rules.max_call_hours) if channel == "voice" else timedelta(days=rules.max_case_days)
    since = run.window.start - reach
    reach_back = since - timedelta(days=max(rules.max_case_days, rules.settle_horizon_days))
    open_, first_open = ports.ledger.provisional(run.configuration, reach_back)
    decided, first_decided = ports.ledger.decided(run.configuration, reach_back)  # by a person, since they were parked
    wanted = Wanted(
        since=min(start for start in (since, first_open, first_decided) if start),
        transcripts=frozen.configuration.wants_transcripts,
        script_variables=frozen.configuration.script_variables,
        again=open_ | decided,
    )
    with recorded(run, ports, "extract", channel) as summary:
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

        for batch in ports.source.interactions(channel, run.window, wanted):
            parts.append(batch.interactions)
            transcripts.append(batch.transcripts)
            held += batch.interactions.num_rows
            rows += batch.interactions.num_rows
            texts += batch.transcripts.num_rows
            if held >= rules.partition_rows:
                flush()
        if parts or not names:
            flush()
        summary.update(
            partitions=names,
            rows=rows,
            transcripts=texts,
            skipped=dict(ports.source.skipped),
            assumed=dict(ports.source.assumed),
        )
    return dict(summary)


def partition(run: Run, extracted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The partitions to prepare, each with the number of buckets that records are spread over."""
    rules = thaw(run).configuration.crm.extraction
    buckets = max(1, -(-sum(e["rows"] for e in extracted) // rules.partition_rows))
    names = [name for e in extracted for name in e["partitions"]]
    run.files.write_json("partitions.json", {"partitions": names, "buckets": buckets})
    return [{"partition": name, "buckets": buckets} for name in names]


def remember(run: Run, ports: Ports) -> None:
    """What a run has delivered need not be looked at again: the ledger learns how each interaction was settled."""
    for name in run.files.read_json("partitions.json")["partitions"]:
        settled = run.files.read_frame(f"settled/{name}.parquet")
        ports.ledger.keep_interactions(run.configuration, run.run_id, settled)


def buckets_of(run: Run) -> list[dict[str, Any]]:
    """The (entity, bucket) pairs to reconcile: all sections of one entity meet there, record by record."""
    buckets = run.files.read_json("partitions.json")["buckets"]
    return [{"entity": name, "bucket": i} for name in thaw(run).configuration.entities for i in range(buckets)]
