"""Desired against current, history and ledger: each value one verdict, and a change only for what may be mended.

The last test is the law of the house over whole nights: latest wins, whatever the order of the windows.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from memorialization.crm import Rendering
from memorialization.ledger import Ledger
from memorialization.ports import Property, Window
from tests.memorialization.fakes import CONTACT, TICKET, MemoryStore, text
from tests.memorialization.nights import DAY, EVENING, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
AGENT = configuration(
    section("Contact", row("agent", "voice", "Agent Name"), row("notes", "voice", "Disposition Notes"))
)
CHAT = configuration(section("Contact", row("transcript", "digital", "Transcription Text")))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(schema())


def _verdicts(counts: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(c["property"], c["verdict"]): c["n"] for c in counts}


def test_each_value_has_its_verdict_and_only_the_mendable_are_planned(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    """One contact each: equal, missing, drifted by an early edit, edited, superseded by a later integration."""
    names = ["equal", "missing", "early", "edited", "newer"]
    ids = {name: store.create(CONTACT, email=f"{name}@example.com") for name in names}
    due = EVENING + 2 * MINUTE
    store.now = due
    store.set(CONTACT, ids["equal"], "agent", "Ada")
    store.now = due - SECOND
    store.person(CONTACT, ids["early"], "agent", "Bob")
    store.now = due + SECOND
    store.person(CONTACT, ids["edited"], "agent", "Bob")
    store.now = due + 121 * SECOND
    store.set(CONTACT, ids["newer"], "agent", "Bob")
    rows = [
        interaction(1, interaction_key=f"v:{n}", agent_name="Ada", customer_email=f"{n}@example.com") for n in names
    ]
    opened = night(AGENT, store, ledger, tmp_path, *rows)
    opened.prepare()
    (counted,) = opened.reconcile()
    assert _verdicts(counted["values"]) == {
        ("agent", "equal"): 1,
        ("agent", "missing"): 1,
        ("agent", "drifted"): 1,
        ("agent", "edited"): 1,
        ("notes", "not_expected"): 5,
    }
    assert (counted["records"], counted["superseded"], counted["planned"]) == (5, 1, 2)
    changes = opened.frame("changes/Contact/0")
    assert dict(zip(changes["record"], changes["desired"], strict=True)) == {ids["missing"]: "Ada", ids["early"]: "Ada"}
    findings = opened.frame("findings/Contact/0")
    assert findings[["record_id", "property", "verdict"]].to_numpy().tolist() == [[ids["edited"], "agent", "edited"]]
    holders = ledger.holders("acme", "0-1", list(ids.values()))
    assert {record for record, _ in holders} == {ids["equal"]}


def test_histories_are_asked_only_of_values_that_differ(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    store.create(CONTACT, email="kim@example.com", agent="Agent 1")
    opened = night(AGENT, store, ledger, tmp_path, interaction(1))
    opened.prepare()
    opened.reconcile()
    assert "histories" not in store.calls


def test_a_record_that_vanished_between_the_steps_is_unreadable(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim = store.create(CONTACT, email="kim@example.com")
    opened = night(AGENT, store, ledger, tmp_path, interaction(1, disposition_notes="n"))
    opened.prepare()
    del store.records[CONTACT.type_id][kim]
    (counted,) = opened.reconcile()
    assert _verdicts(counted["values"]) == {("agent", "unreadable"): 1, ("notes", "unreadable"): 1}
    assert counted["planned"] == 0


def test_a_transcript_over_the_limit_is_withheld_and_one_cut_is_truncated(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    store.create(CONTACT, email="kim@example.com", transcript="Hello")
    store.create(CONTACT, email="lee@example.com", transcript="Hello")
    texts = {"fits": "Hello, Kim", "long": "Hello" * 5}
    rows = [
        interaction(1, channel="digital", transcript_ref="fits"),
        interaction(2, channel="digital", transcript_ref="long", customer_email="lee@example.com"),
    ]
    opened = night(CHAT, store, ledger, tmp_path, *rows, texts=texts)
    opened.prepare()
    (counted,) = opened.reconcile()
    assert _verdicts(counted["values"]) == {("transcript", "truncated"): 1, ("transcript", "withheld"): 1}
    measured = opened.frame("transcripts/Contact/0").sort_values("length")
    assert measured[["limit", "length", "held_length"]].to_numpy().tolist() == [[20, 10, 5], [20, 25, 5]]
    assert opened.frame("findings/Contact/0")["reason"].tolist() == ["too_long"]


URL = "https://cx/1"
LONG = "\n".join(f"[2026-11-22 18:00:0{i}] Kim: {'x' * 20}" for i in range(4))  # four turns of 47 units
FORM = "\n".join(LONG.split("\n")[:2]) + f"\n[cut] {URL}"


def _cutting() -> tuple[Any, MemoryStore]:
    """A chat's transcript onto a field of 120 units, cut by its row."""
    chat = row("transcript", "digital", "Transcription Text", on_overflow="cut")
    setup = configuration(section("Contact", chat), rendering=Rendering(cut_marker="[cut]"))
    return setup, MemoryStore(schema(transcript=text("transcript", max_length=120, area=True)), now=EVENING)


