"""`memorialize coverage`: which days of a configuration are covered, which are not, and what heals them."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.text import Text

    from memorialization.report.model import Coverage, CoverageDay

_SHOWN: Final = {  # state -> (sign, colour, words)
    "covered": ("✔", "green", "covered"),
    "running": ("…", "cyan", "worked now"),
    "not_applied": ("○", "yellow", "not applied: without approval"),
    "stopped_on_quota": ("○", "yellow", "stopped on quota"),
    "failed": ("✘", "red", "failed"),
    "gap": ("–", "red", "gap: never worked"),
}
_OLDER: Final = ("✔", "dim green", "covered under an older mapping: a backfill applies the present one")


@click.command()
@click.option("--configuration", "-c", "name", required=True, help="Folder of the CRM configuration, such as acme.")
@click.option("--from", "start", help="From this time on, UTC, such as 2026-10-01; else the last 35 days.")
@click.option("--to", "end", help="Until this time; else until the last interval that is over.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: days, gaps, and the command that heals each.")
def coverage(name: str, start: str | None, end: str | None, as_json: bool) -> None:
    """Show the days that are covered, and the gaps with the commands that heal them.

    A day is the intervals of the schedule that begin on it, in the schedule's time zone. Before the first run of the
    adopted configuration nothing is a gap.
    """
    from datetime import UTC

    from app.connections import ledger_url
    from app.coverage import coverage as known
    from app.settings import settings
    from memorialization.configuration import load
    from memorialization.intake import window
    from memorialization.ledger import Ledger

    now = datetime.now(UTC)
    first = window(start, now).start if start else None
    last = window(datetime(2000, 1, 1, tzinfo=UTC), end).end if end else None
    if first and last:
        window(first, last)
    configuration = load(settings().mappings, name)
    ledger = Ledger(ledger_url())
    ledger.check()
    found = known(configuration, ledger, now, first, last)
    if as_json:
        click.echo(found.model_dump_json(indent=2, exclude={"healed"}))
        return
    _show(found, f"{name}: schedule {configuration.crm.schedule} ({configuration.crm.timezone})")


def _show(found: "Coverage", title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from memorialization.report.words import ENGLISH

    console = Console(highlight=False, soft_wrap=True)
    if not found.days:
        console.print(
            f"{title}\nNothing to be covered here: that begins with the first run of an adopted configuration."
        )
        return
    since = f", covered since {found.since[:10]}" if found.since else ""
    console.print(Text(f"{title}{since}", "bold"))
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"):
        table.add_column(column)
    for week, signs in _weeks(found.days):
        table.add_row(Text(week, "dim"), *signs)
    console.print(table)
    console.print()
    for text in _legend(found.days):
        console.print(text)
    for gap in found.gaps:
        how = "no night reaches back so far" if gap.too_old else "the next scheduled night takes it along, or"
        console.print(Text(f"\n{ENGLISH.days(gap.days)}: {how}", "yellow"))
        console.print(f"  {gap.command}")
    if not found.gaps:
        console.print("no gap")


def _weeks(days: "tuple[CoverageDay, ...]") -> "list[tuple[str, list[Text]]]":
    """(the week's Monday, a sign for each of its days), from the first day's week to the last day's."""
    from datetime import date, timedelta

    from rich.text import Text

    by_day = {date.fromisoformat(day.day): day for day in days}
    monday = min(by_day) - timedelta(days=min(by_day).weekday())
    weeks = []
    while monday <= max(by_day):
        signs = []
        for i in range(7):
            there = by_day.get(monday + timedelta(days=i))
            sign, colour, _ = _of(there) if there else ("·", "dim", "")
            signs.append(Text(sign, colour))
        weeks.append((f"{monday:%Y-%m-%d}", signs))
        monday += timedelta(days=7)
    return weeks


def _legend(days: "tuple[CoverageDay, ...]") -> "list[Text]":
    """Of each state that there is, how many days are in it."""
    from collections import Counter

    from rich.text import Text

    counts = Counter(_of(day) for day in days)
    order = [*_SHOWN.values(), _OLDER]
    return [Text.assemble((sign, colour), f" {n:,} {words}") for sign, colour, words in order
            if (n := counts[sign, colour, words])]  # fmt: skip


def _of(day: "CoverageDay") -> tuple[str, str, str]:
    return _OLDER if day.older_mapping else _SHOWN[day.state]
