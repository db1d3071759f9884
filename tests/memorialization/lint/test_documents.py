"""What is generated is what is committed, and every example in the guide lints clean."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from memorialization.lint.documents import GUIDE, SCHEMAS, TABLES, guide, schemas
from memorialization.lint.meanings import MEANINGS
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
    assert [code for code in RULES if f"| {code} |" not in text] == []


def test_every_key_has_a_meaning() -> None:
    keys = {(model.__name__, key) for model in TABLES for key in model.model_fields}
    assert {key for key in keys if not MEANINGS.get(key)} == set()


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


def test_the_guides_german_portal_lints_clean(tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n# file: (\S+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 5
    for name, text in examples:
        path = tmp_path / "mueller" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert lint([tmp_path]).findings == ()
