"""`memorialize plan`: what the mappings as they are now would write, before anything of it is written."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from memorialization.preview import Preview, RowPlan


@click.command()
@click.option("--configuration", "-c", "name", required=True, help="Folder of the CRM configuration, such as acme.")
@click.option("--from", "start", required=True, help="Start of the window, UTC, such as 2026-11-22T02:00:00Z.")
@click.option("--to", "end", required=True, help="End of the window, not included.")
@click.option("--against", metavar="REV", help="Also tell what the mappings at this git revision would do otherwise.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and progress to stderr.")
def plan(name: str, start: str, end: str, against: str | None, as_json: bool) -> None:
    """Preview a mapping edit: values, records, calls and minutes. Writes nothing, and counts as no run."""
    import tempfile
    from dataclasses import replace
    from datetime import UTC, datetime
    from pathlib import Path

    import orjson

    from app import steps
    from app.connections import ledger_url
    from app.revisions import checked_out
    from app.settings import settings
    from memorialization.configuration import load
    from memorialization.errors import ConfigurationError, WindowError
    from memorialization.intake import window
    from memorialization.preview import Onlooker, preview, reads_alike

    span = window(start, end)
    if span.end > datetime.now(UTC):
        raise WindowError(f"the window ends in the future ({span.end.isoformat()}); end it now at the latest")
    mappings = settings().mappings
    configuration = load(mappings, name)
    with tempfile.TemporaryDirectory(prefix="memorialize-plan-") as folder:  # mode 0700, gone at the end
        other = commit = None
        if against is not None:
            commit = checked_out(mappings, name, against, Path(folder) / "mappings")
            try:
                other = load(Path(folder) / "mappings", name)
            except ConfigurationError as error:
                told = str(error).replace(f"{folder}/mappings/", f"{against}:")
                raise ConfigurationError(f"--against {against}: that mapping does not load: {told}") from None
        result = preview(
            configuration,
            span,
            replace(steps.ports(configuration), ledger=Onlooker(ledger_url())),
            folder=folder,
            against=other,
            apart=steps.ports(other).source if other and not reads_alike(configuration, other) else None,
            progress=lambda step, part: click.echo(f"  {step:<9} {part}", err=True),
        )
    if as_json:
        data = {
            "configuration": name, "from": span.start.isoformat(), "to": span.end.isoformat(),
            "mode": configuration.crm.mode, "against": commit, **result.as_dict(),
        }  # fmt: skip
        click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(result, configuration.crm.mode, against)


def _show(result: "Preview", mode: str, against: str | None) -> None:
    from itertools import groupby

    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for (mapping, entity), rows in groupby(result.rows, key=lambda row: (row.mapping, row.entity)):
        listed = list(rows)
        console.print(Text(f"{mapping}, {entity}", "bold"))
        console.print(_table(listed))
    if result.rows:
        console.print()
    minutes = f"about {result.minutes:,.0f} minutes" if result.minutes >= 1 else "less than a minute"
    console.print(
        f"{result.values:,} values in {result.records:,} records, {result.creates:,} of them new; "
        f"{result.calls:,} HubSpot calls, {result.searches:,} of them searches: {minutes}."
    )
    if result.short:
        console.print(
            Text(
                f"Warning: that is {result.short:,} calls more than the day has: {result.daily_remaining:,} of "
                f"{result.daily_limit:,} are left, a part of which is kept for other programs (quota.reserve).",
                "yellow",
            )
        )
    console.print("targets: " + (", ".join(f"{n:,} {name}" for name, n in result.targets.items()) or "none"))
    if result.held:
        console.print("held back: " + ", ".join(f"{n:,} {reason}" for reason, n in result.held.items()))
    if mode == "observe":
        console.print("The configuration is in mode observe: until it is adopted, a run writes none of this.")
    if result.difference is not None:
        _show_difference(console, result, str(against))


def _table(rows: "list[RowPlan]") -> "Table":
    """One line a row; a kind of value that no row has gets no column. The example is the first of the samples."""
    from rich.table import Table
    from rich.text import Text

    kinds = [(k, k) for k in ("missing", "drifted", "truncated")] + [("held", "held back")]
    shown = [(name, title) for name, title in kinds if any(getattr(row, name) for row in rows)]
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("  property", no_wrap=True)
    table.add_column("from CXone", overflow="fold")
    for title in ("values", *(title for _, title in shown)):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("for example", overflow="fold", style="dim")
    for row in rows:
        counts = [row.values, *(getattr(row, name) for name, _ in shown)]
        told = [Text(f"{n:,}" if n else "·", "" if n else "dim") for n in counts]
        example = Text(row.samples[0] if row.samples else "")
        table.add_row(Text(f"  {row.property}"), Text(f"{row.cxone_data} ({row.channel})"), *told, example)
    return table


def _show_difference(console: "Console", result: "Preview", against: str) -> None:
    from rich.text import Text

    found = result.difference or ()
    values = sum(difference.values for difference in found)
    console.print(Text(f"\nAgainst {against}: {values:,} values in {len(found):,} properties are planned differently."))
    for one in found:
        counts = {"more": one.added, "fewer": one.removed, "otherwise": one.changed}
        told = ", ".join(f"{n:,} {word}" for word, n in counts.items() if n)
        console.print(Text(f"  {one.entity}.{one.property}: {told}"))
