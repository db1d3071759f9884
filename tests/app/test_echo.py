"""Values that HubSpot respells are written once: a second night over an adversarial corpus writes nothing.

The pipeline's own steps and client against the twin, which rewrites texts as badly as the reference leaves room for.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memorialization.ledger import Ledger
from memorialization.ports import Entity
from memorialization.report.model import Report
from plugins.hubspot.client import Client
from plugins.hubspot.records import HubSpotStore
from tests.app.world import World
from tests.memorialization.nights import configuration, interaction, night, row, section

pytestmark = pytest.mark.slow

TICKET = Entity("Ticket", "0-5")
TOKEN = "pat-eu1-acme-demo"
FIXED = {"subject": "CXone", "hs_pipeline": "0", "hs_pipeline_stage": "1"}
SETUP = configuration(
    section(
        "Ticket",
        row("cxone_contact_id", "digital", "Contact ID"),
        row("cxone_agent_name", "digital", "Agent Name"),
        row("cxone_disposition_notes", "digital", "Disposition Notes"),
        row("cxone_status", "digital", "Disposition Name"),
        row("cxone_transcript", "digital", "Transcription Text"),
        row("rich", "script", "rich"),
        row("line", "script", "line"),
        row("phone", "script", "phone"),
        row("amount", "script", "amount"),
        row("day", "script", "day"),
        row("yes", "script", "yes"),
        row("colours", "script", "colours"),
        key="Contact ID",
        on_unmatched="create",
        create_with=FIXED,
    ),
    systematic={"share": 1.0},
)
PROPERTIES: list[tuple[str, str, str]] = [
    ("rich", "string", "html"), ("line", "string", "text"), ("phone", "string", "phonenumber"),
    ("amount", "number", "number"), ("day", "date", "date"), ("yes", "bool", "booleancheckbox"),
    ("colours", "enumeration", "checkbox"),
]  # fmt: skip
OPTIONS = [{"value": name, "label": name, "displayOrder": n} for n, name in enumerate(("red", "green", "blue"))]

TEXTS = [
    "plain",
    "  blanks around  ",
    "\u200bzero\u200dwidth\ufeff",
    "hard\u00a0space",
    "\ttab\tand\x0bvertical",
    "two  blanks",
    "line\r\nbreaks\rof\nall kinds\r\n",
    "\n\nbegins with breaks",
    "<b>bold</b> & <script>alert('x')</script>",
    "1 < 2 > 0 &amp; &lt;",
    "<br><p>looks like html</p>",
    "emoji \U0001f600\U0001f469\u200d\U0001f680 flag \U0001f1e9\U0001f1ea",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
    "e\u0301 and \u00e9",
    '=HYPERLINK("x")',
    'comma, "quotes"; semicolon',
    "\u00df \u1e9e \u0130 \ufb01",
    "12345678",
    "null",
    "0",
    "\u200b",
    "   ",
]
PHONES = ["+49 30 901820", "030/901820", "(030) 90 18-20", "4930901820", "+1 (303) 555-0123", "extension 5", " 110 "]
AMOUNTS = ["1.50", "007", ".5", "-0", " 12 ", "1e5", "100.0", "3"]
DAYS = ["2026-11-22", "2026-11-22T23:30:00Z", "1795305600000", "tomorrow"]
YES = ["true", "TRUE", " False ", "yes"]
COLOURS = ["blue;red", "green", "red; blue ;green", ";blue", "pink"]


def _of(corpus: list[str], number: int) -> str:
    return corpus[number % len(corpus)]


def _chat(number: int, text: str) -> dict[str, Any]:
    return interaction(
        number,
        channel="digital",
        agent_name=text,
        disposition_notes=text,
        disposition_name=text,
        transcript_ref=f"t{number}",
        scripts_arrive=True,
        **{
            "script.rich": text,
            "script.line": text,
            "script.phone": _of(PHONES, number),
            "script.amount": _of(AMOUNTS, number),
            "script.day": _of(DAYS, number),
            "script.yes": _of(YES, number),
            "script.colours": _of(COLOURS, number),
        },
    )


CHATS = [_chat(number, text) for number, text in enumerate(TEXTS, start=1)]
TRANSCRIPTS = {f"t{number}": f"[10:00] Kim: {text}\n[10:01] Zoe: {text}" for number, text in enumerate(TEXTS, start=1)}


@pytest.fixture
def world(start_world: Callable[..., World]) -> World:
    return start_world("--respell", "--interactions", "1", "--days", "1", "--scope", "crm.schemas.tickets.write")


@pytest.fixture(params=["v3", "2026-09"])
def store(world: World, request: pytest.FixtureRequest) -> HubSpotStore:
    client = Client(TOKEN, host=world.services.hubspot, api_version=request.param, pace=0.01)
    for name, kind, field in PROPERTIES:
        options = {"yes": [{"value": v, "label": v} for v in ("true", "false")], "colours": OPTIONS}.get(name, [])
        client.create_property(
            "0-5",
            {"name": name, "label": name, "type": kind, "fieldType": field, "groupName": "cxone", "options": options},
        )
    return HubSpotStore(client)


def _whole(store: HubSpotStore, ledger: Ledger, folder: Path, chats: list[dict[str, Any]] = CHATS) -> Report:
    return night(SETUP, store, ledger, folder, *chats, texts=TRANSCRIPTS).whole()  # type: ignore[arg-type]


def test_a_second_night_over_an_adversarial_corpus_writes_nothing(
    world: World, store: HubSpotStore, ledger: Ledger, tmp_path: Path
) -> None:
    first = _whole(store, ledger, tmp_path / "1")
    assert first.funnel.imbalances() == []
    assert first.funnel.to_create == len(CHATS) and first.funnel.planned > 150
    assert (first.funnel.rejected, first.funnel.unaccounted, first.funnel.verify_failed) == (0, 0, 0)
    writes = world.writes()
    for again in ("2", "3"):
        report = _whole(store, ledger, tmp_path / again)
        assert (report.funnel.planned, report.funnel.held) == (0, 0), report.mapping_rows
        assert report.funnel.equal == first.funnel.verified
        assert report.reasons["equal"]["echo"] > 10
        assert report.funnel.imbalances() == []
    assert world.writes() == writes
