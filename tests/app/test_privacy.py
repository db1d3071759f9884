"""What customers said, and who they are, stands in staging's files and in HubSpot, and nowhere else.

The secrets are the twin's own customers: their words, notes, names, addresses and numbers, asked of its API.
"""

import html
import json
import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg2
import pyarrow.parquet as pq
import pytest

from local.stage import BIN
from tests.app.command import DAY, NIGHT, mappings, replace, small_world
from tests.app.conftest import World

pytestmark = pytest.mark.slow

CREDENTIALS = ("pat-eu1-acme-demo", "acme-access-key", "acme-access-secret", "Bearer ")


@dataclass(frozen=True)
class Traces:
    """Everything two runs left behind, by where it was found."""

    printed: dict[str, str]
    reports: dict[str, str]
    ledger: dict[str, str]
    temporary: dict[str, str]
    staging: Path


def secrets_of(world: World) -> dict[str, set[str]]:
    """What CXone serves of its customers, by kind; each long enough not to be met by chance."""
    key = {"accessKeyId": "acme-access-key", "accessKeySecret": "acme-access-secret"}
    with httpx.Client(base_url=world.services.cxone, headers={"Accept": "application/json"}) as cxone:
        token = cxone.post("/authentication/v1/token/access-key", json=key).json()["access_token"]
        cxone.headers["Authorization"] = f"Bearer {token}"
        span = {"startDate": DAY[0], "endDate": DAY[1]}
        calls = cxone.get("/incontactapi/services/v30.0/contacts/completed", params=span).json()["completedContacts"]
        days: dict[str, str | int] = {"date[from]": DAY[0][:10], "date[to]": DAY[1][:10], "size": 500}
        cases = cxone.get("/dfo/3.0/contacts", params=days).json()["data"]
        messages = [
            message
            for case in cases
            for message in cxone.get(f"/dfo/3.0/contacts/{case['id']}/messages").json()["data"]
        ]
        words = {str(m["messageContent"].get("text") or "") for m in messages}
        people = [case["authorEndUserIdentity"] for case in cases]
    addresses = {str(call[side]) for call in calls for side in ("fromAddress", "toAddress")}
    addresses |= {person["idOnExternalPlatform"] for person in people}
    found = {
        "words": {line for text in words for line in text.splitlines()},
        "notes": {str(call.get("dispositionNotes") or "") for call in calls},
        "names": {person["fullName"] for person in people},
        "addresses": addresses | {re.sub(r"\D", "", a)[-10:] for a in addresses if "@" not in a},
    }
    return {
        kind: {text for text in texts if len(text) >= 9 and "000000" not in text}  # as in the records' own ids
        for kind, texts in found.items()
    }


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
        ended = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, umask=0)
        assert ended.returncode == (0 if name == "first" else 1) and "Traceback" not in ended.stderr
        printed |= {f"{name} stdout": ended.stdout, f"{name} stderr": ended.stderr}
    return Traces(
        printed,
        texts_below(tmp_path / "reports"),
        tables(postgres_socket, ledger_database),
        texts_below(tmp_path / "temporary"),
        tmp_path / "staging",
    )


def texts_below(folder: Path) -> dict[str, str]:
    """Every file below a folder as text, by its path; HTML without its escapes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): html.unescape(path.read_text(errors="replace")) for path in files}


def tables(socket: str, database: str) -> dict[str, str]:
    """Every table of a database as text."""
    with psycopg2.connect(host=socket, user="postgres", dbname=database) as connection, connection.cursor() as cursor:
        cursor.execute("select table_name from information_schema.tables where table_schema = 'public'")
        found = {}
        for (name,) in cursor.fetchall():
            cursor.execute(f'select string_agg(row_to_json(t)::text, chr(10)) from "{name}" t')
            (found[name],) = cursor.fetchone() or ("",)
    connection.close()
    return {name: text or "" for name, text in found.items()}


def staged(folder: Path) -> dict[str, str]:
    """What staging's files hold, as text."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path): pq.read_table(path).to_pandas().to_csv() if path.suffix == ".parquet" else path.read_text()
        for path in files
    }


def test_customers_stand_in_staging_alone_and_credentials_nowhere(world: World, traces: Traces) -> None:
    secrets = secrets_of(world)
    assert {kind: len(texts) > 5 for kind, texts in secrets.items()} == dict.fromkeys(secrets, True)
    inside = "\n".join(staged(traces.staging).values())
    for kind, texts in secrets.items():
        assert any(text in inside for text in texts), f"no {kind} reached the product: the search proves nothing"

    refused = json.loads(traces.printed["first stdout"])["rejected"]
    assert refused and refused[0]["code"] == "INVALID_EMAIL", "nothing was refused: no error body could leak"
    assert "PermissionMissing: HubSpot's token lacks a right" in traces.printed["second stderr"]
    assert len(traces.reports) == 4 and {"runs", "steps", "receipts", "interactions"} <= traces.ledger.keys()
    outside = {**traces.printed, **traces.reports, **traces.ledger, **traces.temporary}
    outside["names of staging's files"] = "\n".join(str(path) for path in traces.staging.rglob("*"))
    leaks = [
        (place, kind, text)
        for place, content in outside.items()
        for kind, texts in secrets.items()
        for text in texts
        if text in content
    ]
    assert leaks == []

    everywhere = {**traces.printed, **traces.reports, **traces.ledger, **traces.temporary, **staged(traces.staging)}
    assert len(everywhere) > 40
    assert [(place, word) for place, content in everywhere.items() for word in CREDENTIALS if word in content] == []

    paths = [traces.staging, *traces.staging.rglob("*")]
    assert len(paths) > 40
    wrong = [
        (str(path), oct(stat.S_IMODE(path.stat().st_mode)))
        for path in paths
        if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
    ]
    assert wrong == []
