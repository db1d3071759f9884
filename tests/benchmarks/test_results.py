"""What a figure says of its target, and that the page tells it."""

import os

import pytest

from benchmarks.figures import Figure, fresh
from benchmarks.results import as_data, beside, markdown

FAST = Figure("report", "30 s", 30.0, 12.0, "s")
SLOW = Figure("rate", "the limit", 1900.0, 1805.0, "rows/s", target=0.97, sense="at least", why="one call was late.")


@pytest.mark.parametrize(("figure", "ratio", "met"), [(FAST, 0.4, True), (SLOW, 0.95, False)])
def test_a_target_is_met_by_the_ratio_alone(figure: Figure, ratio: float, met: bool) -> None:
    assert (figure.ratio, figure.met) == (ratio, met)


def test_the_page_shows_every_figure_and_why_one_is_missed() -> None:
    page = markdown(as_data({"report": [FAST], "wire": [SLOW]}, 0.5))
    assert "| report | 30 s | 30 s | 12 s | 0.40 | at most 1 | met |" in page
    assert "| rate | the limit | 1,900 rows/s | 1,805 rows/s | 0.95 | at least 0.97 | missed |" in page
    assert "* rate: one call was late." in page and "* report" not in page
    assert f"{os.cpu_count()} cores" in page and "load 0.5 before" in page


def test_figures_of_one_benchmark_take_their_places_among_the_others() -> None:
    earlier = as_data({"wire": [SLOW], "report": [FAST, SLOW]}, 0.5)
    whole = beside(as_data({"report": [FAST]}, 0.7), earlier, ("wire", "report"))
    assert [(f["benchmark"], f["name"]) for f in whole["figures"]] == [("wire", "rate"), ("report", "report")]
    assert whole["machine"]["load_before"] == 0.7


@pytest.mark.slow
def test_what_is_measured_runs_in_a_process_of_its_own() -> None:
    assert fresh(os.getpid).value != os.getpid()
    with pytest.raises(RuntimeError, match="failed"):
        fresh(os.strerror, "no number")
