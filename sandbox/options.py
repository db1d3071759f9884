"""The command line of the twin: everything that can be chosen, in groups, with a default for all of it."""

import argparse
import math
import textwrap
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

from sandbox.cxone import shares as cxone
from sandbox.cxone.behaviour import Behaviour, OffsetTimes
from sandbox.hubspot import shares as hubspot
from sandbox.hubspot.kinds import STANDARD_KINDS
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.values import LengthUnit
from sandbox.shares import LATE, Faults, Share
from sandbox.times import millis, parse
from sandbox.troubles import Trouble

WIDTH = 100
SERVICES = ("cxone", "hubspot")
DESCRIPTION = """\
A local NICE CXone and a local HubSpot in one process, over HTTP, with one made-up tenant behind
both: the contact centre's days, the live memorialization (which loses, delays and cuts values as
the real one does), and the people who edit records afterwards. Everything follows from the seed:
the same options give the same world."""


def _listed(rows: list[tuple[str, Faults]]) -> str:
    """Names by where they happen, none of them broken over two lines."""
    lines = []
    for where, faults in rows:
        names = textwrap.wrap(", ".join(name.replace(" ", "_") for name in faults), WIDTH - 23)
        lines += [f"    {'' if i else where:<20}{line.replace('_', ' ')}" for i, line in enumerate(names)]
    return "\n".join(lines)


