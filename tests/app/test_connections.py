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
