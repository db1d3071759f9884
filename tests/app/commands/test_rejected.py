"""`memorialize rejected` as a person meets it: the table, JSON, choosing, and what goes wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from local.stage import Twin
from memorialization.ledger import Ledger
from tests.app.command import Outcome, memorialize
from tests.app.world import World
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import configuration, interaction, night, row, schema, section


def rejected(*arguments: str) -> Outcome:
    return memorialize("rejected", arguments[0], "-c", "acme", *arguments[1:])


@pytest.fixture
def two(stage: Callable[[World], None], ledger: Ledger, tmp_path: Path) -> str:
    """Two values of one record are refused; returns the record's id."""
    stage(World(Twin("http://127.0.0.1:9", "http://127.0.0.1:9")))  # no service is asked
    setup = configuration(
        section("Contact", row("agent", "voice", "Agent Name"), row("last_id", "voice", "Contact ID"))
    )
    store = MemoryStore(schema())
    kim = store.create(CONTACT, email="kim@example.com")
    store.refused = {kim}
    assert night(setup, store, ledger, tmp_path / "night", interaction(1)).whole().funnel.rejected == 2
    return kim


def test_the_list_names_code_cure_record_and_next_try(two: str) -> None:
    told = rejected("list")
    assert told.code == 0
    for word in ("INVALID", "VALIDATION_ERROR", "v:1", two, "agent", "last_id", "open", "c-1"):
        assert word in told.out
    assert "A value breaks a rule of its property" in told.out
    found = json.loads(rejected("list", "--json").out)
    assert [(r["property"], r["tries"], r["next_at"]) for r in found] == [
        ("agent", 1, "2026-11-24T00:00:00Z"), ("last_id", 1, "2026-11-24T00:00:00Z"),
    ]  # fmt: skip
    assert found[0]["link"] == f"https://ven12345.hubspot.com/contacts/4711001/record/0-1/{two}"


def test_values_are_dismissed_and_taken_up_again_by_contact_or_property(two: str) -> None:
    assert rejected("dismiss", "--property", "agent").out == "1 value is dismissed: not sent again until they change.\n"
    states = {r["property"]: r["state"] for r in json.loads(rejected("list", "--json").out)}
    assert states == {"agent": "dismissed", "last_id": "open"}
    assert rejected("retry", "1").out == "2 values are open: the next run offers them again.\n"
    assert "next run" in rejected("list").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give CXONE_CONTACT_ID, --property, or --all alone"),
        (("1", "--all"), "give CXONE_CONTACT_ID, --property, or --all alone"),
        (("--property", "agnt"), "no such value is rejected. Did you mean 'agent'?"),
        (("4711",), "no such value is rejected. See: memorialize rejected list -c acme"),
    ],
)
@pytest.mark.parametrize("verb", ["retry", "dismiss"])
def test_who_chooses_nothing_or_too_much_is_told(two: str, verb: str, arguments: tuple[str, ...], message: str) -> None:
    outcome = rejected(verb, *arguments)
    assert outcome.code == 2 and message in outcome.err


def test_an_empty_ledger_says_so(stage: Callable[[World], None]) -> None:
    stage(World(Twin("http://127.0.0.1:9", "http://127.0.0.1:9")))
    assert rejected("list").out == "nothing is rejected\n"
    assert json.loads(rejected("list", "--json").out) == []
