"""One contact's whole story, against the twin: from staging and without it, masked and revealed; nothing is written."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.app.command import NIGHT, impatient, memorialize
from tests.app.world import World

pytestmark = pytest.mark.slow

WORLD = ("--start", "2026-11-20", "--days", "1", "--interactions", "120", "--clock", "2026-11-21T06:00:00Z")
GUIDE = Path(__file__).resolve().parents[3] / "docs/ledger.md"


@pytest.fixture
def world(start_world: Callable[..., World], stage: Callable[[World], None], monkeypatch: pytest.MonkeyPatch) -> World:
    running = start_world(*WORLD)
    stage(running)
    impatient(monkeypatch)
    return running


@pytest.fixture
def query(postgres_socket: str, ledger_database: str) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    connection = psycopg2.connect(host=postgres_socket, user="postgres", dbname=ledger_database)
    connection.autocommit = True

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    yield ask
    connection.close()


def story(contact: str, *options: str) -> dict[str, Any]:
    outcome = memorialize("explain", "-c", "acme", contact, "--json", *options)
    assert outcome.code == 0, outcome
    (told,) = json.loads(outcome.out)
    found: dict[str, Any] = told
    return found


def test_a_night_is_explained_contact_by_contact(
    world: World, tmp_path: Path, query: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    report = memorialize(*NIGHT, "--json").report
    run_id, calls = report["run"]["run_id"], world.writes()
    tables = "select count(*) from runs union all select count(*) from receipts union all select count(*) from steps"
    kept = query(tables)

    ((key, values),) = query(
        "select interaction_key, count(*) from receipts where interaction_key like 'v:%' and record not like 'new:%' "
        "group by 1 order by 2 desc limit 1"
    )
    told = story(key.split(":")[1])
    assert (told["interaction_key"], told["channel"], told["state"]) == (key, "voice", "due")
    assert told["origin"] == f"as run {run_id} read it"
    assert told["mapping"] == "Acme voice" and {"skill", "agent", "start", "end", "end reason"} <= set(told["cxone"])
    contact, ticket = told["targets"]
    assert (contact["entity"], contact["outcome"], ticket["entity"]) == ("Contact", "matched", "Ticket")
    assert ticket["why"] == "it holds the CXone id in the section's key property"
    listed = [v for t in told["targets"] for v in t["values"]]
    mine = [w for v in listed for w in v["written"] if w["interaction_key"] == key]
    assert len(mine) == values and {w["run_id"] for w in mine} == {run_id}
    assert {(w["outcome"], w["verified"], w["reverts"]) for w in mine} == {("written", True, None)}
    assert {v["verdict"] for v in listed} <= {"equal", "not_expected", "no_source", "superseded"}
    assert {v["whose"] for v in listed if v["written"]} == {"this one, by us"}
    (agent,) = [v for v in ticket["values"] if v["property"] == "cxone_agent_name"]
    (name,) = {leg["id"]: leg for leg in world.truth("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")["legs"]
               if leg["id"] == key.split(":")[1]}.keys()  # fmt: skip
    assert name and re.fullmatch(r"\w….? ?\(\d+\)|\w…\w \(\d+\)", agent["holds"])

    asked = world.requests("hubspot")
    revealed = story(key, "--reveal")
    anew = {call for call, n in world.requests("hubspot").items() if n > asked.get(call, 0)}
    assert anew == {"POST /crm/v3/objects/{type}/batch/read 200"}, (
        "account, scopes and properties are known for a while"
    )
    (open_,) = [v for v in revealed["targets"][1]["values"] if v["property"] == "cxone_agent_name"]
    assert open_["holds"] == revealed["cxone"]["agent"] == open_["should"]

    shutil.rmtree(tmp_path / "staging/acme" / run_id)  # purged: CXone is asked instead, with the same outcome
    again = story(key)
    assert again["origin"] == "asked of it now"
    assert {k: v for k, v in again.items() if k != "origin"} == {k: v for k, v in told.items() if k != "origin"}

    world.faults("cxone", {"match": "/", "status": 400, "times": 100})
    alone = story(key)
    assert alone["origin"].startswith("could not be asked: ")
    assert [t["record_id"] for t in alone["targets"]] == [t["record_id"] for t in told["targets"]]
    assert {v["verdict"] for t in alone["targets"] for v in t["values"]} == {"unknown"}
    assert (world.writes(), query(tables)) == (calls, kept)


def test_what_waits_for_a_person_and_what_was_edited_say_so(
    world: World, query: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    report = memorialize(*NIGHT, "--json").report
    parked = report["parked"][0]
    told = story(parked["interaction_key"])
    (target,) = [t for t in told["targets"] if t["entity"] == parked["entity"]]
    assert target["outcome"] == "parked" and target["candidates"] == parked["candidates"]
    assert target["next"] == (
        f"waits for a person: memorialize parked resolve -c acme {parked['interaction_key']} "
        f"--entity {parked['entity']} --record ID"
    )

    assert len(report["edited"]) == report["funnel"]["edited"] > 0
    edited = report["edited"][0]
    assert edited["source"] == "CRM_UI" and edited["changed_at"].startswith("2026-11-2")
    told = story(edited["interaction_key"])
    (value,) = [
        v for t in told["targets"] for v in t["values"]
        if (t["record_id"], v["property"]) == (edited["record_id"], edited["external_crm_field"])
    ]  # fmt: skip
    assert (value["verdict"], value["source"]) == ("edited", "CRM_UI")
    assert value["whose"].startswith("a person in HubSpot's pages (CRM_UI), 2026-11-2")
    assert value["next"] == "nothing: the edit stays (ownership: pipeline in the mapping overrules it)"

    ((key, reason),) = query("select interaction_key, reason from interactions where reason = 'no_assignment' limit 1")
    told = story(key)
    assert (told["state"], told["next"], told["targets"]) == ("never_due", "nothing", [])
    assert reason and told["why"] == "no assignment in workflows.yaml gives its skill or channel a mapping"

    ((guid, key),) = query(
        "select contact_guid, interaction_key from interactions where contact_guid is not null limit 1"
    )
    shown = memorialize("explain", "-c", "acme", guid)
    assert shown.code == 0 and f" {key}  digital, acme" in shown.out

    unknown = memorialize("explain", "-c", "acme", "no-such")
    assert (unknown.code, unknown.out) == (2, "")
    assert "no run of acme has seen the contact 'no-such'" in unknown.messages[0]


def test_the_questions_of_the_guide_are_answered(world: World, query: Callable[[str], list[tuple[Any, ...]]]) -> None:
    report = memorialize(*NIGHT, "--json").report
    f, run_id = report["funnel"], report["run"]["run_id"]
    memorialize("revert", run_id, "--json")
    questions = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    wrote, refused, not_cured, parked, runs, history = (query(question) for question in questions)
    assert len([row for row in wrote if str(row[1]) == run_id]) == f["written"]
    assert sum(row[4] for row in refused) == len(not_cured) == f["rejected"]
    assert len(parked) == f["parked"]
    assert [(str(r[4]), r[5]) for r in runs] == [("done", "night"), ("done", "revert")]
    assert (runs[0][6], runs[0][7], runs[0][8]) == (f["values"], f["written"], f["verified"])
    assert {row[9] is None for row in history} == {True, False}
