"""What may follow a night: the asset is emitted with the run's counts, and only for a run that was applied."""

import pytest

from tests.dags.conftest import Airflow
from tests.dags.test_memorialize import ACME, QUIET

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow")]


def test_a_run_that_is_not_applied_is_not_announced(airflow: Airflow) -> None:
    before = len(airflow.events())
    dry = airflow.run(ACME, conf={**QUIET, "dry_run": True})
    assert (dry["state"], dry["tasks"]["announce"]) == ("success", ["skipped"])
    assert len(airflow.events()) == before


def test_a_run_that_fails_is_not_announced(airflow: Airflow) -> None:
    before = len(airflow.events())
    out = airflow.run(ACME, conf={"window_start": "2026-11-22T02:00:00Z"})
    assert (out["state"], out["tasks"]["announce"]) == ("failed", ["upstream_failed"])
    assert len(airflow.events()) == before


def test_old_files_are_deleted_by_their_own_dag(airflow: Airflow) -> None:
    out = airflow.run("purge_staging__acme", conf={"older_than": "1m", "dry_run": True})
    assert (out["state"], out["tasks"]["purge_staging"]) == ("success", ["success"])
    assert airflow.said("acme: staging of ")
