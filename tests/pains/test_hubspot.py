"""Pains with HubSpot that no other test shows, in both versions of its API."""

from typing import Any

import orjson
import pytest
from hubspot.crm.objects.rest import RESTClientObject

from memorialization.errors import ConfigurationError
from memorialization.ports import Entity, WriteRow

CONTACT, COMPANY, TICKET = Entity("Contact", "0-1"), Entity("Company", "0-2"), Entity("Ticket", "0-5")


@pytest.mark.parametrize("blanket", [False, True])
def test_each_of_many_conflicts_is_found_although_one_is_named(twin: Any, blanket: bool) -> None:
    """A refused batch names only the first of many conflicts."""
    for taken in "abc":
        twin.create("0-1", {"email": f"{taken}@example.com"})
    ids = [twin.create("0-1", {"email": f"{n}@example.com"}) for n in range(20)]
    rows = [WriteRow(str(n), {"lastname": f"L{n}"}, record_id=record_id) for n, record_id in enumerate(ids)]
    for n, taken in ((3, "a"), (11, "b"), (19, "c")):
        rows[n] = WriteRow(str(n), {"email": f"{taken}@example.com"}, record_id=ids[n])
    if blanket:
        twin.order({"match": "batch/update", "garble": "blanket", "times": 999})
    receipts = twin.store().write(CONTACT, rows)
    assert {r.trace for r in receipts if r.outcome == "rejected"} == {"3", "11", "19"}
    assert {r.category for r in receipts if r.outcome == "rejected"} == {"CONFLICT"}
    assert {r.outcome for r in receipts} == {"rejected", "written"}
    assert [twin.values("0-1", ids[n]).get("lastname") for n in (2, 3, 4)] == ["L2", None, "L4"]


def test_a_company_is_never_upserted_by_its_domain(twin: Any) -> None:
    """Contacts cannot be upserted in part by e-mail, companies not at all by domain."""
    row = WriteRow("a", {"name": "Ada Ltd"}, key_property="domain", key_value="ada.example")
    with pytest.raises(ConfigurationError, match="Company's property domain cannot tell records apart"):
        twin.store().write(COMPANY, [row])
    assert "batch" not in str(twin.requests())


def test_results_beyond_the_ceiling_are_all_found(twin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 10,000 results: refused, or the rest is left out without a word."""
    monkeypatch.setattr("sandbox.hubspot.search.CEILING", 400)  # 10,000 would take the minute that they take
    ids = sorted((twin.create("0-1", {"lastname": "Kim"}) for _ in range(950)), key=int)
    frame = twin.store().search(CONTACT, {"lastname": ["Kim"]}, ["lastname"])
    assert list(frame["record_id"]) == ids
    assert twin.requests() == {
        "GET /crm/v3/properties/{type} 200": 1,
        "GET /crm/v3/property-validations/{type} 200": 1,
        "POST /crm/v3/objects/{type}/search 200": 5,
    }


@pytest.mark.parametrize("spelled", [str, int])
def test_ids_of_associated_records_are_texts_whatever_they_come_as(
    twin: Any, monkeypatch: pytest.MonkeyPatch, spelled: Any
) -> None:
    """Making an association replaces the pair's labels; question and answer differ in names, ids in type."""
    ticket, company = twin.create("0-5", {"subject": "Case"}), twin.create("0-2", {"name": "Ada Ltd"})
    twin.portal.associate("0-5", ticket, "0-2", company, 339, at=twin.now)
    real = RESTClientObject.request

    def request(self: Any, method: str, url: str, **options: Any) -> Any:
        answer = real(self, method, url, **options)
        if "/associations/" in url:
            body = orjson.loads(answer.data)
            for item in body["results"]:
                item["from"]["id"] = spelled(item["from"]["id"])
                item["to"] = [to | {"toObjectId": spelled(to["toObjectId"])} for to in item["to"]]
            answer._body = orjson.dumps(body)
        return answer

    monkeypatch.setattr(RESTClientObject, "request", request)
    assert twin.store().associated(TICKET, [ticket], COMPANY) == {ticket: [company]}
