"""Reads a configuration's folder as far as it can be read: what is wrong becomes findings, the rest goes on to rules.

Nothing here raises for the content of a file; one bad file, row or key never hides what stands beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import BaseModel, ValidationError

from memorialization import mappings as models
from memorialization.crm import Crm
from memorialization.cures import finding
from memorialization.errors import ConfigurationError
from memorialization.lint.problems import Finding, Problem
from memorialization.lint.structure import CHANNELS, RECORD_TYPES, canonical, canonical_row
from memorialization.mappings import KEY_FIELDS, NOTE, DynamicMapping, FieldRow, Workflows
from memorialization.text import Measure
from memorialization.yaml_files import Location, YamlFile, read_yaml

_CODES: Final = {"extra_forbidden": "MEM010", "missing": "MEM011", "value_error": "MEM014"}
_KINDS: Final = ("_type", "none_required", "_parsing")


@dataclass(frozen=True, slots=True)
class Row:
    """One readable row, with the place of it; the channel is known, the CXone field may not be."""

    field: FieldRow
    at: Location
    on_overflow: str | None = None  # as written; None where the file does not say

    @property
    def where(self) -> str:
        return f"{self.field.external_crm_field} <- {self.field.cxone_data}"


@dataclass(frozen=True, slots=True)
class Section:
    """A section, with those of its rows that can be read."""

    entity: str
    at: Location
    rows: tuple[Row, ...]
    key: str | None = None
    key_property: str | None = None
    on_unmatched: str = "park"
    create_with: dict[str, str] = field(default_factory=dict)
    record_id_from: str | None = None
    associate_with: tuple[str, ...] = ()

    @property
    def spills(self) -> bool:
        """Whether a row keeps transcripts that are too long in notes."""
        return any(row.on_overflow == "note" for row in self.rows)

    @staticmethod
    def of(section: models.Section, at: Location = ()) -> "Section":
        """A section that was read whole."""
        return Section(
            section.entity,
            at,
            tuple(Row(row, (*at, "fields", j)) for j, row in enumerate(section.fields)),
            section.key,
            section.key_property,
            section.on_unmatched,
            dict(section.create_with),
            section.record_id_from,
            section.associate_with,
        )


@dataclass(frozen=True, slots=True)
class Mapping:
    name: str
    file: YamlFile
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class CardSection:
    """The fields of one record type on a customer card."""

    entity: str
    fields: tuple[str, ...]
    at: Location


@dataclass(frozen=True, slots=True)
class Card:
    name: str
    file: YamlFile
    sections: tuple[CardSection, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One entry of workflows.yaml; names are None where they cannot be read."""

    at: Location
    skills: tuple[str, ...]
    channel: str | None
    mapping: str | None
    dynamic: str | None
    screen_pop: bool

    @property
    def assigned(self) -> tuple[str, ...]:
        return self.skills or ((self.channel,) if self.channel else ())


@dataclass(frozen=True, slots=True)
class Folder:
    """A configuration as far as it can be read; `unread` files may define names that rules do not see."""

    path: Path
    crm: YamlFile | None
    workflows: YamlFile | None
    mappings: tuple[Mapping, ...]
    cards: tuple[Card, ...]
    assignments: tuple[Assignment, ...]
    findings: tuple[Finding, ...]
    files: int
    unread: bool
    measure: Measure  # of the account's texts; what is presumed, where crm.yaml cannot be read

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def entities(self) -> tuple[str, ...]:
        """Record types that sections write, in order of first mention."""
        return tuple(dict.fromkeys(section.entity for m in self.mappings for section in m.sections))

    @property
    def written_entities(self) -> tuple[str, ...]:
        """The entities above, and Note where a transcript may be kept in one."""
        spills = any(section.spills for m in self.mappings for section in m.sections)
        return tuple(dict.fromkeys((*self.entities, *((NOTE,) if spills else ()))))

    @property
    def card_entities(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(section.entity for card in self.cards for section in card.sections))


def read_folder(path: Path) -> Folder:
    """Read crm.yaml, workflows.yaml, the mappings beside them and those in dynamic/."""
    reader = _Reader()
    crm = reader.read(path / "crm.yaml", Crm)
    workflows = reader.read(path / "workflows.yaml", Workflows)
    others = [p for p in sorted(path.glob("*.yaml")) if p.name not in ("crm.yaml", "workflows.yaml")]
    mappings = [reader.read(p, models.Mapping) for p in others]
    cards = [reader.read(p, DynamicMapping) for p in sorted((path / "dynamic").glob("*.yaml"))]
    beside = [*path.glob("*"), *path.glob("dynamic/*")]
    for ignored in sorted(p for p in beside if p.suffix.lower() in (".yml", ".yaml") and p.suffix != ".yaml"):
        problem = Problem("MEM003", ignored.name, f"{ignored.name!r} is not read.", "Rename it to end in .yaml.")
        reader.findings.append(Finding(ignored, 1, problem))
    return Folder(
        path,
        crm,
        workflows,
        tuple(_mapping(file) for file in mappings if file),
        tuple(_card(file) for file in cards if file),
        tuple(_assignments(workflows)) if workflows else (),
        tuple(reader.findings),
        reader.files,
        reader.unread,
        _measure(crm),
    )


