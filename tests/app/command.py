"""The command line as a person meets it: what it prints, how it ends, and what it left in the twin's HubSpot."""

import html
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from click.testing import CliRunner

from app.cli import main
from app.connections import ledger_url
from local.stage import PROJECT, twin
from memorialization.ledger import Ledger
from plugins.cxone.client import CxoneClient
from plugins.hubspot.client import Client
from tests.app.world import World

SMALL = ("--start", "2026-11-20", "--days", "1", "--interactions", "60", "--clock", "2026-11-21T06:00:00Z")
NIGHT = ("run", "-c", "acme", "--from", "2026-11-20T00:00:00Z", "--to", "2026-11-21T00:00:00Z")
DAY = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")
CONTACT, TICKET = "0-1", "0-5"


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """What `--json` printed."""
        data: dict[str, Any] = json.loads(self.out)
        return data

    @property
    def messages(self) -> list[str]:
        """The errors shown; a message may go on over indented lines."""
        return re.findall(r"^[A-Z]\w+: .*(?:\n  \S.*)*", self.err, re.MULTILINE)


def memorialize(*arguments: str) -> Outcome:
    """Run a command in this process; an error that a person would meet as a traceback is raised."""
    result = CliRunner().invoke(main, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


@contextmanager
def small_world(folder: Path) -> Iterator[World]:
    """One day of 60 interactions, some of them lost, one of them without its ticket."""
    with twin(folder, *SMALL) as services:
        yield World(services)


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both clients and the writer try as often as ever, but wait a hundredth of their time before each further try."""
    monkeypatch.setattr("memorialization.deliver.FIRST_WAIT", 0.02)
    for client, name, seconds in ((CxoneClient, "first_wait", 0.05), (Client, "pace", 0.01)):
        defaults = client.__init__.__kwdefaults__
        assert defaults is not None and name in defaults
        monkeypatch.setitem(defaults, name, seconds)


def mappings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the mappings that the product reads from now on; returns its folder acme."""
    shutil.copytree(PROJECT / "include/mappings", folder / "mappings")
    monkeypatch.setenv("MEMORIALIZATION_MAPPINGS", str(folder / "mappings"))
    return folder / "mappings" / "acme"


def replace(path: Path, old: str, new: str) -> None:
    """Change the first `old` in a file, which must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def held(world: World) -> dict[str, dict[str, str]]:
    """What HubSpot holds of the day: per ticket (told by its CXone Contact ID) and contact the product's properties.

    Fails where two tickets carry the same Contact ID.
    """
    found: dict[str, dict[str, str]] = {}
    with httpx.Client(base_url=f"{world.services.hubspot}/_twin/records") as twin_records:
        for leg in world.truth(*DAY)["legs"]:
            query = {"property": "cxone_contact_id", "value": leg["id"]}
            tickets = twin_records.get(f"/{TICKET}", params=query).json()
            assert len(tickets) <= 1, f"{leg['id']} has {len(tickets)} tickets"
            records = [(f"{TICKET}/{name}", f"ticket of {leg['id']}") for name in tickets]
            if leg["contact_record_id"]:
                records.append((f"{CONTACT}/{leg['contact_record_id']}", f"contact {leg['contact_record_id']}"))
            for path, name in records:
                properties = twin_records.get(f"/{path}").json()["properties"]
                found[name] = {k: v for k, v in properties.items() if k.startswith("cxone_")}
    return found


def lapse() -> None:
    """As if every run had been silent for the length of a lease."""
    Ledger(ledger_url()).carry_out({"leases": "update leases set expires_at = clock_timestamp()"})


def change_connection(monkeypatch: pytest.MonkeyPatch, name: str, **changes: Any) -> None:
    """Change fields of a connection in the environment."""
    variable = f"AIRFLOW_CONN_{name}"
    monkeypatch.setenv(variable, json.dumps(json.loads(os.environ[variable]) | changes))


def text_of(path: Path) -> str:
    """What a report's file says, to search in it: HTML without its escapes, the parts of a workbook one by one."""
    if path.suffix == ".xlsx":
        with ZipFile(path) as book:
            return html.unescape("\n".join(book.read(name).decode() for name in book.namelist()))
    return html.unescape(path.read_text(errors="replace"))
