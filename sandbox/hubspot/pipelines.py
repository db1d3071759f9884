"""Pipelines of tickets and deals, and their stages (hubspot-api, section 10): every portal has the same ones here."""

from __future__ import annotations

from typing import Any

from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import not_found
from sandbox.hubspot.standard import PIPELINES

_STAMPS = {"createdAt": "2024-01-01T00:00:00Z", "updatedAt": "2024-01-01T00:00:00Z", "archived": False}


def all(call: Call) -> Answer:
    return Answer(200, {"results": _pipelines(call)})


def one(call: Call) -> Answer:
    return Answer(200, _one(_pipelines(call), call.params["id"]))


def stages(call: Call) -> Answer:
    return Answer(200, {"results": _one(_pipelines(call), call.params["id"])["stages"]})


def stage(call: Call) -> Answer:
    return Answer(200, _one(_one(_pipelines(call), call.params["id"])["stages"], call.params["stage"]))


def _pipelines(call: Call) -> list[dict[str, Any]]:
    store = call.store()
    call.need_schema(store.kind, "read")
    return [_pipeline(given) for given in PIPELINES.get(store.kind.type_id, ())]


def _one(items: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    for item in items:
        if item["id"] == wanted:
            return item
    raise not_found()


def _pipeline(given: dict[str, Any]) -> dict[str, Any]:
    stages = [
        {
            "id": stage,
            "label": label,
            "displayOrder": position,
            "metadata": {},
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            **_STAMPS,
        }
        for position, (stage, label) in enumerate(zip(given["stage_ids"], given["stages"], strict=True))
    ]
    return {"id": given["id"], "label": given["label"], "displayOrder": 0, "stages": stages, **_STAMPS}
