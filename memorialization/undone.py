"""What a revert took back is looked through: neither our write nor its undo is a later interaction's value.

So a run or backfill of the window judges the value as it stood before both, and may write it again.
"""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from memorialization.canonical import Kind, canonical, value_hash
from memorialization.ledger import Ledger
from memorialization.ledger.audit import undone
from memorialization.ports import Change, Entity

Histories = dict[str, dict[str, list[Change]]]


def looked_through(
    histories: Histories,
    configuration: str,
    target: Entity,
    kinds: Mapping[tuple[int, str], Kind],
    regions: tuple[str, ...],
    ledger: Ledger,
) -> Histories:
    """The histories without each undo, and the write that it undid, that are a property's newest changes."""
    pairs = undone(ledger, configuration, target.type_id, list(histories))
    by_name = {name: kind for (_, name), kind in kinds.items()}
    result = {record: dict(changes) for record, changes in histories.items()}
    for (record, name), known in pairs.items():
        if name in result[record] and name in by_name:

            def hashed(value: str, kind: Kind = by_name[name]) -> int:
                return int(value_hash(canonical(pd.Series([value], dtype="str"), kind, regions))[0])

            result[record][name] = before(result[record][name], known, hashed)
    return result


def before(changes: Sequence[Change], pairs: Sequence[tuple[int, int]], hashed: Callable[[str], int]) -> list[Change]:
    """`changes`, newest first, without what was undone; `pairs`: (hash of our write, hash of what was restored)."""
    left = list(changes)
    for wrote, restored in pairs:
        if len(left) < 2 or (hashed(left[1].value), hashed(left[0].value)) != (wrote, restored):
            break
        left = left[2:]
    return left
