"""The tables of docs/ledger.md, made from the comments in `tables`; never edited by hand.

`python -m memorialization.ledger.documents` writes them; a test keeps them equal.
"""

import re
from pathlib import Path
from typing import Final

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import dialect

from memorialization.ledger.tables import metadata

GUIDE: Final = Path(__file__).resolve().parents[2] / "docs/ledger.md"


def guide(text: str) -> str:
    """The guide with the part between `<!-- generated: tables -->` and `<!-- end -->` made anew."""
    made = "\n\n".join(_section(table) for table in metadata.tables.values())
    return re.sub(
        r"<!-- generated: tables -->.*?<!-- end -->",
        lambda _: f"<!-- generated: tables -->\n\n{made}\n\n<!-- end -->",
        text,
        flags=re.DOTALL,
    )


def _section(table: Table) -> str:
    rows = ["| column | type | meaning |", "| --- | --- | --- |"]
    for column in table.columns:
        kind = column.type.compile(dialect=dialect()).lower()  # type: ignore[no-untyped-call]
        name = f"**`{column.name}`**" if column.primary_key else f"`{column.name}`"
        meaning = (column.comment or "").replace("|", "\\|").replace("<", "&lt;")
        rows.append(f"| {name} | {kind} | {meaning} |")
    return f"### {table.name}\n\n{table.comment}\n\n" + "\n".join(rows)


if __name__ == "__main__":
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
