import json
from pathlib import Path

import pytest

from app.connections import Connection, connection, ledger_url
from memorialization.errors import ConfigurationError
from tests.laws.conftest import interpreter


def test_json_as_airflow_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"host": "api.example.com", "port": 8443, "login": "key", "password": "s3cret", "extra": {"area": "eu1"}}
    monkeypatch.setenv("AIRFLOW_CONN_CXONE_ACME", json.dumps(data))
    found = connection("cxone_acme")
    assert found == Connection("api.example.com", "key", "s3cret", None, 8443, {"area": "eu1"})
    assert found.base_url == "api.example.com:8443"


def test_extras_may_be_json_within_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_X", json.dumps({"extra": '{"api_version": "2026-09"}'}))
    assert connection("x") == Connection(extras={"api_version": "2026-09"})
    assert connection("x").base_url is None


def test_a_uri_is_unquoted_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_X", "postgres://le%40dger:p%2Fw%3A@db.example.com:5433/led%20ger?a=1%202")
    assert connection("x") == Connection("db.example.com", "le@dger", "p/w:", "led ger", 5433, {"a": "1 2"})


def test_a_uri_may_carry_its_extras_as_airflow_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_X", "cxone://k:s@/?__extra__=%7B%22area%22%3A+%22eu1%22%7D")
    assert connection("x") == Connection(login="k", password="s", extras={"area": "eu1"})


@pytest.mark.parametrize(
    "raw", ["{not json s3cret", '{"host": ', "postgres://u:s3cret@host:port/x", '{"extra": "{s3cret"}']
)
def test_what_is_neither_is_named_without_what_it_holds(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT_ACME", raw)
    with pytest.raises(
        ConfigurationError, match="^AIRFLOW_CONN_HUBSPOT_ACME is neither a connection URI nor JSON"
    ) as e:
        connection("hubspot_acme")
    assert "s3cret" not in str(e.value)
    assert e.value.__cause__ is None
    assert e.value.__suppress_context__


def test_a_secret_that_is_mounted_as_a_file_is_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hubspot_acme").write_text('{"password": "key"}\n')
    (tmp_path / "cxone_acme").write_text("{not json s3cret")
    monkeypatch.setenv("MEMORIALIZATION_CONNECTIONS", str(tmp_path))
    assert connection("hubspot_acme") == Connection(password="key")
    with pytest.raises(ConfigurationError, match="/cxone_acme is neither a connection URI nor JSON") as told:
        connection("cxone_acme")
    assert "s3cret" not in str(told.value)
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT_ACME", '{"password": "other"}')
    assert connection("hubspot_acme").password == "other", "the environment comes first"


def test_no_representation_shows_a_secret() -> None:
    shown = repr(Connection("host", "login-id", "pass-word", extras={"token": "extra-token"}))
    assert not [w for w in ("login-id", "pass-word", "extra-token") if w in shown]


@pytest.mark.slow
def test_a_connection_that_is_nowhere_says_how_to_define_it(tmp_path: Path) -> None:
    script = """
import json
from app.connections import connection
from memorialization.errors import ConfigurationError
try:
    connection("nobody")
except ConfigurationError as error:
    print(json.dumps(str(error)))
"""
    message = interpreter(script, tmp_path)
    assert message.startswith("connection 'nobody' is not defined. Add it in Airflow (Admin > Connections) or set ")
    assert "AIRFLOW_CONN_NOBODY" in message


def test_the_environment_is_read_without_airflow(tmp_path: Path) -> None:
    script = """
import json, sys
from app.connections import connection
connection("x")
print(json.dumps("airflow" in sys.modules))
"""
    assert interpreter(script, tmp_path, AIRFLOW_CONN_X="{}") is False


_CHATTERBOX = """
import logging
import os

from airflow.sdk import dag, task


@dag(dag_id="test_dag", schedule=None)
def test_dag():
    @task
    def chatterbox():
        from app.connections import connection

        json_like, uri_like = connection("planted"), connection("planted_uri")
        print("printed", json_like.password, json_like.extras, dict(os.environ))
        print("quoted", uri_like.password, os.environ["AIRFLOW_CONN_PLANTED_URI"])
        logging.getLogger("chatterbox").warning("logged %s in %s", *json_like.extras.values())
        raise RuntimeError(f"raised {json_like.password}")

    chatterbox()


test_dag()
"""

_SUPERVISED = """
import json, uuid
import httpx
from airflow.executors.workloads.task import TaskInstanceDTO
from airflow.sdk.api import client
from airflow.sdk.api.datamodels._generated import BundleInfo
from airflow.sdk.execution_time.supervisor import supervise_task

one = TaskInstanceDTO(
    id=uuid.uuid4(), task_id="chatterbox", dag_id="test_dag", run_id="test_run", try_number=1,
    dag_version_id=uuid.uuid4(), pool_slots=1, priority_weight=1,
)
bundle = BundleInfo(name="planted")
answer = client.noop_handler  # of Airflow 3.3.2, which leaves out what its own client needs


def whole(request):
    said = json.loads(answer(request).content)
    if "dag_run" in said:
        said["dag_run"] |= dict.fromkeys(("data_interval_start", "data_interval_end", "end_date", "partition_key"))
        said["dag_run"]["state"] = "running"
    return httpx.Response(200, json=said)


client.noop_handler = whole
supervise_task(ti=one, bundle_info=bundle, dag_rel_path="chatterbox.py", token="", dry_run=True, log_path="task.log")
print(json.dumps(None))
"""


@pytest.mark.slow
def test_within_a_task_what_is_secret_is_masked_wherever_the_task_shows_it(tmp_path: Path) -> None:
    """A task process and its supervisor, as any executor starts them; Airflow's API is not asked."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/chatterbox.py").write_text(_CHATTERBOX)
    token, secret, quoted = "pat-eu1-planted", "planted-address-secret-0123456789", "pl%40nted%2Fp%3Assword"
    planted = {"password": token, "extra": {"address_secret": secret, "area": "eu-planted"}}
    bundle = {
        "name": "planted",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": f"{tmp_path}/dags"},
    }
    interpreter(
        _SUPERVISED,
        tmp_path,
        AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=json.dumps([bundle]),
        AIRFLOW__LOGGING__BASE_LOG_FOLDER=str(tmp_path / "logs"),
        AIRFLOW_CONN_PLANTED=json.dumps(planted),
        AIRFLOW_CONN_PLANTED_URI=f"cxone://key:{quoted}@planted.example/",
    )
    log = (tmp_path / "logs/task.log").read_text()
    for words in ("printed *** {'address_secret': '***'", "quoted *** ***", "logged *** in eu-planted", "raised ***"):
        assert words in log, words
    assert not [one for one in (token, secret, quoted, "pl@nted/p:ssword") if one in log]


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        (
            "postgres://ledger:p%40ss@postgres:5432/books",
            "postgresql+psycopg2://ledger:p%40ss@postgres:5432/books",
        ),
        (
            '{"login": "postgres", "extra": {"host": "/run/pg"}}',
            "postgresql+psycopg2://postgres@/ledger?host=%2Frun%2Fpg",
        ),
    ],
)
def test_the_ledgers_url(raw: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEMORIALIZATION_LEDGER", raw)
    assert ledger_url() == url
