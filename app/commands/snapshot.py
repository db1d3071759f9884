"""`memorialize snapshot`: the facts that the linter needs offline, committed beside the mappings."""

import click


@click.command()
@click.option("--configuration", "-c", required=True, help="Folder of the CRM configuration, such as acme.")
def snapshot(configuration: str) -> None:
    """Write snapshot.json: properties, limits, scopes, pipelines, skills, outcomes, tags; no customer data."""
    from app.facts import collect
    from app.settings import settings
    from memorialization.configuration import names
    from memorialization.cures import meant
    from memorialization.errors import ConfigurationError
    from memorialization.lint import facts
    from memorialization.lint.reading import read_folder

    root = settings().mappings
    known = names(root)
    if configuration not in known:
        raise ConfigurationError(
            f"{root}: no configuration {configuration!r} here.{meant(configuration, known)} "
            f"Known: {', '.join(known) or 'none'}."
        )
    found = collect(read_folder(root / configuration))
    if found.transcript_lengths is None:  # no runs were made here: keep what another machine has measured
        try:
            before = facts.read(root / configuration)
        except ConfigurationError:
            before = facts.Snapshot()
        found = found.model_copy(update={"transcript_lengths": before.transcript_lengths})
    path = facts.write(root / configuration, found)
    types = found.portal.record_types if found.portal else {}
    click.echo(
        f"{path}: {sum(len(t.properties) for t in types.values())} properties of {len(types)} record types, "
        f"{len(found.tenant.skills) if found.tenant else 0} skills, "
        f"{found.transcript_lengths.count if found.transcript_lengths else 'no'} transcript lengths. Commit it."
    )
