import pytest

from memorialization.errors import PermissionMissing
from memorialization.ports import Entity
from plugins.hubspot.provision import create_property, ensure_group

TICKET = Entity("Ticket", "0-5")
CONTACT = Entity("Contact", "0-1")


def definition(name="cxone_tags", **more):
    return {
        "name": name, "label": "Tags", "type": "string", "fieldType": "textarea", "groupName": "cxone",
        "description": "", "hasUniqueValue": False, "formField": False, **more,
    }  # fmt: skip


def test_a_group_is_created_once(twin):
    client = twin.client()
    assert ensure_group(client, TICKET, "service", "Service") is True
    assert ensure_group(client, TICKET, "service", "Another label") is False
    assert twin.portal.store("0-5").groups["service"] == "Service"


def test_a_property_is_created_as_asked(twin):
    client = twin.client()
    ensure_group(client, TICKET, "cxone", "CXone")
    assert create_property(client, TICKET, definition("cxone_key", fieldType="text", hasUniqueValue=True)) == "created"
    made = twin.store().properties(TICKET)["cxone_key"]
    assert (made.type, made.field_type, made.unique, made.label) == ("string", "text", True, "Tags")


def test_an_existing_property_stays_as_it_is(twin):
    before = twin.store().properties(TICKET)["cxone_agent_name"]
    assert create_property(twin.client(), TICKET, definition("cxone_agent_name", label="Other")) == "taken"
    assert twin.store().properties(TICKET)["cxone_agent_name"] == before


def test_a_repeated_create_after_an_answer_that_never_came_is_no_error(twin):
    ensure_group(twin.client(), TICKET, "cxone", "CXone")
    twin.order({"match": "POST /crm/v3/properties/0-5", "status": 502, "after_commit": True})
    assert create_property(twin.client(), TICKET, definition()) == "taken"
    assert "cxone_tags" in twin.store().properties(TICKET)


def test_without_the_scope_the_message_names_it(twin):
    with pytest.raises(PermissionMissing, match="crm.schemas.contacts.write"):
        ensure_group(twin.client(), CONTACT, "cxone", "CXone")
