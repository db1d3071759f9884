"""Every planned value is written, rejected or unaccounted, told by trace; what was written is read back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from memorialization.errors import MemorializationError, ServiceUnavailable
from memorialization.ledger import Ledger
from memorialization.ownership import Holder
from memorialization.ports import Entity, Receipt, WriteRow
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
    assert (again["written"], again["verified"], again["created"]) == (4, 4, 2)  # its receipts stay what they were
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


@pytest.mark.slow
def test_of_two_planned_records_that_were_merged_since_only_the_survivors_values_are_written(
    ledger: Ledger, tmp_path: Path
) -> None:
    store, (kim, ada) = _people(2)
    opened = _planned(CONTACTS, store, ledger, tmp_path, 2)
    store.merged[ada] = kim
    del store.records[CONTACT.type_id][ada]
    opened.deliver()
    assert store.value(CONTACT, kim, "agent") == "Agent 1"
    assert [row.record_id for row in store.written] == [kim]
    report = opened.report()
    assert (report.funnel.planned, report.funnel.verified, report.reasons["held"]) == (1, 1, {"moved": 1})
    assert report.funnel.imbalances() == []


@dataclass
class Dying(MemoryStore):
    """Its process is gone after so many rows; what was told until then was told.

    Unless `heard`, one more is written, and nobody hears of it.
    """

    rows_left: int = 2
    heard: bool = True

    def _write(self, entity: Entity, row: WriteRow) -> Receipt:
        if self.rows_left == 0:
            if not self.heard:
                super()._write(entity, row)
            raise KeyboardInterrupt
        self.rows_left -= 1
        return super()._write(entity, row)


def test_a_killed_step_sends_nothing_again_that_was_acknowledged(ledger: Ledger, tmp_path: Path) -> None:
    store = Dying(schema())
    ids = [store.create(CONTACT, email=f"{i}@example.com") for i in range(1, 5)]
    store.refused = {ids[0]}
    opened = _planned(CONTACTS, store, ledger, tmp_path, 4)
    with pytest.raises(KeyboardInterrupt):
        opened.deliver()
    store.person(CONTACT, ids[1], "agent", "By hand")  # after our write was acknowledged
    store.set(CONTACT, ids[2], "agent", "Agent 3")  # ours, too, but nobody heard the answer
    store.person(CONTACT, ids[3], "agent", "By hand")  # before we wrote anything there
    store.rows_left, store.refused, store.written = 99, set(), []
    (counted,) = opened.deliver()
    assert store.written == []
    assert _outcomes(opened) == {ids[0]: ("rejected", None), ids[1]: ("written", False), ids[2]: ("written", True)}
    assert [store.value(CONTACT, i, "agent") for i in ids] == [None, "By hand", "Agent 3", "By hand"]
    kept = ledger.rows("select record, outcome, verified from receipts order by record")
    assert [(r["record"], r["outcome"], r["verified"]) for r in kept] == [
        (ids[0], "rejected", None), (ids[1], "written", False), (ids[2], "written", True)
    ]  # fmt: skip
    assert (counted["planned"], counted["written"], counted["verified"]) == (3, 2, 1)
    report = opened.report()
    assert (report.funnel.held, report.reasons["held"], report.funnel.imbalances()) == (1, {"moved": 1}, [])


@pytest.mark.parametrize("rows", Random(20261123).sample(range(12), 5))
@pytest.mark.parametrize("heard", [True, False])
def test_killed_after_any_row_it_ends_as_if_undisturbed(ledger: Ledger, tmp_path: Path, rows: int, heard: bool) -> None:
    """Killed before a row went out, or before its answer was heard; the next try of the step sends each row once."""
    store = Dying(schema(), rows_left=rows, heard=heard)
    ids = [store.create(CONTACT, email=f"{i}@example.com") for i in range(1, 13)]
    opened = _planned(CONTACTS, store, ledger, tmp_path, 12)
    with pytest.raises(KeyboardInterrupt):
        opened.deliver()
    store.rows_left = 99
    (counted,) = opened.deliver()
    assert sorted(str(row.record_id) for row in store.written) == sorted(ids)
    assert [store.value(CONTACT, i, "agent") for i in ids] == [f"Agent {n}" for n in range(1, 13)]
    assert (counted["planned"], counted["written"], counted["verified"]) == (12, 12, 12)
    assert _outcomes(opened) == dict.fromkeys(ids, ("written", True))
    assert opened.report().funnel.imbalances() == []


def test_a_record_that_was_made_since_it_was_planned_keeps_its_fixed_values(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    opened = _planned(TICKETS, store, ledger, tmp_path, 1)
    made = store.create(TICKET, key="1", subject="By the live system")
    (counted,) = opened.deliver()
    assert (counted["written"], counted["created"]) == (2, 0)
    assert store.value(TICKET, made, "subject") == "By the live system"
    assert store.value(TICKET, made, "agent") == "Agent 1"


def test_a_record_merged_into_one_of_another_bucket_waits_for_the_next_run(ledger: Ledger, tmp_path: Path) -> None:
    """The survivor's values are another bucket's to write: which of the two came last would decide by chance."""
    store, (kim, ada) = _people(2)
    opened = _planned(CONTACTS, store, ledger, tmp_path, 1)
    store.merged[kim] = ada
    del store.records[CONTACT.type_id][kim]
    opened.deliver()
    assert (store.value(CONTACT, ada, "agent"), store.written) == (None, [])
    assert opened.report().reasons["held"] == {"moved": 1}


@dataclass
class Flaky(MemoryStore):
    """`away` is how many writes of which no answer comes; `commits` says whether they are carried out all the same.

    Before the next write and look, `meanwhile` happens. From the `gone`-th write on none is answered.
    """

    away: int = 0
    commits: bool = False
    gone: int | None = None
    meanwhile: Callable[[], None] = lambda: None
    batches: list[list[str | None]] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)
    trouble: MemorializationError | None = None

    def read(self, entity: Entity, ids: Any, *arguments: Any, **named: Any) -> Any:
        self.looks.append(len(ids))
        return super().read(entity, ids, *arguments, **named)

    def write(self, entity: Entity, rows: Any, *, told: Any = None, **named: Any) -> list[Receipt]:
        self.batches.append([row.record_id for row in rows])
        self.trouble = None
        gone = self.gone is not None and len(self.batches) >= self.gone
        if not self.away and not gone:
            return super().write(entity, rows, told=told, **named)
        self.away -= 0 if gone else 1
        self.trouble = ServiceUnavailable("HubSpot answered 502 at batch/update: try again later.")
        if self.commits:
            super().write(entity, rows, **named)
        self.meanwhile()
        return [Receipt(row.trace, "unaccounted") for row in rows]

    @property
    def stopped_by(self) -> MemorializationError | None:
        return self.trouble


def _flaky(count: int, **facts: Any) -> tuple[Flaky, list[str]]:
    store = Flaky(schema(), **facts)
    return store, [store.create(CONTACT, email=f"{i}@example.com") for i in range(1, count + 1)]


@pytest.mark.parametrize(("commits", "sent"), [(False, 2), (True, 1)])
def test_a_lost_answer_is_looked_for_and_what_a_person_changed_meanwhile_stays(
    ledger: Ledger, tmp_path: Path, commits: bool, sent: int
) -> None:
    store, ids = _flaky(3, away=1, commits=commits)
    store.meanwhile = lambda: store.person(CONTACT, ids[1], "agent", "By hand")
    opened = _planned(CONTACTS, store, ledger, tmp_path, 3)
    (counted,) = opened.deliver()
    assert [store.value(CONTACT, i, "agent") for i in ids] == ["Agent 1", "By hand", "Agent 3"]
    assert store.batches == [ids, [ids[0], ids[2]]][:sent]
    assert (counted["planned"], counted["written"], counted["verified"], counted["stopped_by"]) == (2, 2, 2, None)
    report = opened.report()
    assert (report.funnel.imbalances(), report.reasons["held"]) == ([], {"moved": 1})


def test_a_lost_answer_of_a_value_that_hubspot_respells_is_settled_too(ledger: Ledger, tmp_path: Path) -> None:
    store, (kim,) = _flaky(1, away=1, commits=True)
    store.respelled["agent"] = "agent 1"
    opened = _planned(CONTACTS, store, ledger, tmp_path, 1)
    opened.deliver()
    assert (_outcomes(opened), len(store.batches)) == ({kim: ("written", True)}, 1)


def test_after_five_rounds_the_step_fails_for_another_try_which_sends_what_is_left(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memorialization.deliver.SLICE", 2)
    store, ids = _flaky(5, gone=2)
    opened = _planned(CONTACTS, store, ledger, tmp_path, 5)
    with pytest.raises(ServiceUnavailable, match="502 at batch/update"):
        opened.deliver()
    assert store.batches == [ids[:2]] + [ids[2:4]] * 5, "what nobody looked at is not sent"
    assert _outcomes(opened) == dict.fromkeys(ids[:2], ("written", True)) | dict.fromkeys(
        ids[2:], ("unaccounted", None)
    )
    report = opened.report()
    assert (report.funnel.planned, report.funnel.written, report.funnel.unaccounted) == (5, 2, 3)
    assert (report.funnel.imbalances(), report.verdict.state) == ([], "failed")
    assert "apply of Contact/0 failed: ServiceUnavailable" in " ".join(report.verdict.failures)
    store.gone, store.batches = None, []
    (counted,) = opened.deliver()
    assert store.batches == [ids[2:4], ids[4:]]
    assert (counted["written"], counted["verified"]) == (5, 5)
    assert opened.report().funnel.unaccounted == 0


def test_a_look_is_never_older_than_one_slice(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memorialization.deliver.SLICE", 2)
    store, ids = _flaky(5)
    opened = _planned(CONTACTS, store, ledger, tmp_path, 5)
    store.looks.clear()
    opened.deliver()
    assert store.batches == [ids[:2], ids[2:4], ids[4:]]
    assert store.looks == [2, 2, 1, 5], "each slice before it is written, and all once more to prove it"
