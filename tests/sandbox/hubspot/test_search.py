from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hubspot.crm.objects import Filter, FilterGroup, PublicObjectSearchRequest

from sandbox.hubspot.limits import Limits

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Serve, Twin


def find(twin: Twin, type_: str, *filters: dict[str, Any], **more: Any) -> httpx.Response:
    groups = [{"filters": list(filters)}] if filters else []
    return twin.post(f"/crm/v3/objects/{type_}/search", {"filterGroups": groups, **more})


def hits(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["results"]]


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **more} | ({} if value is None else {"value": value})


def test_the_index_lags_behind_writes(twin: Twin) -> None:
    record_id = twin.contact(phone="+49 30 12345", firstname="Jane")
    by_phone = where("hs_searchable_calculated_phone_number", "EQ", "3012345")
    assert hits(find(twin, "contacts", by_phone)) == []
    twin.move(seconds=5)
    assert hits(find(twin, "contacts", by_phone)) == [record_id]
    twin.batch("update", [{"id": record_id, "properties": {"firstname": "Joan"}}], "contacts")
    assert hits(find(twin, "contacts", where("firstname", "EQ", "Joan"))) == []
    shown = find(twin, "contacts", where("firstname", "EQ", "jane")).json()["results"][0]
    assert shown["properties"]["firstname"] == "Jane"
    twin.move(seconds=5)
    assert hits(find(twin, "contacts", where("firstname", "EQ", "JOAN"))) == [record_id]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (where("cxone_skill_id", "EQ", "10.0"), "b"),
        (where("cxone_skill_id", "NEQ", "10"), "ac"),
        (where("cxone_skill_id", "GT", "9"), "b"),
        (where("cxone_skill_id", "GTE", "9"), "ab"),
        (where("cxone_skill_id", "LT", "10"), "a"),
        (where("cxone_skill_id", "LTE", "10"), "ab"),
        (where("cxone_skill_id", "BETWEEN", "9", highValue="9.5"), "a"),
        (where("cxone_skill_id", "HAS_PROPERTY"), "ab"),
        (where("cxone_skill_id", "NOT_HAS_PROPERTY"), "c"),
        (where("cxone_start_time", "GT", "1718618400000"), "b"),
        (where("cxone_contact_id", "IN", values=["1", "3"]), "ac"),
        (where("cxone_contact_id", "NOT_IN", values=["1", "3"]), "b"),
        (where("subject", "IN", values=["Call 1"]), ""),
        (where("subject", "IN", values=["call 1"]), "a"),
        (where("subject", "CONTAINS_TOKEN", "call"), "abc"),
        (where("subject", "CONTAINS_TOKEN", "*2"), "b"),
        (where("subject", "CONTAINS_TOKEN", "cal"), ""),
        (where("cxone_disposition", "EQ", "solved"), "a"),
        (where("cxone_disposition", "EQ", "SOLVED"), ""),
    ],
)
def test_operators(serve: Serve, condition: dict[str, Any], found: str) -> None:
    twin = serve(lag=0)
    ids = {
        "a": twin.ticket("1", cxone_skill_id="9", cxone_start_time="1718618400000", cxone_disposition="solved"),
        "b": twin.ticket("2", cxone_skill_id="10", cxone_start_time="2024-06-17T10:00:00.500Z"),
        "c": twin.ticket("3"),
    }
    assert sorted(hits(find(twin, "tickets", condition))) == sorted(ids[name] for name in found)


def test_groups_are_alternatives_and_additional_emails_count(serve: Serve) -> None:
    twin = serve(lag=0)
    first = twin.contact(email="a@example.com", hs_additional_emails="old@example.com", firstname="A")
    second = twin.contact(firstname="B")
    request = PublicObjectSearchRequest(
        filter_groups=[
            FilterGroup(filters=[Filter(property_name="email", operator="EQ", value="OLD@example.com")]),
            FilterGroup(filters=[Filter(property_name="firstname", operator="EQ", value="b")]),
        ],
        sorts=[{"propertyName": "firstname", "direction": "DESCENDING"}],
        properties=["firstname"],
        limit=1,
    )
    page = twin.sdk().crm.objects.search_api.do_search("contacts", request)
    assert (page.total, [row.id for row in page.results], page.paging.next.after) == (2, [second], "1")
    request.after = "1"
    page = twin.sdk().crm.objects.search_api.do_search("contacts", request)
    assert ([row.id for row in page.results], page.paging) == ([first], None)
    assert hits(find(twin, "contacts", query="a@exam")) == [first]


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"after": "9995"},
        {"after": "x"},
        {"filterGroups": [{"filters": [where("subject", "HAS_PROPERTY")]}] * 6},
        {"filterGroups": [{"filters": [where("subject", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [where("subject", "HAS_PROPERTY")] * 5}] * 4},
        {"filterGroups": [{"filters": [where("typo", "EQ", "x")]}]},
        {"filterGroups": [{"filters": [where("subject", "SOUNDS_LIKE", "x")]}]},
        {"filterGroups": [{"filters": [where("subject", "EQ")]}]},
        {"sorts": [{"propertyName": "subject"}, {"propertyName": "content"}]},
        {"query": "x" * 3000},
    ],
)
def test_what_search_refuses(twin: Twin, body: dict[str, Any]) -> None:
    assert find(twin, "tickets", **body).status_code == 400


def test_search_has_its_own_limit_and_dialect(serve: Serve) -> None:
    twin = serve(limits=Limits(search_per_second=5))
    answers = [find(twin, "tickets") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    refused = answers[-1].json()
    assert (refused["category"], refused["message"]) == (
        "RATE_LIMITS",
        "You have reached your secondly limit.",
    )
    assert "errorType" not in refused
    assert "x-hubspot-ratelimit-max" not in answers[0].headers
    assert answers[0].headers["x-hubspot-ratelimit-daily-remaining"] == "624999"
