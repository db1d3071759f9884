import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from memorialization.errors import LedgerUnavailable, QuotaExhausted
from memorialization.ledger.quota import Quota
from plugins.hubspot import limits as module
from plugins.hubspot.client import Client
from plugins.hubspot.limits import InProcess, Limits, Told, told
from plugins.hubspot.windows import USE_BY

pytestmark = pytest.mark.slow

ACCOUNT = "hubspot:4711001"


def _call(limits, *, search=False, **said):
    with limits.call(search=search) as granted:
        granted.learn(Told(**said))


def _taught(limits, maximum, interval):
    """Spends one call to learn the account's figures; what was leased before it can no longer be begun."""
    _call(limits, maximum=maximum, interval=interval)
    time.sleep((USE_BY + 100) / 1_000)
    return limits


def _seconds(action, times):
    begun = time.monotonic()
    for _ in range(times):
        action()
    return time.monotonic() - begun


def test_headers_are_read_and_what_is_no_number_is_not():
    headers = {
        "X-HubSpot-RateLimit-Max": "190",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        "X-HubSpot-RateLimit-Remaining": "12",
        "X-HubSpot-RateLimit-Daily": "many",
    }
    assert told(headers) == Told(maximum=190, interval=10_000, remaining=12)
    assert told(None) == Told()


def test_the_burst_is_held_back_and_calls_made_still_count_after_learning():
    limits = Limits(reserve=0.5)
    _call(limits, maximum=12, interval=500)  # half of it is left to others: six in half a second, one of them made
    assert _seconds(lambda: _call(limits), 5) < 0.3
    assert _seconds(lambda: _call(limits), 1) >= 0.2


def test_searches_have_a_budget_of_their_own():
    limits = Limits(reserve=0.6)  # two of an account's five a second
    assert _seconds(lambda: _call(limits, search=True), 3) >= 0.9
    assert _seconds(lambda: _call(limits), 5) < 0.5


@pytest.mark.parametrize("reserve", [-0.1, 1.0])
def test_a_reserve_is_a_share(reserve):
    with pytest.raises(ValueError, match="reserve is a share"):
        Limits(reserve=reserve)


def test_what_is_granted_a_second_follows_what_hubspot_told():
    limits = Limits(reserve=0.25)
    assert limits.per_second == 10.0
    for _ in range(2):
        _call(limits)
    assert limits.per_second == 7.5
    for _ in range(10):
        _call(limits, maximum=190, interval=10_000)
    assert limits.per_second == 14.2


def test_a_call_that_takes_long_holds_its_place_until_it_is_answered():
    limits = _taught(Limits(reserve=0), 2, 300)
    with limits.call():
        time.sleep(0.25)
    begun = time.monotonic()
    _call(limits)
    assert time.monotonic() - begun < 0.1
    _call(limits)
    assert time.monotonic() - begun >= 0.25


def test_threads_share_the_budget():
    limits = _taught(Limits(reserve=0), 10, 1_000)
    begun = time.monotonic()
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: _call(limits), range(15)))
    assert 1.0 <= time.monotonic() - begun < 3.0


# ---- the day


def test_no_call_is_made_while_the_day_is_down_to_the_reserve():
    limits = Limits(reserve=0.25)
    limits.keep_zone("Europe/Berlin")
    limits.keep_day(1_000, 250)
    with pytest.raises(QuotaExhausted, match=r"250 of 1,000 are left, kept for other programs \(quota in crm.yaml\)"):
        _call(limits)
    with pytest.raises(QuotaExhausted, match=r"the first run after \d{4}-\d\d-\d\d 00:00 Europe/Berlin \("):
        _call(limits, search=True)


def test_one_call_more_than_the_reserve_is_made():
    limits = Limits(reserve=0.25)
    limits.keep_day(1_000, 251)
    _call(limits)


def test_what_was_known_of_the_day_is_asked_anew_after_a_while(monkeypatch):
    limits = Limits()
    limits.keep_day(1_000, 0)
    with pytest.raises(QuotaExhausted, match="none is left"):
        _call(limits)
    monkeypatch.setattr(module, "FRESH", 0)
    _call(limits)


# ---- one account, several processes


@pytest.fixture
def url(postgres_socket, ledger_database):
    return f"postgresql+psycopg2://postgres@/{ledger_database}?host={postgres_socket}"


def test_what_one_has_learned_all_know(url):
    first, second = (Limits(Quota(url, ACCOUNT), reserve=0) for _ in range(2))
    first.keep_zone("Europe/Berlin")
    _call(_taught(first, 40, 10_000))
    _call(second)
    assert (second.per_second, second.zone()) == (4.0, "Europe/Berlin")
    other = Limits(Quota(url, "hubspot:1"), reserve=0)
    _call(other)
    assert (other.per_second, other.zone()) == (10.0, None)


