"""What several rooms of tests share: one PostgreSQL a session, an empty ledger a test, a twin a module."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from hypothesis import Phase, settings

from local.stage import postgres
from memorialization.ledger import Ledger

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
