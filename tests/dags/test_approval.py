"""A plan above the limits under Airflow's own scheduler: it waits without a slot, and a person's answer decides."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.stage import environment, free_port, postgres, prepare_databases, twin
from local.up import airflow
from tests.app.command import SMALL, replace
from tests.app.world import World
from tests.mailbox import Mailbox, body, mailbox

pytestmark = pytest.mark.nights

PATIENCE = 240.0
WINDOW = {"window_start": "2026-11-20T00:00:00Z", "window_end": "2026-11-21T00:00:00Z"}
RUNS = "/dags/memorialize__acme/dagRuns"


class Api:
    """Airflow's public API, logged in as its one user."""

    def __init__(self, folder: Path, port: int, world: World, post: Mailbox) -> None:
        self.world = world
        self.post = post
        self.reports = folder / "reports/acme"
        password = json.loads((folder / "airflow/keys.json").read_text())["admin"]
        base = f"http://127.0.0.1:{port}"
        token = httpx.post(f"{base}/auth/token", json={"username": "admin", "password": password}).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        self._client = httpx.Client(base_url=f"{base}/api/v2", headers=headers, timeout=120)

    def call(self, method: str, path: str, **body: Any) -> Any:
        answer = self._client.request(method, path, json=body or None)
        answer.raise_for_status()
        return answer.json()

    def trigger(self) -> str:
        """Start a run over the window; returns its address once the DAG is there."""
        deadline = time.monotonic() + PATIENCE
        while self._client.get("/dags/memorialize__acme").status_code != 200:
            assert time.monotonic() < deadline, "the DAG does not appear"
            time.sleep(0.3)
        return f"{RUNS}/{self.call('POST', RUNS, logical_date=None, conf=WINDOW)['dag_run_id']}"

    def until(self, address: str, *states: str) -> dict[str, Any]:
        """The run or task instance at the address as soon as it is in one of these states."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.call("GET", address))["state"] not in states:
            assert time.monotonic() < deadline, found["state"]
            time.sleep(0.3)
        return dict(found)

    def tasks(self, run: str) -> dict[str, str]:
        instances = self.call("GET", f"{run}/taskInstances")["task_instances"]
        return {i["task_id"]: i["state"] for i in instances}

    def answer(self, run: str, option: str) -> None:
        """As a person would: Airflow 3.3.2 asks again where it is answered while that task is still ending."""
        task = f"{run}/taskInstances/approve"
        deadline = time.monotonic() + PATIENCE
        while (state := self.call("GET", task)["state"]) not in ("success", "failed"):
            assert time.monotonic() < deadline, state
            if state == "awaiting_input" and not self.call("GET", f"{task}/-1/hitlDetails")["response_received"]:
                self.call("PATCH", f"{task}/-1/hitlDetails", chosen_options=[option], params_input={})
            time.sleep(1)

    def newest_report(self) -> dict[str, Any]:
        newest = max(self.reports.glob("*/report.json"), key=lambda path: path.stat().st_mtime)
        report: dict[str, Any] = json.loads(newest.read_text())
        return report


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("scheduler")
    shutil.copytree(project / "include/mappings/acme", folder / "mappings/acme")
    crm = folder / "mappings/acme/crm.yaml"
    told = "alerts: {to: [{notifier: smtp, addresses: [crm-team@example.com]}]}"
    replace(crm, "quality:", f"approval: {{max_creates: 0}}\n{told}\nquality:")
    replace(crm, '"0 2 * * *"', '"0 2 1 1 *"')  # no scheduled run comes between
    with (  # PostgreSQL not below pytest's own folder, as in tests/conftest.py
        tempfile.TemporaryDirectory(prefix="approval-") as database,
        postgres(Path(database) / "data") as socket_folder,
        twin(folder / "twin", *SMALL) as services,
        mailbox() as post,
    ):
        variables = environment(folder, socket_folder, services)
        extra = {"from_email": "airflow@example.com", "disable_ssl": True, "disable_tls": True}
        smtp = {"conn_type": "smtp", "host": "127.0.0.1", "port": post.port, "extra": extra}
        variables["AIRFLOW_CONN_SMTP_DEFAULT"] = json.dumps(smtp)
        variables["MEMORIALIZATION_MAPPINGS"] = str(folder / "mappings")
        prepare_databases(folder, variables)
        port = free_port(0)
        with airflow(folder, variables, port):
            yield Api(folder, port, World(services), post)


def test_a_rejected_plan_is_not_applied_and_an_approved_one_is(api: Api) -> None:
    rejected = api.trigger()
    waiting = api.until(f"{rejected}/taskInstances/approve", "awaiting_input", "failed", "success")
    assert waiting["state"] == "awaiting_input"
    pools = {pool["name"]: pool for pool in api.call("GET", "/pools")["pools"]}
    assert [pools[name]["occupied_slots"] for name in ("default_pool", "hubspot_api", "cxone_api")] == [0, 0, 0]
    asked = api.call("GET", f"{rejected}/taskInstances/approve/-1/hitlDetails")
    assert asked["options"] == ["Approve", "Reject"]
    assert "Above the limit: 1 new records, max_creates is 0." in asked["body"]
    api.answer(rejected, "Reject")
    assert api.until(rejected, "success", "failed")["state"] == "failed"
    tasks = api.tasks(rejected)
    assert {name: tasks[name] for name in ("approve", "apply", "judge_stored", "report", "verdict")} == {
        "approve": "success", "apply": "skipped", "judge_stored": "success", "report": "success", "verdict": "failed"
    }  # fmt: skip
    assert api.world.writes() == 0
    waits, *quality, answered = api.post.received
    assert {str(m["Subject"]) for m in quality} <= {"Memorialize acme: a quality threshold is crossed"}
    assert waits["Subject"] == "Memorialize acme: a plan waits for a person"
    assert "wait for a person: 1 new records, max_creates is 0." in body(waits)
    assert answered["Subject"] == "Memorialize acme: no wait for a person any more"
    assert "is refused; 0 values are written." in body(answered)
    api.post.received.clear()
    report = api.newest_report()
    assert report["verdict"]["failures"][0].endswith("was not applied: admin refused it")
    assert report["reasons"]["held"] == {"not_approved": report["plan"]["values"]}

    approved = api.trigger()
    api.until(f"{approved}/taskInstances/approve", "awaiting_input")
    api.answer(approved, "Approve")
    assert api.until(approved, "success", "failed")["state"] == "success"
    report = api.newest_report()
    assert report["plan"]["decided_by"] == "admin"
    assert report["funnel"]["verified"] == report["funnel"]["planned"] == report["plan"]["values"] > 0
    subjects = api.post.subjects()
    assert (subjects[0], subjects[-1]) == (str(waits["Subject"]), str(answered["Subject"]))