EPILOG = f"""\
examples:
  python -m sandbox --cxone-port 8441 --hubspot-port 8442       a week, at two fixed ports
  python -m sandbox --clock 2026-11-23T06:00:00Z --seed 3       another world, another moment
  python -m sandbox --faults 5%                                 one call in twenty fails, both sides
  python -m sandbox --faults cxone=20% --fault "token expired"  a token that never lasts
  python -m sandbox --scale 10                                  clock and limits ten times as fast

  CXone: access key acme-access-key, secret acme-access-secret. HubSpot: token pat-eu1-acme-demo.

faults by share: each endpoint's calls are counted for themselves, and the n-th one meets the same
fault whenever the seed is the same.
  HubSpot
{_listed([("any call", hubspot.ANY), ("searches", hubspot.SEARCH), ("writes", hubspot.WRITE),
          ("writes of records", hubspot.RECORDS)])}
  CXone
{_listed([("any call", cxone.ANY), ("with a token", cxone.BEARER), ("reporting, admin", cxone.REPORTING),
          ("completed contacts", cxone.COMPLETED), ("messages", cxone.MESSAGES),
          ("only when named", cxone.NAMED)])}
  "late" answers after {LATE:g} s; "content removed" lasts for that case.

faults on order, while it runs: POST /_twin/faults at the port of the service that shall fail
  [{{"match": "contacts/completed", "skip": 3, "status": 429}}]                        the fourth call
  [{{"status": 503, "at": "2026-11-23T02:00Z", "until": "2026-11-23T02:10Z"}}]         ten minutes
  {{"share": 0.05, "only": ["reset", "late"], "late": 1.0}}                            from now on
  []                                                                                 an end to all
  A rule is used up by the calls that match it, in their order: one call, or `times`. All that a
  fault can be stands in sandbox/README.md.

looking inside: GET /_twin at either port, without a token, tells time, seed, limits and what is
left of them, and names all other control paths.
"""  # fmt: skip


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line, read; leaves with 2 and a message when it is wrong.

    Beside the options it has `shares`, {service: Share or None}, `limits` of HubSpot and the `behaviour` of CXone.
    """
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        usage="python -m sandbox [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=WIDTH),
    )
    _world(parser.add_argument_group("world"))
    _time(parser.add_argument_group("time"))
    _limits(parser.add_argument_group("limits, refused with 429 beyond"))
    _unknowns(parser.add_argument_group("what nobody knows of the real ones, and this can be either way"))
    _faults(parser.add_argument_group("faults"))
    _serving(parser.add_argument_group("ports and files"))
    chosen = parser.parse_args(arguments)
    if not 1 <= chosen.interactions <= 400_000 or chosen.days < 1:
        parser.error("--interactions must be 1 to 400000, --days at least 1")
    if not (math.isfinite(chosen.scale) and chosen.scale > 0):
        parser.error("--scale must be more than 0")
    try:
        chosen.shares = _shares(chosen)
    except ValueError as error:
        parser.error(str(error))
    chosen.limits = Limits(burst=chosen.burst, daily=chosen.daily, search_per_second=chosen.search_per_second).scaled(
        chosen.scale
    )
    chosen.behaviour = Behaviour(
        token_lifetime=chosen.token_lifetime,
        offset_times=chosen.offset_times,
        accept_any=chosen.accept_any,
        result_set=chosen.result_set,
        reporting_per_second=chosen.reporting_per_second,
        digital_per_hour=chosen.digital_per_hour,
        scale=chosen.scale,
    )
    return chosen


def _world(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--seed", type=int, default=7, metavar="N", help="what all chance follows from (7)")
    group.add_argument("--interactions", type=int, default=1500, metavar="N", help="begun per day (1500)")
    group.add_argument("--days", type=int, default=7, metavar="N", help="how many days are played (7)")
    first = date(2026, 11, 16)
    group.add_argument(
        "--start", type=date.fromisoformat, default=first, metavar="DAY", help=f"the first, UTC ({first})"
    )
    group.add_argument("--flawless", action="store_true", help="no live write is lost: what should have been")
    group.add_argument(
        "--live-trouble", choices=get_args(Trouble), metavar="WHAT",
        help="what befalls live writes each day: agent or skill (one's are lost), or outage (14 to 16 h UTC)",
    )  # fmt: skip
    group.add_argument(
        "--live-stops-on", type=date.fromisoformat, metavar="DAY",
        help="the CRM's system user is deleted: no live writes from that UTC day on",
    )  # fmt: skip
    group.add_argument(
        "--account-type", default="STANDARD", metavar="TYPE", help="of the portal: STANDARD, DEVELOPER_TEST, SANDBOX"
    )
    group.add_argument(
        "--scope", action="append", default=[], metavar="NAME",
        help="of HubSpot's token, beside those it always has; may be given again",
    )  # fmt: skip
    group.add_argument(
        "--require", action="append", default=[], type=_property, metavar="TYPE.NAME",
        help="a property that new records must have, such as tickets.content; enforced on 2026-09 paths alone",
    )  # fmt: skip


def _time(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--clock", type=_clock, default="now", metavar="TIME", help="ISO time it starts at (now)")
    group.add_argument(
        "--scale", type=float, default=1.0, metavar="FACTOR",
        help="the clock runs so many times as fast, and every window of a limit is as many times shorter: ten"
        " seconds of HubSpot's burst, a second of searches, CXone's hours and pauses. The lifetime of tokens and"
        " the seconds of faults stay as they are (1)",
    )  # fmt: skip
    group.add_argument(
        "--token-lifetime", type=int, default=3600, metavar="SECONDS", help="of CXone's tokens, real time (3600)"
    )
    group.add_argument(
        "--search-lag", type=float, default=5.0, metavar="SECONDS",
        help="how far HubSpot's search is behind, by the twin's clock (5)",
    )  # fmt: skip


def _limits(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--burst", type=int, default=190, metavar="N", help="HubSpot calls per 10 seconds (190)")
    group.add_argument(
        "--daily", type=int, default=625_000, metavar="N", help="HubSpot calls per day of the portal (625000)"
    )
    group.add_argument(
        "--search-per-second", type=float, default=5.0, metavar="N", help="HubSpot searches per second (5)"
    )
    group.add_argument(
        "--digital-per-hour", type=int, default=120_000, metavar="N",
        help="CXone reads of digital cases and their messages (120000)",
    )  # fmt: skip
    group.add_argument(
        "--reporting-per-second", type=float, metavar="N",
        help="CXone reporting and admin calls; no figure is published (no limit)",
    )  # fmt: skip


def _unknowns(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--respell", action="store_true", help="HubSpot rewrites texts: trims, cleans, reformats")
    group.add_argument(
        "--length-unit", choices=get_args(LengthUnit), default="utf16", metavar="UNIT",
        help="what HubSpot counts as a character of a limit: utf16, characters or bytes (utf16)",
    )  # fmt: skip
    group.add_argument(
        "--offset-times", choices=get_args(OffsetTimes), default="refuse", metavar="WAY",
        help="what CXone does with a time that does not end in Z: refuse, ignore the offset, or honour it (refuse)",
    )  # fmt: skip
    group.add_argument(
        "--accept-any", action="store_true",
        help="CXone's reporting API answers calls without Accept: application/json too",
    )  # fmt: skip
    group.add_argument(
        "--result-set", action="store_true",
        help="CXone's lists come as in samples of 2020: under resultSet, without totalRecords",
    )  # fmt: skip


def _faults(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--faults", action="append", default=[], type=_faulty, metavar="SHARE",
        help="share of all calls that meet one, such as 5%%; of one service alone: cxone=5%% or hubspot=5%%",
    )  # fmt: skip
    group.add_argument(
        "--fault", action="append", metavar="NAME", help="only this one of them, see below; may be given again"
    )


def _serving(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--cxone-port", type=int, default=0, metavar="PORT", help="(any free one)")
    group.add_argument("--hubspot-port", type=int, default=0, metavar="PORT", help="(any free one)")
    group.add_argument("--host", default="127.0.0.1", help="address to listen at (127.0.0.1)")
    group.add_argument(
        "--state", type=Path, metavar="FOLDER",
        help="keeps what was written to HubSpot, also over kill -9; without it nothing is kept",
    )  # fmt: skip
    group.add_argument(
        "--ready", type=Path, metavar="FILE", help="written when both serve: {cxone, hubspot, pid} as JSON"
    )


def _shares(chosen: argparse.Namespace) -> dict[str, Share | None]:
    """What each service fails with; raises ValueError."""
    asked = dict(pair for pairs in chosen.faults for pair in pairs)
    named: list[str] | None = chosen.fault
    if named and not asked:
        raise ValueError("--fault says which; --faults says how many of the calls, such as 5%")
    known = {"hubspot": hubspot.ALL, "cxone": cxone.ALL}
    if unknown := set(named or ()).difference(*(known[service] for service in asked)):
        there = ", ".join(dict.fromkeys(name for service in asked for name in known[service]))
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}; there are: {there}")
    made: dict[str, Callable[..., Share]] = {"hubspot": hubspot.Share, "cxone": cxone.Share}
    found: dict[str, Share | None] = dict.fromkeys(SERVICES)
    for service, share in asked.items():
        only = None if named is None else [name for name in named if name in known[service]]
        if only is None or only:
            found[service] = made[service](chosen.seed, share, only)
    return found


def _faulty(text: str) -> list[tuple[str, float]]:
    """(service, share) of "5%", "0.05" or "cxone=5%"."""
    service, equals, number = text.rpartition("=")
    if equals and service not in SERVICES:
        raise argparse.ArgumentTypeError(f"{service} is none of {', '.join(SERVICES)}")
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{number} is no share of the calls, such as 5% or 0.05") from None
    return [(name, share) for name in ([service] if equals else SERVICES)]


def _property(text: str) -> tuple[str, str]:
    """(type id, property) of "tickets.content"."""
    kind, _, name = text.partition(".")
    for known in STANDARD_KINDS:
        if name and kind in (known.plural, known.singular, known.type_id):
            return known.type_id, name
    raise argparse.ArgumentTypeError(f"{text} is no property of a type, such as tickets.content")


def _clock(text: str) -> int:
    return millis(datetime.now(UTC)) if text == "now" else parse(text)
