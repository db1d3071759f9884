"""Schemas for editors and tables for docs/mapping.md, made from the models and the registry; never edited by hand.

`python -m memorialization.lint.documents` writes them; a test keeps them equal.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel

from memorialization import crm, mappings
from memorialization.interactions import DIGITAL, FIELD_COLUMNS, VOICE
from memorialization.lint.meanings import MEANINGS
from memorialization.lint.registry import FAMILIES, RULES

_PROJECT: Final = Path(__file__).resolve().parents[2]
SCHEMAS: Final = _PROJECT / "include/schemas"
GUIDE: Final = _PROJECT / "docs/mapping.md"

FILES: Final[dict[str, tuple[type[BaseModel], str]]] = {
    "crm": (crm.Crm, "crm.yaml: the CRM configuration of one HubSpot account"),
    "mapping": (mappings.Mapping, "A data memorialization mapping"),
    "workflows": (mappings.Workflows, "workflows.yaml: which skill or channel uses which mapping"),
    "dynamic": (mappings.DynamicMapping, "dynamic/*.yaml: a dynamic data mapping"),
}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model in an annotation, those of its fields after it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    for inner in get_args(annotation):
        yield from _models(inner)


TABLES: Final = tuple(dict.fromkeys(found for model, _ in FILES.values() for found in _models(model)))


def schemas() -> dict[str, str]:
    """File name -> text of each JSON Schema (draft 2020-12)."""
    found = {}
    for name, (model, title) in FILES.items():
        schema = model.model_json_schema(mode="validation")
        for part in (schema, *schema.get("$defs", {}).values()):
            for key, described in part.get("properties", {}).items():
                described.pop("title", None)
                described["description"] = MEANINGS.get((part["title"], key), "")
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        data = head | schema | {"title": title}
        found[f"{name}.schema.json"] = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return found


def guide(text: str) -> str:
    """The guide with every part between `<!-- generated: NAME -->` and `<!-- end -->` made anew."""
    made = dict(_parts())

    def part(match: re.Match[str]) -> str:
        return f"<!-- generated: {match[1]} -->\n\n{made[match[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- generated: ([\w -]+) -->.*?<!-- end -->", part, text, flags=re.DOTALL)


def _parts() -> Iterator[tuple[str, str]]:
    for model in TABLES:
        yield model.__name__, _model_table(model)
    yield "fields", _field_table()
    for digit, title in FAMILIES.items():
        yield f"rules {title}", _rule_table(digit)


def _model_table(model: type[BaseModel]) -> str:
    schema = model.model_json_schema(mode="validation")
    rows = [("key", "value", "default", "meaning"), ("---", "---", "---", "---")]
    for name, given in schema["properties"].items():
        required = name in schema.get("required", ())
        default = "**required**" if required else f"`{json.dumps(given.get('default'), ensure_ascii=False)}`"
        if not required and "default" not in given:  # made by a factory: empty, or a group of defaults
            default = ""
        if isinstance(given.get("default"), dict) and given["default"]:
            default = "see there"
        rows.append((f"`{name}`", _kind(given), default, MEANINGS.get((model.__name__, name), "")))
    return _table(rows)


def _kind(given: dict[str, Any]) -> str:
    if "$ref" in given:
        return f"group {given['$ref'].rsplit('/', 1)[-1]}"
    if "anyOf" in given:
        return " or ".join(dict.fromkeys(_kind(one) for one in given["anyOf"] if one.get("type") != "null"))
    if "enum" in given or "const" in given:
        return " \\| ".join(f"`{value}`" for value in given.get("enum", [given.get("const")]))
    match given.get("type"):
        case "array":
            return f"list of {_kind(given['items'])}"
        case "object":
            inner = given.get("additionalProperties")
            return f"keys with {_kind(inner)}" if isinstance(inner, dict) else "keys with values"
        case "integer" | "number" as kind:
            low = given.get("minimum", given.get("exclusiveMinimum"))
            span = f", {low} to {given['maximum']}" if "maximum" in given and low is not None else ""
            return ("whole number" if kind == "integer" else "number") + span
        case "boolean":
            return "true or false"
        case "null":
            return "empty"
        case _:
            return "text"


def _field_table() -> str:
    names = sorted({*FIELD_COLUMNS[DIGITAL], *FIELD_COLUMNS[VOICE]})
    rows = [("CXone data", VOICE, DIGITAL), ("---", "---", "---")]
    for name in names:
        rows.append((name, _offered(name, VOICE), _offered(name, DIGITAL)))
    return _table(rows)


def _offered(name: str, channel: str) -> str:
    if name not in FIELD_COLUMNS[channel]:
        return ""
    return "no source" if name in mappings.NO_SOURCE[channel] else "yes"


def _rule_table(digit: str) -> str:
    rows = [("code", "name", "severity", "why", "cure", "needs"), ("---", "---", "---", "---", "---", "---")]
    for rule in RULES.values():
        if rule.code[3] == digit:
            stops = f"{rule.severity}, stops a run" if rule.stops_run else rule.severity
            rows.append((rule.code, rule.name, stops, rule.why, rule.cure, rule.needs or ""))
    return _table(rows)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write() -> None:
    """Write the schemas and the generated parts of the guide."""
    for name, text in schemas().items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
