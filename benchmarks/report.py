"""What a night's report costs: forensics of its transcripts, then the report as page, data and workbook.

Each in a process of its own, as Airflow runs them, and one after the other: two cores are not needed. Forensics looks
at 200,000 texts, as many as if each interaction had one; of a hundred, two are cut and ten missing.
"""

import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmarks import night, world
from benchmarks.figures import Figure, fresh
from local.stage import postgres
from memorialization import deliver, forensics, intake
from memorialization.compare import DRIFTED, EQUAL, MISSING
from memorialization.ledger import Ledger
from memorialization.report.files import write_files
from memorialization.run import Run
from memorialization.text import Measure

INTERACTIONS: Final = 200_000
SECONDS: Final = 30.0
MOST_MEMORY: Final = 1024.0
_PART: Final = 50_000  # as many rows as a partition holds (`extraction.partition_rows`)
_TEMPLATE: Final = "[{time}] {name}: {text}"


def measure(interactions: int = INTERACTIONS) -> list[Figure]:
    """The time of both together, and the memory of each."""
    looked = fresh(examined, interactions)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, postgres(Path(folder) / "data") as where:
        ledger = f"postgresql+psycopg2://postgres@/ledger?host={where}"
        Ledger(ledger).upgrade()
        run = fresh(lived, f"{folder}/staging", ledger, interactions).value
        told = fresh(written, run, ledger, interactions)
    name = f"forensics and report, {interactions:,} interactions"
    seconds = looked.value["seconds"] + told.value["seconds"]
    details = {"forensics": looked.value, "report": told.value}
    return [
        Figure(name, "30 s", SECONDS, round(seconds, 2), "s", details=details),
        Figure("forensics, memory", "1 GiB a process", MOST_MEMORY, round(looked.peak), "MiB"),
        Figure("report, memory", "1 GiB a process", MOST_MEMORY, round(told.peak), "MiB"),
    ]


def examined(interactions: int) -> dict[str, Any]:
    """Forensics, partition by partition: {seconds, texts, findings}."""
    seconds, findings = 0.0, pd.Series(dtype="int64")
    for first in range(0, interactions, _PART):
        numbers = np.arange(first, min(first + _PART, interactions))
        whole = pd.Series(world.transcripts(numbers), dtype="str")
        cut, missing = numbers % 100 < 2, numbers % 100 >= 90
        held = whole.mask(cut, whole.str[:600]).mask(missing)
        verdict = np.select([cut, missing], [DRIFTED, MISSING], default=EQUAL)
        texts = pd.DataFrame({"whole": whole, "delivered": whole, "held": held, "verdict": verdict})
        begun = time.perf_counter()
        found = forensics.examine(texts, "text", _TEMPLATE, Measure())
        seconds += time.perf_counter() - begun
        findings = findings.add(found["finding"].value_counts(), fill_value=0)
    counts = {str(name): int(n) for name, n in findings.items()}
    return {"seconds": round(seconds, 2), "texts": interactions, "findings": counts}


def lived(staging: str, ledger_url: str, interactions: int) -> Run:
    """A night up to its report, what was lost written and read back."""
    run, found = night.extracted(staging, ledger_url, interactions)
    ports = world.ports(interactions, ledger_url, world.Clock(), world.Clock())
    night.prepared(run, found, ports)
    night.reconciled(run, ports)
    for pair in night.gated(run, ports):
        deliver.deliver(run, **pair, ports=ports)
    intake.remember(run, ports)
    return run


def written(run: Run, ledger_url: str, interactions: int) -> dict[str, Any]:
    """The report from the run's files: {seconds, built, sizes, funnel}; raises where its sums do not hold."""
    ports = world.ports(interactions, ledger_url, world.Clock(), world.Clock())
    begun = time.perf_counter()
    report = night.reported(run, ports)
    built = time.perf_counter() - begun
    folder = Path(run.staging) / "report"
    write_files(report, folder)
    seconds = time.perf_counter() - begun
    if report.verdict.failures:
        raise RuntimeError("; ".join(report.verdict.failures))
    sizes = {path.name: f"{path.stat().st_size / 1e6:.2f} MB" for path in sorted(folder.iterdir())}
    funnel = {name: n for name, n in report.funnel.model_dump().items() if n}
    return {"seconds": round(seconds, 2), "built": round(built, 2), "files": sizes, "funnel": funnel}
