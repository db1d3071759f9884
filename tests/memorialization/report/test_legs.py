"""What a night's report says of its lost values: whose they were, when, and where CXone shows the interaction."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memorialization.ledger import Ledger
from tests.memorialization.fakes import CONTACT, TICKET, MemoryStore
from tests.memorialization.nights import configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLAYER = "https://na1.nice-incontact.com/player/#/cxone-player/segments/"
SETUP = configuration(
    section("Contact", row("agent", "voice", "Agent Name"), required=True),
    section("Ticket", row("key", "voice", "Contact ID"), key="Contact ID", on_unmatched="create"),
    report={"language": "de"}, timezone="Europe/Berlin",
)  # fmt: skip


def call(number: int, agent: int, **facts: Any) -> dict[str, Any]:
    at = NOON + timedelta(minutes=number)
    return interaction(
        number, agent_id=str(agent), skill_name="Sales", due_at=at, end_time=at, recording_url=f"{PLAYER}{number}",
        customer_email=None, **facts,
    )  # fmt: skip


def test_the_agent_who_loses_is_named_and_keys_lead_to_the_player(ledger: Ledger, tmp_path: Path) -> None:
    """Agent 7 loses six tickets of seven, nine others none; nobody knows the customers: their contacts are parked."""
    store = MemoryStore(schema(), now=NOON)
    calls = [call(n, 7) for n in range(7)] + [call(n, n) for n in range(10, 19)]
    for number in (0, *range(10, 19)):
        store.create(TICKET, key=str(number))
    store.create(CONTACT, email="kim@example.com")
    report = night(SETUP, store, ledger, tmp_path, *calls).whole()
    (cause,) = report.causes
    assert (cause.kind, cause.subject, cause.values, cause.interactions, cause.of) == ("agent", "7", 6, 6, 7)
    assert (cause.elsewhere, cause.elsewhere_of) == (0, 9)
    assert (cause.start, cause.interaction_keys[0]) == ("2026-11-22T12:01:00+00:00", "v:1")
    assert {parked.cxone for parked in report.parked} == {f"{PLAYER}{n}" for n in (*range(7), *range(10, 19))}
    assert report.run.language == "de"
    assert report.verdict.sentence == (
        "6 Werte waren in HubSpot verloren oder falsch; 6 sind geheilt und durch Zurücklesen bewiesen. "
        "Auf einen Menschen warten: 16 geparkte Ziele."
    )
    assert report.run.thresholds["approval.max_overwrites"] == 5000
    assert report.run.thresholds["quota.reserve"] == 0.25
