"""A night taken back: HubSpot holds what it held before, but for what somebody changed since."""

import shutil
from pathlib import Path

import psycopg2
import pytest

from plugins.hubspot.connect import client_from
from tests.app.command import CONTACT, NIGHT, TICKET, Outcome, held, memorialize
from tests.app.world import World

pytestmark = pytest.mark.slow

Held = dict[str, dict[str, str]]


def revert(run_id: str, *options: str) -> Outcome:
    return memorialize("revert", run_id, "--json", *options)


def known(state: Held, before: Held) -> Held:
    """Without the records that were made since, and without the empty texts that clearing leaves."""
    return {name: {k: v for k, v in state[name].items() if v} for name in before}


def ledger(socket: str, database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg2.connect(host=socket, user="postgres", dbname=database) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetchall()
    connection.close()
    return rows


def test_a_night_taken_back_leaves_hubspot_as_it_was(world: World, postgres_socket: str, ledger_database: str) -> None:
    before = held(world)
    night = memorialize(*NIGHT, "--json").report
    wrote, run_id = night["funnel"]["written"], night["run"]["run_id"]
    after = held(world)
    made = set(after) - set(before)
    assert wrote > 50 and len(made) == 1 and known(after, before) != known(before, before)

    calls = world.writes()
    dry = revert(run_id, "--dry-run")
    assert (dry.code, world.writes()) == (0, calls) and held(world) == after
    in_made = dry.report["reasons"]["held"]["created"]
    assert dry.report["reasons"]["held"] == {"dry_run": wrote - in_made, "created": in_made}
    assert f"{wrote - in_made:,} would be restored; nothing was written." in dry.report["verdict"]["sentence"]

    done = revert(run_id)
    assert done.code == 0, done
    report = done.report
    assert report["run"]["reverts"] == run_id and report["run"]["run_id"] != run_id
    assert report["funnel"]["values"] == wrote
    assert report["funnel"]["planned"] == report["funnel"]["verified"] == wrote - in_made
    assert report["verdict"]["sentence"] == (
        f"Undo of run {run_id}: of the {wrote:,} values it wrote, {wrote - in_made:,} are restored and proven by "
        f"reading back. Left alone: {in_made:,} in records that the run created."
    )
    assert [(left["reason"], left["entity"]) for left in report["left"]] == [("created", "Ticket")]
    assert known(held(world), before) == known(before, before)
    assert {name: held(world)[name] for name in made} == {name: after[name] for name in made}

    calls = world.writes()
    again = revert(run_id)
    assert (again.code, world.writes()) == (0, calls)
    assert again.report["funnel"]["equal"] == wrote - in_made and again.report["funnel"]["planned"] == 0
    assert "0 are restored" in again.report["verdict"]["sentence"]

    kinds = ledger(postgres_socket, ledger_database, "select reverts::text, count(*) from runs group by 1")
    assert sorted(kinds, key=str) == [(run_id, 3), (None, 1)]
    mine = report["run"]["run_id"]
    counted = ledger(
        postgres_socket,
        ledger_database,
        f"select outcome, verified, count(*) from receipts where run_id = '{mine}' group by 1, 2",
    )
    assert counted == [("written", True, wrote - in_made)]


def test_what_a_person_changed_since_is_kept(world: World) -> None:
    before = held(world)
    run_id = memorialize(*NIGHT, "--json").report["run"]["run_id"]
    after = held(world)
    name, changed = next(
        (n, k)
        for n in sorted(before)
        for k in ("cxone_last_agent", "cxone_agent_name", "cxone_disposition_notes")
        if before[n].get(k) != after[n].get(k)
    )
    entity, told = (CONTACT, name.split()[1]) if name.startswith("contact ") else (TICKET, name.split()[-1])
    record_id = told if entity == CONTACT else world.find(TICKET, "cxone_contact_id", told)[0]
    client = client_from(world.services.hubspot, "pat-eu1-acme-demo", {})
    client.batch_update(entity, [{"id": record_id, "properties": {changed: "by hand"}}])
    assert held(world)[name][changed] == "by hand"
    done = revert(run_id).report
    assert done["reasons"]["held"]["moved"] == 1
    (left,) = [row for row in done["left"] if row["reason"] == "moved"]
    assert (left["record_id"], left["properties"]) == (record_id, [changed])
    expected = known(before, before)
    expected[name] = expected[name] | {changed: "by hand"}
    assert known(held(world), before) == expected


def test_the_last_line_says_what_writes_it_again_and_it_does(world: World) -> None:
    night = memorialize(*NIGHT, "--json").report
    after = held(world)
    shown = memorialize("revert", night["run"]["run_id"])
    assert shown.code == 0
    assert shown.out.splitlines()[-1] == (
        "   memorialize run -c acme --from 2026-11-20T00:00:00+00:00 --to 2026-11-21T00:00:00+00:00"
    )
    again = memorialize(*shown.out.splitlines()[-1].split()[1:], "--json").report
    assert again["funnel"]["planned"] > 0
    assert held(world) == after


def test_what_cannot_be_taken_back_is_refused_with_its_reason(world: World, tmp_path: Path) -> None:
    dry = memorialize(*NIGHT, "--dry-run", "--json").report["run"]["run_id"]
    night = memorialize(*NIGHT, "--json").report["run"]["run_id"]
    undo = revert(night).report["run"]["run_id"]
    shutil.rmtree(tmp_path / "staging/acme" / night / "changes")
    calls = world.writes()
    told = {
        "no-such-run": "there is no run 'no-such-run'. Copy the run id",
        dry: "wrote nothing, so there is nothing to revert",
        undo: "is itself a revert. To write its values again: memorialize run -c acme --from 2026-11-20T00:00:00+00:00",
        night: "can no longer be reverted: changes/Contact/0.parquet, changes/Ticket/0.parquet is not in",
    }
    for run_id, reason in told.items():
        outcome = revert(run_id)
        assert (outcome.code, outcome.out) == (2, "")
        assert reason in outcome.messages[0]
    assert world.writes() == calls
