import httpx
import pytest

from memorialization.errors import ConfigurationError
from memorialization.ports import Entity, WriteRow
from plugins.hubspot.connect import store_from
from tests.corpora import corpus


def test_a_store_speaks_to_the_host_it_is_given(twin):
    store = store_from(twin.url + "/", " pat-eu1-acme-demo\n", {"api_version": "2026-09"})
    assert store.account().portal_id == 4711001
    assert list(httpx.get(f"{twin.url}/_twin/requests").json()) == ["GET /account-info/2026-09/details 200"]


def test_without_a_host_it_is_hubspots_own():
    assert store_from(None, "pat-x", {})._client._api.configuration.host == "https://api.hubapi.com"
    assert store_from("api.example.com", "pat-x", {})._client._api.configuration.host == "https://api.example.com"


@pytest.mark.parametrize("token", [None, "", "  ", "pat-x\nX-Other: y", "pät"])
def test_a_token_that_is_none(token):
    with pytest.raises(ConfigurationError, match="password must be a private app token") as caught:
        store_from(None, token, {})
    assert "X-Other" not in str(caught.value)


@pytest.mark.parametrize("host", ["http://api.hubapi.com", "http://10.0.0.1:80", "ftp://127.0.0.1"])
def test_a_token_never_travels_in_the_open(host):
    with pytest.raises(ConfigurationError, match="must use https"):
        store_from(host, "pat-x", {})


@pytest.mark.parametrize("host", ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"])
def test_this_machine_may_do_without(host):
    assert store_from(host, "pat-x", {})._client._api.configuration.host == host


@pytest.mark.parametrize(
    "host",
    [
        "https://api.hubapi.com/crm",
        "https://u:p@api.hubapi.com",
        "https://",
        "https://h?x",
        "https://h:x",
        "https://[h",
    ],
)
def test_a_host_is_a_base_url(host):
    with pytest.raises(ConfigurationError, match="must be a base URL"):
        store_from(host, "pat-x", {})


@pytest.mark.parametrize("evil", corpus("headers"))
def test_nothing_in_a_connection_ends_a_header_or_begins_one(evil):
    wrong = [(f"https://api.hubapi.com{evil}", "pat-x"), (f"{evil}.example", "pat-x")]
    if not evil.startswith("%"):  # which a header means literally
        wrong.append((None, f"pat-{evil}"))
    for host, token in wrong:
        with pytest.raises(ConfigurationError, match="must be a") as caught:
            store_from(host, token, {})
        assert "Injected" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="api_version must be one of"):
        store_from(None, "pat-x", {"api_version": f"v3{evil}"})


def test_an_unknown_version():
    with pytest.raises(ConfigurationError, match="api_version must be one of v3, 2026-09"):
        store_from(None, "pat-x", {"api_version": "v1"})


def test_the_byte_cap_of_a_write_can_be_set(twin):
    ids = [twin.create("0-5", {"subject": "Case"}) for _ in range(3)]
    rows = [WriteRow(str(n), {"subject": "x" * 9_000}, record_id=record_id) for n, record_id in enumerate(ids)]
    store = store_from(twin.url, "pat-eu1-acme-demo", {"batch_bytes": "20000", "api_version": twin.api_version})
    store.write(Entity("Ticket", "0-5"), rows)
    assert twin.requests() == {"POST /crm/v3/objects/{type}/batch/update 200": 2}


@pytest.mark.parametrize("most", ["much", "-1", "9999", 1e9, "999999999"])
def test_a_byte_cap_that_is_none(most):
    with pytest.raises(ConfigurationError, match="batch_bytes must be a number of bytes"):
        store_from(None, "pat-x", {"batch_bytes": most})
