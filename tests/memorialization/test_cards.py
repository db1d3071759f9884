"""What the agents would have seen: counts of empty fields, and nothing of what the fields hold."""

from pathlib import Path

import pytest

from memorialization.cards import cards
from memorialization.configuration import Configuration
from memorialization.ledger import Ledger
from memorialization.mappings import Assignment, CardSection, DynamicMapping, Workflows
from memorialization.report.model import Card
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import Night, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

PLAIN = configuration(section("Contact", row("agent", "voice", "Agent Name"), row("agent", "digital", "Agent Name")))


def with_cards() -> Configuration:
    """Calls of the skill Sales have no card, other calls have one of Contact and Company; chats see the e-mail."""
    main = {"memorialization_mapping": "All"}
    every = (
        Assignment(skills=("Sales",), **main),
        Assignment(channel="Voice call contact", dynamic_data_mapping="Card", **main),
        Assignment(channel="Digital contact", dynamic_data_mapping="Chat card", **main),
    )
    card = (
        CardSection(entity="Contact", fields=("phone", "notes")),
        CardSection(entity="Company", fields=("agent",)),
    )
    return PLAIN.model_copy(
        update={
            "dynamic": {
                "Card": DynamicMapping(dynamic_data_mapping="Card", sections=card),
                "Chat card": DynamicMapping(
                    dynamic_data_mapping="Chat card", sections=(CardSection(entity="Contact", fields=("email",)),)
                ),
                "Nobody's": DynamicMapping(
                    dynamic_data_mapping="Nobody's", sections=(CardSection(entity="Contact", fields=("key",)),)
                ),
            },
            "workflows": Workflows(assignments=tuple(every)),
        }
    )


def opened_night(store: MemoryStore, ledger: Ledger, folder: Path) -> Night:
    """Kim calls twice, Lee once, a stranger once, Kim once for Sales; Lee chats; one call is refused."""
    store.create(CONTACT, email="kim@example.com", phone="030 901820")
    store.create(CONTACT, email="lee@example.com", notes="secret text", phone="  ")
    lee = {"customer_email": "lee@example.com"}
    return night(
        with_cards(), store, ledger, folder,
        interaction(1, skill_name="Help"), interaction(2, skill_name="Help"), interaction(3, skill_name="Help", **lee),
        interaction(4, skill_name="Help", customer_email="x@example.com"),
        interaction(5, skill_name="Sales"), interaction(6, channel="digital", **lee), interaction(7, refused=True),
    )  # fmt: skip


def test_empty_fields_are_counted_card_by_card(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    opened = opened_night(store, ledger, tmp_path)
    opened.prepare()
    before = store.calls["read"]
    assert cards(opened.run, "voice-0", opened.ports)["cards"] == [
        {"dynamic_data_mapping": "Card", "entity": "Contact", "interactions": 4, "cards": 3, "unreadable": 0,
         "empty": {"phone": 1, "notes": 2}},
        {"dynamic_data_mapping": "Card", "entity": "Company", "interactions": 4, "cards": 0, "unreadable": 0,
         "empty": {"agent": 0}},
    ]  # fmt: skip
    assert store.calls["read"] == before + 1
    assert cards(opened.run, "digital-0", opened.ports)["cards"] == [
        {"dynamic_data_mapping": "Chat card", "entity": "Contact", "interactions": 1, "cards": 1, "unreadable": 0,
         "empty": {"email": 0}},
    ]  # fmt: skip


def test_a_record_that_vanished_makes_its_cards_unreadable(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    opened = opened_night(store, ledger, tmp_path)
    opened.prepare()
    del store.records[CONTACT.type_id]["101"]
    contact = cards(opened.run, "voice-0", opened.ports)["cards"][0]
    assert (contact["cards"], contact["unreadable"], contact["empty"]) == (3, 2, {"phone": 1, "notes": 0})


def test_a_partition_that_was_not_prepared_has_no_cards(ledger: Ledger, tmp_path: Path) -> None:
    opened = opened_night(MemoryStore(schema()), ledger, tmp_path)
    assert cards(opened.run, "voice-0", opened.ports)["cards"] == []


def test_the_report_adds_the_partitions_up_and_shows_no_value(ledger: Ledger, tmp_path: Path) -> None:
    from memorialization.report.html import render

    opened = opened_night(MemoryStore(schema()), ledger, tmp_path)
    opened.prepare()
    for part in ("voice-0", "digital-0"):
        cards(opened.run, part, opened.ports)
    report = opened.report()
    assert [(c.dynamic_data_mapping, c.entity) for c in report.cards] == [
        ("Card", "Contact"), ("Card", "Company"), ("Chat card", "Contact"),
    ]  # fmt: skip
    assert report.cards[0] == Card.model_validate(
        {"dynamic_data_mapping": "Card", "entity": "Contact", "interactions": 4, "cards": 3, "without_record": 1,
         "unreadable": 0, "fields": [{"field": "phone", "empty": 1}, {"field": "notes", "empty": 2}]}
    )  # fmt: skip
    assert "secret text" not in report.model_dump_json() + render(report)


def test_without_dynamic_mappings_nothing_is_read(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    store.create(CONTACT, email="kim@example.com")
    opened = night(PLAIN, store, ledger, tmp_path, interaction(1))
    opened.prepare()
    before = dict(store.calls)
    assert cards(opened.run, "voice-0", opened.ports)["cards"] == []
    assert store.calls == before
    assert opened.report().cards == ()
