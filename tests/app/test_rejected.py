"""A value that HubSpot refuses costs only its own record, and lives on until it is cured, expired or dismissed.

The pipeline's own steps and client against the twin, whose property loses an option while the night goes on.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.rejected import Chosen, dismiss, kept, retry
from memorialization import intake
from memorialization.ledger import Ledger
from memorialization.ports import Window
from memorialization.report.model import Report
from plugins.hubspot.client import Client
from plugins.hubspot.records import HubSpotStore
from tests.app.world import World
from tests.memorialization.nights import DAY, configuration, interaction, night, row, section

pytestmark = pytest.mark.slow

TOKEN = "pat-eu1-acme-demo"
COLOUR = "/crm/v3/properties/0-5/colour"
UPSERT = "POST /crm/v3/objects/{type}/batch/upsert"
BAD = "d:57:0:1"
SECTION = section(
    "Ticket",
    row("cxone_contact_id", "digital", "Contact ID"),
    row("colour", "script", "colour"),
    key="Contact ID",
    on_unmatched="create",
    create_with={"subject": "CXone", "hs_pipeline": "0", "hs_pipeline_stage": "1"},
)
SETUP = configuration(SECTION)
CHATS = [
    interaction(number, channel="digital", scripts_arrive=True, **{"script.colour": "green" if number == 57 else "red"})
    for number in range(1, 101)
]


class Portal:
    """A twin whose property `colour` has the option green, or not."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._client = Client(TOKEN, host=world.services.hubspot, pace=0.01)
        self.store = HubSpotStore(self._client)
        self.offer("red", "green")

    def offer(self, *options: str) -> None:
        httpx.delete(self.world.services.hubspot + COLOUR, headers={"Authorization": f"Bearer {TOKEN}"})
        listed = [{"value": name, "label": name, "displayOrder": n} for n, name in enumerate(options)]
        self._client.create_property(
            "0-5",
            {
                "name": "colour", "label": "colour", "type": "enumeration", "fieldType": "select",
                "groupName": "cxone", "options": listed,
            },
        )  # fmt: skip


@pytest.fixture
def portal(start_world: Callable[..., World], stage: Callable[[World], None]) -> Portal:
    world = start_world("--interactions", "1", "--days", "1", "--scope", "crm.schemas.tickets.write")
    stage(world)
    return Portal(world)


def _night(
    portal: Portal,
    ledger: Ledger,
    folder: Path,
    days: int = 0,
    *,
    refused: bool = False,
    setup: Any = SETUP,
    chats: list[dict[str, Any]] = CHATS,
) -> Report:
    """The night `days` after the first; `refused`: the option goes when all is planned, and comes back after it."""
    window = Window(DAY.start + timedelta(days=days), DAY.end + timedelta(days=days))
    opened = night(setup, portal.store, ledger, folder / str(len(list(folder.iterdir()))), *chats, window=window)  # type: ignore[arg-type]
    opened.prepare()
    opened.reconcile()
    if refused:
        portal.offer("red")
    opened.deliver()
    if refused:
        portal.offer("red", "green")
    intake.remember(opened.run, opened.ports)
    return opened.report()


def test_one_bad_row_among_a_hundred_is_kept_and_cured_in_the_next_night(
    portal: Portal, ledger: Ledger, tmp_path: Path
) -> None:
    before = portal.world.requests("hubspot")
    first = _night(portal, ledger, tmp_path, refused=True)
    assert first.funnel.imbalances() == []
    assert (first.funnel.written, first.funnel.verified, first.funnel.rejected) == (198, 198, 2)
    met = portal.world.requests("hubspot")
    calls = sum(n - before.get(call, 0) for call, n in met.items() if call.startswith(UPSERT))
    assert 1 <= calls <= 16, "the batch, and at most 15 more to find the culprit"

    rows = kept("acme")
    assert [(r["interaction_key"], r["property"], r["record"]) for r in rows] == [
        (BAD, "colour", "new:57"), (BAD, "cxone_contact_id", "new:57"),
    ]  # fmt: skip
    for r in rows:
        assert (r["category"], r["code"], r["state"], r["tries"]) == ("VALIDATION_ERROR", "INVALID_OPTION", "open", 1)
        assert r["correlation_id"] and r["next_at"] == DAY.end + timedelta(days=1)
        assert r["cure"].startswith("Add the option to the property in HubSpot")
    assert [(r.code, r.category, r.state, r.values, r.next_at) for r in first.refused] == [
        ("INVALID_OPTION", "VALIDATION_ERROR", "open", 2, "2026-11-24T00:00:00+00:00")
    ]
    assert first.verdict.state == "attention" and "2 rejected values" in first.verdict.sentence

    second = _night(portal, ledger, tmp_path, 1)
    assert (second.funnel.pulled, second.funnel.written, second.funnel.verified) == (1, 2, 2)
    assert second.refused == () and second.verdict.state == "balanced"
    assert kept("acme") == []
    cured = ledger.rows("select state, reason, tries from rejected")
    assert [tuple(r.values()) for r in cured] == [("cured", "written", 1)] * 2
    (ticket,) = portal.world.find("0-5", "cxone_contact_id", "57")
    assert portal.world.record("0-5", ticket)["properties"]["colour"] == "green"
    assert _night(portal, ledger, tmp_path, 2).funnel.pulled == 0


