"""`memorialize purge`: what runs no longer need is deleted, and said."""

import click


@click.command()
@click.option("--configuration", "-c", "name", help="Only of this configuration; else of all.")
@click.option("--older-than", metavar="AGE", help="Of staging, such as 30d; else as crm.yaml says (retention).")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
def purge(name: str | None, older_than: str | None, dry_run: bool) -> None:
    """Delete the staging and the reports of runs that ended long ago.

    A run that goes on, has a plan that may still be applied, or is being taken back keeps its files. A run whose
    staging is gone can no longer be reverted.
    """
    from app import purge as retention

    done = (
        [retention.purge(name, older_than=older_than, dry_run=dry_run)]
        if name
        else retention.purge_all(older_than=older_than, dry_run=dry_run)
    )
    lines = [line for purged in done for line in purged.lines()]
    click.echo("\n".join(lines) if lines else "there were no runs yet: nothing to delete")
