"""The twin's HubSpot on a port of its own for each test, with the figures and records the tests name."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from plugins.hubspot.client import Client
from plugins.hubspot.limits import Limits
from plugins.hubspot.records import HubSpotStore
from plugins.hubspot.versions import DATED, VERSIONS, dated
from sandbox.hubspot.limits import Limits as TwinLimits
from sandbox.hubspot.portal import Portal, Source
from sandbox.hubspot.service import create_app

TOKEN = "pat-eu1-acme-demo"
SCOPES = frozenset(
    {
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.companies.read",
        "crm.objects.companies.write",
        "tickets",
        "oauth",
    }
)
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SYSTEM = Source("CRM_UI", "userId:7")


@dataclass
class Twin:
    """A portal served over HTTP; `order` plants faults, `requests` counts what came in."""

    portal: Portal
    now: datetime = START
    url: str = ""
    api_version: str = "v3"

    def create(self, type_id: str, properties: dict[str, str], *, days_ago: int = 1) -> str:
        return self.portal.create(type_id, properties, at=self.now - timedelta(days=days_ago), source=SYSTEM)

    def order(self, *faults: dict[str, Any]) -> None:
        if self.api_version == DATED:
            faults = tuple(fault | {"match": dated(fault.get("match", ""))} for fault in faults)
        httpx.post(f"{self.url}/_twin/faults", json=list(faults)).raise_for_status()

    def requests(self) -> dict[str, int]:
        counts: dict[str, int] = httpx.get(f"{self.url}/_twin/requests").raise_for_status().json()
        return {as_v3(call): number for call, number in counts.items()}

    def values(self, type_id: str, record_id: str) -> dict[str, str]:
        return dict(self.portal.record(type_id, record_id).properties)

    def client(self, *, token: str = TOKEN, api_version: str | None = None) -> Client:
        """Waits before retries last a hundredth of what they do in production."""
        version = api_version or self.api_version
        return Client(token, host=self.url, api_version=version, limits=Limits(reserve=0), pace=0.01)

    def store(self, *, token: str = TOKEN, api_version: str | None = None) -> HubSpotStore:
        return HubSpotStore(self.client(token=token, api_version=api_version))


def as_v3(call: str) -> str:
    """The paths of the dated version by their older names, so that tests name each path once."""
    call = call.replace(f"/crm/associations/{DATED}/", "/crm/v4/associations/")
    call = re.sub(rf"/crm/([a-z-]+)/{DATED}", r"/crm/v3/\1", call)
    return re.sub(rf"/(crm-object-schemas|account-info)/{DATED}/", r"/\1/v3/", call)


def _portal() -> Portal:
    portal = Portal(
        portal_id=4711001,
        time_zone="Europe/Berlin",
        ui_domain="app-eu1.hubspot.com",
        token=TOKEN,
        scopes=SCOPES,
        seed=7,
    )
    portal.define("0-5", {"name": "cxone_contact_id", "hasUniqueValue": True})
    portal.define("0-5", {"name": "cxone_agent_name", "label": "Agent name"})
    portal.define("0-5", {"name": "cxone_transcript", "fieldType": "textarea"}, max_length=4000)
    portal.define(
        "0-5",
        {
            "name": "cxone_direction",
            "type": "enumeration",
            "fieldType": "radio",
            "options": [{"value": "inbound", "label": "Inbound"}, {"value": "Outbound", "label": "Outbound"}],
        },
    )
    return portal


@pytest.fixture(params=VERSIONS)
def api_version(request: pytest.FixtureRequest) -> str:
    """Whatever is tested with a twin is tested in both versions."""
    version: str = request.param
    return version


@pytest.fixture
def serve(api_version: str) -> Iterator[Callable[..., Twin]]:
    """serve(**figures of the twin's Limits) -> a running twin."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(**figures: Any) -> Twin:
        twin = Twin(_portal(), api_version=api_version)
        limits = TwinLimits(**{"burst": 10_000, **figures})
        app = create_app(twin.portal, clock=lambda: twin.now, limits=limits, search_lag=0)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        servers.append((server, thread))
        while not server.started:
            time.sleep(0.005)
        twin.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        return twin

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(5)


@pytest.fixture
def twin(serve: Callable[..., Twin]) -> Twin:
    return serve()
