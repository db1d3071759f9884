"""Every table that names an interaction or a record is reached by an erasure; a new one cannot be forgotten."""

import pytest

from memorialization.ledger import Ledger
from memorialization.ledger.erasure import erase
from memorialization.ledger.tables import metadata

pytestmark = pytest.mark.slow

PERSONAL = {"interaction_key", "record_id", "record", "contact_guid", "addresses", "candidates"}


def test_an_erasure_reaches_every_table_that_names_somebody(ledger: Ledger) -> None:
    named = {name for name, table in metadata.tables.items() if PERSONAL & {c.name for c in table.columns}}
    reached = set(erase(ledger, "acme", ["v:1"], ["1"], dry_run=True))
    assert {"interactions", "matches", "holders", "receipts", "notes", "parked", "resolutions"} <= named
    assert reached == named | {"echoes", "candidates of parked"}
