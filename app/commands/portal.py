"""`memorialize portal`: what the mappings need of a HubSpot account; only `create` and `probe` change anything."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from memorialization.configuration import Configuration
    from memorialization.ports import Entity
    from memorialization.provisioning import PortalPlan, Wanted
    from plugins.hubspot.client import Client

_configuration = click.option(
    "--configuration", "-c", "name", required=True, help="Folder of the CRM configuration, such as acme."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


@click.group()
def portal() -> None:
    """Get a HubSpot account ready for the mappings."""


@portal.command()
@_configuration
@_json
def plan(name: str, as_json: bool) -> None:
    """List the properties that the mappings need, and what is missing or differs. Changes nothing."""
    configuration, _, planned, _ = _plan(name)
    if as_json:
        _print_json(configuration.name, planned, {})
    else:
        _print_table(planned, {})


@portal.command()
@_configuration
@_json
def create(name: str, as_json: bool) -> None:
    """Create the missing properties and their group. An existing property is never changed."""
    from memorialization.provisioning import GROUP, GROUP_LABEL, check_schema_scopes
    from plugins.hubspot.provision import create_property, ensure_group
    from plugins.hubspot.records import HubSpotStore

    configuration, client, planned, entities = _plan(name)
    planned.check_creatable()
    check_schema_scopes(planned, entities, HubSpotStore(client).scopes())
    outcomes: dict[tuple[str, str], str] = {}
    for entity in dict.fromkeys(wanted.entity for wanted in planned.missing):
        ensure_group(client, entities[entity], GROUP, GROUP_LABEL)
    for wanted in planned.missing:
        outcome = create_property(client, entities[wanted.entity], wanted.definition())
        outcomes[wanted.entity, wanted.name] = outcome
    if as_json:
        _print_json(configuration.name, planned, outcomes)
    else:
        _print_table(planned, outcomes)


@portal.command()
@_configuration
@click.option("--only", type=click.Choice(["hubspot", "cxone"]), help="Ask one of the two alone.")
@click.option("--yes-this-is-a-test-account", "sure", is_flag=True, help="HubSpot is written to: it must be asked for.")
@click.option("--write", is_flag=True, help="Put the answers into crm.yaml, under probed and probed_cxone.")
def probe(name: str, only: str | None, sure: bool, write: bool) -> None:
    """Settle what HubSpot and CXone do not document. CXone is only read; HubSpot is tried out, on a test account.

    Everything tried in HubSpot is removed again. The answers are printed as YAML, what follows from them to stderr.
    """
    from functools import partial

    import yaml

    from app.probing import probe_cxone, probe_hubspot, written
    from app.settings import settings
    from memorialization.configuration import load
    from memorialization.errors import ConfigurationError
    from plugins.cxone.probe import UNSETTLED

    if only != "cxone" and not sure:
        raise ConfigurationError(
            "the probe writes to HubSpot. On a test account, add --yes-this-is-a-test-account; "
            "--only cxone reads the CXone tenant alone."
        )
    configuration = load(settings().mappings, name)
    asked = {"probed": ("HubSpot", probe_hubspot), "probed_cxone": ("CXone", probe_cxone)}
    for key, (service, ask) in asked.items():
        if only not in (None, service.lower()):
            continue
        found, advice = ask(configuration, partial(_progress, service))
        block = yaml.safe_dump({key: found}, sort_keys=False, allow_unicode=True)
        click.echo(block, nl=False)
        if write:
            click.echo(f"  written to {written(configuration, key, block)}", err=True)
        for title, lines in (("To do", advice), ("Open, and not to be settled by reading", UNSETTLED)):
            if lines and (lines is advice or service == "CXone"):
                click.echo(f"{title} ({service}):", err=True)
                for line in lines:
                    click.echo(f"  - {line}", err=True)


def _progress(service: str, step: str) -> None:
    click.echo(f"  {service:<8} {step}", err=True)


def _client(configuration: "Configuration") -> "Client":
    from app.clients import hubspot_client

    return hubspot_client(configuration.name)


def _plan(name: str) -> "tuple[Configuration, Client, PortalPlan, dict[str, Entity]]":
    from app.clients import cxone_lookups
    from app.settings import settings
    from memorialization import provisioning
    from memorialization.configuration import load
    from memorialization.portal import check_account
    from plugins.hubspot.records import HubSpotStore

    configuration = load(settings().mappings, name)
    client = _client(configuration)
    store = HubSpotStore(client)
    check_account(configuration, store.account())
    cards = (section.entity for card in configuration.dynamic.values() for section in card.sections)
    entities = {entity: store.entity(entity) for entity in (*configuration.entities, *cards)}
    schema = {entity: store.properties(target) for entity, target in entities.items()}
    dispositions: list[str] = []
    if provisioning.needs_dispositions(configuration, schema):
        dispositions = cxone_lookups(name).disposition_names
    return configuration, client, provisioning.plan(configuration, schema, dispositions), entities


def _state(wanted: "Wanted", outcomes: dict[tuple[str, str], str]) -> str:
    if wanted.exists:
        return "exists"
    return outcomes.get((wanted.entity, wanted.name), "missing")


_TOLD = {
    "taken": "the name is taken by a property that the token may not see (sensitive data?): choose another name",
    "differs": "HubSpot brought an archived property of this name back, with another type: choose another name",
}


def _notes(wanted: "Wanted", state: str) -> list[str]:
    return [*wanted.advice, *([_TOLD[state]] if state in _TOLD else [])]


def _print_json(name: str, planned: "PortalPlan", outcomes: dict[tuple[str, str], str]) -> None:
    import orjson

    rows: list[dict[str, Any]] = []
    for wanted in planned.properties:
        state = _state(wanted, outcomes)
        rows.append(
            {
                "entity": wanted.entity, "property": wanted.name, "label": wanted.label, "type": wanted.type,
                "field_type": wanted.field_type, "unique": wanted.unique, "fields": list(wanted.fields),
                "options": [value for value, _ in wanted.options], "state": state, "advice": _notes(wanted, state),
            }
        )  # fmt: skip
    data = {
        "configuration": name, "properties": rows, "advice": list(planned.advice), "problems": list(planned.problems),
    }  # fmt: skip
    click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())


def _print_table(planned: "PortalPlan", outcomes: dict[tuple[str, str], str]) -> None:
    """Every property that is or was missing, what is advised, and the rest as a count."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    notes: list[str] = []
    lines: list[tuple[str, str, str, str]] = []
    for wanted in planned.properties:
        state = _state(wanted, outcomes)
        name = f"{wanted.entity}.{wanted.name}"
        notes += [f"{name}: {note}" for note in _notes(wanted, state)]
        if not wanted.exists:
            kind = f"{wanted.type}/{wanted.field_type}{', unique' if wanted.unique else ''}"
            lines.append((name, kind, state, ", ".join(wanted.fields)))
    if lines:
        lines.insert(0, ("property", "type", "state", "from CXone"))
        widths = [max(len(line[i]) for line in lines) for i in range(3)]
        for line in lines:
            told = [cell.ljust(width) for cell, width in zip(line, (*widths, 0), strict=True)]
            console.print(Text("  ".join(told)))
        console.print()
    needed, missing = len(planned.properties), len(planned.missing)
    created = sum(outcome == "created" for outcome in outcomes.values())
    if not missing:
        console.print(f"All {needed:,} properties that the mappings need are there: nothing to create.")
    elif outcomes:
        console.print(f"{needed:,} properties are needed: {needed - missing:,} were there, {created:,} created now.")
    else:
        console.print(f"{needed:,} properties are needed: {needed - missing:,} are there, {missing:,} missing.")
    for title, texts in (("Advice", [*notes, *planned.advice]), ("In the way", planned.problems)):
        if texts:
            console.print(f"\n{title}:")
            for text in texts:
                console.print(Text(f"  {text}"))
