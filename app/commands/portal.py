"""`memorialize portal`: what the mappings need of a HubSpot account; only `create` and `probe` change anything."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

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
@click.option("--yes-this-is-a-test-account", "sure", is_flag=True, help="The probe writes, so it must be asked for.")
@click.option("--write", is_flag=True, help="Put the answers into crm.yaml, under probed.")
def probe(name: str, sure: bool, write: bool) -> None:
    """Settle by trying what HubSpot does not document, on a test account; everything tried is removed."""
    from datetime import UTC, datetime

    import yaml

    from app.connections import connection
    from app.settings import settings
    from memorialization.configuration import load
    from memorialization.errors import ConfigurationError
    from memorialization.portal import check_account
    from plugins.hubspot.probe import check_test_account
    from plugins.hubspot.probe import probe as try_out
    from plugins.hubspot.records import HubSpotStore

    if not sure:
        raise ConfigurationError("the probe writes to HubSpot. On a test account, add --yes-this-is-a-test-account.")
    configuration = load(settings().mappings, name)
    client = _client(configuration)
    account = HubSpotStore(client).account()
    check_account(configuration, account)
    check_test_account(account)
    version = str(connection(configuration.hubspot_connection).extras.get("api_version") or "v3")
    known = {"at": f"{datetime.now(UTC):%Y-%m-%d}", "account_id": account.portal_id, "api_version": version}
    answers = yaml.safe_dump({"probed": known | try_out(client)}, sort_keys=False, allow_unicode=True)
    click.echo(answers, nl=False)
    if write:
        path = _write_probed(settings().mappings, name, answers)
        click.echo(f"written to {path}", err=True)


def _write_probed(mappings: "Path", name: str, block: str) -> "Path":
    """Put the block into crm.yaml, in the place of an older one; what would not load is taken back."""
    import os
    import re

    from memorialization.configuration import load
    from memorialization.errors import MemorializationError

    path = mappings / name / "crm.yaml"
    before = path.read_bytes()
    text = before.decode("utf-8-sig")
    older = re.compile(r"^probed:.*\n(?:[ \t].*\n|\n(?=[ \t]))*", re.MULTILINE)
    text = text if text.endswith("\n") else text + "\n"
    text = older.sub(lambda _: block, text, count=1) if older.search(text) else text + block
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    try:
        load(mappings, name)
    except MemorializationError:
        path.write_bytes(before)
        raise
    return path


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
    fine = sum(wanted.exists for wanted in planned.properties)
    console.print(
        f"{len(planned.properties)} properties are needed, {fine} exist, {len(planned.missing)} were missing."
    )
    for title, texts in (("Advice", [*notes, *planned.advice]), ("In the way", planned.problems)):
        if texts:
            console.print(f"\n{title}:")
            for text in texts:
                console.print(Text(f"  {text}"))
