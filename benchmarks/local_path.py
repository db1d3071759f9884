"""What a night costs on this machine alone: settle -> map -> match -> compare -> plan -> report, 14 values each.

The baseline, in the same run over the same partitions, is what anybody would write: read the partition, merge it with
what HubSpot holds, compare column by column, write what differs. It has no policies, no history, no canonical forms,
no ledger and no report. Neither side counts what stands for CXone and HubSpot; the ledger's time is told apart.
Both are measured in seconds of the processor, which say the same while other programs are busy beside them.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pandas as pd

from benchmarks import night, world
from benchmarks.figures import Figure, fresh, peak
from local.stage import postgres
from memorialization.ledger import Ledger
from memorialization.report.files import write_files
from memorialization.run import Run

SIZES: Final = (10_000, 100_000, 1_000_000)
TARGET: Final = 3.0
MOST_MEMORY: Final = 2048.0
FLAT: Final = 1.25
_WHY: Final = (
    "two thirds is the comparison. A profile of 30,000 names the canonical forms first, most of it phone numbers read "
    "one by one; times that become Python objects and columns copied for each property come next."
)


def measure(sizes: Sequence[int] = SIZES) -> list[Figure]:
    """A figure for each size, and two for memory: the largest against its limit, and against the size before."""
    told: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, postgres(Path(folder) / "data") as where:
        ledger = f"postgresql+psycopg2://postgres@/ledger?host={where}"
        Ledger(ledger).upgrade()
        for size in sizes:
            staging = f"{folder}/{size}"
            run, found = fresh(night.extracted, staging, ledger, size).value
            ours = fresh(ours_of, run, found, ledger, size)
            plain = fresh(plain_of, run)
            if ours.value["lost"] != plain.value["lost"]:
                raise RuntimeError(f"{ours.value['lost']} values lost, but the baseline finds {plain.value['lost']}")
            told[size] = {"interactions": size, **ours.value, "plain": plain.value["seconds"], "peak": round(ours.peak)}
            shutil.rmtree(staging)
    figures = [
        Figure(
            name=f"local path, {size:,} interactions",
            limit_is="plain pandas merge and compare",
            limit=one["plain"],
            measured=one["seconds"],
            unit="s",
            target=TARGET,
            details=one,
            why=_WHY,
        )
        for size, one in told.items()
    ]
    largest = max(told)
    memory = f"local path, memory at {largest:,}"
    figures.append(Figure(memory, "2 GiB a process", MOST_MEMORY, told[largest]["peak"], "MiB"))
    if len(told) > 1:
        before = sorted(told)[-2]
        limit_is = f"memory at {before:,}"
        figures.append(Figure(f"{memory}, flat", limit_is, told[before]["peak"], told[largest]["peak"], "MiB", FLAT))
    return figures


def ours_of(run: Run, found: list[dict[str, Any]], ledger_url: str, size: int) -> dict[str, Any]:
    """The product's steps in one process: {seconds, ledger, lost, phases: name -> [seconds, ledger, peak MiB]}.

    `seconds`: of the processor, without the ledger and the stand-ins; `ledger`: by the clock; `lost`: values to write.
    """
    services, ledger = world.Clock(), world.Clock()
    ports = world.ports(size, ledger_url, services, ledger)
    phases: dict[str, list[float]] = {}

    @contextmanager
    def phase(name: str) -> Iterator[None]:
        before = time.process_time() - services.cpu - ledger.cpu, ledger.seconds
        yield
        after = time.process_time() - services.cpu - ledger.cpu, ledger.seconds
        phases[name] = [*(round(b - a, 2) for a, b in zip(before, after, strict=True)), round(peak())]

    with phase("settle, map, match"):
        night.prepared(run, found, ports)
    with phase("compare"):
        night.reconciled(run, ports)
    with phase("plan"):
        night.gated(run, ports)
    with phase("report"):
        report = night.reported(run, ports)
        write_files(report, Path(run.staging) / "report")
    return {
        "seconds": round(sum(own for own, _, _ in phases.values()), 2),
        "ledger": round(sum(kept for _, kept, _ in phases.values()), 2),
        "lost": report.funnel.missing + report.funnel.drifted + report.funnel.truncated,
        "phases": phases,
    }


def plain_of(run: Run) -> dict[str, Any]:
    """The baseline: {seconds of the processor, lost}."""
    services = world.Clock()
    store: Any = world.Metered(world.NumberedStore(), services)
    columns = ["interaction_key", "transcript_ref", *(p for p in world.PROPERTIES if p != world.TRANSCRIPT)]
    begun, lost = time.process_time(), 0
    for name in run.files.read_json("partitions.json")["partitions"]:
        wide = run.files.read_frame(f"interactions/{name}.parquet", columns)
        texts = run.files.read_frame(f"transcripts/{name}.parquet").set_index("transcript_ref")["text"]
        wide[world.TRANSCRIPT] = wide["transcript_ref"].map(texts).astype("str")
        if name.startswith("digital"):
            wide["ani"] = None  # a chat has no number
        for column in ("start_time", "end_time"):
            wide[column] = wide[column].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        there = store.read(world.TICKET, wide[world.KEY].tolist(), world.PROPERTIES, id_property=world.KEY)
        both = wide.merge(there, left_on=world.KEY, right_on="asked", suffixes=("", ".held"))
        differing = []
        for column in world.PROPERTIES:
            desired, held = both[column], both[f"{column}.held"]
            rows = both[desired.notna() & desired.ne(held)]
            differing.append(
                pd.DataFrame(
                    {
                        "record_id": rows["record_id"],
                        "property": column,
                        "desired": rows[column],
                        "held": rows[f"{column}.held"],
                    }
                )
            )
        changes = pd.concat(differing, ignore_index=True)
        run.files.write_frame(f"plain/{name}.parquet", changes)
        lost += len(changes)
    return {"seconds": round(time.process_time() - begun - services.cpu, 2), "lost": lost}