class _Reader:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.files = 0
        self.unread = False

    def read(self, path: Path, model: type[BaseModel]) -> YamlFile | None:
        """The file, after its findings were noted; None where nothing of it can be read."""
        if path.name in ("crm.yaml", "workflows.yaml") and not path.exists():
            problem = Problem("MEM002", path.name, f"there is no {path.name} in this folder.", "Add it.")
            self.findings.append(Finding(path, 1, problem))
            return None
        self.files += 1
        try:
            file = read_yaml(path)
        except ConfigurationError as error:
            self.unread = True
            self.findings.append(unreadable(path, error))
            return None
        try:
            model.model_validate_json(orjson.dumps(file.data))
        except ValidationError as error:
            found = [one for one in error.errors(include_url=False) if not _follows(one)]
            self.findings += [_translated(file, model, one) for one in found]
        return file


def unreadable(path: Path, error: ConfigurationError) -> Finding:
    """The finding for a reader's refusal, which begins with path and, where it knows one, a line."""
    rest = str(error).removeprefix(f"{path}:")
    line, separator, what = rest.partition(": ")
    known = separator and line.isdecimal()
    text = (what if known else rest).strip()
    head, _, cure = text.removesuffix(".").rpartition(". ")
    problem = Problem("MEM001", path.name, f"{head}." if head else text, f"{cure}." if head else "Mend this line.")
    return Finding(path, int(line) if known else 1, problem)


def _measure(crm: YamlFile | None) -> Measure:
    try:
        return Crm.model_validate_json(orjson.dumps(crm.data)).measure if crm else Measure()
    except ValidationError:
        return Measure()


def _follows(error: Any) -> bool:
    """A list is also called too short when none of its entries is right; each of those has a finding of its own."""
    return error["type"] == "too_short" and bool(error["input"])


def _translated(file: YamlFile, model: type[BaseModel], error: Any) -> Finding:
    kind = error["type"]
    code = _CODES.get(kind) or ("MEM013" if kind.endswith(_KINDS) else "MEM012")
    text = finding(model, error)
    at: Location = tuple(error["loc"])
    value = _short(at[-1] if kind in ("extra_forbidden", "missing") and at else error.get("input"))
    what, cure = _split(text)
    return Finding(file.path, file.line(at), Problem(code, value, what, cure, at))


def _split(text: str) -> tuple[str, str]:
    """A message of `cures` as what and cure; those whose cure is the sentence itself get the rest of it."""
    for mark in (". ", "; ", "? "):
        head, separator, tail = text.partition(mark)
        if separator:
            return f"{head}.", tail[0].upper() + tail[1:]
    return text, "Correct the value."


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _mapping(file: YamlFile) -> Mapping:
    sections = []
    for i, data in _dicts(_get(file.data, "sections")):
        entity = canonical(_text(data, "entity"), RECORD_TYPES)
        if entity is not None:
            sections.append(_section(data, entity, ("sections", i)))
    return Mapping(_text(file.data, "memorialization_mapping") or "", file, tuple(sections))


def _section(data: dict[str, Any], entity: str, at: Location) -> Section:
    rows = []
    for j, given in _dicts(data.get("fields")):
        row = canonical_row(given)
        texts: dict[str, Any] = {key: _text(row, key) for key in ("external_crm_field", "channel", "cxone_data")}
        if all(texts.values()) and texts["channel"] in CHANNELS:
            field = FieldRow.model_construct(**texts)  # canonical already, and checked as a whole file
            rows.append(Row(field, (*at, "fields", j), _text(row, "on_overflow")))
    key = canonical(_text(data, "key"), KEY_FIELDS)
    mapped = next((row.field.external_crm_field for row in rows if row.field.cxone_data == key), None)
    create_with = data.get("create_with")
    return Section(
        entity,
        at,
        tuple(rows),
        key,
        _text(data, "key_property") or mapped,
        _text(data, "on_unmatched") or "park",
        {k: v for k, v in create_with.items() if isinstance(v, str)} if isinstance(create_with, dict) else {},
        _text(data, "record_id_from"),
        tuple(canonical(name, RECORD_TYPES) for name in _texts(data.get("associate_with"))),
    )


def _card(file: YamlFile) -> Card:
    sections = [
        CardSection(entity, _texts(data.get("fields")), ("sections", i))
        for i, data in _dicts(_get(file.data, "sections"))
        if (entity := canonical(_text(data, "entity"), RECORD_TYPES)) is not None
    ]
    return Card(_text(file.data, "dynamic_data_mapping") or "", file, tuple(sections))


def _assignments(file: YamlFile) -> Iterator[Assignment]:
    for i, data in _dicts(_get(file.data, "assignments")):
        yield Assignment(
            ("assignments", i),
            _texts(data.get("skills")),
            canonical(_text(data, "channel"), CHANNELS),
            _text(data, "memorialization_mapping"),
            _text(data, "dynamic_data_mapping"),
            data.get("assign_screen_pop") is True,
        )


def _get(data: Any, key: str) -> Any:
    return data.get(key) if isinstance(data, dict) else None


def _text(data: Any, key: str) -> str | None:
    value = _get(data, key)
    return value if isinstance(value, str) and value else None


def _texts(data: Any) -> tuple[str, ...]:
    return tuple(item for item in data if isinstance(item, str) and item) if isinstance(data, list) else ()


def _dicts(data: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    if isinstance(data, list):
        yield from ((i, item) for i, item in enumerate(data) if isinstance(item, dict))
