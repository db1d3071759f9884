"""The lengths of a window are kept once, and found by the nights of the month after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from memorialization.ledger import Ledger
from memorialization.ledger.lengths import keep_lengths, lengths_before
from memorialization.report.growth import NightLengths

pytestmark = pytest.mark.slow

END = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NIGHT = NightLengths("Chats", "Ticket", "transcript", END, 4_000, 100, 3, 800, 2_000, 3_900, 5_000, 6_000)


def test_a_window_done_again_replaces_what_was_kept_of_it(ledger: Ledger) -> None:
    old = replace(NIGHT, window_end=END - timedelta(days=31))
    keep_lengths(ledger, "acme", str(UUID(int=1)), [])
    keep_lengths(ledger, "acme", str(UUID(int=1)), [old, NIGHT])
    again = replace(NIGHT, p99=4_100, over_limit=4)
    keep_lengths(ledger, "acme", str(UUID(int=2)), [again])
    keep_lengths(ledger, "other", str(UUID(int=3)), [NIGHT])
    assert lengths_before(ledger, "acme", END + timedelta(days=1)) == [again]
    assert lengths_before(ledger, "acme", END) == []