@pytest.mark.parametrize(
    ("held", "verdict", "found"),
    [
        (FORM, "equal", {"found_shortened": 1}),
        ("", "missing", {"found_missing": 1}),
        (LONG[:120], "truncated", {"found_truncated": 1}),  # cut by the live write, without a word
        (FORM[:60], "truncated", {"found_truncated": 1}),
        ("something else", "drifted", {"found_altered": 1}),
    ],
)
def test_what_is_compared_is_the_form_that_the_policy_delivers(
    ledger: Ledger, tmp_path: Path, held: str, verdict: str, found: dict[str, int]
) -> None:
    setup, store = _cutting()
    kim = store.create(CONTACT, email="kim@example.com", transcript=held)
    chat = interaction(1, channel="digital", transcript_ref="long", transcript_url=URL)
    for step, state in ((1, verdict), (2, "equal")):
        opened = night(setup, store, ledger, tmp_path, chat, texts={"long": LONG})
        report = opened.whole()
        assert getattr(report.funnel, state) == report.funnel.values == 1
        opened.judge()
        assert {s.suite: s.failing for s in opened.report().quality} == {"mapped": 0, "source": 0, "stored": 0}
        (row_,) = report.truncation
        names = ("found_whole", "found_shortened", "found_truncated", "found_missing", "found_altered")
        assert {n: getattr(row_, n) for n in names if getattr(row_, n)} == (
            found if step == 1 else {"found_shortened": 1}
        )
        assert (row_.over_limit, row_.whole_now, row_.shortened_by_policy, row_.longest) == (1, 0, 1, 191)
        assert report.verdict.state == "balanced"
    assert store.value(CONTACT, kim, "transcript") == FORM
    assert len(store.written) == (step - 1 if verdict != "equal" else 0)


def test_a_whole_that_hubspot_holds_all_the_same_is_never_cut(ledger: Ledger, tmp_path: Path) -> None:
    """Forms can store more than the API accepts (hubspot-api, section 9)."""
    setup, store = _cutting()
    kim = store.create(CONTACT, email="kim@example.com", transcript=LONG)
    chat = interaction(1, channel="digital", transcript_ref="long", transcript_url=URL)
    report = night(setup, store, ledger, tmp_path, chat, texts={"long": LONG}).whole()
    assert (report.funnel.equal, report.truncation[0].found_whole, report.truncation[0].shortened_by_policy) == (
        1,
        1,
        0,
    )
    assert store.value(CONTACT, kim, "transcript") == LONG


def _owned(ownership: str) -> tuple[Any, MemoryStore, str]:
    setup = configuration(section("Contact", row("agent", "voice", "Agent Name", ownership=ownership)))
    store = MemoryStore(schema())
    return setup, store, store.create(CONTACT, email="kim@example.com")


