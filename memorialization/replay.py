"""One interaction through the steps of a run, up to its plan: what the product says of it now; nothing is written.

Its ports' ledger must be an `Onlooker`; its files, customer text among them, lie in a folder of the caller's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from memorialization import intake, prepare, reconcile
from memorialization.configuration import Configuration
from memorialization.errors import ServiceUnavailable
from memorialization.mapping import VALUE
from memorialization.ports import Batch, Channel, Wanted, Window
from memorialization.run import Ports, Run, thaw
from memorialization.settle import settle

_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Replayed:
    """`settled`: the interaction's row with its state; `targets` as `prepare` leaves them; by (section, property):
    `desired` values, and (verdict, reason); without a verdict there a newer interaction decides."""

    settled: dict[str, Any]
    targets: list[dict[str, Any]]
    desired: dict[tuple[int, str], str]
    verdicts: dict[tuple[int, str], tuple[str, str]]


def staged(run: Run, key: str) -> Batch | None:
    """The interaction as an earlier run read it; None where it is in no file that can be had."""
    try:
        there = run.files.exists("partitions.json")
    except ServiceUnavailable:  # the web server has no key to the store, and needs none
        there = False
    if not there:
        return None
    for name in run.files.read_json("partitions.json")["partitions"]:
        if run.files.exists(f"interactions/{name}.parquet") and run.files.exists(f"transcripts/{name}.parquet"):
            found = _only(run.files.read_table(f"interactions/{name}.parquet"), key)
            if found.num_rows:
                return _with_text(found, run.files.read_table(f"transcripts/{name}.parquet"))
    return None


def asked(
    configuration: Configuration, key: str, start: datetime, end: datetime | None, now: datetime, ports: Ports
) -> Batch | None:
    """The interaction as CXone tells it now, by its leg's times; None where it does not any more."""
    channel: Channel = "voice" if key.startswith("v:") else "digital"
    reach = timedelta(days=configuration.crm.extraction.max_case_days) if channel == "digital" else _MOMENT
    wanted = Wanted(
        since=start - reach,
        transcripts=configuration.wants_transcripts,
        script_variables=configuration.script_variables,
        again=frozenset({key}),
    )
    span = Window(end - _MOMENT, end + _MOMENT) if end else Window(start, now)
    for batch in ports.source.interactions(channel, span, wanted):
        found = _only(batch.interactions, key)
        if found.num_rows:
            return _with_text(found, batch.transcripts)
    return None


def replay(configuration: Configuration, batch: Batch, now: datetime, ports: Ports, folder: str) -> Replayed:
    """Settle, map, match and compare one interaction as a run that ends `now` would. Raises what the steps raise."""
    row = batch.interactions.to_pandas().iloc[0]
    start = row["start_time"].to_pydatetime() if pd.notna(row["start_time"]) else now - _MOMENT
    run = intake.open_run(configuration, Window(start, now), ports, staging_root=folder, dry_run=True)
    name = f"{row['channel']}-0"
    run.files.write_table(f"interactions/{name}.parquet", batch.interactions)
    run.files.write_table(f"transcripts/{name}.parquet", batch.transcripts)
    (item,) = intake.partition(run, [{"partitions": [name], "rows": 1}])
    prepare.prepare(run, name, item["buckets"], ports)
    frozen = thaw(run)
    interactions = run.files.read_frame(f"interactions/{name}.parquet")
    settled = settle(interactions, frozen.configuration, now).iloc[0]
    desired: dict[tuple[int, str], str] = {}
    for files in run.files.read_json(f"prepared/{name}.json")["files"].values():
        for file in files:
            wide = run.files.read_frame(file).iloc[0]
            values = {c.removeprefix(VALUE): v for c, v in wide.items() if str(c).startswith(VALUE) and pd.notna(v)}
            desired |= {(int(wide["section"]), prop): value for prop, value in values.items()}
    verdicts = {}
    for pair in intake.buckets_of(run):
        reconcile.reconcile(run, pair["entity"], pair["bucket"], ports)
        for c in run.files.read_json(f"counts/{pair['entity']}/{pair['bucket']}.json"):
            verdicts[c["section"], c["property"]] = (c["verdict"], c["reason"])
    targets = run.files.read_frame(f"targets/{name}.parquet").to_dict("records")
    return Replayed(settled.where(settled.notna(), None).to_dict(), targets, desired, verdicts)


def _only(interactions: pa.Table, key: str) -> pa.Table:
    return interactions.filter(pc.equal(interactions["interaction_key"], key))


def _with_text(interactions: pa.Table, transcripts: pa.Table) -> Batch:
    refs = interactions["transcript_ref"].combine_chunks()
    return Batch(interactions, transcripts.filter(pc.is_in(transcripts["transcript_ref"], refs.drop_null())))
