from datetime import timedelta

import pytest

from memorialization.durations import length


def test_a_span_is_a_number_of_minutes_hours_or_days() -> None:
    assert [length(text) for text in ("90m", "6h", "30d")] == [
        timedelta(minutes=90),
        timedelta(hours=6),
        timedelta(days=30),
    ]


@pytest.mark.parametrize("text", ["", "0d", "30", "d", "1.5h", "30 d", "-1d", "30D", "99999d", "30d\n"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number of minutes, hours or days"):
        length(text)
