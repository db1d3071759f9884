"""What each family of APIs is limited to, and how a scale shortens it (cxone-api, section 6)."""

import time

from sandbox.cxone.behaviour import Behaviour
from sandbox.cxone.limits import Limits

CASE = "GET /dfo/3.0/contacts/{id}"
REPORTING = "GET /incontactapi/services/v{version}.0/contacts/completed"


def test_reads_of_cases_and_messages_share_one_window() -> None:
    limits = Limits(Behaviour(digital_per_hour=3))
    endpoints = [CASE, f"{CASE}/messages", "GET /dfo/3.0/messages/{id}", f"{CASE}/detail"]
    assert [limits.take(endpoint) for endpoint in endpoints] == [True, True, True, False]
    assert limits.take("GET /dfo/3.0/contacts") and limits.take(f"{CASE}/history")


def test_reporting_has_no_limit_unless_one_is_given() -> None:
    assert all(Limits(Behaviour()).take(REPORTING) for _ in range(500))
    limited = Limits(Behaviour(reporting_per_second=2))
    assert [limited.take(REPORTING) for _ in range(3)] == [True, True, False]


def test_a_scale_shortens_the_windows() -> None:
    limits = Limits(Behaviour(extraction_pause=30.0, scale=300))
    start = "POST /data-extraction/v1/jobs"
    assert [limits.take(start), limits.take(start)] == [True, False]
    time.sleep(0.12)
    assert limits.take(start)
    assert limits.shown()["digital"]["seconds"] == 12.0
