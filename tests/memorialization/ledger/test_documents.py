"""docs/ledger.md says what the tables are, and its queries run."""

import re

from memorialization.ledger.documents import GUIDE, guide
from memorialization.ledger.tables import metadata

CURE = "run: python -m memorialization.ledger.documents"


def test_the_guide_holds_every_table_as_it_is() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert guide(text) == text, CURE
    assert re.findall(r"^### (\w+)$", text, re.MULTILINE) == list(metadata.tables)


def test_every_table_and_column_says_what_it_means() -> None:
    assert [t.name for t in metadata.tables.values() if not t.comment] == []
    assert [f"{t.name}.{c.name}" for t in metadata.tables.values() for c in t.columns if not c.comment] == []
