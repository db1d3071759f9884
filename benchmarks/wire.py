"""How much of HubSpot's limit the writing uses, and what it costs.

A twin that enforces 190 calls per 10 seconds takes 50,000 changed rows through the limiter that is shared through
PostgreSQL, once alone and once beside another program that uses 40 % of the window. Figures are ratios to what the
limit allows; the first window is full at the start, so `whole` may exceed 1, and `steady` leaves that window out.
"""

import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import Figure, fresh
from local.stage import postgres
from memorialization.ledger import Ledger
from memorialization.ledger.quota import Quota
from memorialization.ports import Entity, Receipt, WriteRow
from plugins.hubspot.client import Client
from plugins.hubspot.limits import Limits
from plugins.hubspot.records import HubSpotStore

BURST, INTERVAL, BATCH = 190, 10.0, 100  # HubSpot's limit of a paid account; rows a call
TOKEN = "pat-eu1-acme-demo"
TICKET = Entity("Ticket", "0-5")
ROWS = 50_000
OTHERS = 0.4  # share of the window that another program uses


def _serve(rows: int, answer: Connection) -> None:
    """The twin in a process of its own, with this many tickets; tells its port and the tickets' ids."""
    import asyncio
    import socket

    import uvicorn

    from sandbox.hubspot.limits import Limits as TwinLimits
    from sandbox.hubspot.portal import Portal, Source
    from sandbox.hubspot.service import create_app

    scopes = frozenset({"tickets", "oauth"})
    portal = Portal(
        portal_id=4711001, time_zone="Europe/Berlin", ui_domain="app-eu1.hubspot.com", token=TOKEN,
        scopes=scopes, seed=7,
    )  # fmt: skip
    for number in range(5):
        portal.define("0-5", {"name": f"cxone_{number}", "label": f"CXone {number}"})
    now = datetime.now(UTC)
    ids = [portal.create("0-5", {"subject": "Kettle"}, at=now, source=Source("CRM_UI", "7")) for _ in range(rows)]
    app = create_app(portal, clock=lambda: datetime.now(UTC), limits=TwinLimits(burst=BURST, interval=INTERVAL))
    listening = socket.create_server(("127.0.0.1", 0))
    answer.send((listening.getsockname()[1], ids))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    asyncio.run(server.serve(sockets=[listening]))


@contextmanager
def twin(rows: int) -> Iterator[tuple[str, list[str]]]:
    """(base URL, ids of the tickets)."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(rows, there), daemon=True)
    process.start()
    try:
        port, ids = here.recv()
        yield f"http://127.0.0.1:{port}", ids
    finally:
        process.terminate()
        process.join()


@contextmanager
def neighbour(url: str, ticket: str) -> Iterator[dict[str, int]]:
    """Another program with the same token, evenly at `OTHERS` of the limit; counts its answers by status."""
    answers: dict[str, int] = {}
    over = threading.Event()
    pause = INTERVAL / (BURST * OTHERS)

    def call() -> None:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            due = time.monotonic()
            while not over.wait(max(0.0, due - time.monotonic())):
                status = str(client.get(f"/crm/v3/objects/0-5/{ticket}").status_code)
                answers[status] = answers.get(status, 0) + 1
                due += pause

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()


def measured(url: str, ledger: str, ids: Sequence[str], account: str, share: float) -> dict[str, Any]:
    """Writes a row per id; `share` of the limit is what may be used at most."""
    client = Client(TOKEN, host=url, limits=Limits(Quota(ledger, account), reserve=0))
    store = HubSpotStore(client)
    words = [f"value {number} " + "x" * 60 for number in range(5)]
    rows = [
        WriteRow(f"t{record}", {f"cxone_{n}": word for n, word in enumerate(words)}, record_id=record) for record in ids
    ]
    times: list[tuple[float, int]] = []

    def told(receipts: Sequence[Receipt]) -> None:
        times.append((time.monotonic() - begun, len(receipts)))

    begun, used = time.monotonic(), time.process_time()
    receipts = store.write(TICKET, rows, told=told)
    elapsed, used = time.monotonic() - begun, time.process_time() - used
    usage = client.usage()
    calls = sum(usage.calls.values())
    most = BURST * BATCH / INTERVAL * share
    last = int(elapsed // INTERVAL) * INTERVAL
    steady = sum(n for at, n in times if INTERVAL <= at < last) / (last - INTERVAL) if last > INTERVAL else None
    return {
        "rows": len(rows),
        "written": sum(receipt.outcome == "written" for receipt in receipts),
        "seconds": round(elapsed, 2),
        "calls": calls,
        "throttled_share": round(usage.throttled / calls, 4),
        "whole": round(len(rows) / elapsed / most, 3),
        "steady": None if steady is None else round(steady / most, 3),
        "cpu_share": round(used / elapsed, 3),
    }


def measure(rows: int = ROWS) -> list[Figure]:
    """Alone and beside another program: rows a second, calls answered 429, and what the client costs."""
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, postgres(Path(folder) / "data") as where:
        ledger = f"postgresql+psycopg2://postgres@/ledger?host={where}"
        Ledger(ledger).upgrade()
        with twin(rows) as (url, ids):
            found["alone"] = fresh(measured, url, ledger, ids, "hubspot:1", 1.0).value
        with twin(rows) as (url, ids), neighbour(url, ids[0]) as answers:
            time.sleep(INTERVAL)  # the neighbour was there first
            found["beside another program"] = fresh(measured, url, ledger, ids, "hubspot:2", 1 - OTHERS).value
            throttled = round(answers.get("429", 0) / sum(answers.values()), 4)
            found["beside another program"]["neighbour_throttled_share"] = throttled
    alone, beside = found["alone"], found["beside another program"]
    most = BURST * BATCH / INTERVAL
    rate = alone["whole"] if alone["steady"] is None else alone["steady"]
    return [
        Figure("writing alone", "the limit", most, round(rate * most), "rows/s", 0.97, "at least", alone),
        Figure("writing alone, calls answered 429", "all calls", 1.0, alone["throttled_share"], "share", target=0.0),
        Figure("writing alone, client CPU", "one core", 1.0, alone["cpu_share"], "cores", target=0.25),
        Figure(
            f"writing beside {OTHERS:.0%} of others, calls answered 429",
            "all calls", 1.0, beside["throttled_share"], "share", target=0.01, details=beside,
        ),
    ]  # fmt: skip