@pytest.mark.parametrize(("ownership", "stands"), [("repair", "Bob"), ("pipeline", "Agent 1")])
def test_a_later_edit_stays_or_is_overwritten_as_the_row_says(
    ledger: Ledger, tmp_path: Path, ownership: str, stands: str
) -> None:
    setup, store, kim = _owned(ownership)
    store.now = DAY.end
    night(setup, store, ledger, tmp_path, interaction(1)).whole()  # written by us, long after it was due
    for edit, hours in (("Bob", 1), ("", 3)):
        store.now = DAY.end + timedelta(hours=hours)
        store.person(CONTACT, kim, "agent", edit)
        store.now += timedelta(hours=1)
        report = night(setup, store, ledger, tmp_path, interaction(1)).whole()
        assert report.funnel.imbalances() == []
        if edit:
            assert store.value(CONTACT, kim, "agent") == stands
            assert (report.funnel.edited, report.funnel.drifted) == ((1, 0) if stands == "Bob" else (0, 1))
        else:
            assert store.value(CONTACT, kim, "agent") == (None if stands == "Bob" else "Agent 1")
            assert (report.funnel.edited, report.funnel.missing) == ((1, 0) if stands == "Bob" else (0, 1))


def test_under_pipeline_a_newer_interaction_still_wins_also_below_a_persons_edit(
    ledger: Ledger, tmp_path: Path
) -> None:
    setup, store, kim = _owned("pipeline")
    store.now = EVENING + timedelta(hours=2)
    store.set(CONTACT, kim, "agent", "Agent 9")  # of a newer call, live
    store.now += timedelta(hours=1)
    store.person(CONTACT, kim, "agent", "Bob")
    report = night(setup, store, ledger, tmp_path, interaction(1)).whole()
    assert (store.value(CONTACT, kim, "agent"), report.funnel.superseded) == ("Bob", 1)
    newest = interaction(9, end_time=EVENING + timedelta(hours=2))
    night(setup, store, ledger, tmp_path, interaction(1), newest).whole()
    assert store.value(CONTACT, kim, "agent") == "Agent 9"


def test_fill_if_empty_fills_and_leaves_every_value_alone(ledger: Ledger, tmp_path: Path) -> None:
    setup, store, kim = _owned("fill_if_empty")
    report = night(setup, store, ledger, tmp_path, interaction(1)).whole()
    assert (store.value(CONTACT, kim, "agent"), report.funnel.verified) == ("Agent 1", 1)
    report = night(setup, store, ledger, tmp_path, interaction(2)).whole()
    funnel = report.funnel
    assert (store.value(CONTACT, kim, "agent"), funnel.drifted, funnel.planned, funnel.held) == ("Agent 1", 1, 0, 1)
    assert funnel.imbalances() == [] and report.reasons["held"] == {"ownership": 1}
    assert (report.verdict.state, report.verdict.sentence[:31]) == ("balanced", "HubSpot holds what it should: 0")


