"""What one run writes the next one reads: repeated steps change nothing, older holders never come back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memorialization.errors import ConfigurationError, LedgerUnavailable
from memorialization.ledger import Ledger
from memorialization.ownership import Holder

pytestmark = pytest.mark.slow

RUN = "01934b1e-0000-7000-8000-000000000001"
LATER = "01934b1e-0000-7000-8000-000000000002"
END = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def _holders(*rows: tuple[str, str, int, str, int]) -> pd.DataFrame:
    """(record, property, minute, interaction key, hash)"""
    return pd.DataFrame(
        {
            "record_id": [r[0] for r in rows],
            "property": [r[1] for r in rows],
            "end_time": pd.to_datetime([END + timedelta(minutes=r[2]) for r in rows], utc=True),
            "interaction_key": [r[3] for r in rows],
            "value_hash": [r[4] for r in rows],
            "times": 1,
        }
    )


def _targets(*rows: tuple[str, str, str | None, str | None, tuple[str, ...]]) -> pd.DataFrame:
    """(interaction key, outcome, record id, reason, candidates), all of Contact."""
    return pd.DataFrame(
        {
            "interaction_key": [r[0] for r in rows],
            "entity": "Contact",
            "outcome": [r[1] for r in rows],
            "record_id": pd.Series([r[2] for r in rows], dtype="str"),
            "rule": "e-mail",
            "resolved_by": pd.Series([None] * len(rows), dtype="str"),
            "addresses": [("hash",)] * len(rows),
            "contact_guid": pd.Series([None] * len(rows), dtype="str"),
            "reason": pd.Series([r[3] for r in rows], dtype="str"),
            "candidates": [r[4] for r in rows],
        }
    )


def _settled(*rows: tuple[str, str, datetime | None]) -> pd.DataFrame:
    """(interaction key, state, start)"""
    return pd.DataFrame(
        {
            "interaction_key": [r[0] for r in rows],
            "channel": "voice",
            "state": [r[1] for r in rows],
            "reason": pd.Series([None] * len(rows), dtype="str"),
            "start_time": pd.to_datetime([r[2] for r in rows], utc=True),
            "end_time": pd.to_datetime([None] * len(rows), utc=True),
            "updated_at": pd.to_datetime([END] * len(rows), utc=True),
            "contact_guid": pd.Series([None] * len(rows), dtype="str"),
            "version": range(1, len(rows) + 1),
            "first_due_at": pd.to_datetime([END if r[1] == "due" else None for r in rows], utc=True),
        }
    )


def _all(where: str, database: str, query: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(host=where, user="postgres", dbname=database)
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        rows = list(cursor.fetchall()) if cursor.description else []
    connection.close()
    return rows


# ---- away, empty, old


def test_a_database_that_is_away_is_told_as_such_without_the_address(tmp_path: Path) -> None:
    away = Ledger(f"postgresql+psycopg2://secret:word@/ledger?host={tmp_path}")
    for ask in (
        away.check,
        away.upgrade,
        lambda: away.matches("acme", "Contact", ["v:1"]),
        lambda: away.keep_holders("acme", "0-1", _holders(("1", "p", 0, "v:1", 5)), written=False),
        lambda: away.start_step(RUN, "gate", "all"),
    ):
        with pytest.raises(LedgerUnavailable, match="check the connection memorialization_ledger") as raised:
            ask()
        assert "secret" not in str(raised.value) and str(tmp_path) not in str(raised.value)
        assert raised.value.retry and raised.value.__suppress_context__


def test_an_empty_database_is_told_with_its_cure(postgres_socket: str) -> None:
    empty = Ledger(f"postgresql+psycopg2://postgres@/airflow?host={postgres_socket}")
    with pytest.raises(ConfigurationError) as raised:
        empty.check()
    assert str(raised.value) == (
        "the ledger is at version none, this program needs 0001. Run: memorialize ledger upgrade"
    )


def test_tables_that_are_missing_are_told_with_the_cure(postgres_socket: str) -> None:
    empty = Ledger(f"postgresql+psycopg2://postgres@/airflow?host={postgres_socket}")
    with pytest.raises(ConfigurationError, match="SQLSTATE 42P01.*memorialize ledger upgrade"):
        empty.keep_holders("acme", "0-1", _holders(("1", "p", 0, "v:1", 5)), written=False)


def test_a_value_that_does_not_fit_its_column_is_refused_without_being_shown(ledger: Ledger) -> None:
    with pytest.raises(ConfigurationError, match="SQLSTATE 22P02") as raised:
        ledger.keep_interactions("acme", "secret text", _settled(("v:1", "due", END)))
    assert "secret" not in str(raised.value)


def test_another_version_is_told(ledger: Ledger, postgres_socket: str, ledger_database: str) -> None:
    _all(postgres_socket, ledger_database, "update alembic_version set version_num = '0099'")
    with pytest.raises(ConfigurationError, match="the ledger is at version 0099, this program needs 0001"):
        ledger.check()


# ---- runs and steps


def _run(run_id: str, **facts: Any) -> dict[str, Any]:
    return {
        "run_id": run_id, "configuration": "acme", "dag_run_id": None, "try_number": 1, "window_start": END,
        "window_end": END + timedelta(days=1), "mode": "observe", "dry_run": False, "mapping_hash": "abc",
        "staging": "var/x",
    } | facts  # fmt: skip


def test_a_run_is_found_by_its_id_and_only_with_a_report_is_it_the_last(ledger: Ledger) -> None:
    ledger.open_run(_run(RUN))
    ledger.open_run(_run(RUN, mode="adopted"))  # a second entry changes nothing
    assert ledger.run(RUN)["mode"] == "observe"
    assert ledger.find_run("not-an-id") is None
    assert ledger.last_run() is None and not ledger.has_report("acme", "abc")
    ledger.close_run(RUN, state="done", funnel={"pulled": 3}, report="var/reports/x")
    ledger.open_run(_run(LATER))
    found, newest = ledger.last_run("acme"), ledger.newest_run("acme")
    assert found is not None and str(found["run_id"]) == RUN and found["funnel"] == {"pulled": 3}
    assert newest is not None and str(newest["run_id"]) == LATER and newest["state"] == "running"
    assert ledger.last_run("other") is None
    assert ledger.has_report("acme", "abc") and not ledger.has_report("acme", "abd")


def test_a_step_that_starts_again_forgets_how_it_ended(ledger: Ledger) -> None:
    ledger.start_step(RUN, "apply", "Contact/0")
    ledger.finish_step(RUN, "apply", "Contact/0", state="failed", summary={"error": "X", "message": "y"})
    ledger.start_step(RUN, "apply", "Contact/0")
    (step,) = ledger.steps(RUN)
    assert (step["state"], step["summary"], step["finished_at"]) == ("running", None, None)
    ledger.finish_step(RUN, "apply", "Contact/0", state="done", summary={"planned": 2})
    (step,) = ledger.steps(RUN)
    assert (step["state"], step["summary"]) == ("done", {"planned": 2})


# ---- interactions


def test_provisional_interactions_are_asked_for_again_until_they_settle(ledger: Ledger) -> None:
    early, late = END - timedelta(days=9), END - timedelta(days=1)
    rows = _settled(("v:1", "provisional", early), ("v:2", "provisional", late), ("v:3", "due", late))
    ledger.keep_interactions("acme", RUN, rows)
    assert ledger.provisional("acme", early) == (frozenset({"v:1", "v:2"}), early)
    assert ledger.provisional("acme", END - timedelta(days=2)) == (frozenset({"v:2"}), late)
    assert ledger.provisional("other", early) == (frozenset(), None)
    ledger.keep_interactions("acme", LATER, _settled(("v:2", "due", late)))
    assert ledger.provisional("acme", END - timedelta(days=2)) == (frozenset(), None)


def test_the_same_facts_twice_are_the_same_facts(ledger: Ledger, postgres_socket: str, ledger_database: str) -> None:
    query = "select * from interactions order by interaction_key"
    rows = _settled(("v:1", "due", END), ("d:'\"\\N,\n:1", "due", None))
    ledger.keep_interactions("acme", RUN, rows)
    once = _all(postgres_socket, ledger_database, query)
    ledger.keep_interactions("acme", RUN, pd.concat([rows, rows]))
    assert _all(postgres_socket, ledger_database, query) == once
    assert [row[1] for row in once] == ["d:'\"\\N,\n:1", "v:1"]


# ---- matches and parked


def test_a_match_is_kept_and_the_parked_leaves_when_it_matches(
    ledger: Ledger, postgres_socket: str, ledger_database: str
) -> None:
    parked = "select interaction_key, reason, candidates from parked order by 1"
    ledger.keep_targets(
        "acme", RUN, _targets(("v:1", "matched", "101", None, ()), ("v:2", "parked", None, "ambiguous", ("7", "8")))
    )
    assert ledger.matches("acme", "Contact", ["v:1", "v:2"]) == {"v:1": "101"}
    assert ledger.matches("acme", "Company", ["v:1"]) == {} == ledger.matches("acme", "Contact", [])
    assert _all(postgres_socket, ledger_database, parked) == [("v:2", "ambiguous", ["7", "8"])]
    ledger.keep_targets("acme", LATER, _targets(("v:2", "matched", "7", None, ()), ("v:1", "matched", "102", None, ())))
    assert ledger.matches("acme", "Contact", ["v:1", "v:2"]) == {"v:1": "102", "v:2": "7"}
    assert _all(postgres_socket, ledger_database, parked) == []


def test_what_a_person_decided_is_parked_until_it_is_delivered(ledger: Ledger) -> None:
    """The decision's own target, and that of the same customer."""
    ledger.keep_targets("acme", RUN, _targets(*((f"v:{i}", "parked", None, "unmatched", ()) for i in (1, 2, 3))))
    (first, *_) = ledger.parked("acme")
    ledger.keep_resolutions("acme", "command", [{**first, "record_id": "7"}])
    solved = _targets(*((f"v:{i}", "matched", "7", None, ()) for i in (1, 2)))
    ledger.keep_targets("acme", LATER, solved)
    assert [row["interaction_key"] for row in ledger.parked("acme")] == ["v:1", "v:2", "v:3"]
    ledger.delivered("acme", solved)
    assert [row["interaction_key"] for row in ledger.parked("acme")] == ["v:3"]


