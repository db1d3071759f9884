"""Reads one YAML file into plain data and remembers the line of every node; never runs or expands anything.

Refused with file, line and cure: duplicate keys, anchors and aliases (a few lines of them can unfold into
gigabytes), tags, tabs, NUL bytes, numbers beyond 64 bits, anything but UTF-8, deep nesting, files over 1 MiB.
"""

import math
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final

import yaml

from memorialization.errors import ConfigurationError

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 50

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The data of one file, and the line (from 1) of each location within it."""

    path: Path
    data: Any
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """The line of a location, or of the nearest one above it that exists in the file."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def error(self, location: Location, message: str) -> ConfigurationError:
        """A ConfigurationError that begins with file:line."""
        return ConfigurationError(f"{self.path}:{self.line(location)}: {message}")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's safe loader (the C one where it is built), used for its node tree and scalar rules."""


def read_yaml(path: Path) -> YamlFile:
    """Read a file; raises ConfigurationError naming file, line and cure. A retry does not help."""
    try:
        found = path.stat()
        if not S_ISREG(found.st_mode):  # reading a pipe or a device would never end
            raise ConfigurationError(f"{path}: cannot be read: it is no plain file. Check path and rights.")
        if found.st_size > MAX_BYTES:
            raise ConfigurationError(f"{path}: {found.st_size:,} bytes is over {MAX_BYTES:,}. Split the file.")
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}. Check path and rights.") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{path}:{line}: not UTF-8. Save the file as UTF-8.") from None
    unusual = re.search("[\x85\u2028\u2029]", text)
    if unusual:  # YAML ends a line there, editors do not: every line named below it would be wrong
        line = text[: unusual.start()].count("\n") + 1
        raise ConfigurationError(f"{path}:{line}: an unusual line end (U+{ord(unusual[0]):04X}). Remove it.")
    loader = _Loader(text)
    try:
        _refuse_dangerous(path, text)
        node = loader.get_single_node()
        if node is None:
            raise ConfigurationError(f"{path}:1: the file is empty. Write it as docs/mapping.md shows, or remove it.")
        lines: dict[Location, int] = {}
        data = _plain(path, loader, node, (), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.count("\n")) + 1 if mark else 1  # the end of a file is marked beyond it
        if re.match(r" *\t", text.split("\n")[line - 1]):
            raise ConfigurationError(f"{path}:{line}: a tab stands before the text. Indent with spaces.") from None
        raise ConfigurationError(f"{path}:{line}: not valid YAML: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:  # a NUL or another character that YAML forbids
        position = getattr(error, "position", 0) or 0
        line = text[:position].count("\n") + 1
        raise ConfigurationError(f"{path}:{line}: a character that YAML does not allow. Remove it.") from None
    finally:
        loader.dispose()
    return YamlFile(path, data, lines)


def _refuse_dangerous(path: Path, text: str) -> None:
    """Before the tree is built: libyaml builds it by recursion in C, which ends the process where it is too deep."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        tag = getattr(event, "tag", None)
        if getattr(event, "anchor", None) is not None:  # of an alias, too
            raise ConfigurationError(f"{path}:{line}: anchors and aliases are not allowed. Write the value out.")
        if tag is not None:
            raise ConfigurationError(f"{path}:{line}: the tag {tag!r} is not allowed. Remove it.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigurationError(f"{path}:{line}: nested more than {MAX_DEPTH} deep. Flatten the file.")


def _reads(text: str, value: float) -> bool:
    """Whether a person would read this number in the text."""
    try:
        return float(text) == float(value)
    except ValueError:
        return False


def _plain(path: Path, loader: Any, node: yaml.Node, location: Location, lines: dict[Location, int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(location, line)
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigurationError(f"{path}:{key_line}: a key must be plain text.")
            key = key_node.value
            if key in mapping:
                raise ConfigurationError(f"{path}:{key_line}: {key!r} stands here twice. Remove one.")
            lines[(*location, key)] = key_line
            mapping[key] = _plain(path, loader, value_node, (*location, key), lines)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(path, loader, item, (*location, i), lines) for i, item in enumerate(node.value)]
    try:
        value = loader.construct_object(node)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            raise ValueError
    except (ValueError, OverflowError):  # such as the date 2026-02-31
        raise ConfigurationError(f"{path}:{line}: {node.value!r} is not a value. Put it in quotes.") from None
    if type(value) in (int, float) and not _reads(node.value, value):  # YAML reads 010 as 8, 47:11 as 2831
        raise ConfigurationError(f"{path}:{line}: {node.value!r} would be read as {value}. Write digits or use quotes.")
    return node.value if isinstance(value, date) else value  # a moment stays the text that was written
