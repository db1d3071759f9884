"""An input is checked as a whole before any of it is written, with HubSpot's codes.

hubspot-api, sections 2.3 and 4. Decided here, for the reference does not know: a missing required property
gets the code MISSING_REQUIRED_PROPERTY in every path form, a unique value that another record holds
CONFLICTING_UNIQUE_VALUE; an e-mail in use is a conflict on updates as on creates; `lifecyclestage` set
backwards keeps its value without an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.call import Call, rendered
from sandbox.hubspot.errors import InputError, wrong_json
from sandbox.hubspot.portal import CALCULATED_PHONES
from sandbox.hubspot.standard import LIFECYCLE
from sandbox.hubspot.store import Record, Store
from sandbox.hubspot.values import Problem, Property, normalised, problem, text_of


@dataclass(frozen=True)
class Plan:
    """A checked write: values for an existing record (or, without one, a new record) and where to link it."""

    record: Record | None
    values: dict[str, str]
    links: list[tuple[str, str, int]] = field(default_factory=list)


def planned(
    store: Store,
    record: Record | None,
    properties: Any,
    claimed: dict[tuple[str, str], str],
    required: Iterable[str],
) -> Plan | InputError:
    """Check one input's properties.

    `claimed` holds unique values that earlier inputs of this call will take, `required` what a new record must bring
    beside its kind's own.
    """
    if not isinstance(properties, dict):
        raise wrong_json("Cannot deserialize value of type `java.util.LinkedHashMap` for properties")
    problems: list[tuple[str, Problem]] = []
    values: dict[str, str] = {}
    for name, raw in properties.items():
        if raw is None:  # null is accepted and does nothing
            continue
        text = text_of(raw)
        if text is None:
            raise wrong_json("Cannot deserialize value of type `java.lang.String`")
        definition = store.properties.get(name)
        if definition is None:
            problems.append((name, Problem("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')))
        elif found := problem(definition, text):
            problems.append((name, found))
        else:
            values[name] = text
    if record is None:
        problems += [
            (name, Problem("MISSING_REQUIRED_PROPERTY", f'Property "{name}" is required'))
            for name in (*store.kind.required, *required)
            if not values.get(name)
        ]
    conflict = None
    for name, text in values.items():
        definition = store.properties[name]
        if text and (definition.unique or name == "email"):
            holder = _holder(store, record, definition, normalised(definition, text), claimed)
            if holder is not None and name == "email":
                conflict = InputError(message="Contact already exists", existing_id=holder or None)
            elif holder is not None:
                message = f'"{text}" is already the {name} of {store.kind.fqn} {holder}'
                problems.append((name, Problem("CONFLICTING_UNIQUE_VALUE", message)))
    if problems:
        return InputError(tuple(problems))
    return conflict or Plan(record, _forward_only(store, record, values))


def written(call: Call, store: Store, plan: Plan, sent: Any) -> dict[str, Any]:
    """Carry a plan out; the record as the API echoes it: all of a new one, else what was sent and what it
    changed.
    """
    kind = store.kind
    if plan.record is None:
        done = call.make("create", sourced=True, type_id=kind.type_id, properties=plan.values, record_id=None)
        record = store.records[done.arguments["record_id"]]
        for to_type, to_id, type_id in plan.links:
            call.make(
                "associate",
                from_type=kind.type_id,
                from_id=record.id,
                to_type=to_type,
                to_id=to_id,
                type_id=type_id,
            )
        echoed = {*record.values, *sent}
    else:
        record = plan.record
        if plan.values:
            call.make("update", sourced=True, type_id=kind.type_id, record_id=record.id, properties=plan.values)
        echoed = {*sent, *(CALCULATED_PHONES[name] for name in sent if name in CALCULATED_PHONES)}
    names = sorted({*(echoed & store.properties.keys()), "hs_object_id", kind.created, kind.modified})
    return rendered(store, record, names)


def _holder(
    store: Store,
    record: Record | None,
    definition: Property,
    value: str,
    claimed: dict[tuple[str, str], str],
) -> str | None:
    """The id of another record that holds a unique value, "" for one still to be made, None when it is
    free.
    """
    own = None if record is None else record.id
    for other in store.index.get(definition.name, {}).get(value, ()):
        if other != own:
            return other
    claim = claimed.get((definition.name, value))
    if claim is None:
        claimed[definition.name, value] = own or ""
        return None
    return None if own and claim == own else claim


def _forward_only(store: Store, record: Record | None, values: dict[str, str]) -> dict[str, str]:
    """`lifecyclestage` moves forward only; to go back it is cleared first (hubspot-api, section 2.4)."""
    new = values.get("lifecyclestage")
    old = record.values.get("lifecyclestage") if record and store.kind.type_id == "0-1" else None
    if new in LIFECYCLE and old in LIFECYCLE and LIFECYCLE.index(new) < LIFECYCLE.index(old):
        return {name: value for name, value in values.items() if name != "lifecyclestage"}
    return values
