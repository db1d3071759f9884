"""`memorialize erase`: one customer's data, everywhere we hold it, with a receipt."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from app.erase import Receipt


@click.command()
@click.option("--configuration", "-c", "name", required=True, help="Folder of the CRM configuration, such as acme.")
@click.option("--contact", metavar="ID", help="HubSpot's record id of the contact, also where it is deleted there.")
@click.option("--email", help="The customer's e-mail address.")
@click.option("--phone", help="The customer's phone number.")
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and erase nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON.")
def erase(name: str, contact: str | None, email: str | None, phone: str | None, dry_run: bool, as_json: bool) -> None:
    """Erase one customer from the ledger, from staging and from reports; HubSpot and CXone are not touched.

    Give all that is known of the customer at once. The receipt says what was deleted where, holds no personal data,
    and is kept beside the reports.
    """
    from app.erase import erase as carry_out

    receipt, file = carry_out(name, contact=contact, email=email, phone=phone, dry_run=dry_run)
    if as_json:
        import orjson

        click.echo(orjson.dumps(receipt.as_dict(), option=orjson.OPT_INDENT_2).decode())
        return
    _show(receipt, file)


def _show(receipt: "Receipt", file: "Path | None") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    would = "would be erased" if receipt.dry_run else "erased"
    told = f"{receipt.total:,} rows of {receipt.interactions:,} interactions {would}"
    mark = Text(" ● " if receipt.dry_run else " ✔ ", "yellow" if receipt.dry_run else "green")
    console.print(Text.assemble("\n", mark, (told, "bold"), "\n"))
    table = Table(box=None, padding=(0, 2, 0, 3), show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    tables = ", ".join(f"{n:,} {table}" for table, n in receipt.ledger.items())
    table.add_row("ledger", f"{sum(receipt.ledger.values()):,}", tables)
    staged = sum(sum(files.values()) for files in receipt.staging.values())
    table.add_row("staging", f"{staged:,}", f"in {len(receipt.staging):,} runs")
    table.add_row("reports", f"{sum(receipt.reports.values()):,}", f"in {len(receipt.reports):,} reports")
    console.print(table)
    for title, lines in (("not found", receipt.not_found), ("not touched", receipt.stays)):
        if lines:
            console.print(Text(f"\n   {title}", "bold"))
            for line in lines:
                console.print(Text(f"   · {line}", "dim"), soft_wrap=True)
    if file:
        console.print(Text(f"\n   receipt  {file}"), soft_wrap=True)
    console.print()
