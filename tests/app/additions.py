"""Notes and associations, switched on in a copy of the example, and read back from the twin's HubSpot."""

import html
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.command import DAY, TICKET, mappings, replace
from tests.app.world import World

NOTE = "0-46"
TOKEN = {"Authorization": "Bearer pat-eu1-acme-demo"}
HEAD = re.compile(r"<p>CXone transcript (\S+) \((\w+)\), part (\d+) of (\d+)</p>")


def with_additions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transcripts that are too long stand in notes, and tickets are associated with their contacts."""
    acme = mappings(folder, monkeypatch)
    replace(
        acme / "digital.yaml",
        "on_overflow: reject}\n      - {external_crm_field: cxone_order",
        "on_overflow: note}\n      - {external_crm_field: cxone_order",
    )
    replace(
        acme / "digital.yaml", "    on_unmatched: create", "    associate_with: [Contact]\n    on_unmatched: create"
    )


def linked(world: World, source: str, ids: list[str], target: str) -> dict[str, list[str]]:
    """record id -> ids of what it is associated with, as HubSpot tells."""
    url = f"{world.services.hubspot}/crm/v4/associations/{source}/{target}/batch/read"
    answer = httpx.post(url, json={"inputs": [{"id": i} for i in ids]}, headers=TOKEN).json()
    return {str(r["from"]["id"]): [str(to["toObjectId"]) for to in r["to"]] for r in answer["results"]}


def tickets(world: World) -> dict[str, dict[str, Any]]:
    """ticket id -> the digital leg of the day that it is of"""
    legs = [leg for leg in world.truth(*DAY)["legs"] if leg["channel"] == "digital"]
    return {t: leg for leg in legs for t in world.find(TICKET, "cxone_contact_id", leg["id"])}


def transcripts(world: World) -> dict[str, str]:
    """ticket id -> the transcript put together from its notes; fails where a part is missing or stands there twice."""
    found = {}
    for ticket, notes in linked(world, TICKET, list(tickets(world)), NOTE).items():
        parts: dict[int, str] = {}
        for note in notes:
            body = world.record(NOTE, note)["properties"]["hs_note_body"]
            head = HEAD.match(body)
            assert head and len(body.encode()) <= 65_536
            assert (head[2], int(head[4])) == ("cxone_transcript", len(notes)) and int(head[3]) not in parts
            parts[int(head[3])] = body[head.end() :]
        found[ticket] = html.unescape("".join(parts[i] for i in sorted(parts)).replace("<br>", "\n"))
    return found
