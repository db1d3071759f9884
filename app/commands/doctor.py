"""`memorialize doctor`: is everything there that the next night needs, and what to do where it is not."""

import sys
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from app.findings import Finding

_MARKS: Final = {"ok": ("✔", "green"), "warn": ("●", "yellow"), "fail": ("✘", "red")}


@click.command()
@click.option("--configuration", "-c", "name", help="Only this configuration; else all.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--alert", is_flag=True, help="Send everybody in alerts.to a test message instead.")
def doctor(name: str | None, as_json: bool, alert: bool) -> None:
    """Check connections, scopes, properties, ledger, staging, clocks, quota, coverage, and what waits for a person.

    Writes nothing. Exit code 1 if something must be mended before the next run.
    """
    from app import alerts
    from app.doctor import examine, known_names

    look = alerts.send_test if alert else examine
    found = {known: look(known) for known in ([name] if name else known_names())}
    if as_json:
        import orjson

        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        for known, findings in found.items():
            _show(known, findings)
    sys.exit(int(any(finding.state == "fail" for findings in found.values() for finding in findings)))


def _show(name: str, findings: "list[Finding]") -> None:
    import textwrap

    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    broken = sum(f.state == "fail" for f in findings)
    heeded = sum(f.state == "warn" for f in findings)
    parts = [f"{broken} to mend" if broken else "", f"{heeded} to look at" if heeded else ""]
    console.print(Text.assemble("\n ", (name, "bold"), "  ", (", ".join(filter(None, parts)) or "all is well", "dim")))
    wide = max(len(finding.check) for finding in findings)
    indent = " " * (wide + 6)
    for finding in findings:
        mark, colour = _MARKS[finding.state]
        well = finding.state == "ok"
        first, *rest = textwrap.wrap(finding.said, max(40, console.width - len(indent)), break_on_hyphens=False)
        check = (finding.check.ljust(wide), "" if well else "bold")
        console.print(Text.assemble("  ", (mark, colour), " ", check, "  ", (first, "" if well else colour)))
        for line in rest:
            console.print(Text(indent + line, "" if well else colour))
        if finding.cure:  # in one piece, so that a command can be copied
            console.print(Text(indent + finding.cure, "dim" if well else ""), soft_wrap=True)
    console.print()
