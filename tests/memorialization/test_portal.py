from pathlib import Path
from typing import Any

import pytest

from memorialization.configuration import Configuration, load
from memorialization.errors import ConfigurationError, PermissionMissing, WrongAccount
from memorialization.mappings import CardSection, DynamicMapping, FieldRow, Mapping, Section
from memorialization.portal import check_account, check_schema, check_scopes, creates_in_pipelines
from memorialization.ports import Account, Pipeline, Property

EXAMPLE = Path(__file__).resolve().parents[2] / "include" / "mappings"


def row(name: str, data: str = "Contact ID") -> FieldRow:
    return FieldRow(external_crm_field=name, channel="Digital contact", cxone_data=data)


def text(name: str, **settings: Any) -> Property:
    return Property(name, name, "string", "textarea", **settings)


def configuration(*sections: Section, card: tuple[str, ...] = (), card_entity: str = "Ticket") -> Configuration:
    cards = (
        {"Card": DynamicMapping(dynamic_data_mapping="Card", sections=(CardSection(entity=card_entity, fields=card),))}
        if card
        else {}
    )
    return load(EXAMPLE, "acme").model_copy(
        update={"mappings": {"M": Mapping(memorialization_mapping="M", sections=sections)}, "dynamic": cards}
    )


def ticket(*rows: FieldRow, **settings: Any) -> Section:
    return Section(entity="Ticket", fields=rows or (row("id"),), **settings)


def findings(
    using: Configuration, *properties: Property, pipelines: dict[str, dict[str, Pipeline] | None] | None = None
) -> list[str]:
    schema = {"Ticket": {p.name: p for p in properties}}
    with pytest.raises(ConfigurationError) as caught:
        check_schema(using, schema, pipelines or {})
    head, *found = str(caught.value).split("\n  ")
    assert head == "configuration 'acme' does not fit its portal:"
    return [f.removeprefix("mapping 'M', section Ticket: ") for f in found]


def test_a_token_of_another_account_is_refused() -> None:
    using = load(EXAMPLE, "acme")
    check_account(using, Account(4711001, "Europe/Berlin", "app.hubspot.com"))
    with pytest.raises(WrongAccount) as caught:
        check_account(using, Account(99, "Europe/Berlin", "app.hubspot.com"))
    assert str(caught.value) == (
        "the token of connection hubspot_acme belongs to Hub ID 99, but account_id in crm.yaml is 4711001. "
        "Nothing was written. Correct the connection or account_id."
    )


def test_every_missing_scope_is_named_with_its_entity() -> None:
    using = load(EXAMPLE, "acme")
    with pytest.raises(PermissionMissing) as caught:
        check_scopes(using, frozenset({"crm.objects.contacts.read"}), writes=True)
    assert "lacks: crm.objects.contacts.write (for Contact), tickets (for Ticket). Grant them" in str(caught.value)


def test_a_run_that_does_not_write_needs_no_scope_to_write() -> None:
    using = load(EXAMPLE, "acme")
    check_scopes(using, frozenset({"crm.objects.contacts.read", "tickets"}), writes=False)
    with pytest.raises(PermissionMissing, match=r"lacks: tickets \(for Ticket\)\."):
        check_scopes(using, frozenset({"crm.objects.contacts.read"}), writes=False)


def test_scopes_that_cannot_be_told_pass() -> None:
    check_scopes(load(EXAMPLE, "acme"), None, writes=True)


def test_a_custom_object_needs_the_scopes_of_custom_objects() -> None:
    using = configuration(Section(entity="Machine", fields=(row("id"),)))
    check_scopes(using, frozenset({"crm.objects.custom.read", "crm.objects.custom.write"}), writes=True)
    with pytest.raises(PermissionMissing, match=r"crm.objects.custom.write \(for Machine\)"):
        check_scopes(using, frozenset({"crm.objects.custom.read"}), writes=True)


def test_a_configuration_that_fits_passes() -> None:
    using = configuration(
        ticket(row("id"), row("text", "Transcription Text"), key="Contact ID", on_unmatched="create",
               create_with={"subject": "x"}),
        card=("id", "text", "subject"),
    )  # fmt: skip
    check_schema(using, {"Ticket": {p.name: p for p in (text("id", unique=True), text("text"), text("subject"))}}, {})


def test_an_unknown_property_is_named() -> None:
    assert findings(configuration(ticket(row("idd"))), text("id")) == [
        "property 'idd' does not exist (or is archived, or sensitive). Create it in HubSpot or correct the row."
    ]


