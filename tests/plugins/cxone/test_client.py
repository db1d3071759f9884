"""The client against a service that answers as scripted, and the twin's faults in the middle of a run."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pyrate_limiter import Rate

from memorialization.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractBroken,
    MemorializationError,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    ServiceUnavailable,
)
from plugins.cxone.client import CxoneClient, client_from
from tests.corpora import corpus

TOKEN_PATH = "/authentication/v1/token/access-key"
PING = "/incontactapi/services/v30.0/server-time"
WELL_KNOWN = "/.well-known/cxone-configuration"


def test_one_token_serves_all_threads_and_every_request_accepts_json(scripted: Any) -> None:
    scripted.acd("server-time", {"ServerTime": "2026-11-19T02:00:00Z"})
    client = scripted.client()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.acd("server-time"), range(24)))
    assert len(scripted.asked(TOKEN_PATH)) == 1
    assert {seen.headers["Authorization"] for seen in scripted.asked(PING)} == {"Bearer t-1"}
    assert {seen.headers["Accept"] for seen in scripted.seen} == {"application/json"}


def test_a_token_is_renewed_after_four_fifths_of_a_short_life(scripted: Any) -> None:
    scripted.answers[TOKEN_PATH] = []
    scripted.on(TOKEN_PATH, *({"access_token": f"t-{n}", "expires_in": "1"} for n in (1, 2)))
    scripted.acd("server-time", {})
    client = scripted.client()
    client.acd("server-time")
    time.sleep(0.85)
    client.acd("server-time")
    assert [seen.headers["Authorization"] for seen in scripted.asked(PING)] == ["Bearer t-1", "Bearer t-2"]


def test_a_401_in_the_middle_renews_the_token_once(scripted: Any) -> None:
    scripted.acd("server-time", None, status=401)
    scripted.acd("server-time", {"ok": True})
    assert scripted.client().acd("server-time") == {"ok": True}
    assert len(scripted.asked(TOKEN_PATH)) == 2


def test_a_second_401_is_final(scripted: Any) -> None:
    scripted.acd("server-time", None, status=401)
    with pytest.raises(AuthenticationError, match="HTTP 401 to a fresh token"):
        scripted.client().acd("server-time")
    assert len(scripted.asked(PING)) == 2


def test_a_refused_key_says_what_to_do_and_nothing_secret(scripted: Any) -> None:
    scripted.answers[TOKEN_PATH] = []
    scripted.on(TOKEN_PATH, {"error": "bad secret s3cret-value"}, status=401)
    with pytest.raises(AuthenticationError) as caught:
        scripted.client().acd("server-time")
    assert "check the connection's login and password" in str(caught.value)
    assert "s3cret-value" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_discovery_asks_for_the_tenant_without_a_token(scripted: Any) -> None:
    scripted.on(WELL_KNOWN, {"api_endpoint": scripted.url + "/", "area": "na1"})
    client = scripted.client(api_endpoint=None, tenant_id="tenant-guid")
    assert client.api_endpoint == scripted.url
    asked = scripted.asked(WELL_KNOWN)[0]
    assert asked.query == {"tenantId": "tenant-guid"}
    assert "Authorization" not in asked.headers


def test_discovery_without_an_endpoint_uses_area_and_domain(scripted: Any) -> None:
    scripted.on(WELL_KNOWN, {"area": "eu1", "domain": "niceincontact.com"})
    client = scripted.client(api_endpoint=None)
    assert client.api_endpoint == "https://api-eu1.niceincontact.com"
    assert scripted.asked(WELL_KNOWN)[0].headers["Authorization"] == "Bearer t-1"


def test_discovery_that_names_a_clear_text_endpoint_is_refused(scripted: Any) -> None:
    scripted.on(WELL_KNOWN, {"api_endpoint": "http://api.example.com"})
    with pytest.raises(ConfigurationError, match=r"api\.example\.com must be called over https"):
        _ = scripted.client(api_endpoint=None).api_endpoint


@pytest.mark.parametrize("url", ["http://na1.nice-incontact.com", "ftp://host", "na1", "https://user:pw@host"])
def test_only_https_or_loopback(url: str) -> None:
    with pytest.raises(ConfigurationError):
        CxoneClient(url, "key", "secret")


def test_an_empty_answer_is_none(scripted: Any) -> None:
    scripted.acd("contacts/completed", None, status=204)
    assert scripted.client().acd("contacts/completed") is None


def test_404_is_none_only_where_that_may_be(scripted: Any) -> None:
    client = scripted.client()
    assert client.dfo("contacts/1", missing_ok=True) is None
    with pytest.raises(RequestRefused, match=r"GET /dfo/3\.0/contacts/1 at 127\.0\.0\.1 answered HTTP 404"):
        client.dfo("contacts/1")


def test_a_429_waits_as_long_as_it_is_told(scripted: Any) -> None:
    scripted.acd("server-time", None, status=429, headers={"Retry-After": "1"})
    scripted.acd("server-time", {"ok": True})
    began = time.monotonic()
    assert scripted.client().acd("server-time") == {"ok": True}
    assert 1.0 <= time.monotonic() - began < 3.0


def test_reads_of_cases_wait_until_the_limit_permits_them_and_nothing_else_does(
    scripted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("contacts/1", "contacts/1/messages", "messages/7", "contacts/1/history"):
        scripted.dfo(path, {"ok": True})
    caplog.set_level("INFO", logger="plugins.cxone.client")
    client = scripted.client(case_reads=Rate(3, 2_000))
    began = time.monotonic()
    for path in ("contacts/1", "contacts/1/messages", "messages/7", *["contacts/1/history"] * 9):
        client.dfo(path)
    assert caplog.messages == []
    client.dfo("contacts/1")
    client.dfo("contacts/1")
    assert time.monotonic() - began >= 2.0
    assert caplog.messages == ["CXone's limit for reads of cases is reached: they wait until it permits more"]


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimited), (408, ServiceUnavailable), (503, ServiceUnavailable)]
)
def test_what_may_pass_is_tried_again_and_then_told(
    scripted: Any, status: int, error: type[MemorializationError]
) -> None:
    scripted.acd("server-time", None, status=status)
    with pytest.raises(error, match=f"HTTP {status}"):
        scripted.client(tries=3).acd("server-time")
    assert len(scripted.asked(PING)) == 3


@pytest.mark.parametrize(("status", "error"), [(400, RequestRefused), (403, PermissionMissing), (302, ContractBroken)])
def test_what_cannot_pass_is_asked_once(scripted: Any, status: int, error: type[MemorializationError]) -> None:
    elsewhere = {"Location": scripted.url + "/elsewhere"}
    scripted.acd("server-time", {"message": "jane.doe@example.com"}, status=status, headers=elsewhere)
    with pytest.raises(error) as caught:
        scripted.client().acd("server-time", {"name": "jane"})
    assert len(scripted.asked(PING)) == 1
    assert scripted.asked("/elsewhere") == []
    assert "jane" not in str(caught.value)


def test_the_status_description_is_passed_on(scripted: Any) -> None:
    scripted.acd("server-time", None, status=400, headers={"icStatusDescription": "Invalid startDate"})
    with pytest.raises(RequestRefused, match=r"\(Invalid startDate\)"):
        scripted.client().acd("server-time")


def test_a_broken_connection_is_tried_again_then_told(caplog: pytest.LogCaptureFixture) -> None:
    client = CxoneClient("http://127.0.0.1:9", "key", "secret", tries=2, first_wait=0.001)
    with caplog.at_level(logging.WARNING), pytest.raises(ServiceUnavailable, match="ConnectError"):
        client.acd("server-time")
    assert len(caplog.records) == 1
    client.close()


def test_html_with_200_may_pass_later(scripted: Any) -> None:
    scripted.acd("server-time", b"<html>sorry</html>", headers={"Content-Type": "text/html"})
    scripted.acd("server-time", {"ok": True})
    assert scripted.client().acd("server-time") == {"ok": True}


def test_a_body_that_is_no_json_breaks_the_contract(scripted: Any) -> None:
    scripted.acd("server-time", b'{"half":')
    with pytest.raises(ContractBroken, match="no JSON"):
        scripted.client().acd("server-time")


def test_half_a_surrogate_pair_becomes_a_question_mark(scripted: Any) -> None:
    scripted.acd("server-time", b'{"text": "cut \\ud83d"}')
    assert scripted.client().acd("server-time") == {"text": "cut ?"}


def test_pages_go_on_until_204_although_they_are_short(scripted: Any) -> None:
    scripted.acd("skills", {"skills": [{"skillId": 1}]}, {"skills": [{"skillId": 2}]})
    scripted.acd("skills", None, status=204)
    rows = [row for page, _ in scripted.client().acd_pages("skills", "skills") for row in page]
    assert rows == [{"skillId": 1}, {"skillId": 2}]
    asked = scripted.asked("/incontactapi/services/v30.0/skills")
    assert [seen.query["skip"] for seen in asked] == ["0", "1", "2"]


def test_pages_stop_at_the_total_and_at_a_list_that_ignores_skip(scripted: Any) -> None:
    scripted.acd("tags", {"totalRecords": "2", "tags": [{"tagId": 1}, {"tagId": 2}]})
    scripted.acd("teams", {"resultSet": {"Teams": [{"teamId": 1}]}})
    client = scripted.client()
    assert len(list(client.acd_pages("tags", "tags"))) == 1
    assert [rows for rows, _ in client.acd_pages("teams", "teams")] == [[{"teamId": 1}]]
    assert len(scripted.asked("/incontactapi/services/v30.0/tags")) == 1


def test_a_page_without_rows_before_the_total_is_asked_for_again(scripted: Any) -> None:
    first, last = ({"totalRecords": 2, "skills": [{"skillId": number}]} for number in (1, 2))
    scripted.acd("skills", first)
    scripted.acd("skills", None, status=204)
    scripted.acd("skills", {"totalRecords": 2, "skills": []}, last)
    rows = [row for page, _ in scripted.client().acd_pages("skills", "skills") for row in page]
    assert rows == [{"skillId": 1}, {"skillId": 2}]


def test_rows_that_never_come_are_no_end(scripted: Any) -> None:
    scripted.acd("skills", {"totalRecords": 2, "skills": [{"skillId": 1}]})
    scripted.acd("skills", None, status=204)
    with pytest.raises(ServiceUnavailable, match="gave no rows where more are due: run again"):
        list(scripted.client(tries=3).acd_pages("skills", "skills"))
    assert len(scripted.asked("/incontactapi/services/v30.0/skills")) == 4


def test_server_time_is_the_services_own(scripted: Any) -> None:
    scripted.acd("server-time", {"ServerTime": "2026-11-19T02:00:00.000Z"})
    assert scripted.client().server_time() == datetime(2026, 11, 19, 2, tzinfo=UTC)


def test_client_from_an_area() -> None:
    client = client_from(
        None, "key", "secret", {"area": "eu1", "api_version": "v27", "api_endpoint": "https://a.example"}
    )
    assert (client.api_endpoint, client.api_version) == ("https://a.example", "27.0")
    client.close()


def test_client_from_a_loopback_host_needs_no_https(scripted: Any) -> None:
    scripted.on(WELL_KNOWN, {"api_endpoint": scripted.url})
    client = client_from(scripted.url.removeprefix("http://"), "key", "secret", {})
    assert client.api_endpoint == scripted.url
    client.close()


@pytest.mark.parametrize(
    ("host", "login", "extras", "words"),
    [
        (None, "key", {}, "`area`"),
        (None, "key", {"area": "evil.example/"}, "`area`"),
        ("https://host", None, {}, "access key id"),
        ("https://host", "key", {"api_version": "latest"}, "api_version"),
        ("http://cxone.example", "key", {}, "over https"),
    ],
)
def test_a_connection_that_does_not_suffice(
    host: str | None, login: str | None, extras: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        client_from(host, login, "secret", extras)


@pytest.mark.parametrize("evil", corpus("headers"))
def test_nothing_in_a_connection_ends_a_header_or_begins_one(evil: str) -> None:
    for host, extras in (
        (f"https://na1.nice-incontact.com{evil}", {}),
        (f"{evil}.example", {}),
        (None, {"area": f"na1{evil}"}),
        (None, {"area": "na1", "api_version": f"30.0{evil}"}),
        (None, {"area": "na1", "api_endpoint": f"https://api-na1.niceincontact.com{evil}"}),
    ):
        with pytest.raises(ConfigurationError) as caught:
            client_from(host, "key", "secret", extras)
        assert "Injected" not in str(caught.value)


@pytest.mark.parametrize("evil", corpus("headers"))
def test_key_secret_and_tenant_are_sent_as_they_are_and_never_as_a_header(scripted: Any, evil: str) -> None:
    scripted.on(WELL_KNOWN, {"api_endpoint": scripted.url})
    scripted.acd("server-time", {"ok": True})
    with client_from(scripted.url, f"key{evil}", f"secret{evil}", {"tenant_id": evil}) as client:
        assert client.api_endpoint == scripted.url
        client.acd("server-time")
    seen = [*scripted.asked(WELL_KNOWN), *scripted.asked(TOKEN_PATH), *scripted.asked(PING)]
    assert len(seen) == 3
    assert not [name for request in seen for name in request.headers if "injected" in name.lower()]


def test_the_twins_faults_pass_unnoticed(twin: str, twin_client: Callable[..., CxoneClient]) -> None:
    client = twin_client()
    before = client.acd("dispositions", {"top": 100})
    rules = [{"match": "/dispositions", "status": status} for status in (401, 429, 503, 408)]
    httpx.post(f"{twin}/_twin/faults", json=[*rules, {"match": "/dispositions", "drop": True}]).raise_for_status()
    assert client.acd("dispositions", {"top": 100}) == before
    assert len(before["dispositions"]) == 15
