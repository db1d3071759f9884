"""A stage for whole runs: a twin, a ledger of its own, folders of its own, all found through the environment."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.stage import Twin, twin


@dataclass(frozen=True)
class World:
    """A running twin, and what a test asks of it behind the product's back."""

    services: Twin

    def truth(self, start: str, end: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.services.cxone}/_twin/truth", params={"from": start, "to": end}, timeout=60)
        data: dict[str, Any] = answer.json()
        return data

    def record(self, type_id: str, record_id: str) -> dict[str, Any]:
        data: dict[str, Any] = httpx.get(f"{self.services.hubspot}/_twin/records/{type_id}/{record_id}").json()
        return data

    def by_hand(self, type_id: str, record_id: str, **properties: str) -> None:
        """A person changes values in HubSpot's pages."""
        httpx.post(f"{self.services.hubspot}/_twin/records/{type_id}/{record_id}", json=properties).raise_for_status()

    def find(self, type_id: str, name: str, value: str) -> list[str]:
        """Ids of the records that hold this value."""
        query = {"property": name, "value": value}
        ids: list[str] = httpx.get(f"{self.services.hubspot}/_twin/records/{type_id}", params=query).json()
        return ids

    def faults(self, service: str, *rules: dict[str, Any]) -> None:
        httpx.post(f"{getattr(self.services, service)}/_twin/faults", json=list(rules)).raise_for_status()

    def requests(self, service: str) -> dict[str, int]:
        data: dict[str, int] = httpx.get(f"{getattr(self.services, service)}/_twin/requests").json()
        return data

    def writes(self) -> int:
        """Calls so far that wrote records."""
        verbs = ("batch/update", "batch/upsert", "batch/create", "PATCH ", "PUT ")
        return sum(n for call, n in self.requests("hubspot").items() if any(v in call for v in verbs))


@pytest.fixture
def start_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Starts twins with the options given; all are stopped at the end of the test."""
    with ExitStack() as stack:

        def start(*options: str, name: str = "twin") -> World:
            return World(stack.enter_context(twin(tmp_path / name, *options)))

        yield start


@pytest.fixture
def stage(
    tmp_path: Path, postgres_socket: str, ledger_database: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[World], None]:
    """Points the product at a world, and at a ledger, staging and reports of this test's own."""

    def point(world: World) -> None:
        connections = {
            "CXONE_ACME": {
                "host": world.services.cxone, "login": "acme-access-key", "password": "acme-access-secret",
                "extra": {"address_secret": "0123456789abcdef0123456789abcdef"},
            },
            "HUBSPOT_ACME": {"host": world.services.hubspot, "password": "pat-eu1-acme-demo"},
            "MEMORIALIZATION_LEDGER": {
                "login": "postgres", "schema": ledger_database, "extra": {"host": postgres_socket}
            },
        }  # fmt: skip
        for name, value in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))
        monkeypatch.setenv("MEMORIALIZATION_STAGING", str(tmp_path / "staging"))
        monkeypatch.setenv("MEMORIALIZATION_REPORTS", str(tmp_path / "reports"))

    return point
