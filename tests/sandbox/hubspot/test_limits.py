from __future__ import annotations

from datetime import date

from sandbox.hubspot.limits import Limits, Meter

DAY = date(2026, 11, 16)


def test_a_scale_shortens_windows_and_leaves_counts() -> None:
    assert Limits(burst=100, daily=9).scaled(10) == Limits(
        burst=100, interval=1.0, daily=9, search_per_second=5.0, second=0.1
    )


def test_what_is_used_is_told() -> None:
    meter = Meter(Limits(burst=2, daily=4))
    answers = [meter.take(DAY, search=search) for search in (False, False, False, True)]
    assert answers == [None, None, "burst", None]
    assert meter.shown() == {
        "burst": 2, "burst_used": 2, "interval_seconds": 10.0, "daily": 4, "daily_used": 3,
        "searches": 5.0, "searches_used": 1, "search_interval_seconds": 1.0,
    }  # fmt: skip
