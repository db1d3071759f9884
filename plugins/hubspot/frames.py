"""Records become columns batch by batch, so that no more than one batch exists as Python objects.

A value is a string or missing, never a number: ids have more digits than a float keeps.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from memorialization.errors import ConfigurationError

Record = dict[str, Any]


def table(
    records: Sequence[Record], properties: Sequence[str], entity: str, asked: Sequence[str] | None = None
) -> pa.Table:
    """One row per record: `record_id`, `asked` where given, and the properties, all large_string.

    Raises ConfigurationError where HubSpot left a requested property out: it does that without a word for one
    that does not exist or that the token may not see, while an unset one comes as null (hubspot-api, 2.1).
    """
    values = [record["properties"] for record in records]
    if values and (unknown := [name for name in properties if name not in values[0]]):
        raise ConfigurationError(
            f"{entity} has no property {', '.join(unknown)} that this token can read: mend the mapping, "
            "or grant the scopes for sensitive properties."
        )
    columns: dict[str, Iterable[str | None]] = {"record_id": [record["id"] for record in records]}
    if asked is not None:
        columns["asked"] = asked
    columns |= {name: [value.get(name) for value in values] for name in properties}
    return pa.table({name: pa.array(column, pa.large_string()) for name, column in columns.items()})


def frame(tables: Sequence[pa.Table], properties: Sequence[str], *, asked: bool) -> pd.DataFrame:
    """The tables below each other, as a frame of dtype str."""
    if not tables:
        tables = [table([], properties, "", [] if asked else None)]
    return pa.concat_tables(tables).combine_chunks().to_pandas().astype("str")
