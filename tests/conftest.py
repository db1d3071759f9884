"""What several rooms of tests share: one PostgreSQL a session, an empty ledger a test, a twin a module."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from local.stage import postgres
from memorialization.ledger import Ledger

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The socket folder of a PostgreSQL of this session's own, with an upgraded ledger as template."""
    with postgres(tmp_path_factory.mktemp("postgres")) as where:
        Ledger(_url(where, "ledger")).upgrade()
        yield where


@pytest.fixture
def ledger_database(postgres_socket: str) -> str:
    """The name of a fresh, upgraded, empty ledger database."""
    name = f"ledger_{next(_numbers)}"
    connection = psycopg2.connect(host=postgres_socket, user="postgres", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {name} template ledger")
    connection.close()
    return name


@pytest.fixture
def ledger(postgres_socket: str, ledger_database: str) -> Ledger:
    return Ledger(_url(postgres_socket, ledger_database))


def _url(where: str, database: str) -> str:
    return f"postgresql+psycopg2://postgres@/{database}?host={where}"


@pytest.fixture(scope="session")
def project() -> Path:
    return Path(__file__).resolve().parents[1]
