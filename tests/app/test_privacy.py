"""What customers said, and who they are, stands in staging's files and in HubSpot, and nowhere else.

The secrets are the twin's own customers: their words, notes, names, addresses and numbers, asked of its API.
"""

import json
import os
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from local.stage import BIN
from tests.app.command import DAY, NIGHT, mappings, replace, small_world
from tests.app.world import World
from tests.leaks import CREDENTIALS, leaks, secrets_of, staged, tables, texts_below

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Traces:
    """Everything two runs left behind, by where it was found."""

    printed: dict[str, str]
    reports: dict[str, str]
    ledger: dict[str, str]
    temporary: dict[str, str]
    staging: Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with small_world(tmp_path / "twin") as running:
        yield running


@pytest.fixture
def traces(
    stage: Callable[[World], None],
    world: World,
    postgres_socket: str,
    ledger_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Traces:
    """Two nights as processes with the most generous umask: one with refused values, one cut short."""
    stage(world)
    acme = mappings(tmp_path, monkeypatch)
    # a name is no e-mail address: HubSpot refuses it, and says it in its answer
    replace(
        acme / "digital.yaml",
        "cxone_last_agent, channel: Digital contact, cxone_data: Agent Name",
        "email, channel: Digital contact, cxone_data: Customer Name",
    )
    (tmp_path / "temporary").mkdir()
    variables = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    printed: dict[str, str] = {}
    for name in ("first", "second"):
        if name == "second":
            world.faults("hubspot", {"match": "0-1/batch/update", "status": 403})
        command = [str(BIN / "memorialize"), *NIGHT, *(["--json"] if name == "first" else [])]
        with (tmp_path / "stdout").open("w+") as out, (tmp_path / "stderr").open("w+") as err:
            child = subprocess.Popen(command, env=variables, stdout=out, stderr=err, umask=0)
            arguments = seen_of(child)
            out.seek(0)
            err.seek(0)
            printed |= {f"{name} stdout": out.read(), f"{name} stderr": err.read(), f"{name} arguments": arguments}
        assert child.returncode == (0 if name == "first" else 1) and "Traceback" not in printed[f"{name} stderr"]
    return Traces(
        printed,
        texts_below(tmp_path / "reports"),
        tables(postgres_socket, ledger_database),
        texts_below(tmp_path / "temporary"),
        tmp_path / "staging",
    )


def seen_of(child: subprocess.Popen[bytes]) -> str:
    """The arguments of a process and of all that it starts, as anybody on the machine may list them, until it ends."""
    seen = set()
    deadline = time.monotonic() + 120
    while child.poll() is None:
        assert time.monotonic() < deadline
        with suppress(psutil.Error):
            first = psutil.Process(child.pid)
            seen |= {"\n".join(process.cmdline()) for process in (first, *first.children(recursive=True))}
        time.sleep(0.3)  # a look asks about every process of the machine
    return "\n".join(seen)


def test_customers_stand_in_staging_alone_and_credentials_nowhere(world: World, traces: Traces) -> None:
    secrets = secrets_of(world.services, DAY)
    assert {kind: len(texts) > 5 for kind, texts in secrets.items()} == dict.fromkeys(secrets, True)
    inside = "\n".join(staged(traces.staging).values())
    for kind, texts in secrets.items():
        assert any(text in inside for text in texts), f"no {kind} reached the product: the search proves nothing"

    refused = json.loads(traces.printed["first stdout"])["rejected"]
    assert refused and refused[0]["code"] == "INVALID_EMAIL", "nothing was refused: no error body could leak"
    assert "PermissionMissing: HubSpot's token lacks a right" in traces.printed["second stderr"]
    assert len(traces.reports) == 6 and {"runs", "steps", "receipts", "interactions"} <= traces.ledger.keys()
    assert "--from" in traces.printed["first arguments"]
    outside = {**traces.printed, **traces.reports, **traces.ledger, **traces.temporary}
    outside["names of staging's files"] = "\n".join(str(path) for path in traces.staging.rglob("*"))
    assert leaks(outside, secrets) == []

    everywhere = {**traces.printed, **traces.reports, **traces.ledger, **traces.temporary, **staged(traces.staging)}
    assert len(everywhere) > 40
    assert leaks(everywhere, {"credentials": set(CREDENTIALS)}) == []

    paths = [traces.staging, *traces.staging.rglob("*")]
    assert len(paths) > 40
    wrong = [
        (str(path), oct(stat.S_IMODE(path.stat().st_mode)))
        for path in paths
        if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
    ]
    assert wrong == []
