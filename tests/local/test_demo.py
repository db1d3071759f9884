"""What a newcomer sees: the verdict after one command, and nothing left to write after the second."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.stage import PROJECT

pytestmark = pytest.mark.nights


def demo(folder: Path) -> tuple[str, dict[str, int]]:
    done = subprocess.run(
        [sys.executable, "-m", "local", "demo", "--folder", str(folder), "--interactions", "200"],
        cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    newest = max((folder / "reports" / "acme").iterdir())  # run ids are UUIDv7: they sort by time
    report = json.loads((newest / "report.json").read_text())
    assert "<html" in (newest / "report.html").read_text()
    return done.stdout, report["funnel"]


def test_the_first_run_mends_and_the_second_finds_nothing_to_write(tmp_path: Path) -> None:
    shown, first = demo(tmp_path)
    assert first["planned"] > 0
    assert first["planned"] == first["written"] == first["verified"]
    assert "values were lost or wrong in HubSpot" in shown
    assert "report.html" in shown
    shown, second = demo(tmp_path)
    assert second["planned"] == second["missing"] == second["drifted"] == second["truncated"] == 0
    assert second["equal"] == first["equal"] + first["written"]
    assert "nothing to write" in shown
