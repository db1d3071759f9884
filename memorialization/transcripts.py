"""Every transcript that has a target, beside what HubSpot holds of it: the figures and names that leave the texts.

Columns (`COLUMNS`; one row per transcript, and per property that holds one though CXone has none; no text):
    record, property, section, interaction_key, limit, length (of the whole), delivered (of what should stand: less,
    where the row cuts), held_length, verdict, the figures of `forensics.examine`, and written_by: who wrote what is
    not as it should be: live, us, person or unknown (`ownership.writer`); "" where all is well
Lengths are in the account's unit (`text.Measure`).
"""

from typing import Final

import pandas as pd

from memorialization.canonical import Kind, canonical, value_hash
from memorialization.compare import EQUAL, SUPERSEDED, WITHHELD
from memorialization.crm import Crm
from memorialization.forensics import CUT, FIGURES, FLATTENED, SHORTENED, WHOLE, examine
from memorialization.hashing import Key
from memorialization.ownership import Policy, writer
from memorialization.ports import Entity, Property
from memorialization.rendering import Status
from memorialization.run import Ports, Run

COLUMNS: Final = [
    "record", "property", "section", "interaction_key", "limit", "length", "delivered", "held_length", "verdict",
    *FIGURES, "written_by",
]  # fmt: skip

_LOST: Final = {"cut_at": 0, "cut_inside": "", "characters_lost": 0, "turns_lost": 0, "words_lost": 0}


def measured(
    frame: pd.DataFrame,
    lengths: pd.Series,
    whole: pd.Series | None,
    target: Property,
    kinds: list[Kind],
    crm: Crm,
    key: Key,
) -> pd.DataFrame:
    """`COLUMNS` but the last, and `current_hash` of what HubSpot holds where CXone's text is withheld, else 0.

    `frame`: the judged values of one property; `lengths`, `whole`: of each one's transcript, aligned, missing where
    what is delivered is the whole; `kinds`: how the values of each section compare.
    """
    measure = crm.measure
    shortened = whole if whole is not None and whole.notna().any() else None
    frame = frame.assign(length=lengths.to_numpy(), whole=(frame["desired"] if shortened is None else shortened).array)
    expected = frame["status"].isin([Status.VALUE, Status.TOO_LONG])
    rows = frame[frame["length"].notna() & (expected | (frame["status"].eq(Status.BLANK) & frame["current"].notna()))]
    length, held, limit = rows["length"].astype("int64"), measure.lengths(rows["current"]), measure.limit_of(target)
    more = rows["verdict"].eq(EQUAL) & held.gt(limit or 0)  # than we could deliver
    delivered = length.where(rows["status"].eq(Status.TOO_LONG) | more, measure.lengths(rows["desired"]))
    texts = pd.DataFrame(
        {
            "whole": rows["desired"] if shortened is None else rows["whole"].fillna(rows["desired"]),
            "delivered": rows["desired"],
            "held": rows["current"],
            "verdict": rows["verdict"],
            "hash": 0,
        },
        index=rows.index,
    )
    parts = [pd.DataFrame(columns=FIGURES)]
    for number, group in texts.groupby(rows["section"]):
        kind = kinds[int(number)]
        parts.append(examine(group, kind, crm.rendering.transcript_template, measure))
        withheld = group[group["verdict"].eq(WITHHELD)]
        texts.loc[withheld.index, "hash"] = value_hash(canonical(withheld["held"], kind, crm.phone_regions), key)
    return pd.DataFrame(
        {
            "record": rows["record"],
            "property": target.name,
            "section": rows["section"],
            "interaction_key": rows["interaction_key"],
            "limit": limit,
            "length": length,
            "delivered": delivered,
            "held_length": held,
            "verdict": rows["verdict"],
            "current_hash": texts["hash"],
        }
    ).join(pd.concat(parts[1:] or parts))


def judged(
    transcripts: pd.DataFrame, owned: pd.DataFrame, run: Run, entity: Entity, policy: Policy, ports: Ports
) -> pd.DataFrame:
    """`COLUMNS` under their last verdicts; what a newer interaction supersedes is not looked for any more.

    `owned`: verdict and written_by of the values that differ. Of what is too long and was cut all the same, the
    history is asked here.
    """
    keys = ["record", "property"]
    last = transcripts[keys].merge(owned[[*keys, "verdict", "written_by"]], on=keys, how="left")
    final = transcripts.assign(
        verdict=last["verdict"].fillna(transcripts["verdict"]), written_by=last["written_by"].fillna("")
    )
    echoed = final["verdict"].eq(EQUAL) & ~final["finding"].isin([WHOLE, SHORTENED, FLATTENED])
    final.loc[echoed, ["finding", *_LOST, "written_by"]] = [WHOLE, *_LOST.values(), ""]
    too_long = final[final["verdict"].eq(WITHHELD) & final["finding"].eq(CUT)]
    final.loc[too_long.index, "written_by"] = _writers(too_long, run, entity, policy, ports)
    return final.loc[final["verdict"].ne(SUPERSEDED), COLUMNS]


def _writers(rows: pd.DataFrame, run: Run, entity: Entity, policy: Policy, ports: Ports) -> list[str]:
    if rows.empty:
        return []
    ids = rows["record"].unique().tolist()
    histories = ports.store.histories(entity, ids, sorted(rows["property"].unique()))
    holders = ports.ledger.holders(run.configuration, entity.type_id, ids)
    return [
        writer(histories.get(record, {}).get(name, ()), held, holders.get((record, name)), policy)
        for record, name, held in zip(rows["record"], rows["property"], rows["current_hash"], strict=True)
    ]
