"""Whatever the stage starts is stopped again."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from local.stage import PROJECT, StageError, free_port, postgres, process, twin

pytestmark = pytest.mark.slow


def test_postgres_has_both_databases_and_stops(tmp_path: Path) -> None:
    import psycopg2

    with postgres(tmp_path / "data") as where:
        for name in ("airflow", "ledger"):
            psycopg2.connect(host=where, user="postgres", dbname=name).close()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(host=where, user="postgres", dbname="postgres")
    with postgres(tmp_path / "data"):
        pass  # a second start finds what the first made


def test_a_process_takes_its_children_along(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with process(["bash", "-c", "sleep 600 & sleep 600 & echo up; wait"], log, os.environ) as child:
        deadline = time.monotonic() + 20
        while "up" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        family = psutil.Process(child.pid).children(recursive=True)
        assert len(family) >= 2
    _, alive = psutil.wait_procs(family, timeout=5)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


def test_a_twin_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(StageError, match=r"(?s)the twin did not start.*--days at least 1"),
        twin(tmp_path, "--days", "0"),
    ):
        pass


def test_a_taken_port_is_left_alone() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert free_port(port) != port


def test_a_demonstration_stopped_in_the_middle_leaves_no_process(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "local", "demo", "--folder", str(tmp_path), "--interactions", "60"],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "twin" / "ready.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    family = psutil.Process(child.pid).children(recursive=True)
    child.terminate()
    assert child.wait(40) == 128 + 15
    time.sleep(0.5)
    assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
    assert [p.pid for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])] == []
