"""What goes wrong on our own machines ends a run with one clear message; the next run mends what it left.

The database is killed, the disk is full, a staged file is cut in half, the clock jumps: each to a command in its own
process.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from tests.app import processes
from tests.app.command import DAY, NIGHT, change_connection, lapse, memorialize
from tests.app.processes import Jump
from tests.app.world import World
from tests.chaos.child import Body
from tests.chaos.database import Database, database
from tests.local.scheduling import expected

pytestmark = [pytest.mark.slow, pytest.mark.nights]

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
PATIENCE = 120.0
STILL: Jump = (0, timedelta())


def started(folder: Path, body: Body, jump: Jump = STILL) -> tuple[ForkServerProcess, Path]:
    """The night's run in its own process, and where it tells what it does."""
    log = folder / "run"
    return processes.memorialize(*NIGHT, now=NOW, log=log, jump=jump, prepare=body.prepare), log.with_suffix(".err")


def until(said: Path, line: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (said.exists() and line in said.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def ended(process: ForkServerProcess, said: Path) -> str:
    """What a run says that fails; it must be one message, and no traceback."""
    process.join(PATIENCE)
    told = said.read_text()
    assert process.exitcode == 1 and "Traceback" not in told, told
    return told.splitlines()[-1]


def settled(world: World) -> None:
    """The next run leaves what the day's facts say, and the one after it nothing to do."""
    outcome = memorialize(*NIGHT, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.report["funnel"]["written"] == outcome.report["funnel"]["verified"]
    told, names = expected(world, *map(datetime.fromisoformat, DAY))
    assert len(names) > 30
    assert told.wrong(world, names) == []
    assert memorialize(*NIGHT, "--json").report["funnel"]["planned"] == 0


@pytest.fixture(scope="module")
def own_database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="machine-") as folder, database(Path(folder)) as served:
        yield served


def test_a_database_that_is_killed_and_comes_back(
    world: World, own_database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with own_database.ledger("restarted"):
        extra = {"host": own_database.socket}
        change_connection(monkeypatch, "MEMORIALIZATION_LEDGER", schema="restarted", extra=extra)
        process, said = started(tmp_path, Body())
        until(said, "  reconcile ")
        own_database.kill()
        try:
            assert ended(process, said) == (
                "LedgerUnavailable: the ledger's database does not answer; check the connection "
                "memorialization_ledger (OperationalError)"
            )
            assert memorialize(*NIGHT).messages == [said.read_text().splitlines()[-1]]
        finally:
            own_database.start()
        lapse()
        settled(world)


@pytest.mark.parametrize(("room", "file"), [(3_000, "/staging/acme/"), (60_000, "/reports/acme/")])
def test_a_full_disk(world: World, tmp_path: Path, room: int, file: str) -> None:
    message = ended(*started(tmp_path, Body(room=room)))
    assert message.startswith("OSError: ") and file in message
    assert message.endswith(": File too large. Check path, rights and free space.")
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()], "no half a file is left"
    settled(world)


def test_a_staging_file_cut_in_half(world: World, tmp_path: Path) -> None:
    world.faults("cxone", {"match": "/messages", "delay": 1.0})
    process, said = started(tmp_path, Body())
    until(said, "  extract   digital")
    (frozen,) = (tmp_path / "staging").rglob("frozen.json")
    os.truncate(frozen, frozen.stat().st_size // 2)
    message = ended(process, said)
    assert message.startswith("StagingDamaged: ") and "/frozen.json is cut short or unreadable" in message
    assert message.endswith("Start the run again: the new one fetches everything anew")
    settled(world)


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_clock_that_jumps_in_the_middle(
    world: World, tmp_path: Path, hours: int, stage: Callable[[World], None]
) -> None:
    process, said = started(tmp_path, Body(), (6, timedelta(hours=hours)))
    process.join(PATIENCE)
    assert process.exitcode == 0, said.read_text()
    settled(world)
