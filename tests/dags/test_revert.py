"""A run taken back through Airflow's form; a run that cannot be is refused with its reason."""

import pytest

from tests.dags.conftest import Airflow
from tests.dags.test_memorialize import ACME

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow")]

REVERT = "revert__acme"
BEFORE_NEXT = {"window_start": "2026-11-22T02:00:00Z", "window_end": "2026-11-22T12:00:00Z"}


def test_a_run_is_taken_back_once(airflow: Airflow) -> None:
    night = airflow.run(ACME, conf=BEFORE_NEXT)["report"]
    run_id, wrote = night["run"]["run_id"], night["funnel"]["written"]
    assert wrote > 0, "another test of this session wrote this window already"
    done = airflow.run(REVERT, conf={"run_id": run_id})
    assert done["state"] == "success"
    assert done["report"]["run"]["reverts"] == run_id
    assert done["report"]["funnel"]["values"] == wrote
    assert done["report"]["funnel"]["verified"] == done["report"]["funnel"]["planned"] > 0
    again = airflow.run(REVERT, conf={"run_id": run_id})
    assert (again["state"], again["tasks"]["apply"]) == ("success", ["skipped"])
    assert again["report"]["funnel"]["planned"] == 0


def test_a_run_that_is_none_is_refused(airflow: Airflow) -> None:
    out = airflow.run(REVERT, conf={"run_id": "no-such"})
    assert (out["state"], out["tasks"]["open_revert"]) == ("failed", ["failed"])
    assert airflow.said("ConfigurationError: there is no run 'no-such' of acme.")
