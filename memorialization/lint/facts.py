"""What a portal and a tenant are like, as far as rules need it; None is "not known", and holds no customer data.

Kept as `snapshot.json` in the configuration's folder: sorted, one fact a line, so that a change reads well in a
pull request. Written by `memorialize snapshot`.
"""

from pathlib import Path
from typing import Annotated, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from memorialization.errors import ConfigurationError
from memorialization.ports import Pipeline, Property

FILE: Final = "snapshot.json"


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PropertyFact(_Fact):
    """One property that can be read; `max_length` is its MAX_LENGTH validation rule (UTF-16 units)."""

    label: str
    type: str
    field_type: str = ""
    options: tuple[tuple[str, str], ...] = ()  # (value, label)
    unique: bool = False
    read_only: bool = False
    calculated: bool = False
    max_length: int | None = None

    def property(self, name: str) -> Property:
        return Property(name=name, **{key: getattr(self, key) for key in type(self).model_fields})


class RecordType(_Fact):
    """The properties of one record type; archived and sensitive ones by name, where the token may list them."""

    properties: dict[str, PropertyFact]
    archived: tuple[str, ...] | None = None
    sensitive: tuple[str, ...] | None = None


class Portal(_Fact):
    """The HubSpot account; `record_types` holds those that the configuration names and the portal has."""

    account_id: int
    scopes: tuple[str, ...] | None = None
    record_types: dict[str, RecordType] = Field(default_factory=dict)
    unknown_record_types: tuple[str, ...] = ()
    pipelines: dict[str, dict[str, Pipeline]] = Field(default_factory=dict)  # record type -> id -> pipeline


class Skill(_Fact):
    """An ACD skill; `screen_pops` is its Use Screen Pops, None where the list does not say."""

    id: str
    media_type: str | None = None
    screen_pops: bool | None = None


class Tenant(_Fact):
    """The CXone tenant: skills by name, and the names of dispositions and tags."""

    skills: dict[str, Skill]
    dispositions: tuple[str, ...]
    tags: tuple[str, ...] = ()


class Lengths(_Fact):
    """Quantiles of the lengths of transcripts so far, in UTF-16 units."""

    count: int
    median: int
    p95: int
    p99: int
    longest: int


class Snapshot(_Fact):
    """All facts; an empty one knows nothing."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    portal: Portal | None = None
    tenant: Tenant | None = None
    transcript_lengths: Lengths | None = None

    def properties(self, entity: str) -> dict[str, Property] | None:
        """The properties of a record type by name; None where they are not known."""
        found = self.portal.record_types.get(entity) if self.portal else None
        return {name: fact.property(name) for name, fact in found.properties.items()} if found else None


def read(folder: Path) -> Snapshot:
    """The snapshot of a configuration's folder, an empty one without a file; raises ConfigurationError."""
    path = folder / FILE
    try:
        if path.exists() and not path.is_file():  # reading a pipe would never end
            raise ValueError
        return Snapshot.model_validate(orjson.loads(path.read_bytes())) if path.exists() else Snapshot()
    except (ValueError, ValidationError, RecursionError, OSError):
        raise ConfigurationError(
            f"{path}:1: is no snapshot of this version. Refresh it: memorialize snapshot -c {folder.name}"
        ) from None


def write(folder: Path, snapshot: Snapshot) -> Path:
    """Write the snapshot, the same bytes for the same facts; returns its path."""
    path = folder / FILE
    data: Any = snapshot.model_dump(mode="json", exclude_defaults=True) | {"version": snapshot.version}
    partial = path.with_name(f".{FILE}")
    partial.write_bytes(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    partial.replace(path)
    return path
