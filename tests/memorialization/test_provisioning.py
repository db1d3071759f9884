import json
from pathlib import Path

import pytest

from memorialization.configuration import Configuration, load
from memorialization.errors import ConfigurationError, PermissionMissing
from memorialization.ports import Entity, Property
from memorialization.provisioning import check_schema_scopes, needs_dispositions, plan

ENTITIES = {"Contact": Entity("Contact", "0-1"), "Ticket": Entity("Ticket", "0-5"), "Machine": Entity("Machine", "2-1")}
EMPTY: dict[str, dict[str, Property]] = {"Contact": {}, "Ticket": {}, "Machine": {}}

CRM = """\
configuration_name: T
integration_type: HubSpot
authentication_name: key
external_screenpop_domain_hs: https://t.hubspot.com
account_id: 1
phone_regions: [DE]
"""


def row(name: str, data: str, channel: str = "Digital contact") -> str:
    return json.dumps({"external_crm_field": name, "channel": channel, "cxone_data": data})


@pytest.fixture
def make(tmp_path: Path):
    def configuration(*rows: str, entity: str = "Ticket", more: str = "") -> Configuration:
        folder = tmp_path / "t"
        folder.mkdir(exist_ok=True)
        (folder / "crm.yaml").write_text(CRM)
        fields = "".join(f"      - {r}\n" for r in rows)
        (folder / "m.yaml").write_text(
            f"memorialization_mapping: M\nsections:\n  - entity: {entity}\n{more}    fields:\n{fields}"
        )
        assigned = "assignments:\n  - channel: Digital contact\n    memorialization_mapping: M\n"
        (folder / "workflows.yaml").write_text(assigned)
        return load(tmp_path, "t")

    return configuration


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("End Time", ("datetime", "date")),
        ("Final State", ("bool", "booleancheckbox")),
        ("Transcription Text", ("string", "textarea")),
        ("Disposition Notes", ("string", "textarea")),
        ("Disposition Name", ("enumeration", "select")),
        ("Agent ID", ("string", "text")),
        ("Status", ("string", "text")),
    ],
)
def test_the_cxone_field_decides_the_type(make, data: str, kind: tuple[str, str]) -> None:
    (wanted,) = plan(make(row("cxone_x", data)), EMPTY, ["Gelöst", "Rückruf"]).missing
    assert (wanted.type, wanted.field_type) == kind


def test_dispositions_become_the_options(make) -> None:
    configuration = make(row("cxone_outcome", "Disposition Name"))
    assert needs_dispositions(configuration, EMPTY)
    (wanted,) = plan(configuration, EMPTY, ["Gelöst", "Rückruf"]).missing
    assert wanted.definition()["options"] == [
        {"value": "Gelöst", "label": "Gelöst", "displayOrder": 0, "hidden": False},
        {"value": "Rückruf", "label": "Rückruf", "displayOrder": 1, "hidden": False},
    ]
    (text,) = plan(configuration, EMPTY, []).missing
    assert (text.type, text.field_type) == ("string", "text")


def test_two_fields_of_different_kinds_share_a_text(make) -> None:
    both = make(row("cxone_x", "End Time"), row("cxone_x", "ANI", "Voice call contact"))
    (wanted,) = plan(both, EMPTY).missing
    assert (wanted.type, wanted.fields) == ("string", ("End Time", "ANI"))


def test_the_key_is_unique_and_nothing_else(make) -> None:
    configuration = make(row("cxone_id", "Contact ID"), row("cxone_who", "Agent Name"), more="    key: Contact ID\n")
    key, who = plan(configuration, EMPTY).missing
    assert (key.name, key.definition()["hasUniqueValue"]) == ("cxone_id", True)
    assert (who.name, who.definition()["hasUniqueValue"]) == ("cxone_who", False)
    assert who.definition() == {
        "name": "cxone_who", "label": "CXone Who", "type": "string", "fieldType": "text", "groupName": "cxone",
        "description": "Filled from CXone: Agent Name", "hasUniqueValue": False, "formField": False,
    }  # fmt: skip


def test_an_existing_property_is_never_missing_only_advised_about(make) -> None:
    configuration = make(
        row("cxone_id", "Contact ID"), row("cxone_text", "Transcription Text"), more="    key: Contact ID\n"
    )
    held = {
        "cxone_id": Property("cxone_id", "Id", "number", "number"),
        "cxone_text": Property("cxone_text", "Text", "string", "text", max_length=4000),
    }
    planned = plan(configuration, {"Ticket": held})
    assert planned.missing == ()
    told = {wanted.name: wanted.advice for wanted in planned.properties}
    assert told["cxone_id"] == (
        "is number, would be created as string",
        "is the key but not unique, which cannot be switched on later: make a new property for the key",
    )
    assert told["cxone_text"] == (
        "is a single line: line breaks are lost to the reader; change its field type to multi-line text",
        "a validation rule limits it to 4,000 characters: raise it, longer texts are withheld",
    )


def test_missing_options_are_named(make) -> None:
    held = {"cxone_x": Property("cxone_x", "X", "enumeration", "select", options=(("a", "A"),))}
    (wanted,) = plan(make(row("cxone_x", "Disposition Name")), {"Ticket": held}, ["b", "a", "c"]).properties
    assert wanted.advice == ("lacks the options b, c: their values are withheld",)


def test_the_eleventh_unique_property_stops_everything(make) -> None:
    configuration = make(row("cxone_id", "Contact ID"), more="    key: Contact ID\n")
    ten = {f"u{i}": Property(f"u{i}", "U", "string", "text", unique=True) for i in range(10)}
    with pytest.raises(ConfigurationError, match="10 unique properties exist, HubSpot allows 10, and cxone_id"):
        plan(configuration, {"Ticket": ten}).check_creatable()
    nine = dict(list(ten.items())[:9])
    plan(configuration, {"Ticket": nine}).check_creatable()


@pytest.mark.parametrize("name", ["Größe", "9lives", "With Space", "hs_mine", "x" * 101])
def test_a_name_that_hubspot_refuses_is_a_problem(make, name: str) -> None:
    with pytest.raises(ConfigurationError, match="nothing was created"):
        plan(make(row(name, "Status")), EMPTY).check_creatable()


def test_a_missing_scope_is_named_once(make) -> None:
    planned = plan(make(row("a", "Status"), row("b", "To"), entity="Machine"), EMPTY)
    with pytest.raises(PermissionMissing, match=r"lacks: crm\.schemas\.custom\.write \(for Machine\)\. Grant"):
        check_schema_scopes(planned, ENTITIES, frozenset({"tickets"}))
    check_schema_scopes(planned, ENTITIES, frozenset({"crm.schemas.custom.write"}))
    check_schema_scopes(planned, ENTITIES, None)


def test_nothing_missing_needs_no_scope(make) -> None:
    held = {"a": Property("a", "A", "string", "text")}
    check_schema_scopes(plan(make(row("a", "Status")), {"Ticket": held}), ENTITIES, frozenset())


@pytest.mark.parametrize(
    ("data", "kind", "fine"),
    [
        ("Direction", "enumeration", True),
        ("Skill ID", "number", True),
        ("End Time", "date", True),
        ("End Time", "number", False),
        ("Transcription Text", "enumeration", False),
        ("Status", "bool", False),
    ],
)
def test_another_type_is_advised_against_only_where_it_cannot_hold_the_values(make, data, kind, fine) -> None:
    held = {"x": Property("x", "X", kind, "select")}
    (wanted,) = plan(make(row("x", data)), {"Ticket": held}).properties
    assert (wanted.advice == ()) is fine
