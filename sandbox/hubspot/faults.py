"""What an ordered fault does to one of HubSpot's answers (when it does: `orders`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.orders import Rule

HTML = "<html><head><title>502 Bad Gateway</title></head><body><center>cloudflare</center></body></html>"


@dataclass
class Fault(Rule):
    """One rule: requests that match get this answer instead.

    `status` without `after_commit` means nothing was done; `body`: "html" (default from 500 on), "json",
    "burst", "daily", "search" (429), "empty" (says COMPLETE and did nothing), or "nothing" (no body at all).
    `delay`: seconds of real time before the request is carried out (`after_commit`: before it is answered), then on
    as usual when there is no status. `drop` cuts the connection.
    `retry_after`: the header, in seconds. `garble` carries a batch out and spoils its answer, see `garbled`;
    "blanket" judges the batch as if it had no trace ids; "refused" and "hidden" leave its first input undone.
    """

    status: int | None = None
    body: str | None = None
    after_commit: bool = False
    delay: float = 0.0
    drop: bool = False
    retry_after: int | None = None
    garble: str | None = None


def spoiled(fault: Fault | None, raw: bytes) -> bytes:
    """The request as it is carried out under this fault."""
    if fault is None or fault.garble not in ("blanket", "refused", "hidden"):
        return raw
    request = orjson.loads(raw)
    inputs = request["inputs"]
    inputs = [item | {"objectWriteTraceId": None} for item in inputs] if fault.garble == "blanket" else inputs[1:]
    return orjson.dumps(request | {"inputs": inputs})


def garbled(kind: str, raw: bytes, status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The spoiled answer of a batch whose request was `raw`: "untraced", "strange" (trace ids nobody sent), "swapped"
    (of two results), "doubled" and "short" (a result too many or too few), "complete" (the errors of a 207 under a
    200), "nameless" (errors that do not say whose they are), "refused" (an error for the first input, a 207) and
    "hidden" (the same under a 200).

    Raises ValueError for an unknown kind.
    """
    results = [dict(item) for item in body.get("results", ())]
    traces = [item.get("objectWriteTraceId") for item in results]
    match kind:
        case "untraced":
            results = [{k: v for k, v in item.items() if k != "objectWriteTraceId"} for item in results]
        case "strange":
            results = [item | {"objectWriteTraceId": f"strange-{n}"} for n, item in enumerate(results)]
        case "swapped":
            turned = traces[1::-1] + traces[2:]
            results = [item | {"objectWriteTraceId": t} for item, t in zip(results, turned, strict=True)]
        case "doubled":
            results += results[:1]
        case "short":
            results = results[1:]
        case "complete":
            status = 200
        case "nameless":
            errors = [{k: v for k, v in item.items() if k != "context"} for item in body.get("errors", ())]
            body = body | ({"errors": errors} if errors else {})
        case "refused" | "hidden":
            first = orjson.loads(raw)["inputs"][0]
            status = 207 if kind == "refused" else status
            body = body | {"numErrors": 1, "errors": [*body.get("errors", ()), _refusal(first)]}
        case _:
            raise ValueError(f"no such way to garble an answer: {kind}")
    return status, body | {"results": results}


def _refusal(item: dict[str, Any]) -> dict[str, Any]:
    """The error of one input that the account would not take (hubspot-api, section 2.3)."""
    context = {"objectWriteTraceId": [item["objectWriteTraceId"]]}
    return {"status": "error", "category": "VALIDATION_ERROR", "message": "Refused by the account.", "context": context}
