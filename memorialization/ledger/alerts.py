"""What people were told of last, by configuration and kind: words without anything of a customer."""

import json
from typing import Final

from memorialization.ledger.store import Ledger

_STATES: Final = "select kind, state from alerts where configuration = :configuration"
_KEEP: Final = (
    "insert into alerts (configuration, kind, state, since, run_id) "
    "values (:configuration, :kind, cast(:state as jsonb), now(), cast(:run_id as uuid)) "
    "on conflict (configuration, kind) do update "
    "set state = excluded.state, since = excluded.since, run_id = excluded.run_id"
)


def states(ledger: Ledger, configuration: str) -> dict[str, frozenset[str]]:
    """kind -> what is so, in words (`memorialization.alerts`)."""
    rows = ledger.rows(_STATES, configuration=configuration)
    return {row["kind"]: frozenset(row["state"]) for row in rows}


def keep(ledger: Ledger, configuration: str, kind: str, words: frozenset[str], run_id: str | None) -> None:
    """`run_id`: the run that showed it; None where none was opened."""
    state = json.dumps(sorted(words))
    ledger.carry_out({"alert": _KEEP}, configuration=configuration, kind=kind, state=state, run_id=run_id)
