"""Decisions through Airflow's form: stored by the task, refused at once where they do not hold."""

from typing import Any

import pytest

from tests.dags.conftest import Airflow
from tests.dags.test_memorialize import ACME, NIGHT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow")]

DECIDE = "resolve_parked__acme"
DRY = {**NIGHT, "dry_run": True}


def test_what_the_form_says_is_decided_and_the_next_run_matches_it(airflow: Airflow) -> None:
    report: dict[str, Any] = airflow.run(ACME, conf=DRY)["report"]
    parked = [p for p in report["parked"] if p["entity"] == "Contact" and p["candidates"]]
    assert parked, "nothing is ambiguous in this world"
    target, count = parked[0], report["funnel"]["parked"]
    form = {"contact_id": target["interaction_key"], "entity": "contact", "record_id": "1"}
    refused = airflow.run(DECIDE, conf=form)
    assert refused["tasks"] == {"resolve_parked": ["failed"]}
    assert airflow.said("ConfigurationError: HubSpot has no Contact 1: deleted")

    lines = f"{target['interaction_key']},Contact,{target['candidates'][0]}"
    assert airflow.run(DECIDE, conf={"lines": lines})["state"] == "success"
    after = airflow.run(ACME, conf=DRY)
    assert after["report"]["verdict"]["failures"] == []
    assert after["report"]["reasons"]["matched"]["resolved"] >= 1
    assert after["report"]["funnel"]["parked"] < count
    assert target["interaction_key"] not in {
        p["interaction_key"] for p in after["report"]["parked"] if p["entity"] == "Contact"
    }

    back = {"what": "withdraw", "contact_id": target["interaction_key"], "entity": "Contact"}
    assert airflow.run(DECIDE, conf=back)["state"] == "success"
    assert airflow.run(ACME, conf=DRY)["report"]["funnel"]["parked"] == count


def test_a_form_that_is_half_filled_says_what_it_needs(airflow: Airflow) -> None:
    assert airflow.run(DECIDE, conf={"contact_id": "1"})["state"] == "failed"
    assert airflow.said("ConfigurationError: to resolve, give contact_id, entity and record_id, or lines alone")
