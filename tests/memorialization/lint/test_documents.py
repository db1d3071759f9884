"""What is generated is what is committed, and every example in the guide lints clean."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from memorialization.configuration import load
from memorialization.lint.documents import GUIDE, SCHEMAS, TABLES, guide, schemas
from memorialization.lint.registry import RULES
from memorialization.lint.run import lint
from memorialization.yaml_files import read_yaml

CURE = "run: python -m memorialization.lint.documents"


@pytest.mark.parametrize("name", schemas())
def test_the_committed_schemas_are_those_of_the_models(name: str) -> None:
    assert (SCHEMAS / name).read_text(encoding="utf-8") == schemas()[name], CURE


def test_the_guide_holds_the_tables_of_models_and_rules() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert guide(text) == text, CURE
    assert [model.__name__ for model in TABLES if f"<!-- generated: {model.__name__} -->" not in text] == []
    assert [code for code in RULES if f"| {code} |" not in text] == []


@pytest.mark.parametrize(
    "name", ["crm.yaml", "voice.yaml", "digital.yaml", "workflows.yaml", "dynamic/customer_card.yaml"]
)
def test_the_examples_files_name_their_schema_and_fit_it(project: Path, name: str) -> None:
    path = project / "include/mappings/acme" / name
    (named,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    schema = json.loads((path.parent / named).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(read_yaml(path).data, schema)


@pytest.mark.parametrize(
    ("channel", "data", "fits"),
    [
        ("Voice call contact", "ANI", True),
        ("Voice call contact", "Transcription Text", False),
        ("Digital contact", "Transcription Text", True),
        ("Digital contact", "Tags", False),
        ("Script variable", "ordernumber", True),
        ("Script variable", "orderNumber", False),
        ("Chat", "ANI", False),
    ],
)
def test_an_editor_knows_the_fields_of_each_channel(channel: str, data: str, fits: bool) -> None:
    schema = json.loads(schemas()["mapping.schema.json"])
    row = {"external_crm_field": "x", "channel": channel, "cxone_data": data}
    mapping = {"memorialization_mapping": "M", "sections": [{"entity": "Contact", "fields": [row]}]}
    assert jsonschema.Draft202012Validator(schema).is_valid(mapping) is fits


def test_every_example_of_the_guide_lints_clean(tmp_path: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n# file: (\S+)\n(.*?)```", text, re.DOTALL)
    assert [name for name, _ in examples] == [
        "crm.yaml", "anrufe.yaml", "chats.yaml", "workflows.yaml", "dynamic/kundenkarte.yaml", "chats.yaml",
    ]  # fmt: skip
    assert text.count("```yaml") == len(examples)
    for name, content in examples:
        path = tmp_path / "mueller" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        if (tmp_path / "mueller/dynamic/kundenkarte.yaml").exists():  # whole, and again with the second chats.yaml
            assert lint([tmp_path]).findings == ()
            assert load(tmp_path, "mueller").crm.configuration_name == "Müller Maschinenbau"
