"""`memorialize init`: a new configuration folder from a portal and a tenant; an existing folder is never touched."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from memorialization.proposal import Portal
    from plugins.hubspot.records import HubSpotStore


@click.command()
@click.argument("name")
@click.option("--from", "other", metavar="OTHER", help="Begin with the mappings of this configuration.")
def init(name: str, other: str | None) -> None:
    """Make the mapping folder NAME from the connections hubspot_NAME and cxone_NAME.

    Properties are matched to CXone fields by name or label; with --from, the rows, policies and assignments of OTHER
    are taken over as far as this portal has their properties. Comments marked CHOOSE say what is left to a person.
    """
    import re
    import tempfile
    from pathlib import Path

    from app.clients import cxone_lookups, hubspot_client
    from app.settings import settings
    from memorialization import proposal, transfer
    from memorialization.configuration import load
    from memorialization.errors import ConfigurationError
    from memorialization.yaml_files import read_yaml
    from plugins.hubspot.records import HubSpotStore

    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise ConfigurationError(
            f"{name!r} is no name for a configuration: use at most 40 lower-case letters, digits and _, a letter first."
        )
    root = settings().mappings
    folder = root / name
    if folder.exists():
        raise ConfigurationError(f"{folder} exists already and stays as it is. Choose another name, or move it away.")
    before = load(root, other) if other else None
    store = HubSpotStore(hubspot_client(name))
    click.echo(f"  HubSpot  properties of Hub ID {store.account().portal_id}", err=True)
    cards = (section.entity for card in before.dynamic.values() for section in card.sections) if before else ()
    portal = _portal(store, dict.fromkeys((*before.entities, *cards)) if before else ("Contact", "Ticket"))
    click.echo("  CXone    skills", err=True)
    skills = [skill.name for skill in cxone_lookups(name).skills.values() if skill.name]
    if before is None:
        texts = proposal.files(name, portal, skills)
    else:
        crm = read_yaml(root / before.name / "crm.yaml").data
        texts = transfer.files(name, before, crm, portal, skills)
    root.mkdir(parents=True, exist_ok=True)
    schemas = _schemas(root)
    with tempfile.TemporaryDirectory(prefix=".init-", dir=root) as scratch:
        made = Path(scratch) / name
        for file, text in texts.items():
            path = made / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_with_schema(file, text, schemas), encoding="utf-8")
        configuration = load(Path(scratch), name)  # what is proposed always loads
        made.rename(folder)  # refused, if another process was faster
    rows = sum(len(section.fields) for mapping in configuration.mappings.values() for section in mapping.sections)
    places = [
        f"{folder / file}:{number}"
        for file, text in sorted(texts.items())
        for number, line in enumerate(text.splitlines(), 2)  # the line of the schema comes first
        if "CHOOSE" in line
    ]
    click.echo(f"{folder}: {len(texts)} files, {rows} rows; {len(places)} places say CHOOSE:")
    for place in places:
        click.echo(f"  {place}")
    click.echo("Next:")
    click.echo(f"  memorialize snapshot -c {name}      the portal's facts, for the linter")
    click.echo(f"  memorialize lint {folder}")
    click.echo(f"  memorialize portal plan -c {name}   properties that are missing")


def _portal(store: "HubSpotStore", entities: "Iterable[str]") -> "Portal":
    """What the portal has of these record types; those that it does not have are absent."""
    from memorialization.errors import ConfigurationError
    from memorialization.proposal import Portal

    schema = {}
    for entity in entities:
        try:
            schema[entity] = store.properties(store.entity(entity))
        except ConfigurationError:  # a custom object of another portal
            continue
    return Portal(store.account(), schema)


def _schemas(root: "Path") -> str:
    """Where the JSON Schemas are, seen from `root`: beside it, or in it, where they are put if need be."""
    from memorialization.lint import documents

    if (root.parent / "schemas/crm.schema.json").is_file():
        return "../schemas"
    beside = root / "schemas"
    beside.mkdir(exist_ok=True)
    for file, text in documents.schemas().items():
        (beside / file).write_text(text, encoding="utf-8")
    return "schemas"


def _with_schema(file: str, text: str, schemas: str) -> str:
    """The text, led by the line from which editors know its schema."""
    stem, depth = file.removesuffix(".yaml"), file.count("/") + 1
    kind = "dynamic" if "/" in file else stem if stem in ("crm", "workflows") else "mapping"
    return f"# yaml-language-server: $schema={'../' * depth}{schemas}/{kind}.schema.json\n{text}"
