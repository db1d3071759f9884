"""What nights under Airflow leave behind: neither customers nor credentials stand in its database, logs or reports.

Every DAG that other tests of this session ran is searched, too, for all share one Airflow.
"""

import shutil
from pathlib import Path

import pytest

from tests.app.command import replace
from tests.dags.conftest import Airflow
from tests.dags.test_memorialize import ACME, NIGHT
from tests.leaks import CREDENTIALS, leaks, secrets_of, staged, tables, texts_below

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow")]

DAYS = ("2026-11-21T00:00:00Z", "2026-11-23T00:00:00Z")  # all that the twin has


def test_neither_customers_nor_credentials_stand_in_airflows_database_logs_or_reports(
    airflow: Airflow, project: Path, tmp_path: Path
) -> None:
    shutil.copytree(project / "include/mappings/acme", tmp_path / "acme")
    # a name is no e-mail address: HubSpot refuses it, and says it in its answer
    replace(
        tmp_path / "acme/digital.yaml",
        "cxone_last_agent, channel: Digital contact, cxone_data: Agent Name",
        "email, channel: Digital contact, cxone_data: Customer Name",
    )
    out = airflow.run(ACME, conf=NIGHT, environment={"MEMORIALIZATION_MAPPINGS": str(tmp_path)})
    refused = out["report"]["rejected"]
    assert refused and refused[0]["code"] == "INVALID_EMAIL", "nothing was refused: no error body could leak"

    secrets = secrets_of(airflow.services, DAYS)
    inside = "\n".join(staged(airflow.folder / "staging").values())
    for kind, texts in secrets.items():
        assert sum(text in inside for text in texts) > 5, f"hardly any {kind} reached the product"

    database = tables(airflow.socket, "airflow")
    for name in ("xcom", "rendered_task_instance_fields", "task_instance", "dag_run", "serialized_dag", "asset_event"):
        assert database[name], f"{name} is empty: the search proves nothing"
    ledger = {f"ledger {name}": rows for name, rows in tables(airflow.socket, "ledger").items()}
    files = {
        path: text
        for path, text in texts_below(airflow.folder).items()
        if path.split("/")[0] not in ("staging", "twin") and path != "airflow/keys.json"
    }
    assert "driver.log" in files and any(path.startswith("reports/") for path in files)
    known = refused[0]["code"]
    assert known in ledger["ledger receipts"], "a word that must be there is not found: the search proves nothing"
    places = database | ledger | files
    assert leaks(places, secrets) == []
    assert leaks(places, {"credentials": set(CREDENTIALS)}) == []
