"""A person decides, and the same customer is known from then on; no address is kept, and nothing is guessed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import psycopg2
import pytest

from memorialization.configuration import Configuration
from memorialization.errors import ConfigurationError, WrongAccount
from memorialization.ledger import Ledger
from memorialization.ports import Account, Window
from memorialization.resolutions import Decision, addresses, parse_csv, read_csv, resolve, waiting, withdraw
from tests.memorialization.fakes import COMPANY, CONTACT, TICKET, MemoryStore
from tests.memorialization.nights import DAY, SECRET, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

AGENT = row("agent", "voice", "Agent Name")
CALLER = configuration(section("Contact", AGENT, row("agent", "digital", "Agent Name"), required=True))
BOTH = configuration(
    section("Contact", AGENT, required=True),
    section("Ticket", row("key", "voice", "Contact ID"), key="Contact ID", required=True),
)
PHONE = {"customer_email": None, "customer_phone": "4930901820"}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(schema())


def found(setup: Configuration, store: MemoryStore, ledger: Ledger, folder: Path, *rows: dict[str, object]) -> dict:
    """(interaction key, entity) -> (outcome, record id, rule) of a night with these interactions, delivered."""
    opened = night(setup, store, ledger, folder, *rows)
    opened.whole()
    frames = [opened.frame(f"targets/{part}-0") for part in ("voice", "digital")]
    targets = pd.concat([f for f in frames if len(f)])
    columns = targets[["interaction_key", "entity", "outcome", "record_id", "rule"]]
    return {
        (key, entity): tuple(None if pd.isna(v) else v for v in rest)
        for key, entity, *rest in columns.itertuples(index=False)
    }


def decide(setup: Configuration, store: MemoryStore, ledger: Ledger, *decided: tuple[str, str, str]) -> list[str]:
    rows = resolve(setup, [Decision(*d) for d in decided], "command", store, ledger)
    return [row["interaction_key"] for row in rows]


def counted(ledger: Ledger) -> tuple[int, int]:
    """(parked, resolutions) of acme."""
    return len(ledger.parked("acme")), len(ledger.resolutions("acme"))


# ---- decided once, known ever after


@pytest.mark.slow
def test_the_decided_interaction_and_the_customers_next_ones_are_matched(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim = store.create(CONTACT)
    assert found(CALLER, store, ledger, tmp_path, interaction(1, **PHONE))["v:1", "Contact"][0] == "parked"
    assert decide(CALLER, store, ledger, ("1", "contact", kim)) == ["v:1"]
    spelled = {"customer_email": None, "customer_phone": "+49 (30) 901820"}
    seen = found(
        CALLER, store, ledger, tmp_path,
        interaction(1, **PHONE), interaction(2, **spelled),
        interaction(3, customer_email=None, customer_phone="4930901821"),
        interaction(4, channel="digital", **PHONE),
    )  # fmt: skip
    assert seen["v:1", "Contact"] == ("matched", kim, "resolved")
    assert seen["v:2", "Contact"] == ("matched", kim, "resolved")
    assert seen["v:3", "Contact"] == ("parked", None, None)
    assert seen["d:4:0:1", "Contact"] == ("matched", kim, "resolved")
    assert [row["interaction_key"] for row in ledger.parked("acme")] == ["v:3"]
    again = found(CALLER, store, ledger, tmp_path, interaction(2, **PHONE))
    assert again["v:2", "Contact"] == ("matched", kim, "kept")


@pytest.mark.slow
def test_an_email_is_remembered_whatever_its_case(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    kim = store.create(CONTACT)
    found(CALLER, store, ledger, tmp_path, interaction(1, customer_email="kim@home.example"))
    decide(CALLER, store, ledger, ("v:1", "Contact", kim))
    seen = found(CALLER, store, ledger, tmp_path, interaction(2, customer_email="Kim@Home.example "))
    assert seen["v:2", "Contact"] == ("matched", kim, "resolved")


@pytest.mark.slow
def test_a_decision_comes_before_the_search_but_after_a_kept_match(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim, twin = store.create(CONTACT, phone="+4930901820"), store.create(CONTACT, phone="030 901820")
    found(CALLER, store, ledger, tmp_path, interaction(1, **PHONE))
    (parked,) = waiting(CALLER, store, ledger)
    assert (parked.reason, parked.candidates, parked.decided) == ("ambiguous", (kim, twin), None)
    assert parked.links[0] == f"https://ven12345.hubspot.com/contacts/4711001/record/0-1/{kim}"
    decide(CALLER, store, ledger, ("1", "Contact", twin))
    assert waiting(CALLER, store, ledger)[0].decided == twin
    assert found(CALLER, store, ledger, tmp_path, interaction(1, **PHONE))["v:1", "Contact"][1:] == (twin, "resolved")
    assert found(CALLER, store, ledger, tmp_path, interaction(1, **PHONE))["v:1", "Contact"][1:] == (twin, "kept")


@pytest.mark.slow
def test_the_record_of_one_interaction_is_never_remembered_for_another(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    ticket = store.create(TICKET)
    found(BOTH, store, ledger, tmp_path, interaction(1, **PHONE))
    decide(BOTH, store, ledger, ("1", "Ticket", ticket))
    seen = found(BOTH, store, ledger, tmp_path, interaction(1, **PHONE), interaction(2, **PHONE))
    assert seen["v:1", "Ticket"] == ("matched", ticket, "resolved")
    assert seen["v:2", "Ticket"][0] == "parked"
    assert seen["v:1", "Contact"][0] == seen["v:2", "Contact"][0] == "parked"


@pytest.mark.slow
def test_decisions_that_do_not_agree_are_no_decision(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    """A switchboard: two people behind one number."""
    kim, lee = store.create(CONTACT), store.create(CONTACT)
    found(CALLER, store, ledger, tmp_path, interaction(1, **PHONE), interaction(2, **PHONE))
    decide(CALLER, store, ledger, ("1", "Contact", kim), ("2", "Contact", lee))
    opened = night(CALLER, store, ledger, tmp_path, *(interaction(i, **PHONE) for i in (1, 2, 3)))
    opened.prepare()
    targets = opened.frame("targets/voice-0").set_index("interaction_key")
    assert targets["record_id"].dropna().to_dict() == {"v:1": kim, "v:2": lee}
    third = targets.loc["v:3"]
    assert (third["outcome"], third["reason"], list(third["candidates"])) == ("parked", "ambiguous", [kim, lee])


@pytest.mark.slow
def test_what_is_decided_waits_until_a_run_delivers_it(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    """A dry run, or one that fails, matches it all the same; a target that the search finds waits no more at once."""
    kim = store.create(CONTACT)
    calls = [interaction(1, **PHONE), interaction(2, **PHONE), interaction(3, customer_email="lee@example.com")]
    found(CALLER, store, ledger, tmp_path, *calls)
    decide(CALLER, store, ledger, ("1", "Contact", kim))
    store.create(CONTACT, email="lee@example.com")
    for _ in range(2):
        opened = night(CALLER, store, ledger, tmp_path, *calls, dry_run=True)
        opened.prepare()
        assert opened.frame("targets/voice-0")["outcome"].tolist() == ["matched"] * 3
        assert [row_["interaction_key"] for row_ in ledger.parked("acme")] == ["v:1", "v:2"]
        assert ledger.decided("acme", DAY.start - timedelta(days=30))[0] == {"v:1", "v:2"}
    found(CALLER, store, ledger, tmp_path, *calls)
    assert counted(ledger) == (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("named", ["8C9A7B60-0000-4000-8000-00000000beef", "1", "d:1:0:1"])
def test_a_digital_contact_is_named_by_its_guid_its_number_or_its_key(
    store: MemoryStore, ledger: Ledger, tmp_path: Path, named: str
) -> None:
    kim = store.create(CONTACT)
    case = interaction(1, channel="digital", contact_guid="8c9a7b60-0000-4000-8000-00000000beef", **PHONE)
    found(CALLER, store, ledger, tmp_path, case)
    assert decide(CALLER, store, ledger, (named, "Contact", kim)) == ["d:1:0:1"]
    found(CALLER, store, ledger, tmp_path, case)
    assert counted(ledger) == (0, 1)
    assert set(withdraw(CALLER, named, "Contact", ledger)) == {"d:1:0:1"}


@pytest.mark.slow
def test_a_decided_record_that_is_gone_is_looked_for_as_if_nobody_had_decided(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim = store.create(CONTACT)
    found(CALLER, store, ledger, tmp_path, interaction(1, **PHONE))
    decide(CALLER, store, ledger, ("1", "Contact", kim))
    del store.records[CONTACT.type_id][kim]
    assert found(CALLER, store, ledger, tmp_path, interaction(1, **PHONE))["v:1", "Contact"][0] == "parked"


@pytest.mark.slow
def test_the_values_are_written_by_the_next_night_although_the_leg_ended_in_an_earlier_one(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim = store.create(CONTACT)
    night(CALLER, store, ledger, tmp_path, interaction(1, **PHONE)).whole()
    next_day = Window(DAY.end, DAY.end + timedelta(days=1))
    quiet = night(CALLER, store, ledger, tmp_path, interaction(1, **PHONE), window=next_day).whole()
    assert quiet.funnel.pulled == 0
    decide(CALLER, store, ledger, ("1", "Contact", kim))
    report = night(CALLER, store, ledger, tmp_path, interaction(1, **PHONE), window=next_day).whole()
    assert (report.funnel.pulled, report.funnel.verified, report.funnel.imbalances()) == (1, 1, [])
    assert report.reasons["matched"] == {"resolved": 1}
    assert store.value(CONTACT, kim, "agent") == "Agent 1"
    done = night(CALLER, store, ledger, tmp_path, interaction(1, **PHONE), window=next_day).whole()
    assert done.funnel.pulled == 0


# ---- taken back


@pytest.mark.slow
def test_withdrawn_it_takes_every_match_with_it_that_it_led_to_and_no_other(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim, lee = store.create(CONTACT), store.create(CONTACT, email="lee@example.com")
    calls = [interaction(1, **PHONE), interaction(2, **PHONE), interaction(3, customer_email="lee@example.com")]
    found(CALLER, store, ledger, tmp_path, *calls)
    decide(CALLER, store, ledger, ("1", "Contact", kim))
    for _ in range(2):  # the second night finds them kept, and still knows why
        found(CALLER, store, ledger, tmp_path, *calls)
    assert ledger.matches("acme", "Contact", ["v:1", "v:2", "v:3"]) == {"v:1": kim, "v:2": kim, "v:3": lee}
    assert set(withdraw(CALLER, "1", "contact", ledger)) == {"v:1", "v:2"}
    assert ledger.matches("acme", "Contact", ["v:1", "v:2", "v:3"]) == {"v:3": lee}
    assert counted(ledger) == (0, 0)
    seen = found(CALLER, store, ledger, tmp_path, *calls)
    assert [seen[f"v:{i}", "Contact"][0] for i in (1, 2, 3)] == ["parked", "parked", "matched"]
    with pytest.raises(ConfigurationError, match="no decision is stored for 1, Contact"):
        withdraw(CALLER, "1", "Contact", ledger)


@pytest.mark.slow
def test_deciding_again_replaces_the_decision_and_what_it_led_to(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim, lee = store.create(CONTACT), store.create(CONTACT)
    calls = [interaction(1, **PHONE), interaction(2, **PHONE)]
    found(CALLER, store, ledger, tmp_path, *calls)
    decide(CALLER, store, ledger, ("1", "Contact", kim))
    found(CALLER, store, ledger, tmp_path, *calls)
    decide(CALLER, store, ledger, ("1", "Contact", lee))
    seen = found(CALLER, store, ledger, tmp_path, *calls)
    assert [seen[key][1:] for key in seen] == [(lee, "resolved"), (lee, "resolved")]


# ---- checked before it is stored


@pytest.mark.slow
def test_one_wrong_line_and_nothing_is_stored(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    kim, company = store.create(CONTACT), store.create(COMPANY)
    found(BOTH, store, ledger, tmp_path, interaction(1), interaction(2), interaction(3))
    decisions = parse_csv(
        "contact_id;entity;record_id\n"
        f"1;contact;{kim}\n"
        f"2;Contcat;{kim}\n"
        f"7;Contact;{kim}\n"
        f"2;Contact;{company}\n"
        "3;Contact;1,2E+11\n"
        f"1;Contact;{company}\n"
        "v:3;Ticket;\n",
        "decided.csv",
    )
    with pytest.raises(ConfigurationError) as raised:
        resolve(BOTH, decisions, "csv", store, ledger)
    assert str(raised.value).splitlines() == [
        "nothing was stored:",
        "  decided.csv:3: no mapping has a section 'Contcat'. Did you mean 'Contact'? Has: Contact, Ticket.",
        "  decided.csv:4: no Contact of 7 is parked. See: memorialize parked list -c acme",
        "  decided.csv:6: '1,2E+11' is no HubSpot record id. Write its digits, as in the record's address.",
        f"  decided.csv:7: 1, Contact is {kim} in another line. Remove one.",
        f"  decided.csv:5: HubSpot has no Contact {company}: deleted, or the id of another record type. "
        "Copy the id from the record's address.",
    ]
    assert counted(ledger) == (6, 0)


@pytest.mark.slow
def test_a_contact_that_is_parked_for_another_record_type_is_told(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    store.create(CONTACT, email="kim@example.com")
    found(BOTH, store, ledger, tmp_path, interaction(1))
    with pytest.raises(ConfigurationError, match=r"^no Contact of 1 is parked\. Parked of it: Ticket\. See: "):
        decide(BOTH, store, ledger, ("1", "Contact", "101"))


@pytest.mark.slow
def test_a_number_that_is_a_call_and_a_case_must_be_told_apart(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim = store.create(CONTACT)
    rows = [interaction(1), interaction(1, channel="digital"), interaction(1, channel="digital", agent_id="2")]
    rows[2]["interaction_key"] = "d:1:5:2"
    found(CALLER, store, ledger, tmp_path, *rows)
    with pytest.raises(ConfigurationError, match=r"1 is a call and a case\. Name one of the interactions: "):
        decide(CALLER, store, ledger, ("1", "Contact", kim))
    assert decide(CALLER, store, ledger, ("d:1:5:2", "Contact", kim)) == ["d:1:5:2"]


@pytest.mark.slow
def test_all_legs_of_a_case_are_decided_at_once_and_a_merged_record_by_its_survivor(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim = store.create(CONTACT)
    store.merged["99"] = kim
    first, second = interaction(1, channel="digital"), interaction(1, channel="digital")
    second["interaction_key"] = "d:1:5:2"
    found(CALLER, store, ledger, tmp_path, first, second)
    assert decide(CALLER, store, ledger, ("1", "Contact", "99")) == ["d:1:0:1", "d:1:5:2"]
    assert {row["record_id"] for row in ledger.resolutions("acme")} == {kim}


@pytest.mark.slow
def test_a_token_of_another_account_decides_nothing(
    store: MemoryStore, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim = store.create(CONTACT)
    found(CALLER, store, ledger, tmp_path, interaction(1))
    monkeypatch.setattr(store, "account", lambda: Account(1, "UTC", "x"))
    with pytest.raises(WrongAccount):
        decide(CALLER, store, ledger, ("1", "Contact", kim))
    assert counted(ledger) == (1, 0)


# ---- what the ledger holds


@pytest.mark.slow
def test_neither_numbers_nor_addresses_stand_in_the_ledger(
    store: MemoryStore, ledger: Ledger, tmp_path: Path, postgres_socket: str, ledger_database: str
) -> None:
    kim = store.create(CONTACT)
    who = {"customer_email": "kim@home.example", "customer_phone": "4930901820"}
    found(CALLER, store, ledger, tmp_path, interaction(1, **who))
    first = ledger.parked("acme")[0]
    decide(CALLER, store, ledger, ("1", "Contact", kim))
    found(CALLER, store, ledger, tmp_path, interaction(2, customer_email="x@y.example"))
    (row_,) = ledger.resolutions("acme")
    assert row_["door"] == "command" and row_["resolved_at"] is not None
    assert row_["addresses"] == first["addresses"] and [len(a) for a in first["addresses"]] == [32, 32]
    with psycopg2.connect(host=postgres_socket, user="postgres", dbname=ledger_database) as connection:
        cursor = connection.cursor()
        for table in ("parked", "resolutions", "matches", "interactions", "steps"):
            cursor.execute(f"select coalesce(string_agg(row_to_json(t)::text, ' '), '') from {table} t")
            ((text,),) = cursor.fetchall()
            assert not [secret for secret in ("home.example", "30901820", "y.example") if secret in text], table
    connection.close()


@pytest.mark.slow
def test_hashes_are_the_same_for_ever_and_others_with_another_configuration_or_secret() -> None:
    due = pd.DataFrame(
        {"customer_email": ["a@b.example", None, None], "customer_phone": ["030901820", "anonymous", "123"]}
    )
    once, nobody, extension = addresses(due, CALLER, SECRET)
    assert (len(once), nobody, extension) == (2, (), ())
    assert addresses(due, CALLER, SECRET)[0] == once
    other = CALLER.model_copy(update={"name": "other"})
    assert set(addresses(due, other, SECRET)[0]).isdisjoint(once)
    assert set(addresses(due, CALLER, "another secret")[0]).isdisjoint(once)
    assert addresses(due, CALLER, "") == [(), (), ()]


@pytest.mark.slow
def test_without_a_secret_a_decision_holds_for_its_interaction_alone(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim = store.create(CONTACT)

    def after(*rows: dict[str, object]) -> list[str]:
        opened = night(CALLER, store, ledger, tmp_path, *rows)
        opened = replace(opened, ports=replace(opened.ports, address_secret=""))
        opened.whole()
        return opened.frame("targets/voice-0")["outcome"].tolist()

    assert after(interaction(1, **PHONE)) == ["parked"]
    assert [row_["addresses"] for row_ in ledger.parked("acme")] == [[]]
    decide(CALLER, store, ledger, ("1", "Contact", kim))
    assert after(interaction(1, **PHONE), interaction(2, **PHONE)) == ["matched", "parked"]


@pytest.mark.slow
def test_a_parked_target_keeps_the_day_on_which_it_was_first_parked(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    found(CALLER, store, ledger, tmp_path, interaction(1, **PHONE))
    (first,) = ledger.parked("acme")
    found(CALLER, store, ledger, tmp_path, interaction(1, **PHONE))
    (second,) = ledger.parked("acme")
    assert second["parked_at"] == first["parked_at"]
    assert second["run_id"] != first["run_id"]


# ---- files


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff\xfe1", "decided.csv: is not UTF-8. Save it as 'CSV UTF-8'."),
        (b"", "decided.csv: holds no decision. Fill in record_id."),
        (b"contact_id,entity,record_id\n1,Contact,\n", "decided.csv: holds no decision. Fill in record_id."),
        (b"contact,entity,record\n1,Contact,2\n", "decided.csv:1: needs the columns contact_id,entity,record_id."),
        (b"contact_id,entity,record_id,record_id\n", "decided.csv:1: needs the columns"),
        (b"contact_id,entity,record_id\n1,Contact\n", "decided.csv:2: needs contact_id, entity and as many cells"),
        (b"contact_id,entity,record_id\n\n,Contact,5\n", "decided.csv:3: needs contact_id, entity and as many cells"),
        (b'contact_id,entity,record_id\n1,"Con"tact,5\n', "decided.csv:2: no CSV"),
        (b"contact_id,entity,record_id\n1,Contact," + b"5" * 200_000, "decided.csv:2: no CSV"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused_with_line_and_cure(text: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "decided.csv").write_bytes(text)
    with pytest.raises(ConfigurationError) as raised:
        read_csv(tmp_path / "decided.csv")
    assert message in str(raised.value)


def test_a_file_as_a_spreadsheet_saves_it() -> None:
    text = "\ufeffEntity;contact_id;Record_ID;reason\r\n Contact ;1; 5 ;ambiguous\r\n;;;\r\nTicket;2;;unmatched\r\n"
    assert parse_csv(text.removeprefix("\ufeff"), "f") == [Decision("1", "Contact", "5", "f:2: ")]
