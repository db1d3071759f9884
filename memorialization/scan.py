"""A long range's digital interactions are asked of CXone once, and split by leg end; each day then reads its part.

A scan is entered into the ledger as a run that writes nothing, and its files are a run's, so that retention and
erasure find the text in them as anywhere else. Legs that are still open belong to every day after their start, as they
do where each day is asked for by itself.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from uuid6 import uuid7

from memorialization.configuration import Configuration
from memorialization.errors import ConfigurationError
from memorialization.ports import Batch, Channel, Wanted, Window
from memorialization.run import Ports, Run, recorded
from memorialization.staging import Staging

_INDEX: Final = "scan.json"
_OPEN: Final = "open"


def scan(configuration: Configuration, windows: Sequence[Window], ports: Ports, *, staging_root: str) -> str:
    """Read what ended in any of these windows, which adjoin, oldest first; returns the address of the staging.

    Raises what the source raises. What it left out or assumed is told in the report of the first day.
    """
    run_id = str(uuid7())
    span = Window(windows[0].start, windows[-1].end)
    run = Run(
        run_id=run_id,
        configuration=configuration.name,
        staging=f"{staging_root}/{configuration.name}/{run_id}",
        window_start=span.start.isoformat(),
        window_end=span.end.isoformat(),
        dry_run=True,
    )
    ports.ledger.open_run(
        {
            "run_id": run_id, "configuration": run.configuration, "dag_run_id": None, "try_number": 1,
            "window_start": span.start, "window_end": span.end, "mode": configuration.crm.mode, "dry_run": True,
            "mapping_hash": configuration.mapping_hash, "staging": run.staging,
        }
    )  # fmt: skip
    state = "failed"
    try:
        with recorded(run, ports, "scan", "digital", leased=False) as summary:
            summary.update(_scanned(configuration, windows, span, run.files, ports))
        state = "done"
    finally:
        ports.ledger.close_run(run_id, state=state, funnel={}, report=None)
    return run.staging


def _scanned(
    configuration: Configuration, windows: Sequence[Window], span: Window, files: Staging, ports: Ports
) -> dict[str, Any]:
    """Write the parts and their index; what there was: rows, transcripts, skipped, assumed."""
    wanted = Wanted(
        since=span.start - timedelta(days=configuration.crm.extraction.max_case_days),
        transcripts=configuration.wants_transcripts,
        script_variables=configuration.script_variables,
    )
    parts: dict[str, list[str]] = {_OPEN: [], **{_part(window): [] for window in windows}}
    counts = Counter[str]()
    for number, batch in enumerate(ports.source.interactions("digital", span, wanted)):
        for part, rows in _split(batch.interactions, windows):
            name = f"{part}-{number}"
            refs = rows["transcript_ref"].combine_chunks().drop_null()
            texts = batch.transcripts.filter(pc.is_in(batch.transcripts["transcript_ref"], refs))
            files.write_table(f"interactions/{name}.parquet", rows)
            files.write_table(f"transcripts/{name}.parquet", texts)
            parts[part].append(name)
            counts.update(rows=rows.num_rows, transcripts=texts.num_rows)
    tally = {"skipped": dict(ports.source.skipped), "assumed": dict(ports.source.assumed)}
    files.write_json(_INDEX, {"parts": parts, "first": _part(windows[0]), **tally})
    return {**counts, **tally}


def _split(rows: pa.Table, windows: Sequence[Window]) -> Iterator[tuple[str, pa.Table]]:
    """(part, its rows): by the start of the window that holds the leg's end, and the legs that are open."""
    ends = rows["end_time"]
    for window in windows:
        inside = rows.filter(_between(ends, window))
        if inside.num_rows:
            yield _part(window), inside
    still = rows.filter(pc.is_null(ends))
    if still.num_rows:
        yield _OPEN, still


def _part(window: Window) -> str:
    return f"{window.start:%Y%m%dT%H%M%S}"


def _between(times: pa.ChunkedArray, window: Window) -> pa.ChunkedArray:
    first, last = (pa.scalar(moment, times.type) for moment in (window.start, window.end))
    return pc.and_(pc.greater_equal(times, first), pc.less(times, last))


class ScannedSource:
    """The digital interactions of one window of a scan, as a source.

    Of `wanted` nothing is asked again: legs of `again` that ended in the range come with their own day, others with
    the next night. `skipped` and `assumed` are the whole scan's, and told with its first day alone.
    """

    def __init__(self, files: Staging) -> None:
        self._files = files
        self.skipped: Mapping[str, int] = {}
        self.assumed: Mapping[str, int] = {}

    def interactions(self, channel: Channel, window: Window, wanted: Wanted) -> Iterator[Batch]:
        """Raises ConfigurationError for what was not scanned."""
        index, part = self._files.read_json(_INDEX), _part(window)
        if channel != "digital" or part not in index["parts"]:
            raise ConfigurationError(f"{channel} of {window.start.isoformat()} is not in the scan {self._files.root}")
        if part == index["first"]:
            self.skipped, self.assumed = index["skipped"], index["assumed"]
        for name in index["parts"][part]:
            yield Batch(*self._tables(name))
        for name in index["parts"][_OPEN]:
            rows, texts = self._tables(name)
            begun = pc.less(rows["start_time"], pa.scalar(window.end, rows["start_time"].type))
            yield Batch(rows.filter(begun), texts)

    def _tables(self, name: str) -> tuple[pa.Table, pa.Table]:
        read = self._files.read_table
        return read(f"interactions/{name}.parquet"), read(f"transcripts/{name}.parquet")
