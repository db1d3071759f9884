"""The official SDK, as it is: pages, searches, batches, associations and all definitions of a portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hubspot.crm.associations.v4 import AssociationSpec
from hubspot.crm.objects import ApiException, BatchReadInputSimplePublicObjectId, PublicObjectSearchRequest
from hubspot.crm.properties import PropertyUpdate

from tests.sandbox.hubspot.conftest import make_portal

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Serve, Twin

TICKETS = 250


@pytest.fixture
def full(serve: Serve) -> Twin:
    portal = make_portal()
    portal.scopes |= {"crm.objects.owners.read", "crm.schemas.custom.read", "crm.objects.companies.write"}
    twin = serve(portal)
    for n in range(TICKETS):
        twin.ticket(str(n), cxone_skill_id=str(n % 7))
    twin.move(minutes=1)
    return twin


def test_lists_page_by_hand_and_all_at_once(full: Twin) -> None:
    basic = full.sdk().crm.tickets.basic_api
    found, after = [], None
    while True:
        page = basic.get_page(limit=100, after=after, properties=["cxone_contact_id"])
        found += [one.properties["cxone_contact_id"] for one in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert len(found) == len(set(found)) == TICKETS
    assert len(full.sdk().crm.tickets.get_all()) == TICKETS


def test_a_search_pages_to_its_total(full: Twin) -> None:
    search = full.sdk().crm.objects.search_api
    asked: dict[str, Any] = {
        "filter_groups": [{"filters": [{"propertyName": "cxone_skill_id", "operator": "EQ", "value": "3"}]}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": ["cxone_skill_id"],
        "limit": 20,
    }
    found, after = [], None
    while True:
        page = search.do_search("tickets", PublicObjectSearchRequest(**asked, after=after))
        found += page.results
        if page.paging is None:
            break
        after = page.paging.next.after
    assert page.total == len(found) == len({one.id for one in found}) == 36
    assert {one.properties["cxone_skill_id"] for one in found} == {"3"}


def test_batches_write_read_and_archive(full: Twin) -> None:
    batch = full.sdk().crm.objects.batch_api
    inputs = [
        {
            "id": str(n),
            "idProperty": "cxone_contact_id",
            "properties": {"subject": f"again {n}"},
            "objectWriteTraceId": str(n),
        }
        for n in range(3)
    ]
    written = batch.upsert("tickets", {"inputs": inputs})
    assert [one.new for one in written.results] == [False] * 3
    keys = [{"id": "2"}, {"id": "no such"}]
    asked = BatchReadInputSimplePublicObjectId(
        inputs=keys, id_property="cxone_contact_id", properties=["subject"], properties_with_history=["subject"]
    )
    read, status, _ = batch.read_with_http_info("tickets", asked)
    assert (status, read.num_errors, read.errors[0].category) == (207, 1, "OBJECT_NOT_FOUND")
    [one] = read.results
    assert [entry.value for entry in one.properties_with_history["subject"]] == ["again 2", "Call 2"]
    assert batch.archive("tickets", {"inputs": [{"id": one.id}]}) is None
    with pytest.raises(ApiException) as gone:
        full.sdk().crm.objects.basic_api.get_by_id("tickets", one.id)
    assert gone.value.status == 404


def test_single_records_and_merges(full: Twin) -> None:
    contacts = full.sdk().crm.contacts
    first, second = (
        contacts.basic_api.create({"properties": {"email": f"{name}@example.com"}}) for name in ("ada", "eva")
    )
    contacts.basic_api.update(first.id, {"properties": {"firstname": "Ada"}})
    merged = contacts.basic_api.merge({"primaryObjectId": first.id, "objectIdToMerge": second.id})
    assert merged.id == first.id
    assert contacts.basic_api.get_by_id(second.id).id == first.id


def test_associations_of_a_record(full: Twin) -> None:
    v4 = full.sdk().crm.associations.v4
    contact = full.contact(email="a@b.example")
    ticket = full.portal.find("0-5", "cxone_contact_id", "1")[0]
    spec = AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=16)
    made = v4.basic_api.create("tickets", ticket, "contacts", contact, [spec])
    assert (str(made.from_object_id), str(made.to_object_id)) == (ticket, contact)
    page = v4.basic_api.get_page("tickets", ticket, "contacts", limit=500)
    assert [(str(one.to_object_id), one.association_types[0].type_id) for one in page.results] == [(contact, 16)]
    read = v4.batch_api.get_page("tickets", "contacts", {"inputs": [{"id": ticket}]})
    assert [str(one.to_object_id) for one in read.results[0].to] == [contact]
    v4.basic_api.archive("tickets", ticket, "contacts", contact)
    assert v4.basic_api.get_page("tickets", ticket, "contacts").results == []
    v4.basic_api.create_default("tickets", ticket, "contacts", contact)
    assert [label.type_id for label in v4.schema.definitions_api.get_all("tickets", "contacts").results] == [16]


def test_definitions_pipelines_schemas_and_owners(full: Twin) -> None:
    crm = full.sdk().crm
    crm.properties.groups_api.create("tickets", {"name": "later", "label": "Later"})
    assert crm.properties.groups_api.get_by_name("tickets", "later").label == "Later"
    made = {"name": "cxone_new", "label": "New", "type": "string", "fieldType": "text", "groupName": "later"}
    crm.properties.core_api.create("tickets", made)
    changed = crm.properties.core_api.update("tickets", "cxone_new", PropertyUpdate(label="Newer"))
    assert (changed.name, changed.label) == ("cxone_new", "Newer")
    crm.properties.core_api.archive("tickets", "cxone_new")
    archived = crm.properties.core_api.get_all("tickets", archived=True).results
    assert [(one.name, one.archived) for one in archived] == [("cxone_new", True)]
    assert crm.pipelines.pipeline_stages_api.get_by_id("tickets", "0", "4").label == "Closed"
    assert [one.name for one in crm.schemas.core_api.get_all().results] == ["visit"]
    assert crm.schemas.core_api.get_by_id("2-100").object_type_id == "2-100"
    owners = crm.owners.owners_api.get_page(limit=1)
    assert owners.results[0].email == "admin@example.com" and owners.paging.next.after == "1"
    assert crm.owners.owners_api.get_by_id(int(owners.results[0].id)).first_name == "Admin"
