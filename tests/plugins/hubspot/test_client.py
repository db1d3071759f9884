import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from memorialization.errors import (
    AuthenticationError,
    ContractBroken,
    MemorializationError,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    ServiceUnavailable,
)
from plugins.hubspot.client import Client
from plugins.hubspot.failures import Refused

pytestmark = pytest.mark.slow


def _read(client, *ids):
    body = {"inputs": [{"id": record_id} for record_id in ids], "properties": ["subject"]}
    return client.batch_read("0-5", body)


@pytest.fixture
def ticket(twin):
    return twin.create("0-5", {"subject": "Broken kettle"})


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "body": "burst"},
        {"status": 502, "body": "html"},
        {"status": 503},
        {"status": 423, "body": "json"},
        {"status": 477, "body": "json", "retry_after": 1},
        {"status": 200, "body": "html"},
        {"drop": True},
    ],
)
def test_a_passing_fault_is_waited_out(twin, ticket, fault):
    client = twin.client()
    twin.order({"match": "batch/read", "times": 2, **fault})
    answer = _read(client, ticket)
    assert [record["properties"]["subject"] for record in answer.results] == ["Broken kettle"]
    assert client.usage().calls == {"batch/read": 3}
    assert client.usage().throttled == (2 if fault.get("status") == 429 else 0)


@pytest.mark.parametrize(
    ("fault", "error", "calls"),
    [
        ({"status": 401}, AuthenticationError, 1),
        ({"status": 403}, PermissionMissing, 1),
        ({"status": 400, "body": "json"}, Refused, 1),
        ({"status": 404}, Refused, 1),
        ({"status": 409, "body": "json"}, Refused, 1),
        ({"status": 414, "body": "json"}, Refused, 1),
        ({"status": 429, "body": "daily"}, QuotaExhausted, 1),
        ({"status": 429, "body": "burst"}, RateLimited, 6),
        ({"status": 423, "body": "json"}, ServiceUnavailable, 6),
        ({"status": 477, "body": "json", "retry_after": 86_400}, ServiceUnavailable, 1),
        ({"status": 477, "body": "json"}, ServiceUnavailable, 1),
        ({"status": 500, "body": "html"}, ServiceUnavailable, 6),
        ({"status": 524, "body": "html"}, ServiceUnavailable, 6),
        ({"status": 503, "body": "json", "retry_after": 3_600}, ServiceUnavailable, 1),
        ({"status": 200, "body": "html"}, ServiceUnavailable, 6),
        ({"status": 202, "body": "json"}, ContractBroken, 1),
        ({"drop": True}, ServiceUnavailable, 6),
    ],
)
def test_a_lasting_fault_becomes_its_error(twin, ticket, fault, error, calls):
    client = twin.client()
    twin.order({"match": "batch/read", "times": 99, **fault})
    with pytest.raises(error):
        _read(client, ticket)
    assert client.usage().calls == {"batch/read": calls}


def test_an_answer_that_takes_too_long_is_asked_for_again(twin, ticket, monkeypatch):
    monkeypatch.setattr("plugins.hubspot.client.TIMEOUT", (1, 0.2))
    client = twin.client()
    twin.order({"match": "batch/read", "delay": 0.6})
    assert [record["id"] for record in _read(client, ticket).results] == [ticket]
    assert client.usage().calls == {"batch/read": 2}


def test_searches_keep_below_an_accounts_five_a_second(serve):
    twin = serve(search_per_second=5.0)
    client = twin.client()
    for _ in range(12):
        client.search("0-5", {"filterGroups": [], "properties": [], "limit": 1})
    assert client.usage().throttled == 0
    assert twin.requests() == {"POST /crm/v3/objects/{type}/search 200": 12}


def test_a_search_waits_a_second_for_its_own_429(twin):
    client = twin.client()
    client._pace = 1.0
    twin.order({"match": "search", "status": 429, "body": "search"})
    begun = time.monotonic()
    client.search("0-5", {"filterGroups": [], "properties": [], "limit": 1})
    assert 1.0 <= time.monotonic() - begun < 3.0


def test_retry_after_is_obeyed(twin, ticket):
    client = twin.client()
    client._pace = 1.0
    twin.order({"match": "batch/read", "status": 429, "body": "burst", "retry_after": 1})
    begun = time.monotonic()
    _read(client, ticket)
    assert 1.0 <= time.monotonic() - begun < 3.0


@pytest.fixture
def gateway():
    """gateway(status, body, **headers) -> address of a server that always answers so, and its requests.

    `gateway.peers` are the connections they came by.
    """
    servers = []
    peers = set()

    def start(status, body, **headers):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                seen.append(self.path)
                peers.add(self.client_address)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        seen = []
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", seen

    start.peers = peers
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_redirect_is_not_followed(gateway):
    elsewhere, followed = gateway(200, b"{}")
    host, seen = gateway(302, b"", Location=f"{elsewhere}/account-info/v3/details")
    with pytest.raises(ContractBroken, match="HubSpot answered 302 at account-info"):
        Client("pat-x", host=host, pace=0.001).account()
    assert (seen, followed) == (["/account-info/v3/details"], [])


def test_a_text_cut_inside_a_surrogate_pair_is_read(gateway):
    host, _ = gateway(200, b'{"portalId": 1, "note": "caf\\u00e9 \\ud83d"}')
    assert Client("pat-x", host=host).account().body == {"portalId": 1, "note": "café ?"}


def test_json_that_is_no_object(gateway):
    host, seen = gateway(200, b"[]")
    with pytest.raises(ContractBroken, match="account-info with JSON that is no object"):
        Client("pat-x", host=host).account()
    assert len(seen) == 1


def test_calls_one_after_the_other_share_a_connection(gateway):
    host, seen = gateway(200, b'{"results": []}')
    client = Client("pat-x", host=host)
    for type_id in ("0-1", "0-5"):
        client.properties(type_id)  # by the SDK's packages
        client.pipelines(type_id)  # by ours
    assert len(seen) == 4
    assert len(gateway.peers) == 1


def test_nobody_listens_there():
    client = Client("pat-x", host="http://127.0.0.1:9", pace=0.001)
    with pytest.raises(ServiceUnavailable, match=r"No answer from HubSpot at account-info \(NewConnectionError\)"):
        client.account()


@pytest.mark.parametrize(("token", "kind"), [("pat-eu1-acme-demo", Refused), ("pat-wrong", AuthenticationError)])
def test_an_error_carries_neither_body_nor_token(twin, ticket, token, kind):
    value = "Frau Krause"  # HubSpot's refusal of it repeats it
    with pytest.raises(MemorializationError) as caught:
        twin.client(token=token).batch_update("0-5", [{"id": ticket, "properties": {"cxone_direction": value}}])
    assert type(caught.value) is kind
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    shown = "".join(traceback.format_exception(caught.value))
    assert token not in shown
    assert value not in shown
    assert value not in repr(vars(caught.value))


def test_the_burst_limit_is_learned_and_kept(serve):
    twin = serve(burst=20, interval=1.0)
    ticket = twin.create("0-5", {"subject": "Kettle"})
    client = twin.client()
    for _ in range(45):
        _read(client, ticket)
    assert client.usage().throttled == 0
    assert twin.requests() == {"POST /crm/v3/objects/{type}/batch/read 200": 45}


def test_usage_tells_the_days_quota(serve):
    twin = serve(daily=500)
    client = twin.client()
    client.account()
    usage = client.usage()
    assert (usage.calls, usage.daily_limit, usage.daily_remaining) == ({"account-info": 1}, 500, 499)
