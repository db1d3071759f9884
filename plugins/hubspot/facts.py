"""What a HubSpot account allows, as facts for the linter; definitions only, never a record.

What the token may not list is None, so that a rule says "not checked" (hubspot-api, sections 2.6 and 6).
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from memorialization.errors import AuthenticationError, ConfigurationError, MemorializationError
from memorialization.lint.facts import Portal, PropertyFact, RecordType
from memorialization.lint.targets import PIPELINED
from memorialization.ports import Pipeline, Property
from plugins.hubspot.client import Answer, Client
from plugins.hubspot.failures import contract
from plugins.hubspot.schema import Schema

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")


def portal_facts(client: Client, entities: Iterable[str]) -> Portal:
    """The account, the token's scopes, and the properties and pipelines of these record types."""
    schema = Schema(client)
    with contract("reading account-info"):
        account = schema.account().portal_id
    scopes = schema.scopes()
    types: dict[str, RecordType] = {}
    unknown: list[str] = []
    pipelines: dict[str, dict[str, Pipeline]] = {}
    for name in entities:
        try:
            entity = schema.entity(name)
        except ConfigurationError:
            unknown.append(name)
            continue
        with contract("reading the properties"):
            properties = _allowed(schema.properties, entity)
            if properties is None:  # the scope that is missing is a rule's matter
                continue
            types[name] = RecordType(
                properties={key: _fact(found) for key, found in properties.items()},
                archived=_names(client.archived_properties, entity.type_id),
                sensitive=_names(client.sensitive_properties, entity.type_id),
            )
            found = schema.pipelines(entity) if name in PIPELINED else None
        if found is not None:
            pipelines[name] = found
    return Portal(
        account_id=account,
        scopes=None if scopes is None else tuple(sorted(scopes)),
        record_types=types,
        unknown_record_types=tuple(sorted(unknown)),
        pipelines=pipelines,
    )


def _fact(found: Property) -> PropertyFact:
    return PropertyFact(**{key: getattr(found, key) for key in PropertyFact.model_fields})


def _names(call: Callable[[str], Answer], type_id: str) -> tuple[str, ...] | None:
    answer = _allowed(call, type_id)
    return None if answer is None else tuple(sorted(str(item["name"]) for item in answer.results))


def _allowed(call: Callable[[_Asked], _Told], asked: _Asked) -> _Told | None:
    try:
        return call(asked)
    except AuthenticationError:
        raise
    except MemorializationError as error:
        if error.retry:
            raise
        return None
