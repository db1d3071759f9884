"""`python -m sandbox`: one world behind two HTTP services (CXone and HubSpot) until a signal ends it."""

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson
import uvicorn
from starlette.types import ASGIApp

from sandbox import schema
from sandbox.cxone.service import create_app as cxone_app
from sandbox.hubspot.journal import Journal
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.service import create_app as hubspot_app
from sandbox.options import options
from sandbox.times import Clock, millis
from sandbox.world import Settings, World

ON_SIGNAL = (signal.SIGTERM, signal.SIGINT)


def build(chosen: argparse.Namespace) -> tuple[World, Journal | None]:
    """The world up to its clock; a journal's last change is never in the clock's future."""
    journal = None
    changes = []
    if chosen.state:
        chosen.state.mkdir(parents=True, exist_ok=True)
        journal = Journal(chosen.state / "journal.jsonl")
        changes = list(journal.events())
    start = max([chosen.clock, *(millis(at) + 1 for at, _ in changes)])
    portal = Portal(
        portal_id=schema.PORTAL_ID,
        time_zone=schema.TIME_ZONE,
        ui_domain=schema.UI_DOMAIN,
        token=schema.TOKEN,
        scopes=schema.SCOPES.union(chosen.scope),
        seed=chosen.seed,
        account_type=chosen.account_type,
        respells=chosen.respell,
        unit=chosen.length_unit,
        required=frozenset(chosen.require),
    )
    settings = Settings(
        chosen.seed, chosen.interactions, chosen.days, chosen.start, chosen.live_stops_on, chosen.flawless,
        chosen.live_trouble,
    )  # fmt: skip
    world = World(settings, portal, Clock(start, chosen.scale))
    world.begin(changes)
    return world, journal


class _Server(uvicorn.Server):
    """Leaves signals to the one place that stops both services."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(chosen: argparse.Namespace, world: World, journal: Journal | None) -> None:
    """Serve both until SIGTERM or SIGINT."""
    hubspot = hubspot_app(
        world.portal,
        clock=world.clock.now,
        limits=chosen.limits,
        before_request=world.advance,
        journal=journal,
        search_lag=chosen.search_lag,
        share=chosen.shares["hubspot"],
    )
    halves: list[tuple[str, ASGIApp, int]] = [
        ("cxone", cxone_app(world, chosen.behaviour, chosen.shares["cxone"]), chosen.cxone_port),
        ("hubspot", hubspot, chosen.hubspot_port),
    ]
    servers, tasks, urls = [], [], {}
    for name, app, port in halves:
        listening = _listen(chosen.host, port)
        config = uvicorn.Config(
            app, log_level="critical", lifespan="off", timeout_graceful_shutdown=2, timeout_keep_alive=75
        )
        server = _Server(config)
        servers.append(server)
        tasks.append(asyncio.create_task(server.serve(sockets=[listening])))
        urls[name] = f"http://{chosen.host}:{listening.getsockname()[1]}"

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for number in ON_SIGNAL:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    while not all(server.started or task.done() for server, task in zip(servers, tasks, strict=True)):
        await asyncio.sleep(0.005)
    for name, url in urls.items():
        print(f"{name} serves at {url}", flush=True)
    if chosen.ready:
        _write(chosen.ready, orjson.dumps({**urls, "pid": os.getpid()}))
    await asyncio.gather(*tasks)


def _listen(host: str, port: int) -> socket.socket:
    # named as TCP, or asyncio leaves Nagle's algorithm on and each answer takes 40 ms
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as wrong:
        raise SystemExit(f"cannot listen on {host}:{port} ({wrong.strerror}); choose another port") from None
    return listening


def _write(path: Path, data: bytes) -> None:
    """All of the file or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(number, "wb") as file:
        file.write(data)
    os.replace(name, path)


def main() -> int:
    chosen = options(sys.argv[1:])
    for number in ON_SIGNAL:  # while the world is being built; `serve` takes over
        signal.signal(number, lambda *_: sys.exit(0))
    gc.disable()  # building makes millions of objects that all stay; collected once at the end
    world, journal = build(chosen)
    gc.enable()
    asyncio.run(serve(chosen, world, journal))
    if journal:
        journal.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
