import random
from collections import Counter
from datetime import date

from sandbox.rhythm import Rhythm
from sandbox.times import DAY, HOUR, midnight

DAY_ONE = date(2026, 11, 16)


def test_business_hours_of_both_sites() -> None:
    draws = Rhythm(DAY_ONE).draws(random.Random(7), 5000)
    assert draws == sorted(draws)
    assert all(0 <= at - midnight(DAY_ONE) < DAY for at, _ in draws)
    hours = {site: Counter((at - midnight(DAY_ONE)) // HOUR for at, s in draws if s == site) for site in ("de", "en")}
    assert hours["de"][9] > 5 * hours["de"][3]  # 10 h against 4 h in Berlin
    assert hours["en"][17] > 5 * hours["en"][10]  # 10 h against 3 h in Utah
    assert 0.55 < hours["de"].total() / 5000 < 0.65
    assert hours["en"][0] > 0  # late afternoon in Utah lies past midnight UTC


def test_daylight_saving_moves_the_hours() -> None:
    summer = Counter(
        (at - midnight(date(2026, 7, 15))) // HOUR
        for at, site in Rhythm(date(2026, 7, 15)).draws(random.Random(7), 5000)
        if site == "de"
    )
    assert summer[8] > summer[10] * 0.9  # 10 h in Berlin is 8 h UTC in July