def test_the_end_of_the_day_is_known_to_all(url):
    first, second = (Limits(Quota(url, ACCOUNT)) for _ in range(2))
    first.keep_zone("Europe/Berlin")
    first.day_is_over()
    with pytest.raises(QuotaExhausted, match="00:00 Europe/Berlin"):
        _call(second)


def test_a_database_that_is_away_is_told_as_such():
    limits = Limits(Quota("postgresql+psycopg2://postgres@127.0.0.1:9/ledger", ACCOUNT))
    with pytest.raises(LedgerUnavailable):
        _call(limits)


CALLER = """
import json, sys, time
from memorialization.ledger.quota import Quota
from plugins.hubspot.client import Client
from plugins.hubspot.limits import Limits
url, host, ticket, reserve, seconds = sys.argv[1:]
client = Client("pat-eu1-acme-demo", host=host, limits=Limits(Quota(url, "hubspot:4711001"), reserve=float(reserve)))
print("ready", flush=True)
end, calls = time.monotonic() + float(seconds), 0
while time.monotonic() < end:
    client.batch_read("0-5", {"inputs": [{"id": ticket}], "properties": ["subject"]})
    calls += 1
print(json.dumps([calls, client.usage().throttled]))
"""


def _callers(number, url, twin, ticket, *, seconds, reserve=0.0):
    command = [sys.executable, "-c", CALLER, url, twin.url, ticket, str(reserve), str(seconds)]
    return [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]


def _told(callers):
    return [json.loads(caller.communicate(timeout=60)[0].splitlines()[-1]) for caller in callers]


@pytest.mark.slow
def test_processes_share_one_budget_and_none_is_refused(serve, url):
    twin = serve(burst=60, interval=1.0)
    ticket = twin.create("0-5", {"subject": "Kettle"})
    made = _told(_callers(3, url, twin, ticket, seconds=3.0))
    assert [throttled for _, throttled in made] == [0, 0, 0]
    assert "POST /crm/v3/objects/{type}/batch/read 429" not in twin.requests()
    calls = [n for n, _ in made]
    assert min(calls) > 0
    assert sum(calls) > 120  # of 180 to 240 that three to four windows hold


@pytest.mark.slow
def test_a_killed_processs_lease_ends_with_the_window(serve, url):
    twin = serve(burst=40, interval=1.0)
    ticket = twin.create("0-5", {"subject": "Kettle"})
    (doomed,) = _callers(1, url, twin, ticket, seconds=60)
    assert doomed.stdout.readline() == "ready\n"
    time.sleep(0.5)
    doomed.kill()
    doomed.communicate()
    ((calls, throttled),) = _told(_callers(1, url, twin, ticket, seconds=4))
    assert throttled == 0
    assert calls > 80  # of 160 that four windows hold


class _Neighbour(threading.Thread):
    """Another program with the same token: a call each `pause` seconds until stopped."""

    def __init__(self, twin, ticket, pause):
        super().__init__(daemon=True)
        self._client = Client("pat-eu1-acme-demo", host=twin.url, limits=_Boundless(), pace=0)
        self._ticket, self._pause, self._over = ticket, pause, threading.Event()
        self.calls = 0

    def run(self):
        while not self._over.wait(self._pause):
            self._client.batch_read("0-5", {"inputs": [{"id": self._ticket}], "properties": ["subject"]})
            self.calls += 1

    def stop(self):
        self._over.set()
        self.join()


class _Boundless(Limits):
    """Limits that grant whatever is asked."""

    def call(self, *, search=False):
        return InProcessCall()

    def keep_day(self, limit, remaining):
        pass


class InProcessCall:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def learn(self, said):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
def test_what_another_program_uses_is_left_to_it(serve, url, shared):
    twin = serve(burst=100, interval=1.0)
    ticket = twin.create("0-5", {"subject": "Kettle"})
    neighbour = _Neighbour(twin, ticket, 0.025)  # 40 % of the window
    neighbour.start()
    time.sleep(1.0)
    limits = Limits(Quota(url, ACCOUNT) if shared else InProcess(), reserve=0)
    client = Client("pat-eu1-acme-demo", host=twin.url, limits=limits)
    end, calls = time.monotonic() + 4, 0
    while time.monotonic() < end:
        client.batch_read("0-5", {"inputs": [{"id": ticket}], "properties": ["subject"]})
        calls += 1
    neighbour.stop()
    assert client.usage().throttled <= calls / 100
    assert calls > 80  # of 240 that are left