def test_a_new_record_holds_nothing_and_is_planned_with_its_key(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    setup = configuration(section("Ticket", row("key", "voice", "Contact ID"), key="Contact ID", on_unmatched="create"))
    opened = night(setup, store, ledger, tmp_path, interaction(1))
    opened.prepare()
    opened.reconcile()
    (change,) = opened.frame("changes/Ticket/0").to_dict("records")
    assert (change["record"], change["key_property"], change["key_value"]) == ("new:1", "key", "1")
    assert change["verdict"] == "missing" and pd.isna(change["record_id"])


def test_a_partition_whose_preparation_failed_costs_only_itself(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    store.create(CONTACT, email="kim@example.com")
    opened = night(AGENT, store, ledger, tmp_path, interaction(1))
    opened.prepare()
    (Path(opened.run.staging) / "prepared/digital-0.json").unlink()
    (counted,) = opened.reconcile()
    assert counted["planned"] == 1


def test_doing_it_again_gives_the_same_plan(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    store.create(CONTACT, email="kim@example.com")
    opened = night(AGENT, store, ledger, tmp_path, interaction(1), interaction(2))
    opened.prepare()
    first, plan = opened.reconcile(), opened.frame("changes/Contact/0")
    assert [f["values"] for f in opened.reconcile()] == [f["values"] for f in first]
    assert opened.frame("changes/Contact/0").equals(plan)


def test_a_held_value_is_recognised_by_its_ledger_even_when_it_was_written_late(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    """A backfill wrote an older call's value after the newer call was due: still the older call's value."""
    kim = store.create(CONTACT, email="kim@example.com")
    store.now = DAY.end
    night(AGENT, store, ledger, tmp_path, interaction(1)).whole()
    assert store.value(CONTACT, kim, "agent") == "Agent 1"
    night(AGENT, store, ledger, tmp_path, interaction(2)).whole()
    assert store.value(CONTACT, kim, "agent") == "Agent 2"


def test_without_its_ledger_that_late_write_counts_as_newer_and_stays(
    store: MemoryStore, ledger: Ledger, tmp_path: Path, postgres_socket: str, ledger_database: str
) -> None:
    """The price of "an older interaction never writes over a later history": nothing tells whose value it was."""
    kim = store.create(CONTACT, email="kim@example.com")
    store.now = DAY.end
    night(AGENT, store, ledger, tmp_path, interaction(1)).whole()
    _forget(postgres_socket, ledger_database)
    report = night(AGENT, store, ledger, tmp_path, interaction(2)).whole()
    assert store.value(CONTACT, kim, "agent") == "Agent 1"
    assert (report.funnel.superseded, report.funnel.planned) == (1, 0)


# ---- latest wins over whole nights

_TABLES = "runs, steps, interactions, matches, holders, receipts, parked, coverage"
_NIGHTS = [Window(DAY.start + timedelta(days=i), DAY.end + timedelta(days=i)) for i in range(3)]
_PEOPLE = ("kim@example.com", "lee@example.com")


def _forget(where: str, database: str) -> None:
    engine = create_engine(f"postgresql+psycopg2://postgres@/{database}?host={where}")
    with engine.begin() as connection:
        connection.execute(sql(f"truncate {_TABLES}"))
    engine.dispose()


_CALL = st.tuples(
    st.integers(0, 2),  # the night
    st.integers(0, 5),  # ten minutes each: calls of one person may end together
    st.sampled_from(_PEOPLE),
    st.sampled_from([None, "note A", "note B"]),
    st.sampled_from(["lost", "written live"]),
)


def _calls(drawn: list[tuple[int, int, str, str | None, str]]) -> list[dict[str, Any]]:
    return [
        interaction(
            i,
            end_time=EVENING + timedelta(days=day, minutes=10 * slot),
            customer_email=person,
            disposition_notes=note,
            live=live == "written live",
        )
        for i, (day, slot, person, note, live) in enumerate(drawn)
    ]


def _oracle(calls: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """(person, property) -> value, applying the calls one by one in the order of leg end and key."""
    state: dict[tuple[str, str], str] = {}
    for call in sorted(calls, key=lambda c: (c["end_time"], c["interaction_key"])):
        for name, value in (("agent", call["agent_name"]), ("notes", call["disposition_notes"])):
            if value is not None:
                state[call["customer_email"], name] = value
    return state


def _portal(calls: list[dict[str, Any]]) -> tuple[MemoryStore, dict[str, str]]:
    """A portal in which the browser wrote some of the calls, each thirty seconds after it was due."""
    store = MemoryStore(schema(), now=EVENING - MINUTE)
    ids = {person: store.create(CONTACT, email=person) for person in _PEOPLE}
    for call in sorted(calls, key=lambda c: (c["due_at"], c["interaction_key"])):
        if call["live"]:
            _live(store, ids, call)
    return store, ids


def _state(store: MemoryStore, ids: dict[str, str]) -> dict[tuple[str, str], str]:
    values = {(person, name): store.value(CONTACT, i, name) for person, i in ids.items() for name in ("agent", "notes")}
    return {key: value for key, value in values.items() if value is not None}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(_CALL, min_size=2, max_size=8), order=st.permutations([0, 1, 2]), again=st.integers(0, 2))
def test_latest_wins_in_whatever_order_the_windows_run(
    drawn: list[tuple[int, int, str, str | None, str]],
    order: list[int],
    again: int,
    ledger: Ledger,
    tmp_path: Path,
    postgres_socket: str,
    ledger_database: str,
) -> None:
    """Windows shuffled, one of them run twice, all long after the fact: the ledger knows whose value stands."""
    _forget(postgres_socket, ledger_database)
    calls = _calls(drawn)
    store, ids = _portal(calls)
    for step, number in enumerate([*order, again]):
        store.now = _NIGHTS[-1].end + timedelta(hours=1 + step)
        report = night(AGENT, store, ledger, tmp_path, *calls, window=_NIGHTS[number]).whole()
        assert report.funnel.imbalances() == []
    assert _state(store, ids) == _oracle(calls)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    drawn=[
        (0, 4, "lee@example.com", "note B", "lost"),
        (2, 2, "lee@example.com", "note B", "written live"),
        (1, 5, "lee@example.com", "note A", "lost"),
    ],
    losses={2, 3},
    backfills=[0, 1],
)
@given(
    drawn=st.lists(_CALL, min_size=2, max_size=8),
    losses=st.sets(st.integers(1, 4)),
    backfills=st.lists(st.integers(0, 2), min_size=2, max_size=2),
)
def test_latest_wins_although_the_ledger_is_lost_in_between(
    drawn: list[tuple[int, int, str, str | None, str]],
    losses: set[int],
    backfills: list[int],
    ledger: Ledger,
    tmp_path: Path,
    postgres_socket: str,
    ledger_database: str,
) -> None:
    """Every night runs when it ends, then backfills in any order; before any run the ledger may be empty."""
    _forget(postgres_socket, ledger_database)
    calls = _calls(drawn)
    store, ids = _portal([])
    for step, number in enumerate([0, 1, 2, *backfills]):
        if step in losses:
            _forget(postgres_socket, ledger_database)
        if step < 3:
            for call in (c for c in calls if _NIGHTS[step].start <= c["end_time"] < _NIGHTS[step].end):
                if call["live"]:
                    _live(store, ids, call)
        store.now = _NIGHTS[min(step, 2)].end + timedelta(hours=1 + step)
        night(AGENT, store, ledger, tmp_path, *calls, window=_NIGHTS[number]).whole()
    assert _state(store, ids) == _oracle(calls)


def _live(store: MemoryStore, ids: dict[str, str], call: dict[str, Any]) -> None:
    store.now = call["due_at"] + 30 * SECOND
    store.set(CONTACT, ids[call["customer_email"]], "agent", call["agent_name"])
    if call["disposition_notes"]:
        store.set(CONTACT, ids[call["customer_email"]], "notes", call["disposition_notes"])


def test_two_sections_of_one_record_meet_there(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    """A call and a chat of one person in one night: one record, one winner, whichever partition it came in."""
    kim = store.create(CONTACT, email="kim@example.com")
    setup = configuration(
        section("Contact", row("agent", "voice", "Agent Name"), row("agent", "digital", "Agent Name"))
    )
    report = night(setup, store, ledger, tmp_path, interaction(5), interaction(4, channel="digital")).whole()
    assert store.value(CONTACT, kim, "agent") == "Agent 5"
    assert (report.funnel.values, report.funnel.superseded) == (1, 1)
    assert TICKET.type_id not in store.records


def test_what_an_older_interaction_was_written_over_late_is_looked_at_again_and_mended(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    """A call's after-call work ends after a later call of the same person was delivered: the browser writes then."""
    setup = configuration(section("Contact", row("agent", "voice", "Agent Name"), row("ended", "voice", "End Time")))
    store.schema = schema(ended=Property("ended", "ended", "datetime", "date"))
    kim = store.create(CONTACT, email="kim@example.com")
    long_open = interaction(1, due_at=None, wrap_up_closed=False)
    later = interaction(2)
    store.now = later["due_at"] + SECOND
    store.set(CONTACT, kim, "agent", "Agent 2")
    store.set(CONTACT, kim, "ended", later["end_time"].isoformat())
    first = night(setup, store, ledger, tmp_path, long_open, later).whole()
    assert (first.funnel.provisional, first.funnel.equal) == (1, 2)

    store.now = DAY.end + timedelta(hours=2)
    store.set(CONTACT, kim, "agent", "Agent 1")
    store.set(CONTACT, kim, "ended", long_open["end_time"].isoformat())
    done = interaction(1, due_at=store.now - SECOND)
    nights = []
    for day in (1, 2, 3):
        window = Window(DAY.start + timedelta(days=day), DAY.end + timedelta(days=day))
        store.now = window.end + timedelta(hours=1)
        funnel = night(setup, store, ledger, tmp_path, done, later, window=window).whole().funnel
        nights.append((funnel.pulled, funnel.equal, funnel.drifted, funnel.verified))
        assert funnel.imbalances() == []
    assert nights == [(1, 2, 0, 0), (1, 0, 2, 2), (0, 0, 0, 0)]
    assert store.value(CONTACT, kim, "agent") == "Agent 2"
