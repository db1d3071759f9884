"""`memorialize rejected`: values that HubSpot refused, what cures them, and what a person says about them."""

from datetime import UTC, datetime
from typing import Any

import click

_configuration = click.option(
    "--configuration", "-c", required=True, help="Folder of the CRM configuration, such as acme."
)
_contact = click.argument("cxone_contact_id", required=False)
_property = click.option("--property", "name", help="All values of this HubSpot property (internal name).")
_all = click.option("--all", "every", is_flag=True, help="All rejected values.")


@click.group()
def rejected() -> None:
    """Values that HubSpot refused: list them, offer them again, dismiss them."""


@rejected.command("list")
@_configuration
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_(configuration: str, as_json: bool) -> None:
    """Show what HubSpot refused and is not cured yet: why, since when, the next try, and the cure."""
    from app.rejected import kept

    rows = kept(configuration)
    if as_json:
        import orjson

        columns = (
            "interaction_key", "type_id", "record", "link", "property", "state", "reason", "category", "code",
            "correlation_id", "tries", "first_at", "last_at", "next_at", "value_length", "cure",
        )  # fmt: skip
        shown = [{column: row[column] for column in columns} for row in rows]
        click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
    elif not rows:
        click.echo("nothing is rejected")
    else:
        _show(rows)


@rejected.command()
@_configuration
@_contact
@_property
@_all
def retry(configuration: str, cxone_contact_id: str | None, name: str | None, every: bool) -> None:
    """Offer values again with the next run, also expired and dismissed ones: by contact, property, or all."""
    from app.rejected import Chosen
    from app.rejected import retry as again

    click.echo("\n".join(again(configuration, Chosen(cxone_contact_id, name, every))))


@rejected.command()
@_configuration
@_contact
@_property
@_all
def dismiss(configuration: str, cxone_contact_id: str | None, name: str | None, every: bool) -> None:
    """Leave values as they are: not sent again until they change. By contact, property, or all."""
    from app.rejected import Chosen
    from app.rejected import dismiss as leave

    click.echo("\n".join(leave(configuration, Chosen(cxone_contact_id, name, every))))


def _show(rows: list[dict[str, Any]]) -> None:
    from itertools import groupby

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)

    def why(row: dict[str, Any]) -> tuple[str, str]:
        return row["code"] or "", row["category"] or ""

    for (code, category), group in groupby(sorted(rows, key=why), key=why):
        members = list(group)
        console.print(Text.assemble((code or category or "no code", "bold"), f"  {category if code else ''}"))
        console.print(Text(members[0]["cure"], "dim"))
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in (
            "interaction",
            "record",
            "property",
            "state",
            "tries",
            "first seen",
            "next try",
            "correlation id",
        ):
            table.add_column(column, overflow="fold", justify="right" if column == "tries" else "left")
        for row in members:
            state = f"{row['state']} ({row['reason']})" if row["reason"] else row["state"]
            link = Text(row["record"], f"link {row['link']}" if row["link"] else "")
            table.add_row(
                row["interaction_key"], link, row["property"], state, str(row["tries"]),
                _moment(row["first_at"]), _next(row), row["correlation_id"] or "",
            )  # fmt: skip
        console.print(table)
        console.print()


def _next(row: dict[str, Any]) -> str:
    if row["state"] != "open":
        return "never"
    return "next run" if row["next_at"] <= datetime.now(UTC) else _moment(row["next_at"])


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
