"""What is written is exactly what was planned: hashed, kept, decided once, and refused wherever anything differs."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg2
import pytest
from sqlalchemy import text

from memorialization import deliver, gate, plan
from memorialization.crm import Approval
from memorialization.errors import ApprovalNeeded, PlanRefused
from memorialization.ledger import Ledger
from memorialization.plan import bucket_hash
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import EVENING, Night, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

ROW = row("agent", "voice", "Agent Name")
NONE_UNSEEN = Approval(max_overwrites=0, max_changed_share=1.0)
PAIR: dict[str, Any] = {"entity": "Contact", "bucket": 0}


def _night(
    ledger: Ledger, folder: Path, *, approval: Approval = NONE_UNSEEN, wrong: int = 2, empty: int = 1,
    backfill: bool = False, gated: bool = True, **options: Any,
) -> tuple[Night, MemoryStore]:  # fmt: skip
    """A night up to its gate, over people whose agent is wrong or not there."""
    store = MemoryStore(schema(), now=EVENING)
    for i in range(wrong + empty):
        store.create(CONTACT, email=f"{i}@example.com", **({"agent": "Somebody"} if i < wrong else {}))
    calls = [interaction(i, agent_name="Ada", customer_email=f"{i}@example.com") for i in range(wrong + empty)]
    setup = configuration(section("Contact", ROW), approval=approval)
    opened = night(setup, store, ledger, folder, *calls, **options)
    opened.prepare()
    opened.reconcile()
    if gated:
        gate.gate(opened.run, [PAIR], opened.ports, backfill=backfill)
    return opened, store


def _plan(opened: Night) -> dict[str, Any]:
    found = opened.ports.ledger.plan(opened.run.run_id)
    assert found is not None
    return found


def _deliver(opened: Night) -> dict[str, Any]:
    return deliver.deliver(opened.run, **PAIR, ports=opened.ports)


def _held(store: MemoryStore) -> list[str | None]:
    return [store.value(CONTACT, i, "agent") for i in store.records[CONTACT.type_id]]


def test_a_plan_within_the_limits_needs_nobody(ledger: Ledger, tmp_path: Path) -> None:
    opened, store = _night(ledger, tmp_path, approval=Approval(max_overwrites=2))
    kept = _plan(opened)
    assert (kept["state"], kept["exceeds"], kept["decided_by"]) == ("not_needed", [], None)
    assert {k: kept["counts"][k] for k in ("values", "overwrites", "creates", "records", "comparable")} == {
        "values": 3, "overwrites": 2, "creates": 0, "records": 3, "comparable": 2
    }  # fmt: skip
    assert kept["counts"]["properties"] == [
        {"entity": "Contact", "property": "agent", "verdict": "drifted", "n": 2},
        {"entity": "Contact", "property": "agent", "verdict": "missing", "n": 1},
    ]
    assert kept["expires_at"] - kept["made_at"] == timedelta(hours=24)
    _deliver(opened)
    assert _held(store) == ["Ada"] * 3


def test_a_plan_above_the_limits_writes_nothing_before_somebody_approves_it(ledger: Ledger, tmp_path: Path) -> None:
    opened, store = _night(ledger, tmp_path)
    kept = _plan(opened)
    assert (kept["state"], kept["exceeds"]) == ("made", ["2 overwritten values, max_overwrites is 0"])
    with pytest.raises(ApprovalNeeded, match=f"memorialize apply {opened.run.run_id} --approve {kept['plan_hash']}"):
        _deliver(opened)
    assert store.written == []
    waiting = opened.report()
    assert waiting.funnel.imbalances() == []
    assert (waiting.funnel.planned, waiting.funnel.held) == (0, 3)
    assert waiting.reasons["held"] == {"not_approved": 3}

    assert ledger.decide_plan(opened.run.run_id, kept["plan_hash"], "approved", by="ana")
    _deliver(opened)
    assert _held(store) == ["Ada"] * 3
    report = opened.report()
    assert (report.funnel.planned, report.funnel.verified, report.funnel.imbalances()) == (3, 3, [])
    assert report.plan is not None and (report.plan.state, report.plan.decided_by) == ("approved", "ana")


@pytest.mark.parametrize(("state", "why"), [("refused", "ana refused it"), ("expired", "nobody approved it in time")])
def test_a_plan_refused_or_left_alone_is_never_applied(ledger: Ledger, tmp_path: Path, state: str, why: str) -> None:
    opened, store = _night(ledger, tmp_path)
    kept = _plan(opened)
    assert ledger.decide_plan(opened.run.run_id, kept["plan_hash"], state, by="ana" if state == "refused" else None)
    assert not ledger.decide_plan(opened.run.run_id, kept["plan_hash"], "approved", by="bob"), "it is decided once"
    assert plan.pairs_of(_plan(opened)) == []
    with pytest.raises(PlanRefused, match=why):
        _deliver(opened)
    assert store.written == []
    report = opened.report()
    assert (report.funnel.held, report.reasons["held"], report.funnel.imbalances()) == (3, {"not_approved": 3}, [])
    assert report.verdict.state == "failed" and why in report.verdict.failures[0]


def test_what_was_altered_since_it_was_planned_is_not_written(ledger: Ledger, tmp_path: Path) -> None:
    opened, store = _night(ledger, tmp_path, approval=Approval())
    name = "changes/Contact/0.parquet"
    changes = opened.run.files.read_frame(name)
    opened.run.files.write_frame(name, changes.assign(desired="Mallory"))
    with pytest.raises(PlanRefused, match=r"changes/Contact/0\.parquet of run .* is not what was planned"):
        _deliver(opened)
    with pytest.raises(PlanRefused, match="is not what was planned"):
        gate.verify(opened.run, _plan(opened))
    assert store.written == []
    opened.run.files.write_frame(name, changes.iloc[::-1])  # the same values in another order
    _deliver(opened)
    assert _held(store) == ["Ada"] * 3


def test_a_value_that_the_gate_held_does_not_slip_in(ledger: Ledger, tmp_path: Path) -> None:
    opened, store = _night(ledger, tmp_path, dry_run=True)
    assert ledger.plan(opened.run.run_id) is None, "a dry run asks nobody"
    opened.run.files.write_json("gate.json", {"hold": None, "systematic": []})
    with pytest.raises(PlanRefused, match="is in no plan"):
        _deliver(opened)
    assert store.written == []


def test_another_mapping_is_another_plan(ledger: Ledger, tmp_path: Path) -> None:
    opened, store = _night(ledger, tmp_path, approval=Approval())
    frozen = opened.run.files.read_json("frozen.json")
    frozen["configuration"]["crm"]["live_write_grace_seconds"] = 7
    opened.run.files.write_json("frozen.json", frozen)
    with pytest.raises(PlanRefused, match="the mapping of run .* was altered"):
        _deliver(opened)
    assert store.written == []


def test_a_plan_has_a_horizon(ledger: Ledger, tmp_path: Path) -> None:
    opened, store = _night(ledger, tmp_path, approval=Approval(timeout="1m", horizon="2m"))
    with ledger._transaction() as connection:
        connection.execute(text("update plans set expires_at = now() - interval '1 second'"))
    with pytest.raises(PlanRefused, match=r"older than approval\.horizon allows"):
        _deliver(opened)
    assert store.written == []


def test_files_that_are_gone_are_said_to_be(ledger: Ledger, tmp_path: Path) -> None:
    opened, _ = _night(ledger, tmp_path)
    (Path(opened.run.staging) / "changes/Contact/0.parquet").unlink()
    with pytest.raises(PlanRefused, match="are not there any more"):
        gate.verify(opened.run, _plan(opened))


def test_the_gate_done_again_keeps_what_was_decided_about_the_same_plan(ledger: Ledger, tmp_path: Path) -> None:
    opened, _ = _night(ledger, tmp_path)
    ledger.decide_plan(opened.run.run_id, _plan(opened)["plan_hash"], "approved", by="ana")
    assert gate.gate(opened.run, [PAIR], opened.ports)["apply"] == [PAIR]
    assert _plan(opened)["decided_by"] == "ana"


def test_a_changed_plan_must_be_decided_again(ledger: Ledger, tmp_path: Path) -> None:
    opened, _ = _night(ledger, tmp_path)
    ledger.decide_plan(opened.run.run_id, _plan(opened)["plan_hash"], "approved", by="ana")
    changes = opened.run.files.read_frame("changes/Contact/0.parquet")
    opened.run.files.write_frame("changes/Contact/0.parquet", changes.assign(desired="Eve"))
    assert gate.gate(opened.run, [PAIR], opened.ports)["apply"] == []
    assert (_plan(opened)["state"], _plan(opened)["decided_by"]) == ("made", None)


def test_the_runs_of_a_backfill_share_one_approval_up_to_its_amount(ledger: Ledger, tmp_path: Path) -> None:
    limits = Approval(max_overwrites=3, max_changed_share=1.0)
    first, _ = _night(ledger, tmp_path, approval=limits, backfill=True)
    assert _plan(first)["state"] == "not_needed"  # 2 overwrites
    second, _ = _night(ledger, tmp_path, approval=limits, backfill=True)
    kept = _plan(second)
    assert (kept["state"], kept["exceeds"]) == ("made", ["4 overwritten values, max_overwrites is 3"])
    assert kept["counts"]["total"] == 6
    ledger.decide_plan(second.run.run_id, kept["plan_hash"], "approved", by="ana", approved_values=9)
    third, store = _night(ledger, tmp_path, approval=limits, backfill=True)
    assert (_plan(third)["state"], _plan(third)["decided_by"]) == ("approved", "ana")  # 9 values in all
    _deliver(third)
    assert _held(store) == ["Ada"] * 3
    fourth, _ = _night(ledger, tmp_path, approval=limits, backfill=True)
    assert _plan(fourth)["state"] == "made"  # 12 values: more than ana granted
    alone, _ = _night(ledger, tmp_path, approval=limits)
    assert _plan(alone)["state"] == "not_needed"  # a night counts by itself


def test_what_a_backfill_was_refused_is_not_counted(ledger: Ledger, tmp_path: Path) -> None:
    limits = Approval(max_overwrites=3, max_changed_share=1.0)
    big, _ = _night(ledger, tmp_path, approval=limits, wrong=4, backfill=True)
    ledger.decide_plan(big.run.run_id, _plan(big)["plan_hash"], "refused", by="ana")
    small, _ = _night(ledger, tmp_path, approval=limits, backfill=True)
    assert (_plan(small)["state"], _plan(small)["counts"]["total"]) == ("not_needed", 3)


def _waiting(ledger: Ledger, locktype: str) -> bool:
    found = ledger.rows(
        "select 1 from pg_locks where not granted and locktype = :locktype and database = "
        "(select oid from pg_database where datname = current_database())",
        locktype=locktype,
    )
    return bool(found)


def test_runs_of_a_backfill_that_plan_at_the_same_time_count_each_other(
    ledger: Ledger, tmp_path: Path, postgres_socket: str, ledger_database: str
) -> None:
    limits = Approval(max_overwrites=3, max_changed_share=1.0)
    nights = [_night(ledger, tmp_path, approval=limits, gated=False)[0] for _ in range(2)]
    blocker = psycopg2.connect(host=postgres_socket, user="postgres", dbname=ledger_database)
    with ThreadPoolExecutor(2) as pool:
        with blocker.cursor() as cursor:  # both may read the plans, and neither may enter its own
            cursor.execute("lock table plans in exclusive mode")
        begun = [pool.submit(gate.gate, n.run, [PAIR], n.ports, backfill=True) for n in nights]
        deadline = time.monotonic() + 30
        try:
            while not (_waiting(ledger, "relation") and _waiting(ledger, "advisory")):
                assert time.monotonic() < deadline, "one enters its plan, the other waits for it"
                time.sleep(0.02)
        finally:
            blocker.close()
        applied = sorted(len(run.result()["apply"]) for run in begun)
    assert applied == [0, 1]
    kept = sorted((_plan(n) for n in nights), key=lambda p: p["made_at"])
    assert [p["state"] for p in kept] == ["not_needed", "made"]
    assert kept[1]["exceeds"] == ["4 overwritten values, max_overwrites is 3"]
    assert kept[1]["counts"]["total"] == 6


def test_a_hash_is_over_every_part_of_a_change() -> None:
    base = {
        "record": "1", "record_id": "1", "key_property": None, "key_value": None, "property": "agent", "section": 0,
        "desired": "Ada", "current": None,
    }  # fmt: skip
    others = [base | {name: 7 if name == "section" else "x"} for name in base]
    hashes = [bucket_hash(pd.DataFrame([values]), "salt") for values in (base, *others)]
    assert len(set(hashes)) == len(hashes)
    assert bucket_hash(pd.DataFrame([base | {"current": ""}]), "salt") != hashes[0], "empty is not unset"
    assert bucket_hash(pd.DataFrame([base]), "another") not in hashes


def test_a_hash_is_over_every_part_of_a_note_and_of_an_association() -> None:
    note = {
        "record": "1", "property": "transcript", "interaction_key": "v:1", "part": 1, "section": 0,
        "end_time": EVENING, "body": "Ada", "note_id": None, "current": None, "value_hash": 5,
    }  # fmt: skip
    pair = {
        "section": 0, "target": "Contact", "record": "1", "other": "2", "interaction_key": "v:1", "other_bucket": 0
    }  # fmt: skip
    for folder, base in (("notes", note), ("associations", pair)):
        others = [
            base
            | {
                name: value + timedelta(seconds=1)
                if isinstance(value, datetime)
                else 7
                if isinstance(value, int)
                else "x"
            }
            for name, value in base.items()
        ]
        hashes = [bucket_hash(pd.DataFrame([values]), "salt", folder) for values in (base, *others)]
        assert len(set(hashes)) == len(base) + 1
        both = pd.DataFrame([base, others[0]])
        assert bucket_hash(both, "salt", folder) == bucket_hash(both.iloc[::-1], "salt", folder)


def test_of_a_plan_the_ledger_knows_no_text(ledger: Ledger, tmp_path: Path) -> None:
    opened, _ = _night(ledger, tmp_path)
    assert "Ada" not in str(_plan(opened)) and "Somebody" not in str(_plan(opened))
    assert _plan(opened)["made_at"] <= datetime.now(UTC)
