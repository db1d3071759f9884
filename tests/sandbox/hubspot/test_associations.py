from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.hubspot.conftest import STUDIO

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Twin

V4 = "/crm/v4/associations/tickets/contacts"


def pair(from_id: str, to_id: str, *type_ids: int) -> dict[str, Any]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": one} for one in type_ids]
    return {"from": {"id": from_id}, "to": {"id": to_id}} | ({"types": types} if types else {})


@pytest.mark.parametrize("path", [V4, "/crm/associations/2026-09/0-5/0-1"])
def test_links_are_made_read_from_both_ends_and_taken_away(twin: Twin, path: str) -> None:
    ticket, person = twin.ticket("1"), twin.contact()
    made = twin.post(f"{path}/batch/create", {"inputs": [pair(ticket, person, 16)]})
    assert made.status_code == 201
    assert made.json()["results"] == [
        {
            "fromObjectTypeId": "0-5",
            "fromObjectId": int(ticket),
            "toObjectTypeId": "0-1",
            "toObjectId": int(person),
            "labels": [],
        }
    ]
    read = twin.post("/crm/v4/associations/contacts/tickets/batch/read", {"inputs": [{"id": person}]})
    link = {"category": "HUBSPOT_DEFINED", "typeId": 15, "label": None}
    assert read.json()["results"] == [
        {"from": {"id": person}, "to": [{"toObjectId": int(ticket), "associationTypes": [link]}]}
    ]
    gone = {"inputs": [{"from": {"id": ticket}, "to": [{"id": person}]}]}
    assert twin.post(f"{path}/batch/archive", gone).status_code == 204
    empty = twin.post(f"{path}/batch/read", {"inputs": [{"id": ticket}]})
    assert empty.status_code == 207
    assert empty.json()["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"


def test_the_sdk_makes_default_links(twin: Twin) -> None:
    ticket, person = twin.ticket("1"), twin.contact()
    api = twin.sdk().crm.associations.v4
    api.batch_api.create_default("tickets", "contacts", {"inputs": [pair(ticket, person)]})
    api.basic_api.create_default("tickets", ticket, "contacts", person)
    assert twin.portal.associations("0-5", ticket, "0-1") == [(person, 16)]
    page = api.basic_api.get_page("tickets", ticket, "contacts")
    assert [one.to_object_id for one in page.results] in ([person], [int(person)])


def test_creating_replaces_the_labels_of_a_pair(twin: Twin) -> None:
    person, company = twin.contact(), twin.portal.create("0-2", {}, at=twin.now[0], source=source())
    twin.portal.associate("0-1", person, "0-2", company, 279, at=twin.now[0])
    twin.portal.associate("0-1", person, "0-2", company, 1, at=twin.now[0])
    assert twin.portal.associations("0-2", company, "0-1") == [(person, 280), (person, 2)]
    refused = twin.post("/crm/v4/associations/0-1/0-2/batch/create", {"inputs": [pair(person, company, 279)]})
    assert refused.status_code == 403
    twin.portal.scopes |= {"crm.objects.companies.write"}
    twin.post("/crm/v4/associations/0-1/0-2/batch/create", {"inputs": [pair(person, company, 279)]})
    assert twin.portal.associations("0-1", person, "0-2") == [(company, 279)]


def source() -> Any:
    from sandbox.hubspot.portal import Source

    return Source("CRM_UI", "userId:1")


def test_a_bad_id_is_one_error_of_a_207(twin: Twin) -> None:
    ticket, person = twin.ticket("1"), twin.contact()
    inputs = [pair(ticket, "404", 16), pair(ticket, person, 16)]
    answer = twin.post(f"{V4}/batch/create", {"inputs": inputs})
    assert (answer.status_code, len(answer.json()["results"])) == (207, 1)
    assert answer.json()["errors"][0]["subCategory"] == "crm.associations.INVALID_IDENTIFIER"
    self_link = {"inputs": [pair(person, person, 449)]}
    answer = twin.post("/crm/v4/associations/0-1/0-1/batch/create", self_link)
    assert answer.json()["errors"][0]["message"] == f"Object {person} cannot be associated to itself"


@pytest.mark.parametrize(("verb", "limit"), [("create", 2000), ("read", 1000)])
def test_caps(twin: Twin, verb: str, limit: int) -> None:
    item = pair("1", "2", 16) if verb == "create" else {"id": "1"}
    assert twin.post(f"{V4}/batch/{verb}", {"inputs": [item] * limit}).status_code == 207
    assert twin.post(f"{V4}/batch/{verb}", {"inputs": [item] * (limit + 1)}).status_code == 400


def test_labels(twin: Twin) -> None:
    shown = twin.http.get(f"{V4}/labels").json()["results"]
    assert shown == [{"category": "HUBSPOT_DEFINED", "typeId": 16, "label": None}]


def test_a_pair_is_made_with_labels_and_taken_apart(twin: Twin) -> None:
    contact = twin.contact(email="a@b.example")
    company = twin.portal.create("0-2", {"name": "Acme"}, at=twin.now[0], source=STUDIO)
    twin.portal.scopes |= {"crm.objects.companies.write"}
    path = f"/crm/v4/objects/contacts/{contact}/associations/companies"
    made = twin.http.put(f"{path}/{company}", json=[{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}])
    assert (made.status_code, made.json()) == (
        201,
        {
            "fromObjectTypeId": "0-1", "fromObjectId": int(contact), "toObjectTypeId": "0-2",
            "toObjectId": int(company), "labels": ["Primary"],
        },
    )  # fmt: skip
    primary = {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}
    shown = {"results": [{"toObjectId": int(company), "associationTypes": [primary]}]}
    assert twin.http.get(path).json() == shown
    assert twin.http.get(path.replace("/crm/v4/objects/", "/crm/objects/2026-09/")).json() == shown
    assert twin.http.put(f"{path}/404", json=[{"associationTypeId": 1}]).status_code == 404
    assert twin.http.put(f"{path}/{company}", json={"associationTypeId": 1}).status_code == 400
    assert [twin.http.delete(f"{path}/{company}").status_code for _ in range(2)] == [204, 204]
    assert twin.http.get(path).json() == {"results": []}


def test_the_associations_of_a_record_page(twin: Twin) -> None:
    contact = twin.contact(email="a@b.example")
    tickets = [twin.ticket(str(n)) for n in range(3)]
    for ticket in tickets:
        twin.portal.associate("0-1", contact, "0-5", ticket, 15, at=twin.now[0])
    path = f"/crm/v4/objects/contacts/{contact}/associations/tickets"
    first = twin.http.get(path, params={"limit": 2}).json()
    rest = twin.http.get(path, params={"limit": 2, "after": first["paging"]["next"]["after"]}).json()
    assert [one["toObjectId"] for one in first["results"] + rest["results"]] == [int(ticket) for ticket in tickets]
    assert "paging" not in rest
