"""The published schema is the model's own."""

import json
from pathlib import Path

from memorialization.report.model import Report


def test_the_published_schema_is_the_models(project: Path) -> None:
    published = json.loads((project / "include/schemas/report.schema.json").read_text())
    model = Report.model_json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Memorialize report"}
    assert published == {**model, **head}
