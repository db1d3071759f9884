"""An echo is what HubSpot makes of a value that we wrote; from then on exactly this pair of values is equal.

It is learned right after an own write only: since the look just before it, the property's history shows no change
but one by an integration (or none, where HubSpot's spelling of the value stood there before), and the value came
back with other spaces, other case or other invisible characters, nothing else. So neither a person's nor the live
system's change is ever taken for an echo, and what HubSpot cut stays a truncation. Of a pair the ledger keeps two
hashes. Source: hubspot-api, section 3, "trimming".
"""

import unicodedata
from collections.abc import Mapping, Sequence

import pandas as pd

from memorialization.canonical import Kind, canonical, value_hash
from memorialization.ports import Change, Entity
from memorialization.run import Frozen, Ports, Run

Kinds = Mapping[tuple[int, str], Kind]

RESPELLED: tuple[Kind, ...] = ("text", "line", "html", "email", "folded", "phone")
"""Kinds whose spelling HubSpot may change; of a number or a time, another form is another value."""


def substance(text: str) -> str:
    """What every respelling keeps: all but case, width, spaces, control and invisible characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "ZC")


def known(
    values: pd.DataFrame, held: pd.Series, configuration: str, target: Entity, kinds: Kinds, regions: tuple[str, ...],
    ports: Ports,
) -> pd.Series:  # fmt: skip
    """Where HubSpot holds what it is known to make of the value that it should hold.

    `values`: section, property, desired; `held`: what HubSpot holds of each, aligned.
    """
    if values.empty:
        return pd.Series(False, index=values.index)
    forms = _forms(values, held, kinds, regions)
    sent, echoed = (value_hash(forms[name], ports.key) for name in ("sent", "echoed"))
    pairs = ports.ledger.echoes(configuration, target.type_id, sorted({int(s) for s in sent}))
    found = [pair in pairs for pair in zip(values["property"], sent.tolist(), echoed.tolist(), strict=True)]
    return pd.Series(found, index=values.index) & forms["echoed"].notna()


def learn(
    run: Run, values: pd.DataFrame, held: pd.Series, frozen: Frozen, target: Entity, kinds: Kinds, ports: Ports
) -> pd.Series:
    """Which of these values stand in HubSpot's own spelling; their echoes are kept.

    `values`: just written and acknowledged, but read back as another text `held`; with `current`, what stood there
    before, and `record_id`.
    """
    regions = frozen.configuration.crm.phone_regions
    forms = _forms(values, held, kinds, regions)
    respelled = pd.Series(
        [
            kinds[int(section), name] in RESPELLED and isinstance(echo, str) and substance(sent) == substance(echo)
            for section, name, sent, echo in zip(
                values["section"], values["property"], forms["sent"], forms["echoed"], strict=True
            )
        ],
        index=values.index,
        dtype=bool,
    )
    open_ = values[respelled]
    if open_.empty:
        return respelled
    names = sorted(open_["property"].unique())
    histories = ports.store.histories(target, sorted(open_["record_id"].unique()), names)
    sources = frozenset(frozen.configuration.crm.integration_sources)
    for i, record, name, before in zip(
        open_.index, open_["record_id"], open_["property"], open_["current"], strict=True
    ):
        changes = histories.get(record, {}).get(name, ())
        respelled[i] = _is_ours(changes, held[i], before if isinstance(before, str) else "", sources)
    learned = forms[respelled]
    ports.ledger.keep_echoes(
        run.configuration,
        target.type_id,
        run.run_id,
        pd.DataFrame(
            {
                "property": values["property"][respelled],
                "sent_hash": value_hash(learned["sent"], ports.key),
                "echoed_hash": value_hash(learned["echoed"], ports.key),
            }
        ),
    )
    return respelled


def _is_ours(changes: Sequence[Change], held: str, before: str, sources: frozenset[str]) -> bool:
    """Whether nothing but our write can have made `held` of `before`; `changes` are newest first."""
    if not changes or changes[0].value != held or changes[0].source_type not in sources:
        return False
    if held == before:
        return True  # HubSpot made of our value what stood there already, and noted no change
    return (changes[1].value if len(changes) > 1 else "") == before


def _forms(values: pd.DataFrame, held: pd.Series, kinds: Kinds, regions: tuple[str, ...]) -> pd.DataFrame:
    """Canonical forms of what was sent and of what came back, aligned with `values`."""
    texts = pd.DataFrame({"sent": values["desired"], "echoed": held}).astype("str")
    for (section, name), rows in texts.groupby([values["section"], values["property"]]):
        for column in texts:
            texts.loc[rows.index, column] = canonical(rows[column], kinds[int(section), str(name)], regions)
    return texts
