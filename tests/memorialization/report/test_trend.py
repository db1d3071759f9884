"""The last nights, from the ledger's funnels, as charts that say what they show."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memorialization.ledger import Ledger
from memorialization.ledger.nights import before
from memorialization.report.html import render
from memorialization.report.model import Night, Report
from memorialization.report.trend import charts, night_of, with_trend
from memorialization.report.words import ENGLISH
from tests.memorialization.fakes import MemoryStore
from tests.memorialization.nights import configuration, night, row, schema, section

SAMPLE = Report.model_validate_json((Path(__file__).parent / "report.json").read_text(encoding="utf-8"))
TWO = datetime(2026, 11, 20, 2, tzinfo=UTC)


def a_night(day: int, *, state: str = "done", **funnel: int) -> Night:
    return night_of(f"r{day}", (TWO + timedelta(days=day)).isoformat(), state, funnel)


def test_the_report_ends_the_row_of_nights_with_its_own() -> None:
    funnel = {"pulled": 10, "values": 200, "missing": 4, "drifted": 1, "truncated": 1, "verified": 5, "parked": 2}
    earlier = [{"run_id": "r1", "window_end": TWO, "state": "failed", "funnel": funnel}]
    first, own = with_trend(SAMPLE, earlier).trend
    assert (first.run_id, first.window_end, first.state) == ("r1", "2026-11-20T02:00:00+00:00", "failed")
    assert (first.pulled, first.values, first.wrong, first.mended, first.parked) == (10, 200, 6, 5, 2)
    assert (own.run_id, own.state, own.wrong, own.mended) == (SAMPLE.run.run_id, "done", 1176, 1176)


def test_a_chart_has_a_bar_a_night_as_high_as_its_figure() -> None:
    nights = (a_night(0, pulled=50), a_night(1, pulled=100, state="failed"), a_night(2, values=8, missing=2))
    pulled, wrong, left, _ = charts(nights, ENGLISH)
    assert [bar.height for bar in pulled.bars] == [32.0, 64.0, 0.4]
    assert [bar.kind for bar in pulled.bars] == ["good", "failed", "now"]
    assert pulled.bars[1].title == "21 Nov 2026, 02:00 UTC: 100"
    assert (pulled.now, pulled.highest) == ("0", "100")
    assert wrong.shown == ("n/a", "n/a", "25 %")
    assert left.shown == ("0", "0", "2")
    assert all(0 <= bar.x <= bar.x + bar.width <= 300.1 for bar in pulled.bars)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_nights_are_no_trend(count: int) -> None:
    nights = tuple(a_night(day) for day in range(count))
    assert charts(nights, ENGLISH) == []
    assert "Trends begin with the second night." in render(SAMPLE.model_copy(update={"trend": nights}))


def test_the_page_shows_the_nights() -> None:
    nights = (a_night(0, pulled=1500), a_night(1, pulled=1600, state="failed"), a_night(2, pulled=1400))
    page = render(SAMPLE.model_copy(update={"trend": nights}))
    assert "The last 3 nights, this one at the right." in page
    assert page.count('<rect class="failed"') == 4
    assert "<title>20 Nov 2026, 02:00 UTC: 1,500</title>" in page


@pytest.mark.slow
def test_the_ledger_gives_the_first_run_that_is_done_of_each_earlier_window(ledger: Ledger, tmp_path: Path) -> None:
    setup = configuration(section("Contact", row("agent", "voice", "Agent Name")))
    ended = []
    for number in range(5):  # the same window each time; the first failed, the last one is still running
        run = night(setup, MemoryStore(schema()), ledger, tmp_path, dry_run=number == 2).run
        if number < 4:
            ledger.close_run(run.run_id, state="done" if number else "failed", funnel={"pulled": number}, report="r")
        ended.append(run)
    after = ended[0].window.end + timedelta(hours=1)
    assert [(str(r["run_id"]), r["funnel"]) for r in before(ledger, "acme", after, 29)] == [
        (ended[1].run_id, {"pulled": 1})
    ]
    assert before(ledger, "acme", ended[0].window.end, 29) == []
    assert before(ledger, "other", after, 29) == []
