"""`memorialize parked` as a person uses it, against the twin: list, decide by file, run, take back."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.connections import ledger_url
from memorialization.ledger import Ledger
from tests.app.command import DAY, NIGHT, Outcome, change_connection, memorialize
from tests.app.world import World
from tests.corpora import corpus

pytestmark = pytest.mark.slow

WORLD = ("--start", "2026-11-20", "--days", "1", "--interactions", "200", "--clock", "2026-11-21T06:00:00Z")


@pytest.fixture
def world(start_world: Callable[..., World], stage: Callable[[World], None]) -> World:
    """One night of 200 interactions is over, and some of its callers are known to nobody."""
    running = start_world(*WORLD)
    stage(running)
    first = memorialize(*NIGHT, "--json")
    assert first.code == 0 and first.report["funnel"]["parked"] > 5
    return running


def parked(*arguments: str) -> Outcome:
    return memorialize("parked", *arguments)


def listed() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(parked("list", "-c", "acme", "--json").out)
    return found


def test_a_list_filled_in_is_decided_run_and_withdrawn(world: World, tmp_path: Path) -> None:
    file = tmp_path / "parked.csv"
    before = listed()
    assert parked("list", "-c", "acme", "--csv", str(file)).code == 0
    truth = {leg["id"]: leg["contact_record_id"] for leg in world.truth(*DAY)["legs"]}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["contact_id"] for row in rows] == [row["contact_id"] for row in before]
    for row in rows:
        known = truth.get(row["contact_id"].split(":")[1])
        row["record_id"] = known if row["entity"] == "Contact" and known else ""
    decided = [row for row in rows if row["record_id"]]
    assert 0 < len(decided) < len(rows)
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)

    outcome = parked("resolve", "-c", "acme", "--csv", str(file))
    assert outcome.code == 0, outcome
    assert f"{len(decided)} decided." in outcome.out
    assert "memorialize run -c acme --from 2026-11-20T02:00:00Z --to 2026-11-21T02:00:00Z" in outcome.out
    assert [row["record_id"] for row in listed()] == [row["record_id"] for row in rows]
    told = parked("list", "-c", "acme").out
    assert f"{len(decided)} of them decided (✔)" in told and f"✔ {decided[0]['record_id']}" in told

    report = memorialize(*NIGHT, "--json").report
    assert report["reasons"]["matched"]["resolved"] >= len(decided)
    waiting = {row["contact_id"] for row in listed() if row["entity"] == "Contact"}
    assert not waiting & {row["contact_id"] for row in decided}

    first = decided[0]
    back = parked("withdraw", "-c", "acme", first["contact_id"], "--entity", "contact")
    assert (back.code, back.out.split(";")[0]) == (0, "withdrawn")
    memorialize(*NIGHT, "--json")
    assert first["contact_id"] in {row["contact_id"] for row in listed() if row["entity"] == "Contact"}


def test_the_list_for_people_names_reason_age_and_candidates(world: World) -> None:
    out = parked("list", "-c", "acme").out
    ambiguous = next(row for row in listed() if row["candidates"])
    assert isinstance(ambiguous["links"], list) and ambiguous["links"][0].startswith(
        "https://ven12345.hubspot.com/contacts/4711001/record/0-1/"
    )
    assert {"ambiguous", "unmatched"} <= set(out.split())
    assert f"? {ambiguous['candidates'][0]}" in out and f"{len(listed())} waiting. To decide:" in out
    assert ambiguous["age_days"] == 0
    assert str(ambiguous["since"]).endswith("+00:00") and str(ambiguous["ended"]).startswith("2026-11-2")


def test_no_cell_of_a_list_begins_as_a_formula_does(acme: Path, tmp_path: Path) -> None:
    evil = [text for text in corpus("cells") if text.strip()[0] in "=+-@\uff1d\uff0b\uff0d\uff20"]
    assert len(evil) > 15
    insert = (
        "insert into parked select 'acme', one, 'Contact', null, one, jsonb_build_array(one), '[]', now(), "
        "gen_random_uuid() from unnest(cast(:keys as text[])) one"
    )
    Ledger(ledger_url()).carry_out({"parked": insert}, keys=[*evil, "v:1"])
    file = tmp_path / "parked.csv"
    assert parked("list", "-c", "acme", "--csv", str(file)).code == 0
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    assert {row["contact_id"] for row in rows} == {"v:1", *(f"'{one}" for one in evil)}
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.strip()[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20")]


def test_a_dry_run_leaves_what_is_decided_waiting(world: World) -> None:
    before = listed()
    ambiguous = next(row for row in before if row["candidates"])
    asked = (str(ambiguous["contact_id"]), "--entity", "Contact", "--record", ambiguous["candidates"][0])  # type: ignore[index]
    assert parked("resolve", "-c", "acme", *asked).code == 0
    dry = memorialize(*NIGHT, "--dry-run", "--json")
    assert dry.report["funnel"]["parked"] < len(before)
    assert [row["contact_id"] for row in listed()] == [row["contact_id"] for row in before]
    assert memorialize(*NIGHT, "--json").code == 0
    assert ambiguous["contact_id"] not in {row["contact_id"] for row in listed() if row["entity"] == "Contact"}


def test_without_an_address_secret_it_is_said_that_customers_are_not_known_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ambiguous = next(row for row in listed() if row["candidates"])
    asked = (str(ambiguous["contact_id"]), "--entity", "Contact", "--record", ambiguous["candidates"][0])  # type: ignore[index]
    told = "Not kept for the customers' next interactions: the CXone connection has no address_secret"
    assert told not in parked("resolve", "-c", "acme", *asked).out
    change_connection(monkeypatch, "CXONE_ACME", extra={})
    outcome = parked("resolve", "-c", "acme", *asked)
    assert (outcome.code, told in outcome.out) == (0, True)
    change_connection(monkeypatch, "CXONE_ACME", extra={"address_secret": "short"})
    refused = parked("resolve", "-c", "acme", *asked)
    assert (refused.code, "must be a text of 32 characters at least" in refused.err) == (2, True)


def test_what_is_wrong_is_one_message_and_exit_code_2(world: World, tmp_path: Path) -> None:
    for arguments, message in (
        (("resolve", "-c", "acme"), "give CXONE_CONTACT_ID with --entity and --record, or --csv FILE alone"),
        (("resolve", "-c", "acme", "1", "--entity", "Contact"), "give CXONE_CONTACT_ID with --entity and --record"),
        (("resolve", "-c", "acme", "0", "--entity", "Contact", "--record", "1"), "no Contact of 0 is parked."),
        (("withdraw", "-c", "acme", "0", "--entity", "Contact"), "no decision is stored for 0, Contact."),
        (("list", "-c", "acme", "--json", "--csv", "x"), "give --json or --csv, not both"),
        (("list", "-c", "acne"), "no configuration 'acne' here."),
    ):
        outcome = parked(*arguments)
        assert (outcome.code, outcome.out) == (2, ""), outcome
        assert message in outcome.err
    gone = parked("resolve", "-c", "acme", "--csv", str(tmp_path / "gone.csv"))
    assert gone.code == 1 and "No such file" in gone.err
