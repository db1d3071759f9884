"""`memorialize apply`: write a stored plan that a person has looked at, exactly as it is or not at all."""

import getpass
import os
from pathlib import Path

import click


@click.command()
@click.argument("plan")
@click.option("--approve", "plan_hash", required=True, help="The plan's hash, as the report of its run shows it.")
@click.option("--values", type=int, help="Of a backfill: how many values all its runs may write, as it says itself.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, and progress to stderr.")
def apply(plan: str, plan_hash: str, values: int | None, as_json: bool) -> None:
    """Approve and write the stored plan of a run. PLAN is the id of that run.

    Nothing is written if the plan is not the one with this hash, is older than approval.horizon, was refused or
    applied, or if the mapping changed since. The ledger and the report name the user of this machine as approver.
    """
    from app import runner, steps
    from app.verdict import show

    reported = runner.apply(
        plan,
        plan_hash,
        by=f"{_user()} (command line)",
        grant=values,
        progress=lambda step, part: click.echo(f"  {step:<9} {part}", err=True),
    )
    show(Path(reported["report"]), as_json=as_json)
    steps.finish(reported)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"user {os.getuid()}"
