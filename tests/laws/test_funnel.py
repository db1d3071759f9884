"""Law 9: the funnel's sums hold for every report ever written in a test, and a sum that does not is named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.report.model import Funnel, Report
from tests.laws.conftest import PROJECT

INTERACTIONS = ("due", "provisional", "never_due")
TARGETS = ("matched", "to_create", "parked", "not_attempted")
REPAIRABLE = ("missing", "drifted", "truncated")
SETTLED = ("equal", "edited", "not_expected", "no_source", "withheld", "unreadable")
COUNTED_IN_NO_SUM = {"superseded"}


@st.composite
def closed(draw: st.DrawFn) -> Funnel:
    """A funnel built from its parts, so that every sum holds."""
    few = st.integers(0, 5)
    n = {name: draw(few) for name in (*INTERACTIONS, *TARGETS, *SETTLED, "superseded")}
    n |= {name: draw(few) for name in ("verified", "verify_failed", "rejected", "unaccounted", "held")}
    n["written"] = n["verified"] + n["verify_failed"]
    n["planned"] = n["written"] + n["rejected"] + n["unaccounted"]
    n["missing"] = draw(st.integers(0, n["planned"] + n["held"]))
    n["drifted"] = draw(st.integers(0, n["planned"] + n["held"] - n["missing"]))
    n["truncated"] = n["planned"] + n["held"] - n["missing"] - n["drifted"]
    n["pulled"] = sum(n[name] for name in INTERACTIONS)
    n["targets"] = sum(n[name] for name in TARGETS)
    n["values"] = sum(n[name] for name in (*SETTLED, *REPAIRABLE))
    return Funnel(**n)


@given(closed())
def test_a_funnel_whose_parts_add_up_is_balanced(funnel: Funnel) -> None:
    assert funnel.imbalances() == []


@given(closed(), st.sampled_from(sorted(set(Funnel.model_fields) - COUNTED_IN_NO_SUM)))
def test_one_lost_or_invented_in_any_count_is_noticed(funnel: Funnel, name: str) -> None:
    more = funnel.model_copy(update={name: getattr(funnel, name) + 1})
    assert more.imbalances()
    assert all(" is not " in sentence for sentence in more.imbalances())


def test_what_was_superseded_is_in_no_sum() -> None:
    assert Funnel(superseded=5).imbalances() == []


def test_the_sum_that_does_not_hold_is_named_with_its_figures() -> None:
    funnel = Funnel(pulled=1500, due=1498, never_due=1, missing=2, values=2, planned=2, written=1, verified=1)
    assert funnel.imbalances() == [
        "pulled = due + provisional + never_due: 1,500 is not 1,499",
        "planned = written + rejected + unaccounted: 2 is not 1",
    ]


def test_every_report_that_a_test_wrote_is_closed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Comes last; alone it still looks at the report kept for the page's tests."""
    kept = PROJECT / "tests/memorialization/report/report.json"
    found: list[Path] = [kept, *tmp_path_factory.getbasetemp().rglob("report.json")]
    for path in found:
        report = Report.model_validate_json(path.read_bytes())
        assert report.funnel.imbalances() == [], path
        rows = report.mapping_rows
        verdicts = sum(n for row in rows for n in row.verdicts.values())
        assert verdicts == report.funnel.values, path
        assert sum(row.written for row in rows) == report.funnel.written, path
        assert sum(row.held for row in rows) == report.funnel.held, path
