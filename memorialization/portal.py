"""Holds a configuration against the portal it is meant for, before anything is extracted or written.

Every finding names mapping, section and row, says why, and what to do; all findings come at once. The rules are
the linter's own: those that it marks as stopping a run.
Source: memorialization reference, sections 2, 3, 5 and 6; hubspot-api, sections 2.4, 2.6 and 6.
"""

from collections.abc import Iterator, Mapping

from memorialization.configuration import Configuration
from memorialization.errors import ConfigurationError, PermissionMissing, WrongAccount
from memorialization.lint.account import needed_scopes
from memorialization.lint.problems import Problem
from memorialization.lint.reading import Section
from memorialization.lint.registry import RULES
from memorialization.lint.targets import PIPELINED, card_problems, pipeline_problems, section_problems
from memorialization.ports import Account, Pipeline, Property


def check_account(configuration: Configuration, account: Account) -> None:
    """Raises WrongAccount unless the token belongs to `account_id`."""
    wanted = configuration.crm.account_id
    if account.portal_id != wanted:
        raise WrongAccount(
            f"the token of connection {configuration.hubspot_connection} belongs to Hub ID {account.portal_id}, "
            f"but account_id in crm.yaml is {wanted}. Nothing was written. Correct the connection or account_id."
        )


def check_scopes(configuration: Configuration, scopes: frozenset[str] | None, *, writes: bool) -> None:
    """Raises PermissionMissing naming every missing scope; unknown scopes (None) pass."""
    if scopes is None:
        return
    needed = needed_scopes(configuration.written_entities, writes=writes)
    missing = [f"{scope} (for {entity})" for scope, entity in needed.items() if scope not in scopes]
    if missing:
        raise PermissionMissing(
            f"the token of connection {configuration.hubspot_connection} lacks: {', '.join(missing)}. "
            "Grant them in HubSpot (Development > Keys > Service keys) and run again."
        )


def creates_in_pipelines(configuration: Configuration) -> frozenset[str]:
    """The record types that sections create in a pipeline."""
    return frozenset(
        section.entity
        for mapping in configuration.mappings.values()
        for section in mapping.sections
        if section.create_with and section.entity in PIPELINED
    )


def check_schema(
    configuration: Configuration,
    schema: Mapping[str, Mapping[str, Property]],
    pipelines: Mapping[str, Mapping[str, Pipeline] | None],
) -> None:
    """Raises ConfigurationError listing everything that the portal's properties and pipelines do not allow.

    `pipelines`: of those record types that `creates_in_pipelines` names; those that cannot be told (None) pass.
    """
    findings = [
        f"mapping {mapping.name!r}, section {section.entity}: {problem}"
        for mapping in configuration.mappings.values()
        for section in mapping.sections
        for problem in _problems(Section.of(section), schema[section.entity], pipelines.get(section.entity))
        if RULES[problem.code].stops_run
    ]
    findings += [
        f"dynamic data mapping {name!r}, {section.entity}: {problem}"
        for name, card in configuration.dynamic.items()
        for section in card.sections
        if section.entity in schema
        for problem in card_problems(section.fields, schema[section.entity])
    ]
    if findings:
        raise ConfigurationError(
            f"configuration {configuration.name!r} does not fit its portal:\n  " + "\n  ".join(findings)
        )


def _problems(
    section: Section, properties: Mapping[str, Property], pipelines: Mapping[str, Pipeline] | None
) -> Iterator[Problem]:
    yield from section_problems(section, properties)
    if pipelines is not None:
        yield from pipeline_problems(section, pipelines)