def test_a_kept_match_does_not_forget_how_it_was_found(
    ledger: Ledger, postgres_socket: str, ledger_database: str
) -> None:
    first = _targets(("v:1", "matched", "101", None, ())).assign(rule="resolved", resolved_by="v:0")
    ledger.keep_targets("acme", RUN, first)
    ledger.keep_targets("acme", LATER, _targets(("v:1", "matched", "101", None, ())).assign(rule="kept"))
    query = "select rule, resolved_by, run_id from matches"
    assert _all(postgres_socket, ledger_database, query) == [("resolved", "v:0", RUN)]


# ---- holders


def test_an_older_holder_never_replaces_a_newer_one(ledger: Ledger) -> None:
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 5, "v:5", 50), ("1", "q", 5, "v:5", 51)), written=False)
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 4, "v:9", 40), ("1", "q", 6, "v:1", 61)), written=False)
    expected = {
        ("1", "p"): Holder(END + timedelta(minutes=5), "v:5", 50, written=False, times=1),
        ("1", "q"): Holder(END + timedelta(minutes=6), "v:1", 61, written=False, times=1),
    }
    assert ledger.holders("acme", "0-1", ["1", "2"]) == expected
    assert ledger.holders("acme", "0-2", ["1"]) == {} == ledger.holders("other", "0-1", ["1"])


