"""The one seam between the versions of HubSpot's API: a path that the SDK builds is rewritten as it leaves.

The bodies are the same in all of them. Dates and paths: hubspot-api, section 0.
"""

import re
from datetime import date, timedelta
from typing import Any, Final

from hubspot.crm.objects.rest import RESTClientObject
from urllib3 import HTTPResponse

DATED: Final = "2026-09"
VERSIONS: Final = ("v3", DATED)
WARNED: Final = timedelta(days=180)  # before the end

# What each version of a connection speaks, and the day from which HubSpot no longer supports it. Of v3 the month is
# known, of 2026-09 that it is supported for eighteen months.
_ENDS: Final = {
    "v3": (("v4 (associations)", date(2027, 3, 30)), ("v3", date(2027, 9, 1))),
    DATED: ((DATED, date(2028, 3, 1)),),
}
_NEXT: Final = {
    "v3": f'set api_version to "{DATED}" in the HubSpot connection\'s extra',
    DATED: "look for a newer version of this product",
}


def support_ends(version: str, today: date) -> str | None:
    """A warning that names the end of support of what this version speaks; None while all of it is far off."""
    near = [(name, end) for name, end in _ENDS[version] if today >= end - WARNED]
    if not near:
        return None
    told = ", ".join(f"{name} {'ended' if today >= end else 'ends'} on {end}" for name, end in near)
    return f"HubSpot's support of the API version in use: {told}. Before that, {_NEXT[version]}."


class DatedRest(RESTClientObject):  # type: ignore[misc]
    """The SDK's REST client, speaking the dated paths that the SDK does not know (hubspot-api, section 0)."""

    def request(self, method: str, url: str, **options: Any) -> HTTPResponse:
        response: HTTPResponse = super().request(method, dated(url), **options)
        return response


def dated(url: str) -> str:
    """The 2026-09 form of a v3 or v4 address; others are returned as they are."""
    url = re.sub(r"/crm/v[34]/([a-z-]+)", rf"/crm/\1/{DATED}", url, count=1)
    return re.sub(r"/(crm-object-schemas|account-info)/v3/", rf"/\1/{DATED}/", url, count=1)
