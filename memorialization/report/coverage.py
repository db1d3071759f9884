"""Adds up the card counts of all partitions, in the order of the configuration; nothing is counted anew."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from memorialization.configuration import Configuration
from memorialization.report.model import Card, CardField


def coverage(counted: Iterable[dict[str, Any]], configuration: Configuration) -> list[Card]:
    """`counted`: rows as the step `cards` returns them. Card sections that no due interaction uses are left out."""
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in counted:
        total = sums[row["dynamic_data_mapping"], row["entity"]]
        total.update({name: row[name] for name in ("interactions", "cards", "unreadable")})
        total.update({f"empty {name}": n for name, n in row["empty"].items()})
    return [
        Card(
            dynamic_data_mapping=name,
            entity=section.entity,
            interactions=n["interactions"],
            cards=n["cards"],
            without_record=n["interactions"] - n["cards"],
            unreadable=n["unreadable"],
            fields=tuple(CardField(field=field, empty=n[f"empty {field}"]) for field in section.fields),
        )
        for name, mapping in configuration.dynamic.items()
        for section in mapping.sections
        if (n := sums.get((name, section.entity)))
    ]