def test_a_value_of_ours_found_again_stays_ours_another_value_does_not(ledger: Ledger) -> None:
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 5, "v:5", 50), ("1", "q", 5, "v:5", 51)), written=True)
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 6, "v:6", 50), ("1", "q", 6, "v:6", 52)), written=False)
    found = ledger.holders("acme", "0-1", ["1"])
    assert (found["1", "p"].interaction_key, found["1", "p"].written) == ("v:6", True)
    assert (found["1", "q"].interaction_key, found["1", "q"].written) == ("v:6", False)


def test_a_holder_tells_how_often_its_value_stood_when_we_wrote_it(ledger: Ledger) -> None:
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 5, "v:5", 7)).assign(times=2), written=True)
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 6, "v:6", 7)).assign(times=0), written=False)  # found again
    assert ledger.holders("acme", "0-1", ["1"])["1", "p"].times == 2
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 7, "v:7", 8)).assign(times=3), written=True)
    assert ledger.holders("acme", "0-1", ["1"])["1", "p"].times == 3


def test_the_same_holder_again_brings_its_new_value(ledger: Ledger) -> None:
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 5, "v:5", 50)), written=False)
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 5, "v:5", -(2**63))), written=False)
    assert ledger.holders("acme", "0-1", ["1"])["1", "p"].value_hash == -(2**63)


