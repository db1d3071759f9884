"""What becomes of a refused value: pure rules by literal values, and the ways it is cured over the fakes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memorialization import intake
from memorialization.ledger import Ledger
from memorialization.ledger.rejections import uncured
from memorialization.ports import Window
from memorialization.rejections import after_refusal
from memorialization.report.model import Report
from memorialization.run import Run
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import DAY, EVENING, configuration, interaction, night, row, schema, section

NOW = datetime(2026, 11, 23, 2, 20, tzinfo=UTC)
SETUP = configuration(section("Contact", row("agent", "voice", "Agent Name")))


def _run(day: int) -> Run:
    end = DAY.end + timedelta(days=day)
    return Run(f"run-{day}", "acme", "", (end - timedelta(days=1)).isoformat(), end.isoformat(), dry_run=False)


def test_a_value_is_due_again_after_1_2_4_8_and_16_days_and_expires_when_the_next_time_is_too_late() -> None:
    life: dict[str, Any] | None = None
    told = []
    for day in (0, 1, 3, 7, 15):
        life = after_refusal(life and life | {"value_hash": 5}, 5, _run(day), timedelta(days=30), NOW)
        told.append(((life["next_at"] - DAY.end).days, life["tries"], life["state"], life["reason"]))
    assert told == [
        (1, 1, "open", None), (3, 2, "open", None), (7, 3, "open", None), (15, 4, "open", None),
        (31, 5, "expired", "time"),
    ]  # fmt: skip


def test_a_refusal_before_it_is_due_changes_nothing_and_another_value_begins_anew() -> None:
    first = after_refusal(None, 5, _run(0), timedelta(days=30), NOW) | {"value_hash": 5}
    later = NOW + timedelta(hours=5)
    assert after_refusal(first, 5, _run(0), timedelta(days=30), later)["tries"] == 1
    other = after_refusal(first, 6, _run(0), timedelta(days=30), later)
    assert (other["tries"], other["first_at"]) == (1, later)


def test_a_refusal_under_another_key_may_be_of_the_same_value() -> None:
    key, another = 7 << 48, 8 << 48
    before = {"value_hash": key + 5, "first_at": NOW, "tries": 1, "next_at": NOW, "state": "open", "reason": None}
    again = [
        after_refusal(before, n, _run(1), timedelta(days=30), NOW)["tries"] for n in (key + 5, key + 6, another + 6)
    ]
    assert again == [2, 1, 2]


@pytest.mark.parametrize("tries", [14, 40, 1000])
def test_a_value_that_is_asked_for_by_hand_for_ever_stays_within_the_calendar(tries: int) -> None:
    before = {"value_hash": 5, "first_at": NOW, "tries": tries, "next_at": NOW, "state": "open", "reason": None}
    life = after_refusal(before, 5, _run(1), timedelta(days=9999), NOW)
    assert life["state"] == "expired" and life["next_at"].year < 2150


# ---- cured


def _night(store: MemoryStore, ledger: Ledger, folder: Path, day: int, *rows: dict[str, Any]) -> Report:
    window = Window(DAY.start + timedelta(days=day), DAY.end + timedelta(days=day))
    opened = night(
        SETUP, store, ledger, folder / f"{day}-{len(ledger.rows('select 1 from runs'))}", *rows, window=window
    )
    opened.prepare()
    opened.reconcile()
    opened.deliver()
    intake.remember(opened.run, opened.ports)
    return opened.report()


def _states(ledger: Ledger) -> list[tuple[str, str, str | None]]:
    rows = ledger.rows("select interaction_key, state, reason from rejected order by interaction_key")
    return [(r["interaction_key"], r["state"], r["reason"]) for r in rows]


@pytest.fixture
def refused(ledger: Ledger, tmp_path: Path) -> tuple[MemoryStore, str]:
    """A night in which the store refused the agent of call 1; from now on it takes it."""
    store = MemoryStore(schema())
    kim = store.create(CONTACT, email="kim@example.com")
    store.refused = {kim}
    report = _night(store, ledger, tmp_path, 0, interaction(1))
    assert (report.funnel.rejected, _states(ledger)) == (1, [("v:1", "open", None)])
    assert len(uncured(ledger, "acme", "0-1")) == 1 and uncured(ledger, "acme", "0-5") == []
    store.refused = set()
    return store, kim


def test_found_equal_it_is_cured(refused: tuple[MemoryStore, str], ledger: Ledger, tmp_path: Path) -> None:
    store, kim = refused
    store.set(CONTACT, kim, "agent", "Agent 1")
    assert _night(store, ledger, tmp_path, 1, interaction(1)).funnel.written == 0
    assert _states(ledger) == [("v:1", "cured", "equal")]


def test_edited_by_a_person_it_is_cured(refused: tuple[MemoryStore, str], ledger: Ledger, tmp_path: Path) -> None:
    store, kim = refused
    store.person(CONTACT, kim, "agent", "Somebody else")
    assert _night(store, ledger, tmp_path, 1, interaction(1)).funnel.edited == 1
    assert _states(ledger) == [("v:1", "cured", "edited")]


def test_a_newer_interactions_value_cures_it_also_where_that_is_refused_in_turn(
    refused: tuple[MemoryStore, str], ledger: Ledger, tmp_path: Path
) -> None:
    store, kim = refused
    newer = interaction(2, end_time=EVENING + timedelta(days=1))
    store.refused = {kim}
    assert _night(store, ledger, tmp_path, 1, interaction(1), newer).funnel.rejected == 1
    assert _states(ledger) == [("v:1", "cured", "superseded"), ("v:2", "open", None)]
    store.refused = set()
    assert _night(store, ledger, tmp_path, 2, interaction(1), newer).funnel.verified == 1
    assert _states(ledger) == [("v:1", "cured", "superseded"), ("v:2", "cured", "written")]


def test_an_older_interactions_value_cures_nothing(
    refused: tuple[MemoryStore, str], ledger: Ledger, tmp_path: Path
) -> None:
    store, _ = refused
    older = interaction(3, end_time=EVENING - timedelta(days=1))
    _night(store, ledger, tmp_path, -1, older)
    assert _states(ledger) == [("v:1", "open", None)]


def test_a_dry_run_offers_it_and_changes_nothing_in_the_ledger(
    refused: tuple[MemoryStore, str], ledger: Ledger, tmp_path: Path
) -> None:
    store, _ = refused
    for day in (1, 60):
        window = Window(DAY.start + timedelta(days=day), DAY.end + timedelta(days=day))
        opened = night(SETUP, store, ledger, tmp_path / f"dry{day}", interaction(1), window=window, dry_run=True)
        opened.prepare()
        opened.reconcile()
        opened.deliver()
        assert opened.report().funnel.pulled == (1 if day == 1 else 0)
    assert _states(ledger) == [("v:1", "open", None)]
