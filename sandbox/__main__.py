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
import textwrap
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import uvicorn
from starlette.types import ASGIApp

from sandbox import schema
from sandbox.cxone.service import create_app as cxone_app
from sandbox.hubspot import shares
from sandbox.hubspot.journal import Journal
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.service import create_app as hubspot_app
from sandbox.times import Clock, millis, parse
from sandbox.world import Settings, World

ON_SIGNAL = (signal.SIGTERM, signal.SIGINT)


def _listed(where: str, faults: shares.Faults) -> str:
    names = textwrap.wrap(", ".join(faults), 98)
    return "\n".join(f"  {where + ':' if not i else '':<19}{line}" for i, line in enumerate(names))


EPILOG = f"""\
Faults of HubSpot (--faults 5%, --fault NAME): the same calls meet the same faults whenever the seed is the same, each
endpoint counted for itself. The journal and GET /_twin/faults name each one that happened. They are:
{_listed("any call", shares.ANY)}
{_listed("searches", shares.SEARCH)}
{_listed("writes", shares.WRITE)}
{_listed("writes of records", shares.RECORDS)}
"late" answers after {shares.LATE:g} s. While it runs, POST /_twin/faults takes an order by share,
  {{"share": 0.05, "only": ["reset", "late"], "late": 1.0, "seed": 7}}   (share alone is enough),
or single ones, used up in their order: match, skip, times, and status with body, drop, delay, after_commit,
retry_after or garble (sandbox/hubspot/faults.py),
  [{{"match": "batch/update", "skip": 3, "status": 502, "body": "html"}}]
and an empty list ends them all. Other control paths: GET /_twin/requests, GET /_twin/records/TYPE/ID, and POST there
of {{"property": "value"}}, which is a person's edit.
CXone's own: POST /_twin/faults at its port (sandbox/cxone/faults.py), GET /_twin/truth, POST /_twin/clock.
"""


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line, read; leaves with 2 and a message when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="sandbox", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--interactions", type=int, default=1500, help="per day")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--start", type=date.fromisoformat, default=date(2026, 11, 16), help="first UTC day")
    parser.add_argument("--clock", type=_clock, default="now", help="now, or the ISO time the twin starts at")
    parser.add_argument("--cxone-port", type=int, default=0)
    parser.add_argument("--hubspot-port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state", type=Path, help="folder of the journal; without it nothing is kept")
    parser.add_argument("--ready", type=Path, help="file written when both serve: {cxone, hubspot, pid}")
    parser.add_argument("--live-stops-on", type=date.fromisoformat, help="no live writes from this UTC day on")
    parser.add_argument("--flawless", action="store_true", help="no live write is lost: what should have been")
    parser.add_argument("--live-trouble", choices=("agent", "skill", "outage"), help="befalls live writes each day")
    parser.add_argument("--token-lifetime", type=int, default=3600, help="seconds")
    parser.add_argument("--burst", type=int, default=190, help="HubSpot calls per 10 seconds")
    parser.add_argument("--daily", type=int, default=625_000, help="HubSpot calls per day of the portal")
    parser.add_argument("--search-per-second", type=float, default=5.0)
    parser.add_argument("--account-type", default="STANDARD", help="of the portal: STANDARD, DEVELOPER_TEST, SANDBOX")
    parser.add_argument("--respell", action="store_true", help="HubSpot rewrites texts: trims, cleans, reformats")
    parser.add_argument("--faults", type=_share, help="share of HubSpot's calls that meet one, such as 5%%; see below")
    parser.add_argument("--fault", action="append", help="only this one of them; may be given again")
    parser.add_argument("--scope", action="append", default=[], help="of the token, beside those it always has")
    chosen = parser.parse_args(arguments)
    if not 1 <= chosen.interactions <= 400_000 or chosen.days < 1:
        parser.error("--interactions must be 1 to 400000, --days at least 1")
    if chosen.fault and not chosen.faults:
        parser.error("--fault says which; --faults says how many of the calls, such as 5%")
    try:
        chosen.share = shares.Share(chosen.seed, chosen.faults, chosen.fault) if chosen.faults else None
    except ValueError as error:
        parser.error(str(error))
    return chosen


def _share(text: str) -> float:
    return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)


def _clock(text: str) -> int:
    return millis(datetime.now(UTC)) if text == "now" else parse(text)


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
    )
    settings = Settings(
        chosen.seed, chosen.interactions, chosen.days, chosen.start, chosen.live_stops_on, chosen.flawless,
        chosen.live_trouble,
    )  # fmt: skip
    world = World(settings, portal, Clock(start))
    world.begin(changes)
    return world, journal


class _Server(uvicorn.Server):
    """Leaves signals to the one place that stops both services."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(chosen: argparse.Namespace, world: World, journal: Journal | None) -> None:
    """Serve both until SIGTERM or SIGINT."""
    limits = Limits(burst=chosen.burst, daily=chosen.daily, search_per_second=chosen.search_per_second)
    hubspot = hubspot_app(
        world.portal,
        clock=world.clock.now,
        limits=limits,
        before_request=world.advance,
        journal=journal,
        share=chosen.share,
    )
    halves: list[tuple[str, ASGIApp, int]] = [
        ("cxone", cxone_app(world, chosen.token_lifetime), chosen.cxone_port),
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
