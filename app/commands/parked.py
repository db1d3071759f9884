"""`memorialize parked`: targets that wait for a person, and the decisions about them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from memorialization.errors import ConfigurationError

_configuration = click.option(
    "--configuration", "-c", required=True, help="Folder of the CRM configuration, such as acme."
)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def parked() -> None:
    """Targets that wait for a person: list them, decide them, take a decision back."""


@parked.command("list")
@_configuration
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.option("--csv", "file", type=_FILE, help="Write them to a file; fill in record_id and give it to resolve.")
def list_(configuration: str, as_json: bool, file: Path | None) -> None:
    """Show what is parked: why, since when, and which records could be meant."""
    from app.parked import waiting

    if as_json and file:
        raise ConfigurationError("give --json or --csv, not both")
    found = waiting(configuration)
    now = datetime.now(UTC)
    rows = [
        {
            "contact_id": target.interaction_key,
            "entity": target.entity,
            "record_id": target.decided or "",
            "reason": target.reason,
            "candidates": list(target.candidates),
            "links": list(target.links),
            "ended": target.end_time and target.end_time.astimezone(UTC).isoformat(timespec="seconds"),
            "since": target.parked_at.astimezone(UTC).isoformat(timespec="seconds"),
            "age_days": (now - target.parked_at).days,
        }
        for target in found
    ]
    if as_json:
        import orjson

        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    elif file:
        _write(file, rows)
        click.echo(f"{len(rows):,} written to {file}. Fill in record_id, then:")
        click.echo(f"  memorialize parked resolve -c {configuration} --csv {file}")
    else:
        _show(configuration, rows)


@parked.command()
@_configuration
@click.argument("cxone_contact_id", required=False)
@click.option("--entity", help="Record type of the section, such as Contact.")
@click.option("--record", help="Id of the HubSpot record.")
@click.option("--csv", "file", type=_FILE, help="Many decisions: columns contact_id,entity,record_id.")
def resolve(
    configuration: str, cxone_contact_id: str | None, entity: str | None, record: str | None, file: Path | None
) -> None:
    """Decide which record is meant, by CXone's Contact ID or interaction key; kept for the customer's next contacts."""
    from app.parked import resolve as decide
    from memorialization.resolutions import Decision, read_csv

    single = (cxone_contact_id, entity, record)
    if file and not any(single):
        lines = decide(configuration, read_csv(file), "csv")
    elif not file and cxone_contact_id and entity and record:
        lines = decide(configuration, [Decision(cxone_contact_id, entity, record)], "command")
    else:
        raise ConfigurationError("give CXONE_CONTACT_ID with --entity and --record, or --csv FILE alone")
    click.echo("\n".join(lines))


@parked.command()
@_configuration
@click.argument("cxone_contact_id")
@click.option("--entity", required=True, help="Record type of the section, such as Contact.")
def withdraw(configuration: str, cxone_contact_id: str, entity: str) -> None:
    """Take a decision back, with every match it led to."""
    from app.parked import withdraw as forget

    click.echo("\n".join(forget(configuration, cxone_contact_id, entity)))


def _write(file: Path, rows: list[dict[str, Any]]) -> None:
    import csv

    columns = ["contact_id", "entity", "record_id", "reason", "candidates", "links", "ended", "since", "age_days"]
    with file.open("w", encoding="utf-8-sig", newline="") as out:  # the mark lets spreadsheets see UTF-8
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        for row in rows:
            cells = row | {c: " ".join(row[c]) for c in ("candidates", "links")}
            writer.writerow({c: _no_formula(cell) for c, cell in cells.items()})


def _no_formula(cell: Any) -> Any:
    """The cell, after an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip()[:1] in tuple("=+-@＝＋－＠") else cell


def _show(configuration: str, rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        click.echo("Nothing is parked.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("interaction", overflow="fold")
    for column in ("entity", "reason", "ended (UTC)", "waits", "record"):
        table.add_column(column, no_wrap=True, justify="right" if column == "waits" else "left")
    for row in rows:
        links = dict(zip(row["candidates"], row["links"], strict=True))
        named = [row["record_id"]] if row["record_id"] else row["candidates"]
        records = [Text(record, f"link {links[record]}" if record in links else "") for record in named]
        table.add_row(
            row["contact_id"], row["entity"], row["reason"], (row["ended"] or "")[:16].replace("T", " "),
            f"{row['age_days']} d", Text("\n").join(Text.assemble(_sign(row), record) for record in records),
        )  # fmt: skip
    Console(highlight=False).print(table)
    decided = sum(bool(row["record_id"]) for row in rows)
    told = f", {decided:,} of them decided (✔): the next run writes them" if decided else ""
    click.echo(f"\n{len(rows):,} waiting{told}. To decide:")
    click.echo(f"  memorialize parked resolve -c {configuration} INTERACTION --entity ENTITY --record ID")
    click.echo(
        f"  memorialize parked list -c {configuration} --csv FILE   then fill in record_id, and resolve --csv FILE"
    )


def _sign(row: dict[str, Any]) -> str:
    """Before a record: decided, or one of several that could be meant."""
    return "✔ " if row["record_id"] else "? "
