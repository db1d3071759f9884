"""Media Playback over HTTP (cxone-api, section 3.6)."""

import pytest

from sandbox.cxone.behaviour import Behaviour
from sandbox.cxone.limits import Limits
from tests.sandbox.conftest import Twin

pytestmark = pytest.mark.slow
MEDIA = "/media-playback/v1"
COMPLETED = "/incontactapi/services/v27.0/contacts/completed"


@pytest.fixture(scope="module")
def call(twin: Twin) -> int:
    query: dict[str, str | int] = {"startDate": "2026-11-16T00:00:00Z", "mediaTypeId": 4, "isLogged": "true", "top": 1}
    return int(twin.cxone.get(COMPLETED, params=query).json()["completedContacts"][0]["contactId"])


def test_a_recording_by_call_and_by_segment(twin: Twin, call: int) -> None:
    asked = {"acd-call-id": call, "media-type": "voice-only", "exclude-waveforms": "true"}
    found = twin.cxone.get(f"{MEDIA}/contacts", params=asked).json()
    assert found["acdcontactId"] == str(call)
    data = found["interactions"][0]["data"]
    segment = data["segmentsDataList"][0]["segmentId"]
    assert data["fileToPlayUrl"].startswith(f"https://media.acme.example/{segment}.mp4?expires=")
    by_segment = twin.cxone.get(f"{MEDIA}/segments/{segment}").json()
    assert by_segment["Interactions"][0]["data"]["segmentsDataList"] == data["segmentsDataList"]
    link = twin.cxone.get(f"{MEDIA}/contacts", params={**asked, "isDownload": "true"}).json()
    assert set(link) == {"redirectUrl"}


def test_errors_have_a_code_and_a_message(twin: Twin) -> None:
    missing = twin.cxone.get(f"{MEDIA}/contacts", params={"acd-call-id": 77})
    assert (missing.status_code, missing.json()) == (404, {"internalCode": 404, "message": "no media for 77"})
    assert twin.cxone.get(f"{MEDIA}/contacts").status_code == 400
    twin.cxone.post("/_twin/faults", json=[{"match": MEDIA, "status": 429}])
    throttled = twin.cxone.get(f"{MEDIA}/contacts", params={"acd-call-id": 77})
    assert (throttled.status_code, set(throttled.json())) == (429, {"message", "route"})


def test_a_hundred_and_fifty_calls_in_five_minutes() -> None:
    limits = Limits(Behaviour())
    endpoint = "GET /media-playback/v1/contacts"
    assert [limits.take(endpoint) for _ in range(151)] == [True] * 150 + [False]
    assert limits.shown()["playback"] == {"limit": 150, "seconds": 300.0, "used": 150}
