"""A small portal, served by uvicorn on a free port; its clock moves only when a test moves it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hubspot import HubSpot

from sandbox.hubspot.journal import Journal
from sandbox.hubspot.kinds import Kind
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.portal import Portal, Source
from sandbox.hubspot.service import create_app

TOKEN = "pat-eu1-test"
START = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
STUDIO = Source("INTEGRATION", "studio", "Studio script")
SCOPES = frozenset(
    {
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.companies.read",
        "crm.schemas.contacts.read",
        "crm.objects.custom.read",
        "crm.objects.custom.write",
        "tickets",
        "oauth",
    }
)


def make_portal(seed: int = 7) -> Portal:
    """The portal of the tests: a few `cxone` properties of every type, and one custom object."""
    portal = Portal(
        portal_id=4711001,
        time_zone="Europe/Berlin",
        ui_domain="app-eu1.hubspot.com",
        token=TOKEN,
        scopes=SCOPES,
        seed=seed,
    )

    def define(type_id: str, name: str, kind: str, field_type: str, max_length: int | None = None, **more: Any) -> None:
        item = {
            "name": name,
            "label": name,
            "type": kind,
            "fieldType": field_type,
            "groupName": "cxone",
            **more,
        }
        portal.define(type_id, item, max_length=max_length)

    dispositions = [{"label": "Solved", "value": "solved"}, {"label": "Old", "value": "old", "hidden": True}]
    define("0-5", "cxone_contact_id", "string", "text", hasUniqueValue=True)
    define("0-5", "cxone_transcript", "string", "textarea", max_length=4000)
    define("0-5", "cxone_disposition", "enumeration", "select", options=dispositions)
    define("0-5", "cxone_topics", "enumeration", "checkbox", options=[{"value": v} for v in ("a", "b", "c")])
    define("0-5", "cxone_start_time", "datetime", "date")
    define("0-5", "cxone_callback_date", "date", "date")
    define("0-5", "cxone_final_state", "bool", "booleancheckbox")
    define("0-5", "cxone_skill_id", "number", "number")
    define("0-5", "cxone_secret", "string", "text", dataSensitivity="sensitive")
    define("0-1", "cxone_last_agent", "string", "text")
    define("0-1", "cxone_customer_number", "string", "text", hasUniqueValue=True)
    portal.define_kind(Kind("2-100", "visits", "visit", "visit_key", "custom"))
    define("2-100", "visit_key", "string", "text", hasUniqueValue=True)
    return portal


@dataclass
class Twin:
    """A served portal: `http` is authenticated, `now` the twin's clock."""

    portal: Portal
    url: str
    http: httpx.Client
    now: list[datetime] = field(default_factory=lambda: [START])

    def move(self, **by: float) -> None:
        self.now[0] += timedelta(**by)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.post(path, json=body)

    def batch(self, verb: str, inputs: list[dict[str, Any]], type_: str = "tickets", **more: Any) -> httpx.Response:
        return self.post(f"/crm/v3/objects/{type_}/batch/{verb}", {"inputs": inputs, **more})

    def ticket(self, key: str, **properties: str) -> str:
        values = {
            "subject": f"Call {key}",
            "hs_pipeline": "0",
            "hs_pipeline_stage": "1",
            "cxone_contact_id": key,
        }
        return self.portal.create("0-5", values | properties, at=self.now[0], source=STUDIO)

    def contact(self, **properties: str) -> str:
        return self.portal.create("0-1", properties, at=self.now[0], source=STUDIO)

    def values(self, type_: str, record_id: str) -> dict[str, str]:
        return self.portal.record(type_, record_id).properties

    def sdk(self) -> Any:
        return HubSpot(access_token=TOKEN, host=self.url)


Serve = Callable[..., Twin]


@pytest.fixture
def new_portal() -> Callable[..., Portal]:
    return make_portal


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a portal with the given limits, lag or journal; stopped at the end of the test."""
    servers: list[tuple[uvicorn.Server, threading.Thread, httpx.Client]] = []

    def start(
        portal: Portal | None = None,
        *,
        limits: Limits | None = None,
        journal: Path | None = None,
        lag: float = 5.0,
    ) -> Twin:
        portal = portal or make_portal()
        now = [START]
        app = create_app(
            portal,
            clock=lambda: now[0],
            limits=limits or Limits(burst=10_000, search_per_second=1_000),
            journal=None if journal is None else Journal(journal),
            search_lag=lag,
        )
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"})
        servers.append((server, thread, http))
        return Twin(portal, url, http, now)

    yield start
    for server, thread, http in servers:
        http.close()
        server.should_exit = True
        thread.join(5)


@pytest.fixture
def twin(serve: Serve) -> Twin:
    return serve()
