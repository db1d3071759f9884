from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.hubspot.conftest import make_portal

if TYPE_CHECKING:
    from tests.sandbox.hubspot.conftest import Serve, Twin


@pytest.mark.parametrize("version", ["v3", "2026-09"])
def test_details(twin: Twin, version: str) -> None:
    assert twin.http.get(f"/account-info/{version}/details").json() == {
        "portalId": 4711001,
        "accountType": "STANDARD",
        "timeZone": "Europe/Berlin",
        "companyCurrency": "EUR",
        "additionalCurrencies": [],
        "utcOffset": "+01:00",
        "utcOffsetMilliseconds": 3_600_000,
        "uiDomain": "app-eu1.hubspot.com",
        "dataHostingLocation": "eu1",
    }


def test_the_days_calls_are_counted_until_local_midnight(twin: Twin) -> None:
    path = "/account-info/v3/api-usage/daily/private-apps"
    twin.http.get(path)
    row = twin.http.get(path).json()["results"][0]
    assert (row["name"], row["currentUsage"], row["usageLimit"]) == (
        "private-apps-api-calls-daily",
        2,
        625_000,
    )
    assert row["resetsAt"] == "2026-11-16T23:00:00Z"
    twin.move(hours=15)
    assert twin.http.get(path).json()["results"][0]["currentUsage"] == 1


def test_the_token_tells_its_scopes(twin: Twin) -> None:
    path = "/oauth/v2/private-apps/get/access-token-info"
    info = twin.post(path, {"tokenKey": "pat-eu1-test"}).json()
    assert info["hubId"] == 4711001
    assert "tickets" in info["scopes"]
    ticket = twin.post(
        "/crm/v3/objects/tickets",
        {"properties": {"subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1"}},
    ).json()["id"]
    history = twin.portal.record("0-5", ticket).history["subject"][0]
    assert (history["sourceType"], history["sourceId"]) == ("INTEGRATION", str(info["appId"]))
    assert twin.post(path, {"tokenKey": "other"}).status_code == 404


def test_owners_need_their_scope(twin: Twin) -> None:
    assert twin.http.get("/crm/v3/owners").status_code == 403


def test_owners_page_and_are_found_by_e_mail_or_user(serve: Serve) -> None:
    portal = make_portal()
    portal.scopes |= {"crm.objects.owners.read"}
    twin = serve(portal)
    first = twin.http.get("/crm/v3/owners", params={"limit": 2}).json()
    assert [one["email"] for one in first["results"]] == ["admin@example.com", "ben@example.com"]
    after = first["paging"]["next"]["after"]
    assert first["paging"]["next"]["link"] == f"https://api.hubapi.com/crm/v3/owners?after={after}"
    rest = twin.http.get("/crm/owners/2026-09", params={"limit": 2, "after": after}).json()
    assert [one["email"] for one in rest["results"]] == ["cleo@example.com"] and "paging" not in rest
    ben = first["results"][1]
    assert twin.http.get("/crm/v3/owners", params={"email": "ben@example.com"}).json() == {"results": [ben]}
    assert twin.http.get(f"/crm/v3/owners/{ben['id']}").json() == ben
    assert twin.http.get(f"/crm/v3/owners/{ben['userId']}", params={"idProperty": "userId"}).json() == ben
    assert twin.http.get("/crm/v3/owners/1").status_code == 404
    assert twin.http.get("/crm/v3/owners", params={"limit": 501}).status_code == 400
