"""What a client asks before it starts: whose portal this is, what the token may do, what is left of the day.

hubspot-api, section 6. There is one token, so there is one app; its id follows from the token.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import ApiError, wrong_json
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
    call.need("crm.objects.owners.read")
    stamp = "2024-01-01T00:00:00Z"
    owner = {
        "id": str(_OWNER_ID),
        "email": "admin@example.com",
        "type": "PERSON",
        "firstName": "Ada",
        "lastName": "Admin",
        "userId": _USER_ID,
        "createdAt": stamp,
        "updatedAt": stamp,
        "archived": False,
        "teams": [],
    }
    return Answer(200, {"results": [owner]})
