"""What a revert took back is looked through: neither our write nor its undo is a later interaction's value.

So a run or backfill of the window judges the value as it stood before both, and may write it again. What looks like
an undo, but was hashed with another key, counts as a person's change: it stays for all but newer interactions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from memorialization.canonical import Kind, canonical, value_hash
from memorialization.hashing import comparable
from memorialization.ledger.audit import undone
from memorialization.ports import Change, Entity
from memorialization.run import Ports

Histories = dict[str, dict[str, list[Change]]]

REVERT: Final = "REVERT"  # a source that is none of HubSpot's


def looked_through(
    histories: Histories,
    configuration: str,
    target: Entity,
    kinds: Mapping[tuple[int, str], Kind],
    regions: tuple[str, ...],
    ports: Ports,
) -> Histories:
    """The histories without each undo, and the write that it undid, that are a property's newest changes."""
    pairs = undone(ports.ledger, configuration, target.type_id, list(histories))
    by_name = {name: kind for (_, name), kind in kinds.items()}
    result = histories | {record: dict(histories[record]) for record, _ in pairs}
    for (record, name), known in pairs.items():
        if name in result[record] and name in by_name:

            def hashed(value: str, kind: Kind = by_name[name]) -> int:
                return int(value_hash(canonical(pd.Series([value], dtype="str"), kind, regions), ports.key)[0])

            result[record][name] = before(result[record][name], known, hashed)
    return result


def before(changes: Sequence[Change], pairs: Sequence[tuple[int, int]], hashed: Callable[[str], int]) -> list[Change]:
    """`changes`, newest first, without what was undone; `pairs`: (hash of our write, hash of what was restored)."""
    left = list(changes)
    for wrote, restored in pairs:
        if len(left) < 2:
            break
        there = hashed(left[1].value), hashed(left[0].value)
        if not comparable(wrote, there[0]) and there[1] == hashed(left[2].value if len(left) > 2 else ""):
            left[0] = replace(left[0], source_type=REVERT)
        if there != (wrote, restored):
            break
        left = left[2:]
    return left
