"""Rules that need nothing but the words in the files; a run and the linter refuse by these same functions.

CXone's own names and HubSpot's own record types are matched without regard to case or spacing, and kept as the
vendor spells them.
Source: memorialization reference, section 3.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from memorialization.cures import meant
from memorialization.interactions import DIGITAL, FIELD_COLUMNS, SCRIPT, VOICE
from memorialization.lint.problems import Problem
from memorialization.yaml_files import Location

CHANNELS: Final = (VOICE, DIGITAL, SCRIPT)
ENGAGEMENTS: Final = ("Call", "Note", "Communication", "Task", "Meeting", "Email")
RECORD_TYPES: Final = ("Contact", "Company", "Deal", "Ticket", *ENGAGEMENTS)
"""HubSpot's own; any other name is a custom object's singular label."""

NOT_MAPPABLE: Final = frozenset({"attachment", "attachments", "image", "images", "note", "notes"})

_REQUIRED: Final = {
    "Ticket": ("subject", "hs_pipeline", "hs_pipeline_stage"),
    "Deal": ("dealname", "pipeline", "dealstage"),
    "Call": ("hs_timestamp",),
    "Note": ("hs_timestamp",),
    "Communication": ("hs_timestamp", "hs_communication_channel_type"),
}
"""What HubSpot asks of a new record (hubspot-api, section 2.4)."""


def canonical(value: Any, known: Collection[str]) -> Any:
    """The known name that differs from `value` in case and spacing at most; else `value` as it is."""
    if not isinstance(value, str) or value in known:
        return value
    folded = _folded(value)
    return next((name for name in known if _folded(name) == folded), value)


def canonical_row(row: Any) -> Any:
    """A row of a mapping file with channel and CXone field as the vendor spells them."""
    if not isinstance(row, dict):
        return row
    channel = canonical(row.get("channel"), CHANNELS)
    fields = FIELD_COLUMNS.get(channel, {}) if isinstance(channel, str) else {}
    changed = {"channel": channel, "cxone_data": canonical(row.get("cxone_data"), fields)}
    return row | {key: value for key, value in changed.items() if key in row}


def field_problem(channel: str, value: str, at: Location) -> Problem | None:
    """What is wrong with the CXone data of a row, whose channel is one of CHANNELS."""
    if channel == SCRIPT:
        return script_variable_problem(value, at)
    if _folded(value) in NOT_MAPPABLE:
        return Problem("MEM102", value, f"{value!r} cannot be memorialized: only text is.", "Remove the row.", at)
    known = FIELD_COLUMNS[channel]
    if value in known:
        return None
    cure = meant(value, known).strip() or f"Known: {', '.join(known)}."
    return Problem("MEM101", value, f"{value!r} is not a CXone field of {channel!r}.", cure, at)


def script_variable_problem(name: str, at: Location) -> Problem | None:
    if name == name.lower():
        return None
    what = f"script variable {name!r} must be lower case here, however the script spells it."
    return Problem("MEM104", name, what, f"Write {name.lower()!r}.", at)


def mapped_twice(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    """Of rows (property, channel): each that writes what an earlier one writes already, with that one's index."""
    taken: dict[tuple[str, str], int] = {}
    for j, (name, channel) in enumerate(rows):
        met = {taken.setdefault((name, one), j) for one in ((VOICE, DIGITAL) if channel == SCRIPT else (channel,))}
        earlier = met - {j}
        if earlier:
            yield j, min(earlier)


def mapped_twice_problem(name: str, line: int, at: Location) -> Problem:
    return Problem("MEM304", name, f"{name!r} is already written by line {line}.", "Map it once per channel.", at)


def create_problem(entity: str, given: Collection[str], at: Location) -> Problem | None:
    """A section that creates records without the properties that HubSpot asks of them; `given`: those it has."""
    lacking = ", ".join(name for name in _REQUIRED.get(entity, ()) if name not in given)
    if not lacking:
        return None
    return Problem("MEM214", lacking, f"a new {entity} needs {lacking}.", "Write it under create_with, or map it.", at)


def association_problem(name: str, entity: str, known: Collection[str], at: Location) -> Problem | None:
    """An associate_with that names no other section of its mapping; `known`: the entities that have a section."""
    others = [other for other in known if other != entity]
    if name in others:
        return None
    what = f"{entity} cannot be associated with {name!r}: " + (
        "that is the section itself." if name == entity else "this mapping has no such section."
    )
    cure = f"{meant(name, others)} Other sections: {', '.join(others) or 'none'}.".strip()
    return Problem("MEM215", name, what, cure, at)


def unknown_name_problem(key: str, value: str, known: Iterable[str], at: Location) -> Problem | None:
    """An assignment that names a mapping (`key` says of which kind) that no file defines."""
    known = list(known)
    if value in known:
        return None
    cure = f"{meant(value, known)} Known: {', '.join(map(repr, known)) or 'none'}.".strip()
    return Problem("MEM501", value, f"no {key.replace('_', ' ')} is named {value!r}.", cure, at)


def assigned_twice(assignments: Sequence[Sequence[str]]) -> Iterator[tuple[int, int, str]]:
    """Of the skills (or the channel) of each assignment: (index, index of the earlier one, what both name)."""
    taken: dict[str, int] = {}
    for i, assigned in enumerate(assignments):
        for name in assigned:
            other = taken.setdefault(name, i)
            if other != i:
                yield i, other, name


def assigned_twice_problem(name: str, line: int, at: Location) -> Problem:
    return Problem("MEM504", name, f"{name!r} is already assigned by line {line}.", "Remove one.", at)


def _folded(name: str) -> str:
    return re.sub(r"\s", "", name).lower()
