"""What several rooms of tests share: one PostgreSQL a session, an empty ledger a test, a twin a module."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from hypothesis import Phase, settings
from psycopg2.extensions import cursor

from local.stage import postgres
from memorialization.ledger import Ledger
from memorialization.ledger.tables import metadata
from tests.s3 import Bucket, bucket

# the same examples on every machine, and no minutes spent on shrinking: HYPOTHESIS_PROFILE=search looks further
settings.register_profile("house", deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
settings.register_profile("search", deadline=None, max_examples=1000, phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[str]:
    """The socket folder of a PostgreSQL of this session's own, with an upgraded ledger as template.

    Not below pytest's own folder: a second session closes that one to PostgreSQL's unprivileged user.
    """
    with tempfile.TemporaryDirectory(prefix="ledger-") as folder, postgres(Path(folder) / "data") as where:
        with _server(where) as server:
            server.execute("alter system set fsync = off")  # nothing here outlives the machine
            server.execute("select pg_reload_conf()")
            Ledger(_url(where, "ledger")).upgrade()
            server.execute("alter database ledger is_template true allow_connections false")
            server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'ledger'")
        yield where


@contextmanager
def _server(where: str, database: str = "postgres") -> Iterator[cursor]:
    """A cursor outside any transaction, as databases are made and dropped."""
    connection = psycopg2.connect(host=where, user="postgres", dbname=database)
    connection.autocommit = True
    with connection.cursor() as found:
        yield found
    connection.close()


_SHAPE = """
    select string_agg(concat_ws(' ', attrelid::regclass, attname, atttypid, attnotnull, attcollation), ',' order by
        attrelid::regclass::text, attnum) || (select string_agg(version_num, ',') from alembic_version)
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and attnum > 0
"""

_left: list[tuple[str, str]] = []
"""(name, shape) of ledgers that tests have left and that are empty again: a new one costs what emptying twenty does."""


@pytest.fixture
def ledger_database(postgres_socket: str) -> Iterator[str]:
    """The name of an upgraded, empty ledger database, which is nobody else's for the time of the test."""
    name, shape = _left.pop() if _left else _new(postgres_socket)
    yield name
    if _emptied(postgres_socket, name) == shape:
        _left.append((name, shape))
    else:
        with _server(postgres_socket) as server:
            server.execute(f"drop database if exists {name} with (force)")


def _new(where: str) -> tuple[str, str]:
    name = f"ledger_{next(_numbers)}"
    with _server(where) as server:
        server.execute(f"create database {name} template ledger")
    return name, _emptied(where, name) or ""


def _emptied(where: str, name: str) -> str | None:
    """The shape of a ledger after all its connections were closed and all its rows deleted; None if tables are gone."""
    try:
        with _server(where, name) as server:
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )
            server.execute(";".join(f"delete from {table}" for table in metadata.tables))
            server.execute(_SHAPE)
            return str(server.fetchone())
    except psycopg2.Error:
        return None


@pytest.fixture
def ledger(postgres_socket: str, ledger_database: str) -> Ledger:
    return Ledger(_url(postgres_socket, ledger_database))


def _url(where: str, database: str) -> str:
    return f"postgresql+psycopg2://postgres@/{database}?host={where}"


@pytest.fixture(scope="session")
def _s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with bucket(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture
def s3(_s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket that this process finds; what earlier tests left is still in it."""
    for name, value in _s3.environment.items():
        monkeypatch.setenv(name, value)
    return _s3


@pytest.fixture(scope="session")
def project() -> Path:
    return Path(__file__).resolve().parents[1]
