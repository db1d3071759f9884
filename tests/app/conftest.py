"""A stage for whole runs: a twin, a ledger of its own, folders of its own, all found through the environment."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.stage import twin
from tests.app.command import impatient, mappings, small_world
from tests.app.world import World


@pytest.fixture
def start_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Starts twins with the options given; all are stopped at the end of the test."""
    with ExitStack() as stack:

        def start(*options: str, name: str = "twin") -> World:
            return World(stack.enter_context(twin(tmp_path / name, *options)))

        yield start


@pytest.fixture
def stage(
    tmp_path: Path, postgres_socket: str, ledger_database: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[World], None]:
    """Points the product at a world, and at a ledger, staging and reports of this test's own."""

    def point(world: World) -> None:
        connections = {
            "CXONE_ACME": {
                "host": world.services.cxone, "login": "acme-access-key", "password": "acme-access-secret",
                "extra": {"address_secret": "0123456789abcdef0123456789abcdef"},
            },
            "HUBSPOT_ACME": {"host": world.services.hubspot, "password": "pat-eu1-acme-demo"},
            "MEMORIALIZATION_LEDGER": {
                "login": "postgres", "schema": ledger_database, "extra": {"host": postgres_socket}
            },
        }  # fmt: skip
        for name, value in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))
        monkeypatch.setenv("MEMORIALIZATION_STAGING", str(tmp_path / "staging"))
        monkeypatch.setenv("MEMORIALIZATION_REPORTS", str(tmp_path / "reports"))

    return point


@pytest.fixture
def world(tmp_path: Path, stage: Callable[[World], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A small night's twin for this test alone, with the product on its stage, and without patience."""
    impatient(monkeypatch)
    with small_world(tmp_path / "twin") as running:
        stage(running)
        yield running


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One small night's twin for all tests of a module: none of them may write to it."""
    with small_world(tmp_path_factory.mktemp("twin")) as running:
        yield running
        assert running.writes() == 0


@pytest.fixture
def acme(untouched: World, stage: Callable[[World], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The product on the stage of the untouched twin, with a copy of acme's mappings to spoil; their folder."""
    stage(untouched)
    impatient(monkeypatch)
    return mappings(tmp_path, monkeypatch)
