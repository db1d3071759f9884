"""What a client asks before it starts: whose portal this is, what the token may do, what is left of the day.

hubspot-api, section 6. There is one token, so there is one app; its id follows from the token.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from sandbox.hubspot.call import Answer, Call, paged
from sandbox.hubspot.errors import ApiError, not_found, wrong_json
from sandbox.hubspot.values import iso, millis

_OWNER_ID, _USER_ID = 70_000_001, 60_000_001


def app_id(token: str) -> int:
    """The id of the app behind a token; the source id of what it writes."""
    return 1_000_000 + crc32(token.encode()) % 9_000_000


def details(call: Call) -> Answer:
    call.need("oauth")
    local = call.now.astimezone(ZoneInfo(call.portal.time_zone))
    shift = local.utcoffset() or timedelta()
    text = local.strftime("%z")
    region = call.portal.ui_domain.split(".")[0].removeprefix("app").strip("-") or "na1"
    body = {
        "portalId": call.portal.portal_id,
        "accountType": call.portal.account_type,
        "timeZone": call.portal.time_zone,
        "companyCurrency": "EUR",
        "additionalCurrencies": [],
        "utcOffset": f"{text[:3]}:{text[3:]}",
        "utcOffsetMilliseconds": round(shift.total_seconds() * 1000),
        "uiDomain": call.portal.ui_domain,
        "dataHostingLocation": region,
    }
    return Answer(200, body)


def usage(call: Call) -> Answer:
    zone = ZoneInfo(call.portal.time_zone)
    tomorrow = call.now.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": call.daily,
        "currentUsage": call.calls_today,
        "collectedAt": call.at,
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(millis(midnight)),
    }
    return Answer(200, {"results": [row]})


def token_info(call: Call) -> Answer:
    key = call.json().get("tokenKey")
    if not isinstance(key, str):
        raise wrong_json("Cannot deserialize value of type `AccessTokenInfoRequest`")
    if key != call.portal.token:
        raise ApiError(404, "Access token not found", category="OBJECT_NOT_FOUND")
    body = {
        "userId": _USER_ID,
        "hubId": call.portal.portal_id,
        "appId": app_id(key),
        "scopes": sorted(call.portal.scopes),
    }
    return Answer(200, body)


def owners(call: Call) -> Answer:
    """People by page: `limit` (100 unless told, at most 500), `after`, `email`; none is ever archived here."""
    call.need("crm.objects.owners.read")
    email, archived = call.query.get("email"), call.flag("archived")
    found = [] if archived else [one for one in _OWNERS if email in (None, one["email"])]
    return Answer(200, paged(call, found, 100, 500))


def owner(call: Call) -> Answer:
    """By id, or by user id with idProperty=userId."""
    call.need("crm.objects.owners.read")
    key = "userId" if call.query.get("idProperty") == "userId" else "id"
    for one in _OWNERS:
        if str(one[key]) == call.params["id"]:
            return Answer(200, one)
    raise not_found()


def _owner(number: int, first: str, last: str) -> dict[str, Any]:
    stamp = "2024-01-01T00:00:00Z"
    return {
        "id": str(_OWNER_ID + number),
        "email": f"{first.lower()}@example.com",
        "type": "PERSON",
        "firstName": first,
        "lastName": last,
        "userId": _USER_ID + number,
        "createdAt": stamp,
        "updatedAt": stamp,
        "archived": False,
        "teams": [],
    }


_OWNERS = [_owner(n, *name.split()) for n, name in enumerate(("Admin Admin", "Ben Berger", "Cleo Carter"))]
