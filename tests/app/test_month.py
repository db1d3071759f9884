"""A month of nights as it may come, against the twin, ends in exactly what HubSpot should hold.

Each run is a process of its own at its own time: two nights never come, others are killed in the middle, after-call
work ends hours late, the clocks change, and two backfills of the same days run side by side. Judged by an oracle of
the tests' own (tests/app/oracle.py).
"""

import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from app.connections import ledger_url
from app.coverage import coverage
from memorialization.configuration import load
from memorialization.ledger import Ledger
from memorialization.report.model import Funnel
from tests.app import processes
from tests.app.command import mappings, replace
from tests.app.oracle import oracle
from tests.app.world import World

pytestmark = pytest.mark.nights

FIRST = datetime(2026, 10, 10, tzinfo=UTC)
WORLD = ("--start", "2026-10-10", "--days", "28", "--interactions", "36", "--clock", "2026-10-10T00:00:00Z")
TICKS = [  # every night at 2:30 in Berlin; on 25 October that time comes twice, and the second one counts
    datetime(2026, month, day, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    for month, days in ((10, range(10, 32)), (11, range(1, 10)))
    for day in days
]
NEVER_CAME = (8, 9)
KILLED = dict(zip(Random(30).sample([3, 4, 5, 6, 12, 13, 15, 18, 20], 4), (True, False, True, False), strict=True))
"""number of the night -> whether it is started again; else it is left to the night after"""
PATIENCE = 120.0


def zulu(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Month:
    """Starts commands at the twin's time, and kills them."""

    world: World
    folder: Path
    chance: Random
    now: datetime = FIRST
    started: int = 0
    provisional: int = 0

    def sleep_until(self, moment: datetime) -> None:
        answer = httpx.post(f"{self.world.services.cxone}/_twin/clock", json={"now": zulu(moment)})
        self.now = datetime.fromisoformat(answer.raise_for_status().json()["now"])

    def start(self, *command: str) -> tuple[ForkServerProcess, Path]:
        self.started += 1
        log = self.folder / f"command-{self.started}"
        return processes.memorialize(*command, now=self.now, log=log), log

    def run(self, *window: str) -> dict[str, Any]:
        """One run; its report."""
        process, log = self.start("run", "-c", "acme", "--json", *window)
        process.join(PATIENCE)
        assert process.exitcode == 0, said(log)
        report: dict[str, Any] = json.loads(log.with_suffix(".out").read_text())
        self.provisional += report["funnel"]["provisional"]
        return report

    def kill(self, *command: str, lines: int) -> None:
        """A command that is killed soon after it has told so much; fifteen minutes go by."""
        process, log = self.start(*command)
        deadline = time.monotonic() + PATIENCE
        while said(log).count("\n") < lines and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(self.chance.uniform(0.0, 0.1))
        process.kill()
        process.join(PATIENCE)
        assert process.exitcode == -signal.SIGKILL, said(log)
        ours = f"holder like '%, process {process.pid}'"
        Ledger(ledger_url()).carry_out({"leases": f"update leases set expires_at = clock_timestamp() where {ours}"})

    def backfills(self, *ranges: tuple[int, int]) -> None:
        """Side by side, each started again until it is done."""
        commands = [
            ("backfill", "-c", "acme", "--from", zulu(TICKS[start]), "--to", zulu(TICKS[end])) for start, end in ranges
        ]
        running = [(command, self.start(*command, "--again")) for command in commands]
        for command, (process, log) in running:
            for _ in range(3):
                process.join(PATIENCE)
                if process.exitcode == 0:
                    break
                assert process.exitcode == 1 and "worked by another run" in said(log), said(log)
                process, log = self.start(*command)
            assert process.exitcode == 0, said(log)


def said(log: Path) -> str:
    told = log.with_suffix(".err")
    return told.read_text() if told.exists() else ""


@pytest.fixture
def month(
    start_world: Callable[..., World], stage: Callable[[World], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Month:
    crm = mappings(tmp_path, monkeypatch) / "crm.yaml"
    replace(crm, 'schedule: "0 2 * * *"', 'timezone: Europe/Berlin\nschedule: "30 2 * * *"')
    replace(crm, "stored: {warn: 0.0, fail: 0.15}", "stored: {warn: 0.0}")  # 15 % of a night so small are 3 transcripts
    world = start_world(*WORLD)
    stage(world)
    return Month(world, tmp_path, Random(6))


def test_a_month_of_trouble_ends_in_what_hubspot_should_hold(month: Month, tmp_path: Path) -> None:
    windows = []
    for n, tick in enumerate(TICKS[1:], 1):
        if n in NEVER_CAME:
            continue
        month.sleep_until(tick + timedelta(minutes=3))
        if n in KILLED:
            month.kill("run", "-c", "acme", lines=month.chance.randint(3, 12))
            if not KILLED[n]:
                continue
        report = month.run()
        windows.append((report["run"]["window_start"], report["run"]["window_end"]))
    came = [0] + [n for n in range(1, 31) if n not in NEVER_CAME and KILLED.get(n, True)]
    edges = [TICKS[n].isoformat() for n in came]
    assert windows == list(pairwise(edges)), "a night that did not end is healed by the next"
    assert ("2026-10-24T00:30:00+00:00", "2026-10-25T01:30:00+00:00") in windows, "25 hours"
    assert month.provisional > 5, "a month without late after-call work proves little"

    month.kill("backfill", "-c", "acme", "--from", zulu(TICKS[6]), "--to", zulu(TICKS[13]), "--again", lines=3)
    month.backfills((6, 11), (6, 13))
    written = month.world.writes()
    again = month.run("--from", zulu(FIRST), "--to", zulu(TICKS[-1]))
    assert (again["funnel"]["planned"], month.world.writes()) == (0, written)

    told = oracle(month.world.truth(zulu(FIRST), zulu(month.now)))
    assert len(told.values) > 900
    assert told.wrong(month.world, told.values) == []

    ledger = Ledger(ledger_url())
    runs = ledger.rows("select run_id::text, state, funnel, finished_at from runs")
    assert sum(run["finished_at"] is None for run in runs) <= len(KILLED) + 1
    ended = [Funnel(**run["funnel"]) for run in runs if run["finished_at"]]
    assert [(f.imbalances(), f.unaccounted, f.rejected, f.written - f.verified) for f in ended] == [
        ([], 0, 0, 0)
    ] * len(ended)
    assert ledger.rows("select * from leases where expires_at > clock_timestamp()") == []
    found = coverage(load(tmp_path / "mappings", "acme"), ledger, month.now, TICKS[0])
    assert {day.state for day in found.days} == {"covered"} and len(found.days) == 30
