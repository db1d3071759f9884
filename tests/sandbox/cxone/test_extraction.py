"""Data Extraction over HTTP (cxone-api, section 5.1)."""

import csv
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import httpx
import pytest

from sandbox.times import parse
from tests.sandbox.conftest import CLOCK, Twin, running

pytestmark = pytest.mark.slow
JOBS = "/data-extraction/v1/jobs"
ASKED = {
    "entityName": "recording-interaction-metadata", "version": "10", "startDate": "2026-11-16", "endDate": "2026-11-16",
}  # fmt: skip


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin that waits a tenth of a second between jobs; the old envelope and lenient times are tried on it too."""
    options = ("--clock", CLOCK, "--scale", "300", "--result-set", "--accept-any", "--offset-times", "ignore")
    with running(tmp_path_factory.mktemp("hasty"), *options) as served:
        yield served


def started(twin: Twin, **changed: Any) -> httpx.Response:
    time.sleep(0.12)
    return twin.cxone.post(JOBS, json={**ASKED, **changed})


def test_a_job_is_a_bare_id_then_a_link_to_a_csv_with_a_bom(hasty: Twin) -> None:
    answer = started(hasty)
    assert answer.status_code == 202
    job = answer.json()
    status = hasty.cxone.get(f"{JOBS}/{job}").json()["jobStatus"]
    assert (status["status"], status["result"]["url"]) == ("RUNNING", None)
    deadline = time.monotonic() + 10
    while status["status"] == "RUNNING" and time.monotonic() < deadline:
        time.sleep(0.2)
        status = hasty.cxone.get(f"{JOBS}/{job}").json()["jobStatus"]
    assert {"id": job, "status": "SUCCEEDED"} in hasty.cxone.get(JOBS).json()["jobs"]
    file = httpx.get(status["result"]["url"])
    assert file.content.startswith(b"\xef\xbb\xbfACD Call ID,Segment ID,Start Date")
    rows = list(csv.DictReader(StringIO(file.content.decode("utf-8-sig"))))
    assert len(rows) > 100
    assert {row["Start Date"][:10] for row in rows} == {"11/16/2026"}


def test_jobs_come_too_soon_or_ask_for_what_is_not_there(hasty: Twin) -> None:
    assert started(hasty, version="3").status_code == 400
    assert started(hasty, endDate="2026-12-24").status_code == 400
    assert started(hasty, startDate="yesterday").status_code == 400
    time.sleep(0.12)
    both = [hasty.cxone.post(f"{JOBS}/sync", json=ASKED) for _ in range(2)]
    assert [answer.status_code for answer in both] == [200, 429]
    assert httpx.get(both[0].json()).status_code == 200
    assert httpx.get(both[0].json()[:-4] + "0000").status_code == 403
    assert hasty.cxone.get(f"{JOBS}/abc").status_code == 404


def test_lists_as_in_samples_of_2020(hasty: Twin) -> None:
    path = "/incontactapi/services/v27.0/contacts/completed"
    body = hasty.cxone.get(path, params={"startDate": "2026-11-16T00:00:00Z", "top": 2}).json()
    assert set(body) == {"resultSet"} and "totalRecords" not in body["resultSet"]
    assert len(body["resultSet"]["completedContacts"]) == 2


def test_an_offset_is_ignored_where_that_is_chosen(hasty: Twin) -> None:
    path = "/incontactapi/services/v27.0/contacts/completed"
    ways = ("2026-11-17T09:00:00+05:00", "2026-11-17T09:00:00Z")
    first, second = (
        hasty.cxone.get(path, params={"startDate": way, "endDate": "2026-11-17T12:00:00Z"}).json() for way in ways
    )
    assert first["resultSet"]["completedContacts"] == second["resultSet"]["completedContacts"]


def test_the_clock_runs_as_fast_as_the_scale(hasty: Twin) -> None:
    before, real = hasty.cxone.get("/_twin/clock").json()["now"], time.monotonic()
    time.sleep(0.5)
    after, real = hasty.cxone.get("/_twin/clock").json()["now"], time.monotonic() - real
    assert 0.9 * real * 300 <= (parse(after) - parse(before)) / 1000 <= 1.5 * real * 300
    limits = hasty.hubspot.get("/_twin").json()["limits"]
    assert (limits["burst"], limits["interval_seconds"]) == (190, pytest.approx(1 / 30))
    headers = hasty.hubspot.get("/account-info/v3/details").headers
    assert headers["x-hubspot-ratelimit-interval-milliseconds"] == "33"


def test_a_reader_that_sends_no_accept_and_offsets_reads_all_by_change(hasty: Twin) -> None:
    """As singer's tap-nice-incontact asks: API 21.0, by change, `+00:00`, skip until there is nothing."""
    token, found = hasty.cxone.headers["Authorization"], list[dict[str, Any]]()
    query = {"updatedSince": "2026-11-16T00:00:00+00:00", "orderBy": "lastUpdateTime asc", "top": "300"}
    while True:
        url = f"{hasty.cxone.base_url}/inContactAPI/services/v21.0/contacts/completed"
        answer = httpx.get(url, params={**query, "skip": str(len(found))}, headers={"Authorization": token})
        if answer.status_code == 204:
            break
        found += answer.json()["resultSet"]["completedContacts"]
    changes = [row["lastUpdateTime"] for row in found]
    assert changes == sorted(changes)
    assert len(found) == len({row["contactId"] for row in found}) > 700
    assert all(float(row["totalDurationSeconds"]).is_integer() for row in found)
