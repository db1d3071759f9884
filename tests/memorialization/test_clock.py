from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from memorialization.clock import ahead


def test_the_difference_is_in_seconds_positive_where_this_clock_is_ahead() -> None:
    told = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
    found = ahead(told)
    assert found is not None and 600 <= found < 603


@pytest.mark.parametrize("header", [None, "", "yesterday", "2026-11-23T20:00:00Z"])
def test_no_date_is_no_difference(header: str | None) -> None:
    assert ahead(header) is None
