"""The DAG under a real Airflow, against the twin: what a person sees in the grid is what happened."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from memorialization.report.model import Funnel
from tests.app.command import replace
from tests.dags.conftest import Airflow
from tests.mailbox import body, mailbox

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow")]

ACME = "memorialize__acme"
NIGHT = {"window_start": "2026-11-21T02:00:00Z", "window_end": "2026-11-22T02:00:00Z"}
NEXT = {"window_start": "2026-11-22T12:00:00Z", "window_end": "2026-11-23T02:00:00Z"}
QUIET = {"window_start": "2026-01-05T02:00:00Z", "window_end": "2026-01-05T03:00:00Z"}


def window(report: dict[str, Any]) -> tuple[str, str]:
    return report["run"]["window_start"], report["run"]["window_end"]


def test_a_night_is_done_once_and_doing_it_again_writes_nothing_but_still_judges(airflow: Airflow) -> None:
    before = len(airflow.events())
    first = airflow.run(ACME, at="2026-11-22T02:00:00+00:00")  # no params: the run's own data interval
    assert first["state"] == "success", airflow.log
    assert {name for name, states in first["tasks"].items() if set(states) != {"success"}} == set(), first["tasks"]
    assert window(first["report"]) == ("2026-11-21T02:00:00+00:00", "2026-11-22T02:00:00+00:00")
    funnel = Funnel(**first["report"]["funnel"])
    assert funnel.imbalances() == []
    assert funnel.planned == funnel.written == funnel.verified > 0
    assert first["report"]["verdict"]["failures"] == []
    assert airflow.said(f"memorialize_run={first['report']['run']['run_id']}") and airflow.said("partition=voice-")
    (announced,) = airflow.events()[before:]
    assert announced == {
        **{
            name: first["report"]["funnel"][name]
            for name in ("due", "written", "verified", "rejected", "parked", "held")
        },
        "run_id": first["report"]["run"]["run_id"],
        "window_start": "2026-11-21T02:00:00+00:00",
        "window_end": "2026-11-22T02:00:00+00:00",
    }

    again = airflow.run(ACME, conf=NIGHT)
    assert again["state"] == "success"
    assert window(again["report"]) == window(first["report"])
    assert again["report"]["run"]["run_id"] != first["report"]["run"]["run_id"]
    funnel = Funnel(**again["report"]["funnel"])
    assert funnel.imbalances() == []
    assert (funnel.planned, funnel.written, funnel.missing, funnel.drifted, funnel.truncated) == (0, 0, 0, 0, 0)
    assert again["tasks"]["apply"] == ["skipped"]
    assert set(again["tasks"]["judge_stored"]) == {"success"}
    judged = {s["suite"]: s["rows"] > 0 for s in again["report"]["quality"]}
    assert judged == {"source": True, "mapped": True, "stored": True}


def test_a_quiet_window_is_a_run_like_any_other(airflow: Airflow) -> None:
    out = airflow.run(ACME, conf=QUIET)
    assert out["state"] == "success"
    assert out["report"]["verdict"]["sentence"] == "A quiet night: no interaction ended in this window."
    assert Funnel(**out["report"]["funnel"]) == Funnel()
    assert out["tasks"]["extract"] == ["success", "success"]
    assert out["tasks"]["prepare"] == ["success", "success"]
    assert out["tasks"]["apply"] == ["skipped"]
    assert out["tasks"]["report"] == out["tasks"]["verdict"] == ["success"]


def test_a_failed_partition_costs_only_itself_and_makes_the_run_fail_after_its_report(
    airflow: Airflow, project: Path, tmp_path: Path
) -> None:
    shutil.copytree(project / "include/mappings/acme", tmp_path / "acme")
    workflows = tmp_path / "acme/workflows.yaml"
    voice_only = workflows.read_text().split("  - channel: Digital contact")[0]
    workflows.write_text(voice_only)  # callers are found by search: nobody but reconcile reads contacts in a batch
    mappings = {"MEMORIALIZATION_MAPPINGS": str(tmp_path)}
    airflow.fault("hubspot", {"match": "objects/0-1/batch/read", "status": 400, "times": 50})
    out = airflow.run(ACME, environment=mappings, conf=NEXT)
    airflow.fault("hubspot")
    assert out["state"] == "failed"
    assert sorted(out["tasks"]["reconcile"]) == ["failed", "success"]
    assert out["tasks"]["apply"] == out["tasks"]["report"] == ["success"]
    assert out["tasks"]["verdict"] == ["failed"]
    report = out["report"]
    assert report["verdict"]["state"] == "failed"
    assert sorted(f.split(":")[0] for f in report["verdict"]["failures"]) == [
        "cards of voice-0 failed",  # the only other step that reads contacts in a batch
        "reconcile of Contact/0 failed",
    ]
    funnel = Funnel(**report["funnel"])
    assert funnel.imbalances() == []
    assert funnel.planned == funnel.verified > 0
    assert {row["entity"] for row in report["mapping_rows"] if row["written"]} == {"Ticket"}

    mended = airflow.run(ACME, environment=mappings, conf=NEXT)
    assert mended["state"] == "success"
    assert {row["entity"] for row in mended["report"]["mapping_rows"] if row["written"]} == {"Contact"}


def test_a_refused_start_fails_at_once_with_its_reason_and_nothing_else_runs(airflow: Airflow) -> None:
    out = airflow.run(ACME, conf={"window_start": "2026-11-22T02:00:00Z"})
    assert out["state"] == "failed"
    assert out["report"] is None
    assert out["tasks"]["open_run"] == ["failed"]
    assert set(out["tasks"]["extract"]) == {"upstream_failed"}
    assert out["tasks"]["report"] == out["tasks"]["verdict"] == ["failed"]
    assert airflow.said("WindowError: the window needs a start and an end")


def test_an_unreadable_configuration_has_a_dag_that_says_why_in_its_first_task(
    airflow: Airflow, project: Path, tmp_path: Path
) -> None:
    for name in ("acme", "broken"):
        shutil.copytree(project / "include/mappings/acme", tmp_path / name)
    (tmp_path / "broken/crm.yaml").write_text("configuration_name: Broken\n\towner: x\n")
    mappings = {"MEMORIALIZATION_MAPPINGS": str(tmp_path)}
    out = airflow.run("memorialize__broken", environment=mappings, conf=QUIET)
    assert out["state"] == "failed"
    assert out["tasks"]["open_run"] == ["failed"]
    assert airflow.said(f"ConfigurationError: {tmp_path}/broken/crm.yaml:2: a tab stands before the text")
    assert airflow.run(ACME, environment=mappings, conf=QUIET)["state"] == "success"


def test_a_run_that_could_not_be_opened_and_the_good_one_after_it_are_one_e_mail_each(
    airflow: Airflow, project: Path, tmp_path: Path
) -> None:
    shutil.copytree(project / "include/mappings/acme", tmp_path / "acme")
    crm = tmp_path / "acme/crm.yaml"
    replace(crm, "quality:", "alerts: {to: [{notifier: smtp, addresses: [crm-team@example.com]}]}\nquality:")
    with mailbox() as post:
        extra = {"from_email": "airflow@example.com", "disable_ssl": True, "disable_tls": True}
        smtp = {"conn_type": "smtp", "host": "127.0.0.1", "port": post.port, "extra": extra}
        environment = {
            "MEMORIALIZATION_MAPPINGS": str(tmp_path),
            "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
        }
        replace(crm, "account_id: 4711001", "account_id: 4711002")
        for _ in range(2):
            out = airflow.run(ACME, environment=environment, conf=QUIET)
            assert out["tasks"]["open_run"] == out["tasks"]["verdict"] == ["failed"]
        (message,) = post.received
        assert message["Subject"] == "Memorialize acme: a run failed"
        assert body(message).startswith("<p>A run could not be opened: ")
        assert "belongs to Hub ID 4711001" in body(message)
        post.received.clear()
        replace(crm, "account_id: 4711002", "account_id: 4711001")
        out = airflow.run(ACME, environment=environment, conf=QUIET)
        assert out["state"] == "success"
        (message,) = post.received
        assert message["Subject"] == "Memorialize acme: runs succeed again"
        report = airflow.reports / "acme" / out["report"]["run"]["run_id"] / "report.html"
        assert body(message).splitlines()[1] == f"<p>{report}</p>"