def test_it_is_offered_ever_more_seldom_until_it_expires_and_once_more_when_a_person_asks(
    portal: Portal, ledger: Ledger, tmp_path: Path
) -> None:
    setup = configuration(SECTION, rejected={"expire_after": "3d"})
    bad = [chat for chat in CHATS if chat["interaction_key"] == BAD]

    def met(days: int) -> tuple[int, int, list[tuple[str, int]]]:
        report = _night(portal, ledger, tmp_path, days, refused=True, setup=setup, chats=bad)
        told = sorted({(r["state"], r["tries"]) for r in kept("acme")})
        return report.funnel.pulled, report.funnel.rejected, told

    assert met(0) == (1, 2, [("open", 1)])
    assert met(0) == (1, 2, [("open", 1)]), "the same window once more brings its end no nearer"
    assert met(1) == (1, 2, [("open", 2)])
    assert met(2) == (0, 0, [("open", 2)])
    assert met(3) == (1, 2, [("expired", 3)])
    last = _night(portal, ledger, tmp_path, 7, setup=setup, chats=bad)
    assert last.funnel.pulled == 0
    assert [(r.state, r.values, r.next_at) for r in last.refused] == [("expired", 2, None)]
    assert "rejected" not in last.verdict.sentence

    lines = retry("acme", Chosen(every=True))
    assert lines[0] == "2 values are open: the next run offers them again."
    cured = _night(portal, ledger, tmp_path, 2, setup=setup, chats=bad)
    assert (cured.funnel.pulled, cured.funnel.verified, cured.refused) == (1, 2, ())


def test_what_a_person_dismissed_is_held_until_its_value_changes(
    portal: Portal, ledger: Ledger, tmp_path: Path
) -> None:
    bad = [chat for chat in CHATS if chat["interaction_key"] == BAD]
    _night(portal, ledger, tmp_path, refused=True, chats=bad)
    assert dismiss("acme", Chosen("57")) == ["2 values are dismissed: not sent again until they change."]

    writes = portal.world.writes()
    assert _night(portal, ledger, tmp_path, 1, chats=bad).funnel.pulled == 0
    again = _night(portal, ledger, tmp_path, chats=bad)
    assert (again.funnel.planned, again.reasons["held"]) == (0, {"dismissed": 2})
    assert (again.funnel.imbalances(), again.verdict.state) == ([], "balanced")
    assert portal.world.writes() == writes

    changed = [chat | {"script.colour": "red"} for chat in bad]
    other = _night(portal, ledger, tmp_path, chats=changed)
    assert (other.funnel.written, other.reasons["held"]) == (1, {"dismissed": 1})


def test_what_is_too_old_for_every_later_run_expires_and_says_so(
    portal: Portal, ledger: Ledger, tmp_path: Path
) -> None:
    bad = [chat for chat in CHATS if chat["interaction_key"] == BAD]
    _night(portal, ledger, tmp_path, refused=True, chats=bad)
    late = _night(portal, ledger, tmp_path, 60, chats=bad)
    assert (late.funnel.pulled, [r.state for r in late.refused]) == (0, ["expired"])
    assert {(r["state"], r["reason"]) for r in kept("acme")} == {("expired", "reach")}
