"""A running twin as tests see it: what stands there, and what happens behind the product's back."""

from dataclasses import dataclass
from typing import Any

import httpx

from local.stage import Twin


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
