"""The command line `memorialize`. Exit codes are the same for every verb:

0 done and balanced (parked or rejected rows are allowed), 1 trouble at run time, 2 a configuration that is
unreadable or wrong, 3 approval needed. Heavy modules are imported by the verb that needs them.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.commands.apply import apply
from app.commands.backfill import backfill
from app.commands.coverage import coverage
from app.commands.doctor import doctor
from app.commands.erase import erase
from app.commands.explain import explain
from app.commands.init import init
from app.commands.lint import lint
from app.commands.parked import parked
from app.commands.plan import plan
from app.commands.portal import portal
from app.commands.purge import purge
from app.commands.rejected import rejected
from app.commands.revert import revert
from app.commands.snapshot import snapshot
from memorialization.errors import ConfigurationError, MemorializationError


class _Group(click.Group):
    """Shows the product's own errors, and files that cannot be used, as one message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MemorializationError as error:
            click.secho(f"{type(error).__name__}: {error}", fg="red", err=True)
            sys.exit(error.exit_code)
        except OSError as error:
            if error.filename is None:  # no file: a reader of our output that went away, which click handles
                raise
            click.secho(
                f"{type(error).__name__}: {error.filename}: {error.strerror}. Check path, rights and free space.",
                fg="red",
                err=True,
            )
            sys.exit(1)


configuration_option = click.option(
    "--configuration", "-c", required=True, help="Folder of the CRM configuration, such as acme."
)


@click.group(cls=_Group)
@click.version_option(package_name="memorialize")
@click.option("--log-json", type=click.Path(dir_okay=False, path_type=Path), help="Append log lines to this file.")
def main(log_json: Path | None) -> None:
    """Keeps HubSpot true to NICE CXone: finds lost and wrong memorialized values, mends and proves them."""
    if log_json is not None:
        from app.logs import to_file

        to_file(log_json)


@main.command()
@configuration_option
@click.option("--from", "start", help="Start of the window, UTC, such as 2026-11-22T02:00:00Z.")
@click.option("--to", "end", help="End of the window, not included.")
@click.option("--dry-run", is_flag=True, help="Do everything but write to HubSpot.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, and progress to stderr.")
def run(configuration: str, start: str | None, end: str | None, dry_run: bool, as_json: bool) -> None:
    """Reconcile one window without a scheduler. Without dates: the last complete night."""
    from app import runner, steps
    from app.verdict import show
    from memorialization.intake import window

    given = start is not None or end is not None  # an empty text is a mistake, not the last night
    span = window(start, end) if given else _last_night(configuration)
    why = "" if given else " (no dates given: the last complete interval)"
    click.echo(f"{configuration}: {span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M} UTC{why}", err=True)
    reported = runner.run(
        configuration,
        span,
        dry_run=dry_run,
        heal=not given,
        progress=lambda step, part: click.echo(f"  {step:<9} {part}", err=True),
    )
    show(Path(reported["report"]), as_json=as_json)
    steps.finish(reported)


def _last_night(configuration: str) -> Any:
    from app.nights import last_complete
    from app.settings import settings
    from memorialization.configuration import load

    crm = load(settings().mappings, configuration).crm
    return last_complete(crm.schedule, datetime.now(UTC), crm.timezone)


@main.command()
@click.option("--configuration", "-c", help="Only runs of this configuration.")
@click.option("--last", is_flag=True, help="The newest run (the default).")
@click.option("--run", "run_id", help="The run with this id.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def report(configuration: str | None, last: bool, run_id: str | None, as_json: bool) -> None:
    """Show the report of a run: the newest one, or the one named."""
    from app.connections import ledger_url
    from app.verdict import show
    from memorialization.ledger import Ledger

    if last and run_id:
        raise ConfigurationError("give --last or --run, not both")
    ledger = Ledger(ledger_url())
    ledger.check()
    found = ledger.find_run(run_id) if run_id else ledger.last_run(configuration)
    if found is None or not found["report"]:
        raise ConfigurationError("there is no such report yet. Start a run: memorialize run -c NAME")
    show(Path(found["report"]), as_json=as_json)


@main.command()
@configuration_option
def adopt(configuration: str) -> None:
    """Switch a configuration from observe to adopted, after its first report."""
    from app.adoption import adopt as switch

    click.echo(switch(configuration))


@main.group()
def ledger() -> None:
    """The database in which the product remembers its runs."""


@ledger.command()
def upgrade() -> None:
    """Bring the ledger's tables to this version."""
    from app.connections import ledger_url
    from memorialization.ledger import Ledger

    Ledger(ledger_url()).upgrade()
    click.echo("the ledger is up to date")


main.add_command(parked)
main.add_command(rejected)
main.add_command(explain)
main.add_command(doctor)
main.add_command(purge)
main.add_command(erase)
main.add_command(apply)
main.add_command(backfill)
main.add_command(coverage)
main.add_command(init)
main.add_command(plan)
main.add_command(revert)
main.add_command(portal)
main.add_command(lint)
main.add_command(snapshot)
