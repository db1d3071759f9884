from collections import Counter
from datetime import date

from sandbox.fates import Fates
from sandbox.interactions import Fate
from sandbox.times import parse
from tests.sandbox.conftest import make_world


def fates(stops: date | None = None) -> list[Fate]:
    world = make_world(interactions=1500, days=2, stops=stops)
    found = [leg.fate for leg in world.legs.values()]
    found += [leg.fate for case in world.cases.values() for leg in case.legs]
    return [fate for fate in found if fate]


def test_three_to_six_percent_are_lost_whole() -> None:
    counts = Counter(fate.write for fate in fates())
    lost = sum(n for write, n in counts.items() if write.startswith("lost:"))
    assert set(counts) == {"whole", "lost:first_of_day", "lost:tab", "lost:5xx"}
    assert 0.03 < lost / counts.total() < 0.06
    assert 0.005 < sum(fate.lost_field is not None for fate in fates()) / counts.total() < 0.015


def test_the_first_write_of_an_agents_day_is_lost_or_late() -> None:
    draw, due = Fates(7, date(2026, 11, 16), None), parse("2026-11-16T09:00:00Z")
    whole = Fate("whole", due + 2000, None, "cut")
    drawn = [draw.first_of_day(whole, due) for _ in range(200)]
    lost = [fate for fate in drawn if fate.write == "lost:first_of_day"]
    assert 70 < len(lost) < 130
    assert all(9_000 <= (fate.written_at or 0) - due <= 15_000 for fate in drawn if fate.write == "whole")


def test_from_the_day_the_system_user_is_gone_nothing_is_written() -> None:
    stopped = [fate for fate in fates(stops=date(2026, 11, 17)) if fate.write == "stopped"]
    assert len(stopped) > 1000
    assert all(fate.written_at is None for fate in stopped)
    end = parse("2026-11-17T00:00:00Z")
    assert all((fate.written_at or 0) < end + 15_000 for fate in fates(stops=date(2026, 11, 17)))
