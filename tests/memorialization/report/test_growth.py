"""The forecast follows the nights, not one night of long chats, and says nothing where too little is known."""

from datetime import UTC, datetime, timedelta

import pytest

from memorialization.report.growth import NightLengths, growth

LAST = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def nights(*p99s: int, transcripts: int = 100) -> list[NightLengths]:
    """One field's nights up to the last, one a day."""
    ends = [LAST - timedelta(days=n) for n in reversed(range(len(p99s)))]
    return [
        NightLengths("Chats", "Ticket", "transcript", end, 4_000, transcripts, 0, 1, 1, p99, 1, 1)
        for end, p99 in zip(ends, p99s, strict=True)
    ]


@pytest.mark.parametrize(
    ("p99s", "limit", "per_month", "tight_on"),
    [
        (range(3_000, 3_100, 10), 4_000, 300, "2027-02-22"),  # 91 days at 10 a day
        ([3_000] * 10, 4_000, 0, None),
        (range(3_100, 3_000, -10), 4_000, -300, None),
        (range(4_010, 4_110, 10), 4_000, 300, "2026-11-23"),
        ([*range(3_000, 3_040, 10), 65_000, *range(3_050, 3_100, 10)], 4_000, 300, "2027-02-22"),
        (range(3_000, 3_010), 65_536, 30, None),  # not within two years
    ],
)
def test_growth_is_a_line_through_the_nights(
    p99s: range | list[int], limit: int, per_month: int, tight_on: str | None
) -> None:
    found = growth(nights(*p99s), limit)
    assert found is not None
    assert (found.nights, found.per_month, found.tight_on) == (10, per_month, tight_on)


def test_few_nights_and_nights_of_few_chats_say_nothing() -> None:
    assert growth(nights(*range(6)), 4_000) is None
    assert growth(nights(*range(20), transcripts=19), 4_000) is None
    assert growth(nights(1) * 8, 4_000) is None  # one and the same night
