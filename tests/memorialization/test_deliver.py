"""Every planned value is written, rejected or unaccounted, told by trace; what was written is read back."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from memorialization.ledger import Ledger
from memorialization.ownership import Holder
from tests.memorialization.fakes import CONTACT, TICKET, MemoryStore
from tests.memorialization.nights import EVENING, Night, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

CONTACTS = configuration(section("Contact", row("agent", "voice", "Agent Name")))
TICKETS = configuration(
    section(
        "Ticket",
        row("key", "voice", "Contact ID"),
        row("agent", "voice", "Agent Name"),
        key="Contact ID",
        on_unmatched="create",
        create_with={"subject": "CXone interaction"},
    )
)


def _planned(setup: Any, store: MemoryStore, ledger: Ledger, folder: Path, count: int) -> Night:
    """A night of `count` calls of as many people, ready to be delivered."""
    calls = [interaction(i, customer_email=f"{i}@example.com") for i in range(1, count + 1)]
    opened = night(setup, store, ledger, folder, *calls)
    opened.prepare()
    opened.reconcile()
    return opened


def _people(count: int) -> tuple[MemoryStore, list[str]]:
    store = MemoryStore(schema())
    return store, [store.create(CONTACT, email=f"{i}@example.com") for i in range(1, count + 1)]


def _outcomes(opened: Night, entity: str = "Contact") -> dict[str, tuple[str, bool | None]]:
    """record -> (outcome, verified)"""
    frame = opened.frame(f"receipts/{entity}/0")
    return {r["record"]: (r["outcome"], r["verified"]) for r in frame.to_dict("records")}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fates=st.lists(st.sampled_from(["written", "refused", "unanswered", "lost"]), min_size=1, max_size=6),
    shift=st.integers(0, 5),
)
@example(fates=["written", "refused", "unanswered", "lost"], shift=1)
@example(fates=["refused", "lost", "written"], shift=2)
def test_each_row_has_its_own_fate_in_whatever_order_the_answers_come(
    fates: list[str], shift: int, ledger: Ledger, tmp_path: Path
) -> None:
    store, ids = _people(len(fates))
    store.shift = shift
    for name in ("refused", "unanswered", "lost"):
        setattr(store, name, {i for i, fate in zip(ids, fates, strict=True) if fate == name})
    opened = _planned(CONTACTS, store, ledger, tmp_path, len(fates))
    (counted,) = opened.deliver()
    expected = {
        "written": ("written", True),
        "refused": ("rejected", None),
        "unanswered": ("written", True),  # settled by reading
        "lost": ("unaccounted", None),
    }
    assert _outcomes(opened) == {i: expected[fate] for i, fate in zip(ids, fates, strict=True)}
    assert counted["planned"] == len(fates)
    for number, (record_id, fate) in enumerate(zip(ids, fates, strict=True), start=1):
        stands = f"Agent {number}" if fate in ("written", "unanswered") else None
        assert store.value(CONTACT, record_id, "agent") == stands
    funnel = opened.report().funnel
    assert funnel.imbalances() == []
    assert (funnel.rejected, funnel.unaccounted) == (fates.count("refused"), fates.count("lost"))


def test_what_hubspot_respells_into_something_else_fails_its_verification(ledger: Ledger, tmp_path: Path) -> None:
    store, ids = _people(2)
    store.respelled["agent"] = "Agent 1"
    opened = _planned(CONTACTS, store, ledger, tmp_path, 2)
    (counted,) = opened.deliver()
    assert (counted["written"], counted["verified"]) == (2, 1)
    assert _outcomes(opened) == {ids[0]: ("written", True), ids[1]: ("written", False)}
    report = opened.report()
    assert (report.funnel.verified, report.funnel.verify_failed) == (1, 1)
    assert report.verdict.state == "attention"
    assert {record for record, _ in ledger.holders("acme", "0-1", ids)} == {ids[0]}


def test_a_verified_write_makes_its_interaction_the_holder(ledger: Ledger, tmp_path: Path) -> None:
    store, (kim,) = _people(1)
    _planned(CONTACTS, store, ledger, tmp_path, 1).deliver()
    (holder,) = ledger.holders("acme", "0-1", [kim]).values()
    assert isinstance(holder, Holder)
    assert (holder.interaction_key, holder.end_time) == ("v:1", interaction(1)["end_time"])
    assert holder.value_hash != 0 and holder.end_time > EVENING


def test_a_record_is_created_once_with_its_fixed_values(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    opened = _planned(TICKETS, store, ledger, tmp_path, 2)
    (counted,) = opened.deliver()
    assert (counted["created"], counted["written"], counted["verified"]) == (2, 4, 4)
    assert store.value(TICKET, "501", "subject") == "CXone interaction"
    assert {row.key_value for row in store.written} == {"1", "2"}
    assert {row.record_id for row in store.written} == {None}
    assert ledger.holders("acme", "0-5", ["501"])["501", "agent"].interaction_key == "v:1"


def test_each_leg_of_a_case_has_a_record_of_its_own_by_its_interaction_key(ledger: Ledger, tmp_path: Path) -> None:
    setup = configuration(
        section("Ticket", row("agent", "digital", "Agent Name"), key="leg", key_property="key", on_unmatched="create")
    )
    store = MemoryStore(schema())
    legs = [
        interaction(7, channel="digital", interaction_key=f"d:7:{start}:1", agent_name=f"Leg {start}")
        for start in (1, 2)
    ]
    for created, equal in ((2, 0), (0, 2)):  # a second night finds both by their keys
        report = night(setup, store, ledger, tmp_path, *legs).whole()
        assert (report.funnel.to_create, report.funnel.equal, report.funnel.imbalances()) == (created, equal, [])
    held = [(store.value(TICKET, i, "key"), store.value(TICKET, i, "agent")) for i in store.records[TICKET.type_id]]
    assert sorted(held) == [("d:7:1:1", "Leg 1"), ("d:7:2:1", "Leg 2")]


def test_the_same_step_twice_makes_no_second_record(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    opened = _planned(TICKETS, store, ledger, tmp_path, 2)
    opened.deliver()
    traces = {row.trace for row in store.written}
    (again,) = opened.deliver()
    assert len(store.records[TICKET.type_id]) == 2
    assert (again["written"], again["verified"], again["created"]) == (4, 4, 0)
    assert {row.trace for row in store.written} == traces  # stable over tries


def test_an_unanswered_create_is_found_by_its_key_and_never_made_again(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    store.unanswered, store.lost = {"1"}, {"2"}
    opened = _planned(TICKETS, store, ledger, tmp_path, 2)
    opened.deliver()
    assert _outcomes(opened, "Ticket") == {"new:1": ("written", True), "new:2": ("unaccounted", None)}
    receipts = opened.frame("receipts/Ticket/0")
    assert set(receipts.loc[receipts["record"].eq("new:1"), "record_id"]) == {"501"}
    store.unanswered, store.lost = set(), set()
    report = night(TICKETS, store, ledger, tmp_path, interaction(1), interaction(2)).whole()
    assert len(store.records[TICKET.type_id]) == 2
    assert (report.funnel.equal, report.funnel.verified, report.verdict.state) == (2, 2, "balanced")


def test_a_second_night_finds_all_equal_and_writes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    store, _ = _people(3)
    _planned(CONTACTS, store, ledger, tmp_path, 3).deliver()
    before = len(store.written)
    opened = _planned(CONTACTS, store, ledger, tmp_path, 3)
    assert opened.deliver() == []
    assert len(store.written) == before
    assert opened.report().funnel.equal == 3


def test_a_refusal_keeps_its_reason_and_no_text(ledger: Ledger, tmp_path: Path) -> None:
    store, ids = _people(2)
    store.refused = {ids[0]}
    opened = _planned(CONTACTS, store, ledger, tmp_path, 2)
    opened.deliver()
    report = opened.report()
    (refused,) = report.rejected
    assert (refused.record, refused.properties, refused.code) == (ids[0], ("agent",), "INVALID")
    assert refused.category == "VALIDATION_ERROR" and refused.correlation_id == "c-1"
    assert "Agent 1" not in report.model_dump_json()


@pytest.mark.slow
def test_what_somebody_changed_since_it_was_planned_is_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    kim = store.create(CONTACT, email="kim@example.com")
    opened = night(CONTACTS, store, ledger, tmp_path, interaction(1))
    opened.prepare()
    opened.reconcile()
    store.set(CONTACT, kim, "agent", "Somebody newer")
    opened.deliver()
    assert store.value(CONTACT, kim, "agent") == "Somebody newer"
    report = opened.report()
    assert (report.funnel.planned, report.funnel.held, report.reasons["held"]) == (0, 1, {"moved": 1})
    assert report.funnel.imbalances() == []


@pytest.mark.slow
def test_a_step_done_again_sends_nothing_that_stands(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    kim = store.create(CONTACT, email="kim@example.com")
    opened = night(CONTACTS, store, ledger, tmp_path, interaction(1))
    opened.prepare()
    opened.reconcile()
    opened.deliver()
    before = len(store.histories(CONTACT, [kim], ["agent"])[kim]["agent"])
    opened.deliver()
    assert len(store.histories(CONTACT, [kim], ["agent"])[kim]["agent"]) == before
    assert opened.report().funnel.verified == 1
