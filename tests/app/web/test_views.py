"""The calendar's days, and what counts as lost."""

from datetime import date
from pathlib import Path

import pytest

from app.web.views import lost, place, weeks
from memorialization.report.model import Coverage, CoverageDay, Funnel

LAST = date(2026, 11, 22)  # a Sunday


def known(*days: tuple[str, str]) -> Coverage:
    return Coverage(
        since=None, days=tuple(CoverageDay.model_validate({"day": d, "state": s}) for d, s in days), gaps=()
    )


def test_weeks_begin_on_monday_and_end_with_the_last_night() -> None:
    found = weeks(known(("2026-11-21", "gap"), ("2026-11-22", "covered")), {LAST: "run"}, LAST)
    assert [len(week) for week in found] == [7] * 6
    assert (found[0][0].day, found[-1][-1].day) == (date(2026, 10, 12), LAST)
    assert all(week[0].day.weekday() == 0 for week in found)
    assert [(d.state, d.run_id) for d in found[-1][-3:]] == [("", None), ("gap", None), ("covered", "run")]
    assert [len(week) for week in weeks(known(), {}, date(2026, 11, 24))] == [7] * 5 + [2]


def test_lost_is_missing_drifted_and_truncated() -> None:
    assert lost(Funnel(missing=1, drifted=20, truncated=300, edited=4000).model_dump()) == 321


def test_a_page_belongs_to_the_configuration_of_its_dag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("acme", "acme_two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "crm.yaml").write_text("owner: crm-team\n")
    monkeypatch.setenv("MEMORIALIZATION_MAPPINGS", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_MEMORIALIZATION_LEDGER", "postgres://nobody@127.0.0.1:1/ledger")
    asked = [
        "memorialize__acme",
        "memorialize__acme_two",
        "revert__acme",
        "purge_staging__acme",
        "memorialize__acm",
        "acme",
    ]
    nightly = {dag_id: (here := place(dag_id)) and here.name for dag_id in asked}
    assert nightly == dict.fromkeys(asked) | {"memorialize__acme": "acme", "memorialize__acme_two": "acme_two"}
    of_both = {dag_id: (here := place(dag_id, reverts=True)) and here.name for dag_id in asked}
    assert of_both == nightly | {"revert__acme": "acme"}
