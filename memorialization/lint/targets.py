"""Rules that hold a section's rows against the properties of its record type; runs and the linter share them.

Source: memorialization reference, sections 3, 5 and 7; hubspot-api, sections 2.4 and 2.6.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from memorialization.cures import meant
from memorialization.interactions import SCRIPT
from memorialization.lint.facts import Lengths
from memorialization.lint.problems import Problem
from memorialization.lint.reading import Row, Section
from memorialization.ports import Pipeline, Property
from memorialization.text import Measure

SEARCHED: Final = ("Contact", "Company")
"""Record types that can be found without a key (memorialization reference, section 7)."""

PIPELINED: Final = {"Ticket": ("hs_pipeline", "hs_pipeline_stage"), "Deal": ("pipeline", "dealstage")}
"""Record types that stand in a pipeline, with the properties that hold it and the stage."""

_DISPOSITION: Final = "Disposition Name"
_TEXT_TYPES: Final = ("string",)
_TIMES: Final = frozenset({"Start Time", "End Time"})
_NUMBERS: Final = frozenset({"Agent ID", "Contact ID", "Master Contact ID", "Skill ID", "ANI", "DNIS", "From", "To"})
_FREE_TEXTS: Final = frozenset({"Disposition Notes", "Transcript URL", "Recording URL", "Start Time", "End Time"})


def section_problems(section: Section, properties: Mapping[str, Property]) -> Iterator[Problem]:
    """Everything the portal's properties do not allow in this section."""
    for row in section.rows:
        name, at = row.field.external_crm_field, (*row.at, "external_crm_field")
        target = properties.get(name)
        if target is None:
            what = f"property {name!r} does not exist (or is archived, or sensitive)."
            hint = meant(name, properties).strip()
            yield Problem("MEM202", name, what, "Create it in HubSpot or correct the row.", at, hint)
        else:
            yield from _row(row, target, at)
    for name in section.create_with:
        if name not in properties:
            at = (*section.at, "create_with", name)
            yield Problem("MEM212", name, f"create_with: property {name!r} does not exist.", "Correct the name.", at)
    yield from _key(section, properties)


def _row(row: Row, target: Property, at: tuple[str | int, ...]) -> Iterator[Problem]:
    if target.calculated or target.read_only:
        code = "MEM204" if target.calculated else "MEM203"
        yield Problem(code, target.name, f"{row.where}: HubSpot sets this property itself.", "Map to another one.", at)
    if row.field.is_transcript:
        if target.type not in _TEXT_TYPES:
            what = f"{row.where}: a transcript can never stand in a {target.type} property."
            yield Problem("MEM207", target.name, what, "Map it to a multi-line text property.", at)
        elif target.field_type == "text":
            what = f"{row.where}: a single-line text shows a transcript flattened."
            yield Problem("MEM210", target.name, what, "Map it to a multi-line text property.", at)
    elif not fits(row, target):
        what = f"{row.where}: the property takes {_takes(target.type)}, which {row.field.cxone_data} is not."
        yield Problem("MEM208", target.name, what, "Map it to a text property.", at)


def fits(row: Row, target: Property) -> bool:
    """Whether values of this CXone field can be values of the property; of a script variable nobody knows."""
    data = row.field.cxone_data
    if row.field.channel == SCRIPT or target.type == "string":
        return True
    match target.type:
        case "date" | "datetime":
            return data in _TIMES
        case "number":
            return data in _NUMBERS
        case "bool":
            return data == "Final State"
        case "phone_number":
            return data in ("ANI", "DNIS", "From", "To")
        case "enumeration":
            return data not in _FREE_TEXTS
        case _:
            return True


def _takes(kind: str) -> str:
    words = {"bool": "true or false", "enumeration": "one of its options", "phone_number": "a phone number"}
    return words.get(kind, f"a {kind}")


def _key(section: Section, properties: Mapping[str, Property]) -> Iterator[Problem]:
    key = properties.get(section.key_property or "")
    mapped = {row.field.external_crm_field for row in section.rows}
    if key is None and section.key_property and section.key_property not in mapped:  # else its row says so
        what = f"key_property: property {section.key_property!r} does not exist."
        cure = "Create it in HubSpot, a text with unique values, or correct the name."
        yield Problem("MEM202", section.key_property, what, cure, (*section.at, "key_property"))
    if key is None or key.unique:
        return
    at = (*section.at, "key")
    if section.on_unmatched == "create":
        what = f"on_unmatched: create needs a unique key, but {key.name!r} is not unique."
        cure = "Uniqueness can only be set when a property is created: make a new one, or write on_unmatched: park."
        yield Problem("MEM302", key.name, what, cure, at)
    elif section.entity not in SEARCHED:
        what = f"the key {key.name!r} is not unique, so it is searched for."
        yield Problem("MEM303", key.name, what, "Make a new property with unique values.", at)


