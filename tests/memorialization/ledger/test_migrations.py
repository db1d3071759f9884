"""The migrations lead to exactly the tables that the program knows, and back to nothing."""

from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from memorialization.ledger import Ledger
from memorialization.ledger.store import HEAD, MIGRATIONS
from memorialization.ledger.tables import metadata

pytestmark = pytest.mark.slow


def _url(where: str, database: str) -> str:
    return f"postgresql+psycopg2://postgres@/{database}?host={where}"


def test_migrations_lead_to_exactly_the_tables_of_the_program(postgres_socket: str, ledger_database: str) -> None:
    with create_engine(_url(postgres_socket, ledger_database)).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_upgrading_again_changes_nothing(ledger: Ledger) -> None:
    ledger.upgrade()
    ledger.check()


def test_two_that_upgrade_at_once_do_it_once(postgres_socket: str) -> None:
    server = psycopg2.connect(host=postgres_socket, user="postgres", dbname="postgres")
    server.autocommit = True
    server.cursor().execute("create database upgraded_twice")
    server.close()
    ledgers = [Ledger(_url(postgres_socket, "upgraded_twice")) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(Ledger.upgrade, ledgers)) == [None] * 3
    ledgers[0].check()


def test_the_way_back_leaves_no_table(postgres_socket: str, ledger_database: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(_url(postgres_socket, ledger_database))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()
