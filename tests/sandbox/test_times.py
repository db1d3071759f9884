import pytest

from sandbox.times import Clock, offset, offset_millis, parse, zulu

NOON = 1_794_830_400_120  # 2026-11-16 12:00:00.120 UTC


def test_each_api_gets_its_own_spelling() -> None:
    assert zulu(NOON) == "2026-11-16T12:00:00.120Z"
    assert offset(NOON) == "2026-11-16T12:00:00+00:00"
    assert offset_millis(NOON) == "2026-11-16T12:00:00.120+00:00"


def test_parse_reads_offsets_and_takes_utc_without_one() -> None:
    assert parse("2026-11-16T12:00:00.120Z") == NOON
    assert parse("2026-11-16T13:00:00.120+01:00") == NOON
    assert parse("2026-11-16T12:00:00.120") == NOON


def test_the_clock_runs_and_jumps_forward_only() -> None:
    clock = Clock(NOON)
    assert NOON <= clock.ms() < NOON + 1000
    clock.forward(NOON + 3_600_000)
    assert NOON + 3_600_000 <= clock.ms() < NOON + 3_601_000
    with pytest.raises(ValueError, match="only moves forward"):
        clock.forward(NOON)