def without_options(section: Section, properties: Mapping[str, Property]) -> bool:
    """Whether a row maps Disposition Name into an enumeration whose options are defined elsewhere."""
    targets = (properties.get(r.field.external_crm_field) for r in section.rows if r.field.cxone_data == _DISPOSITION)
    return any(target.type == "enumeration" and not target.options for target in targets if target)


def disposition_problems(
    section: Section, properties: Mapping[str, Property], dispositions: Collection[str]
) -> Iterator[Problem]:
    """Rows that map Disposition Name into an enumeration which lacks some of the tenant's dispositions."""
    for row in section.rows:
        target = properties.get(row.field.external_crm_field)
        if target is None or target.type != "enumeration" or row.field.cxone_data != _DISPOSITION:
            continue
        known = {text for option in target.options for text in option}
        lacking = sorted(name for name in dispositions if name not in known)
        if target.options and lacking and row.field.channel != SCRIPT:
            what = f"{row.where}: {len(lacking)} dispositions of CXone are no option: {_some(lacking)}."
            at = (*row.at, "external_crm_field")
            yield Problem("MEM209", target.name, what, "Add them in HubSpot, or map to a text property.", at)


def length_problems(
    section: Section, properties: Mapping[str, Property], lengths: Lengths, measure: Measure
) -> Iterator[Problem]:
    """Rows whose property is too small for one transcript in a hundred, and that do not say what to do then."""
    for row in section.rows:
        target = properties.get(row.field.external_crm_field)
        limit = measure.limit_of(target) if target else None
        if target and limit and row.field.is_transcript and row.on_overflow is None and limit < lengths.p99:
            what = (
                f"{row.where}: the limit is {limit:,} characters, but one transcript in a hundred is longer than "
                f"{lengths.p99:,} (longest {lengths.longest:,})."
            )
            cure = "Raise the limit in HubSpot, or say under on_overflow what to do with them."
            yield Problem("MEM211", target.name, what, cure, (*row.at, "external_crm_field"))


def pipeline_problems(section: Section, pipelines: Mapping[str, Pipeline]) -> Iterator[Problem]:
    """A pipeline or stage under create_with that the portal does not have."""
    key, stage_key = PIPELINED[section.entity]
    given, stage = section.create_with.get(key), section.create_with.get(stage_key)
    if given is not None and given not in pipelines:
        known = _some([f"{i} ({p.label})" for i, p in pipelines.items()])
        at = (*section.at, "create_with", key)
        yield Problem("MEM213", given, f"create_with: the portal has no pipeline {given!r}.", f"Known: {known}.", at)
    chosen = pipelines.get(given) if given is not None else None
    if stage is not None and chosen and stage not in chosen.stages:
        known = _some([f"{i} ({label})" for i, label in chosen.stages.items()])
        at = (*section.at, "create_with", stage_key)
        what = f"create_with: pipeline {given!r} has no stage {stage!r}."
        yield Problem("MEM213", stage, what, f"Known: {known}.", at)


def card_problems(
    fields: tuple[str, ...], properties: Mapping[str, Property], at: tuple[str | int, ...] = ()
) -> Iterator[Problem]:
    """What a customer card cannot show of one record type (memorialization reference, section 6)."""
    for j, name in enumerate(fields):
        if name not in properties:
            what, hint = f"property {name!r} does not exist.", meant(name, properties).strip()
            yield Problem("MEM404", name, what, "Correct the name.", (*at, "fields", j), hint)
    known = [properties[name] for name in fields if name in properties]
    text = sum(p.type == "string" for p in known)
    if text > CARD_TEXTS:
        what = f"{text} text fields; the customer card shows at most {CARD_TEXTS}."
        yield Problem("MEM401", str(text), what, "Remove some.", (*at, "fields"))
    others = len(known) - text
    if others > CARD_OTHERS:
        what = f"{others} fields of other types; at most {CARD_OTHERS}."
        yield Problem("MEM402", str(others), what, "Remove some.", (*at, "fields"))


CARD_TEXTS: Final = 5
CARD_OTHERS: Final = 3


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
