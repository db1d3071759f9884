"""The night of the demonstration is chosen once and kept."""

from datetime import UTC, datetime
from pathlib import Path

from local.nights import Night, chosen


def test_the_last_night_that_was_over_two_hours_ago(tmp_path: Path) -> None:
    night = chosen(tmp_path / "a", datetime(2026, 11, 23, 15, 8, tzinfo=UTC))
    assert (night.start, night.end) == (datetime(2026, 11, 22, 2, tzinfo=UTC), datetime(2026, 11, 23, 2, tzinfo=UTC))
    early = chosen(tmp_path / "b", datetime(2026, 11, 23, 3, 59, tzinfo=UTC))
    assert early.end == datetime(2026, 11, 22, 2, tzinfo=UTC)


def test_a_later_day_shows_the_same_night_again(tmp_path: Path) -> None:
    first = chosen(tmp_path, datetime(2026, 11, 23, 15, tzinfo=UTC))
    assert chosen(tmp_path, datetime(2026, 12, 1, 9, tzinfo=UTC)) == first


def test_the_world_reaches_from_a_week_before_to_the_clock() -> None:
    night = Night(datetime(2026, 11, 23, 2, tzinfo=UTC))
    assert night.options(clock=datetime(2026, 11, 23, 4, tzinfo=UTC), interactions=10) == [
        "--start", "2026-11-15", "--days", "9", "--clock", "2026-11-23T04:00:00Z", "--interactions", "10",
    ]  # fmt: skip