@pytest.mark.parametrize("flag", ["read_only", "calculated"])
def test_a_property_that_hubspot_sets_is_refused(flag: str) -> None:
    assert findings(configuration(ticket()), text("id", **{flag: True})) == [
        "id <- Contact ID: HubSpot sets this property itself. Map to another one."
    ]


@pytest.mark.parametrize("type_", ["number", "date", "datetime", "enumeration", "bool", "phone_number"])
def test_a_transcript_needs_a_text_property(type_: str) -> None:
    using = configuration(ticket(row("id", "Transcription Text")))
    assert findings(using, Property("id", "id", type_, "x")) == [
        f"id <- Transcription Text: a transcript can never stand in a {type_} property. "
        "Map it to a multi-line text property."
    ]


def test_creating_needs_a_key_that_is_unique_in_the_portal() -> None:
    using = configuration(ticket(key="Contact ID", on_unmatched="create"))
    assert findings(using, text("id")) == [
        "on_unmatched: create needs a unique key, but 'id' is not unique. Uniqueness can only be set when a property "
        "is created: make a new one, or write on_unmatched: park."
    ]
    check_schema(configuration(ticket(key="Contact ID")), {"Ticket": {"id": text("id")}}, {})


def test_what_a_new_record_is_created_with_must_exist() -> None:
    using = configuration(ticket(key="Contact ID", on_unmatched="create", create_with={"subjct": "x"}))
    assert findings(using, text("id", unique=True)) == [
        "create_with: property 'subjct' does not exist. Correct the name."
    ]


NEW = {"hs_pipeline": "0", "hs_pipeline_stage": "1"}
FITTING = (text("id", unique=True), text("hs_pipeline"), text("hs_pipeline_stage"))


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({"0": Pipeline("Support", {"2": "Neu"})}, "create_with: pipeline '0' has no stage '1'. Known: 2 (Neu)."),
        ({"7": Pipeline("Störungen", {})}, "create_with: the portal has no pipeline '0'. Known: 7 (Störungen)."),
    ],
)
def test_a_record_is_created_only_in_a_pipeline_that_the_portal_has(known: dict[str, Pipeline], found: str) -> None:
    using = configuration(ticket(key="Contact ID", on_unmatched="create", create_with=NEW))
    assert creates_in_pipelines(using) == {"Ticket"}
    assert findings(using, *FITTING, pipelines={"Ticket": known}) == [found]


@pytest.mark.parametrize("known", [{"0": Pipeline("Support", {"1": "Neu"})}, None])
def test_a_pipeline_that_fits_or_cannot_be_told_passes(known: dict[str, Pipeline] | None) -> None:
    using = configuration(ticket(key="Contact ID", on_unmatched="create", create_with=NEW))
    check_schema(using, {"Ticket": {p.name: p for p in FITTING}}, {"Ticket": known})


def test_who_creates_nothing_asks_for_no_pipeline() -> None:
    assert creates_in_pipelines(configuration(ticket(key="Contact ID"))) == frozenset()


CARD = [*(text(f"t{i}") for i in range(6)), *(Property(f"n{i}", "n", "number", "number") for i in range(4)), text("id")]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (("t0", "t1", "t2", "t3", "t4", "n0", "n1", "n2"), []),
        (("t0", "t1", "t2", "t3", "t4", "t5"), ["6 text fields; the customer card shows at most 5. Remove some."]),
        (("n0", "n1", "n2", "n3"), ["4 fields of other types; at most 3. Remove some."]),
        (("t0", "gone"), ["property 'gone' does not exist. Correct the name."]),
    ],
)
def test_a_card_shows_five_texts_and_three_others(fields: tuple[str, ...], found: list[str]) -> None:
    using = configuration(ticket(), card=fields)
    if found:
        assert findings(using, *CARD) == [f"dynamic data mapping 'Card', Ticket: {f}" for f in found]
    else:
        check_schema(using, {"Ticket": {p.name: p for p in CARD}}, {})


def test_a_card_of_an_entity_that_is_not_written_is_not_judged() -> None:
    check_schema(configuration(ticket(), card=("gone",), card_entity="Deal"), {"Ticket": {"id": text("id")}}, {})


def test_all_findings_come_at_once() -> None:
    using = configuration(ticket(row("a"), row("b", "Transcription Text"), row("c", "Status")))
    found = findings(using, Property("b", "b", "number", "number"), text("c", read_only=True))
    assert [f.split(" ")[0] for f in found] == ["property", "b", "c"]
