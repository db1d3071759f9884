"""What was told last is known by configuration and kind, and since when."""

import pytest

from memorialization.ledger import Ledger
from memorialization.ledger.alerts import keep, states

pytestmark = pytest.mark.slow

RUN_ID = "01a20913-3458-78a3-ba11-489a7c01f2ea"


def test_the_last_state_of_each_kind_stands(ledger: Ledger) -> None:
    assert states(ledger, "acme") == {}
    keep(ledger, "acme", "failed", frozenset({"b", "a"}), RUN_ID)
    keep(ledger, "acme", "quality stored", frozenset({"warn"}), RUN_ID)
    keep(ledger, "beta", "failed", frozenset({"c"}), None)
    ledger.carry_out({"age": "update alerts set since = now() - interval '3 days'"})
    keep(ledger, "acme", "failed", frozenset(), None)
    assert states(ledger, "acme") == {"failed": frozenset(), "quality stored": frozenset({"warn"})}
    assert states(ledger, "beta") == {"failed": frozenset({"c"})}
    told = ledger.rows(
        "select configuration, run_id::text, now() - since < '1 day' as new from alerts where kind='failed'"
    )
    assert sorted(map(tuple, (row.values() for row in told)), key=str) == [
        ("acme", None, True),
        ("beta", None, False),
    ]
    assert ledger.rows("select run_id::text as run from alerts where kind <> 'failed'") == [{"run": RUN_ID}]
