"""Two processes and one interval: the second one waits, also after a kill; another interval goes side by side."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.stage import BIN, process
from tests.app.command import NIGHT, held, lapse, memorialize, small_world
from tests.app.world import World

pytestmark = pytest.mark.slow

PATIENCE = 90  # seconds


@pytest.mark.nights
def test_two_processes_on_one_interval_a_kill_and_another_interval(
    tmp_path: Path, stage: Callable[[World], None]
) -> None:
    with small_world(tmp_path / "twin") as world:
        stage(world)
        world.faults("hubspot", {"match": "batch/update", "delay": 20.0})
        log = tmp_path / "run.log"
        with process([BIN / "memorialize", *NIGHT], log, os.environ) as first:
            deadline = time.monotonic() + PATIENCE
            while "apply" not in log.read_text():
                assert first.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            before = held(world)
            second = memorialize(*NIGHT, "--json")
            assert (second.code, second.out) == (1, "")
            (message,) = second.messages
            assert message.startswith("LeaseHeld: run ")
            assert f"process {first.pid}) works 2026-11-20 00:00 to 2026-11-21 00:00 UTC" in message
            beside = memorialize("run", "-c", "acme", "--from", "2026-11-19T00:00:00Z", "--to", "2026-11-20T00:00:00Z")
            assert beside.code == 0, beside.err
            os.killpg(first.pid, signal.SIGKILL)
            assert first.wait() == -signal.SIGKILL
        third = memorialize(*NIGHT, "--json")
        assert third.code == 1 and "if it was killed, after " in third.messages[0]
        assert len(held(world)) == len(before), "who waits writes nothing"
        world.faults("hubspot")
        lapse()
        fourth = memorialize(*NIGHT, "--json")
        assert fourth.code == 0, fourth.err
        funnel = fourth.report["funnel"]
        assert funnel["planned"] == funnel["written"] == funnel["verified"]
        again = memorialize(*NIGHT, "--json")
        assert (again.code, again.report["funnel"]["planned"]) == (0, 0)
