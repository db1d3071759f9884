"""Card coverage: which fields of the customer card are empty, for the due interactions of one partition.

Only counts leave this step; what the fields hold is never kept. A card is one due interaction and one section of
its dynamic data mapping, where the run has matched a record of that type. Source: memorialization reference,
section 6.
"""

from typing import Any

import pandas as pd

from memorialization.mappings import CardSection
from memorialization.matching import MATCHED
from memorialization.run import Frozen, Ports, Run, recorded, thaw
from memorialization.settle import assigned


def cards(run: Run, partition: str, ports: Ports) -> dict[str, Any]:
    """Counts of each card section; none for a partition whose preparation failed. Raises what the store raises.

    [{dynamic_data_mapping, entity, interactions, cards, unreadable, empty: {field: cards on which it is empty}}]
    """
    frozen = thaw(run)
    with recorded(run, ports, "cards", partition) as summary:
        counted: list[dict[str, Any]] = []
        if run.files.exists(f"prepared/{partition}.json"):
            targets = run.files.read_frame(f"targets/{partition}.parquet")
            chosen = _chosen(run, frozen, partition, targets)
            for name, mapping in frozen.configuration.dynamic.items():
                keys = chosen.index[chosen.eq(name)]
                if len(keys):
                    counted += [
                        {"dynamic_data_mapping": name, **_count(section, keys, targets, frozen, ports)}
                        for section in mapping.sections
                    ]
        summary.update(cards=counted)
    return dict(summary)


def _chosen(run: Run, frozen: Frozen, partition: str, targets: pd.DataFrame) -> pd.Series:
    """interaction key -> dynamic data mapping, of due interactions; every one of those has targets."""
    columns = ["interaction_key", "channel", "skill_id", "skill_name"]
    legs = run.files.read_frame(f"interactions/{partition}.parquet", columns)
    due = legs[legs["interaction_key"].isin(targets["interaction_key"])].set_index("interaction_key")
    names = {i: item.dynamic_data_mapping for i, item in enumerate(frozen.configuration.workflows.assignments)}
    return assigned(due, frozen.configuration).map(names)


def _count(section: CardSection, keys: pd.Index, targets: pd.DataFrame, frozen: Frozen, ports: Ports) -> dict[str, Any]:
    matched = targets["entity"].eq(section.entity) & targets["outcome"].eq(MATCHED)
    shown = targets.loc[matched & targets["interaction_key"].isin(keys), "record_id"]
    fields = list(section.fields)
    empty = dict.fromkeys(fields, 0)
    unreadable = 0
    if len(shown):
        found = ports.store.read(frozen.entities[section.entity], sorted(shown.unique()), fields)
        held = found.set_index("asked")[fields]
        readable = shown[shown.isin(held.index)]
        unreadable = len(shown) - len(readable)
        blank = held.apply(lambda values: values.fillna("").str.strip().eq(""))
        empty = {field: int(blank.loc[readable, field].sum()) for field in fields}
    return {
        "entity": section.entity, "interactions": len(keys), "cards": len(shown), "unreadable": unreadable,
        "empty": empty,
    }  # fmt: skip
