"""`memorialize backfill`: a range of days, each a run of its own; shows how far it is, and one summary at its end."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.console import Console

    from app.backfill import Backfill, Day

_SHOWN: Final = {  # state -> (colour, words)
    "covered": ("dim", "covered already"),
    "done": ("green", "done"),
    "waits": ("yellow", "waits for approval"),
    "held": ("yellow", "worked by another run"),
    "stopped": ("yellow", "stopped on quota"),
    "failed": ("red", "failed"),
    "open": ("dim", "not begun"),
}
_WRONG: Final = ("missing", "drifted", "truncated")


@click.command()
@click.option("--configuration", "-c", "name", required=True, help="Folder of the CRM configuration, such as acme.")
@click.option("--from", "start", required=True, help="Start of the range, UTC, such as 2026-10-01T02:00:00Z.")
@click.option("--to", "end", required=True, help="End of the range, not included.")
@click.option("--dry-run", is_flag=True, help="Do everything but write to HubSpot.")
@click.option("--again", is_flag=True, help="Also the days that are covered under the present mapping.")
def backfill(name: str, start: str, end: str, dry_run: bool, again: bool) -> None:
    """Reconcile a range day by day, oldest first. Started again, it goes on where it ended.

    Days that are covered under the present mapping are left alone. A day that fails does not stop the others. While a
    nightly run of the configuration goes on, the backfill waits. What is above the limits of approval waits for one
    approval for all days.
    """
    from rich.console import Console

    from app import backfill as app_backfill
    from app.coverage import typed
    from memorialization.intake import window
    from memorialization.ports import Window

    plan = app_backfill.planned(name, window(start, end), dry_run=dry_run, again=again)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    left = f", {len(plan.covered):,} covered already and left (--again does them, too)" if plan.covered else ""
    console.print(f"{name}: {len(plan.todo):,} days to do{left}")
    done: list[Day] = []
    try:
        for day in _watched(plan, console):
            done.append(day)  # noqa: PERF402 - those before an error count
    finally:  # also where it is broken off: what was done, stays
        _summary(plan, done)
    asked = app_backfill.question(plan.configuration, done)
    if asked is not None:
        click.echo(f"\n{asked.values:,} values in all, with what waits. To approve that, and then go on:")
        click.echo(f"  {asked.command}")
    open_ = sorted((day.window for day in done if day.open), key=lambda window: window.start)
    if open_:
        if asked is None:
            click.echo("\nTo try again what is not done:")
        flags = " --dry-run" * dry_run + " --again" * again
        click.echo(f"  {typed('backfill', name, Window(open_[0].start, open_[-1].end))}{flags}")
    if any(day.state in ("held", "failed") for day in done):
        sys.exit(1)
    if asked is not None:
        sys.exit(3)


def _watched(plan: "Backfill", console: "Console") -> "Iterator[Day]":
    """The days as they end: a line for each, and on a terminal a bar with what is being done and the time left."""
    import time

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from app import backfill as app_backfill

    columns = (BarColumn(20), MofNCompleteColumn(), TextColumn("{task.fields[told]}", style="dim"))
    total, begun, wrong = len(plan.todo), time.monotonic(), 0
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("days", total=total, told="")
        days = app_backfill.work(plan, told=lambda what: bar.update(task, told=what), noted=console.print)
        for number, day in enumerate(days, 1):
            wrong += _wrong(day)
            minutes = (time.monotonic() - begun) / number * (total - number) / 60
            left = f"; about {minutes:,.0f} minutes left" if minutes >= 1 else ""
            console.print(
                f"{number:>5}/{total}  {day.day}  {_SHOWN[day.state][1]}, {wrong:,} wrong values so far{left}"
            )
            bar.update(task, completed=number)
            yield day


def _wrong(day: "Day") -> int:
    return sum(day.funnel.get(name, 0) for name in _WRONG)


def _summary(plan: "Backfill", done: "list[Day]") -> None:
    from collections import Counter

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True, width=max(Console().width, 120))  # run ids stay in one piece
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("day")
    table.add_column("")
    for title in ("due", "wrong", "written", "held", "parked", "rejected"):
        table.add_column(title, justify="right")
    table.add_column("run")
    ended = {day.window: day for day in (*plan.covered, *done)}
    states = Counter[str](day.state for day in ended.values())
    for date, window in plan.every:
        day = ended.get(window)
        colour, words = _SHOWN[day.state if day else "open"]
        counts = [f"{n:,}" for n in _counts(day)] if day and day.run_id else [""] * 6
        table.add_row(f"{date}", Text(words, colour), *counts, (day and day.run_id) or "")
    console.print()
    console.print(table)
    for day in done:
        if day.said:
            console.print(Text(f"{day.day}: {day.said}", "red" if day.state == "failed" else "yellow"))
    states["open"] = len(plan.every) - len(ended)
    told = [f"{n:,} {_SHOWN[state][1]}" for state, n in states.items() if n]
    written = sum(day.funnel.get("written", 0) for day in done)
    console.print(f"\n{plan.configuration.name}: {', '.join(told) or 'no day'}; {written:,} values written.")


def _counts(day: "Day") -> list[int]:
    funnel = day.funnel
    return [funnel["due"], _wrong(day), *(funnel[name] for name in ("written", "held", "parked", "rejected"))]
