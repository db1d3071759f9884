"""One customer is erased from ledger, staging and reports; everybody else's stays, and the receipt names nobody."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow.parquet as pq
import pytest

from tests.app.command import NIGHT, TICKET, Outcome, change_connection, memorialize, text_of
from tests.app.world import World

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Person:
    """A customer of the night, as staging and HubSpot know them."""

    record_id: str
    email: str
    phone: str
    keys: frozenset[str]
    texts: frozenset[str]


@dataclass(frozen=True)
class Held:
    """What we hold, where, and who is in it."""

    folder: Path
    sql: Callable[..., list[tuple[Any, ...]]]

    def frames(self, name: str) -> Iterator[dict[str, Any]]:
        for path in sorted((self.folder / "staging/acme").glob(f"*/{name}/**/*.parquet")):
            yield from pq.read_table(path).to_pylist()

    def people(self) -> list[Person]:
        """Who was matched to a Contact, with all interactions matched to it; most interactions first."""
        rows = {row["interaction_key"]: row for row in self.frames("interactions")}
        texts = {row["transcript_ref"]: row["text"] for row in self.frames("transcripts") if "transcript_ref" in row}
        found = []
        for (record_id,) in self.sql("select distinct record_id from matches where entity = 'Contact'"):
            mine = self.sql(
                "select interaction_key from matches where entity = 'Contact' and record_id = %s", record_id
            )
            legs = [rows[key] for (key,) in mine]
            found.append(
                Person(
                    record_id,
                    next((leg["customer_email"] for leg in legs if leg["customer_email"]), ""),
                    next((leg["customer_phone"] for leg in legs if leg["customer_phone"]), ""),
                    frozenset(key for (key,) in mine),
                    frozenset(texts[leg["transcript_ref"]] for leg in legs if leg["transcript_ref"]),
                )
            )
        return sorted(found, key=lambda p: (-len(p.keys), p.record_id))

    def dump(self) -> dict[str, str]:
        """Everything as text: each table, each staged file, each report."""
        found = {
            table: repr(sorted(self.sql(f"select * from {table}"), key=repr))
            for (table,) in self.sql("select table_name from information_schema.tables where table_schema = 'public'")
        }
        for path in sorted(self.folder.glob("staging/**/*")) + sorted(self.folder.glob("reports/**/*")):
            if path.suffix == ".parquet":
                found[str(path)] = repr(pq.read_table(path).to_pylist())
            elif path.is_file():
                found[str(path)] = text_of(path)
        return found

    def traces(self, *needles: str) -> set[str]:
        return {place for place, text in self.dump().items() for needle in needles if needle and needle in text}


@pytest.fixture
def held(world: World, tmp_path: Path, postgres_socket: str, ledger_database: str) -> Held:
    """After one night."""

    def sql(query: str, *values: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(host=postgres_socket, user="postgres", dbname=ledger_database)
        with connection, connection.cursor() as cursor:
            cursor.execute(query, values or None)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    assert memorialize(*NIGHT).code == 0
    return Held(tmp_path, sql)


def erase(*options: str) -> Outcome:
    return memorialize("erase", "-c", "acme", *options)


def test_one_customer_is_erased_everywhere_and_nobody_else(held: Held, world: World) -> None:
    assert memorialize(*NIGHT).code == 0
    person, other = next(p for p in held.people() if p.texts), held.people()[-1]
    assert person.record_id != other.record_id
    identities = [*person.keys, *(text[:60] for text in person.texts)]
    before, calls = held.traces(*identities), world.requests("hubspot")
    counts = dict(
        held.sql("select 'interactions', count(*) from interactions union select 'receipts', count(*) from receipts")
    )
    theirs = held.traces(*other.keys)
    assert {"interactions", "matches", "holders"} <= before

    dry = json.loads(erase("--contact", person.record_id, "--dry-run", "--json").out)
    assert dry["dry_run"] is True and held.traces(*identities) == before

    outcome = erase("--contact", person.record_id, "--json")
    assert outcome.code == 0
    receipt = json.loads(outcome.out)
    assert held.traces(*identities) == set()
    assert held.sql("select 1 from receipts where type_id = '0-1' and record_id = %s", person.record_id) == []
    assert held.sql("select 1 from holders where type_id = '0-1' and record_id = %s", person.record_id) == []
    assert held.traces(*other.keys) == theirs
    assert held.sql("select count(*) from interactions") == [(counts["interactions"] - len(person.keys),)]
    assert world.requests("hubspot") == calls, "HubSpot is neither asked nor touched"

    assert {k: v for k, v in receipt.items() if k not in ("receipt_id", "erased_at", "dry_run")} == {
        k: v for k, v in dry.items() if k not in ("receipt_id", "erased_at", "dry_run")
    }
    assert (receipt["asked_by"], receipt["interactions"], receipt["records"]) == (["contact"], len(person.keys), 1)
    assert receipt["ledger"]["interactions"] == len(person.keys)
    assert len(receipt["staging"]) == 2
    (file,) = (held.folder / "reports/acme/erasures").iterdir()
    assert json.loads(file.read_text()) == receipt
    for secret in (person.record_id, person.email, person.phone, *person.keys):
        assert not secret or secret not in outcome.out + file.name
    again = json.loads(erase("--contact", person.record_id, "--json").out)
    assert (again["ledger"], again["staging"], again["reports"], again["interactions"]) == ({}, {}, {}, 0)


def test_an_address_finds_the_record_and_with_it_all_the_rest(held: Held) -> None:
    by_mail = next(p for p in held.people() if p.email)
    by_phone = next(p for p in held.people() if p.phone and not p.keys & by_mail.keys)
    for person, option, value in ((by_mail, "--email", by_mail.email.upper()), (by_phone, "--phone", by_phone.phone)):
        receipt = json.loads(erase(option, value, "--json").out)
        assert receipt["interactions"] >= len(person.keys)
        assert held.traces(*person.keys, person.email) == set()


def test_what_is_parked_is_found_by_its_address_without_staging(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """By nobody whose secret is another: that is said, and nothing is taken for done."""
    rows = {row["interaction_key"]: row for row in held.frames("interactions")}
    parked = [key for (key,) in held.sql("select interaction_key from parked where jsonb_array_length(addresses) > 0")]
    key = next(k for k in parked if rows[k]["customer_phone"] or rows[k]["customer_email"])
    option = "--email" if rows[key]["customer_email"] else "--phone"
    for path in (held.folder / "staging/acme").iterdir():
        path.rename(held.folder / path.name)
    asked = (option, rows[key]["customer_email"] or rows[key]["customer_phone"], "--json")
    with monkeypatch.context() as patched:
        change_connection(patched, "CXONE_ACME", extra={"address_secret": "another-secret-of-32-characters-"})
        receipt = json.loads(erase(*asked).out)
    told = "parked or decided targets were hashed with another address_secret: they cannot be found by an address"
    assert receipt["ledger"] == {} and f"the addresses of {len(parked)} {told}" in receipt["not_found"]
    outcome = erase(*asked)
    assert outcome.code == 0, outcome
    receipt = json.loads(outcome.out)
    assert receipt["ledger"]["parked"] >= 1 and "another address_secret" not in str(receipt["not_found"])
    assert held.sql("select 1 from parked where interaction_key = %s", key) == []
    assert held.sql("select 1 from interactions where interaction_key = %s", key) == []


def test_what_cannot_be_found_or_is_not_touched_is_said(
    held: Held, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_connection(monkeypatch, "CXONE_ACME", extra={})
    shown = erase("--email", "nobody@example.com")
    assert shown.code == 0
    said = " ".join(shown.out.split())
    assert "0 rows of 0 interactions erased" in said
    assert "no address_secret, so parked targets keep no hash to be found by" in said
    assert "HubSpot and CXone are not touched." in said and "Backups of the ledger's database" in said
    contact = held.people()[0]
    assert "give the e-mail address and the phone number, too" in " ".join(
        erase("--contact", contact.record_id, "--dry-run").out.split()
    )


def test_a_plan_that_held_the_customers_values_cannot_be_applied_any_more(held: Held) -> None:
    ((run_id, key),) = held.sql("select run_id::text, interaction_key from receipts where outcome = 'written' limit 1")
    held.sql("update plans set state = 'made' where run_id = %s", run_id)
    (record,) = held.sql("select record_id from matches where entity = 'Contact' and interaction_key = %s", key)
    receipt = json.loads(erase("--contact", record[0], "--json").out)
    assert f"the plan of run {run_id} held values of the customer and can no longer be applied" in str(receipt)
    ((plan,),) = held.sql("select plan_hash from plans where run_id = %s", run_id)
    applied = memorialize("apply", run_id, "--approve", plan)
    assert applied.code == 1 and "is not what was planned" in applied.messages[0]


def test_nothing_is_erased_while_a_run_goes_on_or_where_nobody_is_named(held: Held) -> None:
    before = held.dump()
    for options, told in (
        ((), "say whose data: give --contact, --email or --phone"),
        (("--contact", "v:12"), "--contact must be the HubSpot record id"),
        (("--email", "anna"), "--email is no e-mail address"),
        (("--phone", "anonymous"), "--phone is no phone number; write it as +4930... or as a number of DE, US"),
    ):
        outcome = erase(*options)
        assert (outcome.code, outcome.out) == (2, "") and told in outcome.messages[0]
    held.sql("update runs set state = 'running' where run_id = (select max(run_id::text)::uuid from runs)")
    outcome = erase("--contact", held.people()[0].record_id)
    assert (outcome.code, outcome.out) == (1, "") and "goes on and may write what is to be erased" in outcome.messages[
        0
    ]
    held.sql("update runs set state = 'done'")
    assert held.dump() == before


def test_a_ticket_of_the_customer_is_erased_by_its_interaction(held: Held) -> None:
    ((key, record),) = held.sql(
        "select interaction_key, record_id from receipts where type_id = %s and record_id is not null "
        "and interaction_key in (select interaction_key from matches where entity = 'Contact') limit 1",
        TICKET,
    )
    (contact,) = held.sql("select record_id from matches where entity = 'Contact' and interaction_key = %s", key)
    assert erase("--contact", contact[0]).code == 0
    assert held.sql("select 1 from receipts where record_id = %s and interaction_key = %s", record, key) == []
    assert held.sql("select 1 from holders where type_id = %s and record_id = %s", TICKET, record) == []
