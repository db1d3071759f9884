"""Pains with CXone that no other test shows."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from local.stage import twin
from memorialization.ports import Channel, Wanted, Window
from plugins.cxone.client import CxoneClient
from plugins.cxone.source import CxoneSource

pytestmark = pytest.mark.slow

TOKEN_PATH = "/authentication/v1/token/access-key"
CHANNELS: tuple[Channel, ...] = ("voice", "digital")
WORLD = ("--start", "2026-11-16", "--days", "2", "--interactions", "60", "--clock", "2026-11-18T06:00:00Z")
DAY = Window(datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC))
WANTED = Wanted(
    datetime(2026, 11, 16, tzinfo=UTC),
    transcripts=True,
    script_variables=frozenset({"hubspot_contact_id"}),
    again=frozenset(),
    changed_since=datetime(2026, 11, 17, tzinfo=UTC),
)


@dataclass(frozen=True)
class Day:
    """What a day was made of: the addresses that were called, and the interactions that were told, by channel."""

    calls: list[str]
    told: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    calls = []
    send = httpx.Client.send

    def noted(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        calls.append(str(request.url))
        return send(self, request, **options)

    with twin(tmp_path_factory.mktemp("twin"), *WORLD) as services, pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", noted)
        with CxoneClient(services.cxone, "acme-access-key", "acme-access-secret") as client:
            source = CxoneSource(client)
            batches = {channel: source.interactions(channel, DAY, WANTED) for channel in CHANNELS}
            told = {
                c: [row for batch in found for row in batch.interactions.to_pylist()] for c, found in batches.items()
            }
            yield Day(calls, told)


def test_the_renewal_of_a_token_waits_as_long_as_it_is_told(scripted: Any) -> None:
    """A 4xx is tried again for a day; the renewal of a token does not wait as it was told."""
    issued = scripted.answers.pop(TOKEN_PATH)
    scripted.on(TOKEN_PATH, None, status=429, headers={"Retry-After": "1"})
    scripted.answers[TOKEN_PATH] += issued
    scripted.acd("server-time", {"ok": True})
    began = time.monotonic()
    assert scripted.client().acd("server-time") == {"ok": True}
    assert 1.0 <= time.monotonic() - began < 3.0
    assert len(scripted.asked(TOKEN_PATH)) == 2


def test_every_time_that_is_asked_for_ends_in_z(day: Day) -> None:
    """Only times that end in Z are safe."""
    values = [value for url in day.calls for _, value in parse_qsl(urlsplit(url).query)]
    times = {value for value in values if re.match(r"\d{4}-\d\d-\d\dT", value)}
    assert len(times) >= 4
    assert {time for time in times if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)} == set()


def test_no_link_to_a_recording_is_asked_for_or_told(day: Day) -> None:
    """Links to recordings expire and cost money."""
    assert {bool(rows) for rows in day.told.values()} == {True}
    assert {row["recording_url"] for rows in day.told.values() for row in rows} == {None}
    roots = {"/".join(urlsplit(url).path.split("/")[:2]) for url in day.calls}
    assert roots == {"/.well-known", "/authentication", "/dfo", "/incontactapi"}
