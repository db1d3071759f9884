"""How much of CXone's limit the reading of digital cases uses, each call as slow as over a real line.

CXone permits 120,000 reads of cases and messages an hour, the twin here as many as that is in ten seconds, so that the
limit is met within a minute; the client is told the same. Each call of Digital Experience takes `LATENCY` longer.
Histories and searches have no published limit: they are made beside the reads and count for nothing.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
from pyrate_limiter import Rate

from benchmarks.figures import Figure, fresh
from local.stage import twin
from memorialization.ports import Wanted, Window
from plugins.cxone.client import CASE_READS, CxoneClient
from plugins.cxone.source import CxoneSource

INTERACTIONS: Final = 4_000  # of one day; two of five are digital
SPAN: Final = 10.0
READS: Final = round(CASE_READS.limit * 1000 * SPAN / CASE_READS.interval)
LATENCY: Final = 0.15
DAY: Final = Window(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))


def measure(interactions: int = INTERACTIONS) -> list[Figure]:
    """Reads a second once the first window is used up."""
    options = [
        "--start", "2026-11-20", "--days", "1", "--interactions", interactions, "--clock", "2026-11-21T06:00:00Z",
        "--scale", 3600 / SPAN, "--digital-per-hour", READS,
    ]  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        twin(Path(folder), *map(str, options)) as services,
    ):
        slow = [{"match": "/dfo/", "delay": LATENCY, "times": 1_000_000}]
        httpx.post(f"{services.cxone}/_twin/faults", json=slow).raise_for_status()
        told = fresh(measured, services.cxone).value
    most = READS / SPAN
    return [
        Figure(
            "reading digital cases", "the limit", most, round(told["steady"], 1), "reads/s", 0.9, "at least", told,
            why="each case also costs its history, which no limit counts, and a search page for 25 cases",
        ),
    ]  # fmt: skip


def measured(url: str) -> dict[str, Any]:
    """Reads the day; `steady` is in reads a second over the whole windows after the first."""
    client = CxoneClient(
        url, "acme-access-key", "acme-access-secret", case_reads=Rate(READS, round(SPAN * 1000)), first_wait=0.5
    )
    wanted = Wanted(since=DAY.start, transcripts=True, script_variables=frozenset())
    with client, counted(url) as samples:
        begun = time.monotonic()
        batches = list(CxoneSource(client, phone_regions=("DE",)).interactions("digital", DAY, wanted))
        seconds = time.monotonic() - begun
    answers = httpx.get(f"{url}/_twin/requests").json()
    calls = {call: n for call, n in answers.items() if "/dfo/" in call}
    last = seconds // SPAN * SPAN
    steady = [(at, n) for at, n in samples if SPAN <= at <= last]
    (first, few), (then, many) = steady[0], steady[-1]
    return {
        "cases": sum(len(batch.cases) for batch in batches),
        "transcripts": sum(batch.transcripts.num_rows for batch in batches),
        "seconds": round(seconds, 1),
        "reads": samples[-1][1],
        "calls": sum(calls.values()),
        "refused": sum(n for call, n in calls.items() if call.endswith(" 429")),
        "steady": (many - few) / (then - first),
    }


@contextmanager
def counted(url: str) -> Iterator[list[tuple[float, int]]]:
    """Four times a second: (seconds since the beginning, reads of cases and messages that were answered)."""
    samples: list[tuple[float, int]] = []
    over = threading.Event()
    begun = time.monotonic()

    def look() -> None:
        with httpx.Client(base_url=url) as control:
            while not over.wait(0.25):
                answers = control.get("/_twin/requests").json()
                reads = sum(n for call, n in answers.items() if "/messages" in call and call.endswith(" 200"))
                samples.append((time.monotonic() - begun, reads))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()
