"""`memorialize init`: a new configuration folder from a portal and a tenant; an existing folder is never touched."""

import click


@click.command()
@click.argument("name")
def init(name: str) -> None:
    """Make the mapping folder NAME from the connections hubspot_NAME and cxone_NAME.

    Properties are matched to CXone fields by name or label; comments marked CHOOSE say what is left to a person.
    """
    import re
    import tempfile
    from pathlib import Path

    from app.clients import cxone_lookups, hubspot_client
    from app.settings import settings
    from memorialization import proposal
    from memorialization.configuration import load
    from memorialization.errors import ConfigurationError
    from plugins.hubspot.records import HubSpotStore

    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise ConfigurationError(
            f"{name!r} is no name for a configuration: use at most 40 lower-case letters, digits and _, a letter first."
        )
    root = settings().mappings
    folder = root / name
    if folder.exists():
        raise ConfigurationError(f"{folder} exists already and stays as it is. Choose another name, or move it away.")
    store = HubSpotStore(hubspot_client(name))
    skills = [skill.name for skill in cxone_lookups(name).skills.values() if skill.name]
    schema = {entity: store.properties(store.entity(entity)) for entity in ("Contact", "Ticket")}
    texts = proposal.files(name, proposal.Portal(store.account(), schema), skills)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".init-", dir=root) as scratch:
        made = Path(scratch) / name
        made.mkdir()
        for file, text in texts.items():
            (made / file).write_text(text, encoding="utf-8")
        configuration = load(Path(scratch), name)  # what is proposed always loads
        made.rename(folder)  # refused, if another process was faster
    rows = sum(len(section.fields) for mapping in configuration.mappings.values() for section in mapping.sections)
    open_ = sum(text.count("CHOOSE") for text in texts.values())
    click.echo(f"{folder}: {rows} rows are proposed, {open_} places say CHOOSE.")
    click.echo(f"Next: go through them, then memorialize portal plan -c {name}")