@pytest.mark.parametrize("collation", ["C", "unicode"])
def test_a_tie_goes_by_the_key_as_python_orders_it_whatever_the_database_does(
    ledger: Ledger, postgres_socket: str, ledger_database: str, collation: str
) -> None:
    """Where the database sorts as people do, "d:..." of an upper-case agent stands after a lower-case one."""
    alter = f'alter table holders alter interaction_key type text collate "{collation}"'
    _all(postgres_socket, ledger_database, alter)
    greater, smaller = "d:1:0:a", "d:1:0:B"
    assert greater > smaller
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 5, greater, 50)), written=False)
    ledger.keep_holders("acme", "0-1", _holders(("1", "p", 5, smaller, 60)), written=False)
    assert ledger.holders("acme", "0-1", ["1"])["1", "p"].interaction_key == greater


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc")), min_size=1, max_size=8))
def test_whatever_the_order_the_newest_holder_stays(ledger: Ledger, rows: list[tuple[int, str]]) -> None:
    record = uuid4().hex
    for minute, key in rows:
        ledger.keep_holders("acme", "0-1", _holders((record, "p", minute, key, minute)), written=False)
    minute, key = max(rows)
    assert ledger.holders("acme", "0-1", [record])[record, "p"] == Holder(
        END + timedelta(minutes=minute), key, minute, written=False, times=1
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "'; drop table runs; --",
        '"',
        "\\",
        "\\.",
        "\\N",
        "a,b",
        "line\nline\r\n",
        "%s %(x)s :configuration",
        "$1",
        "ä😀",
        "",
    ],
)
def test_whatever_a_key_says_it_is_kept_as_a_text_and_obeyed_by_nobody(ledger: Ledger, hostile: str) -> None:
    key = f"v:{hostile}"
    ledger.keep_holders("acme", "0-1", _holders((hostile, hostile, 5, key, 50)), written=False)
    ledger.keep_holders("acme", "0-1", _holders(("other", "p", 5, "v:1", 51)), written=False)
    held = Holder(END + timedelta(minutes=5), key, 50, written=False, times=1)
    assert ledger.holders("acme", "0-1", [hostile]) == {(hostile, hostile): held}
    assert len(ledger.rows("select * from holders")) == 2


def test_a_holder_keeps_its_milliseconds(ledger: Ledger) -> None:
    frame = _holders(("1", "p", 0, "v:1", 5)).assign(end_time=pd.to_datetime(["2026-11-22T18:00:00.123Z"]))
    ledger.keep_holders("acme", "0-1", frame, written=False)
    assert ledger.holders("acme", "0-1", ["1"])["1", "p"].end_time == END + timedelta(milliseconds=123)


# ---- receipts and coverage


def test_a_receipt_keeps_what_is_known_and_null_for_what_is_not(
    ledger: Ledger, postgres_socket: str, ledger_database: str
) -> None:
    receipts = pd.DataFrame(
        {
            "run_id": RUN, "type_id": "0-1", "record": ["1", "new:2"], "property": "p",
            "record_id": pd.Series(["1", None], dtype="str"), "interaction_key": "v:1", "verdict": "missing",
            "outcome": ["written", "rejected"], "created": [False, False],
            "verified": pd.Series([True, None], dtype="boolean"),
            "before_hash": pd.Series([-5, None], dtype="Int64"), "before_length": [3, 0], "after_hash": [7, 8],
            "after_length": [1, 2], "category": pd.Series([None, "VALIDATION_ERROR"], dtype="str"),
            "code": pd.Series([None, "INVALID"], dtype="str"), "correlation_id": pd.Series([None, "c"], dtype="str"),
        }
    )  # fmt: skip
    ledger.keep_receipts(receipts)
    ledger.keep_receipts(receipts)
    query = "select record_id, verified, before_hash, category from receipts order by record"
    assert _all(postgres_socket, ledger_database, query) == [
        ("1", True, -5, None),
        (None, None, None, "VALIDATION_ERROR"),
    ]


def test_a_window_is_covered_by_the_last_run_of_it(ledger: Ledger, postgres_socket: str, ledger_database: str) -> None:
    for run_id in (RUN, LATER):
        ledger.cover("acme", END, END + timedelta(days=1), run_id, "abc")
    assert _all(postgres_socket, ledger_database, "select run_id::text from coverage") == [(LATER,)]
