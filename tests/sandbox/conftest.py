"""One small world in this process, and one served by `python -m sandbox`: the same seed, days and clock."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import orjson
import pytest

from sandbox import schema
from sandbox.hubspot.portal import Portal
from sandbox.times import Clock, parse
from sandbox.world import Settings, World

ROOT = Path(__file__).parents[2]
START = date(2026, 11, 16)
INTERACTIONS, DAYS = 300, 3
CLOCK = "2026-11-19T12:00:00Z"
KEY = {"accessKeyId": "acme-access-key", "accessKeySecret": "acme-access-secret"}


def make_world(
    clock: str = CLOCK, days: int = DAYS, stops: date | None = None, interactions: int = INTERACTIONS
) -> World:
    portal = Portal(
        portal_id=schema.PORTAL_ID,
        time_zone=schema.TIME_ZONE,
        ui_domain=schema.UI_DOMAIN,
        token=schema.TOKEN,
        scopes=schema.SCOPES,
        seed=7,
    )
    return World(Settings(7, interactions, days, START, stops), portal, Clock(parse(clock)))


@pytest.fixture(scope="session")
def world() -> World:
    made = make_world()
    made.begin(())
    return made


@dataclass(frozen=True)
class Twin:
    """A running twin; `cxone` carries a fresh token and the Accept header, `hubspot` the bearer token."""

    process: subprocess.Popen[bytes]
    cxone: httpx.Client
    hubspot: httpx.Client


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Twin]:
    """`python -m sandbox` until the block ends; stopped by SIGTERM."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    common = ["--interactions", str(INTERACTIONS), "--days", str(DAYS), "--start", START.isoformat()]
    command = [sys.executable, "-m", "sandbox", *common, "--ready", str(ready), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert process.poll() is None and time.monotonic() < deadline, "the twin did not get ready"
            time.sleep(0.02)
        urls = orjson.loads(ready.read_bytes())
        assert urls["pid"] == process.pid
        cxone = httpx.Client(base_url=urls["cxone"], headers={"Accept": "application/json"})
        token = cxone.post("/authentication/v1/token/access-key", json=KEY).json()["access_token"]
        cxone.headers["Authorization"] = f"Bearer {token}"
        hubspot = httpx.Client(base_url=urls["hubspot"], headers={"Authorization": f"Bearer {schema.TOKEN}"})
        with closing(cxone), closing(hubspot):
            yield Twin(process, cxone, hubspot)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with running(tmp_path_factory.mktemp("twin"), "--clock", CLOCK) as served:
        yield served
