"""`memorialize revert`: what one run wrote is taken back, value by value, where it still stands."""

from pathlib import Path

import click


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--dry-run", is_flag=True, help="Say what would be restored, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, and progress to stderr.")
def revert(run_id: str, dry_run: bool, as_json: bool) -> None:
    """Restore what stood in HubSpot before the run RUN wrote; what changed since is left alone.

    RUN is the run id that its report names. Records that the run created are left and listed.
    """
    from app import runner, steps
    from app.verdict import show

    reported = runner.revert(
        run_id, dry_run=dry_run, progress=lambda step, part: click.echo(f"  {step:<9} {part}", err=True)
    )
    show(Path(reported["report"]), as_json=as_json)
    steps.finish(reported)
    if not dry_run:
        run = reported["run"]
        click.echo(
            "   No later night writes these values again, for the window stays covered. A run or backfill of it does:\n"
            f"   memorialize run -c {run['configuration']} --from {run['window_start']} --to {run['window_end']}",
            err=as_json,
        )
