"""A run that lost its window writes nothing more: not at a step's beginning, not in the middle of its batches."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from memorialization import leases
from memorialization.errors import LeaseHeld, LeaseLost, LedgerUnavailable
from memorialization.intake import open_run
from memorialization.ledger import Ledger
from memorialization.report.model import Step
from memorialization.run import Ports
from tests.memorialization.fakes import CONTACT, MemorySource, MemoryStore
from tests.memorialization.nights import DAY, Night, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

SETUP = configuration(section("Contact", row("last_id", "voice", "Contact ID")))


@pytest.fixture
def tonight(ledger: Ledger, tmp_path: Path) -> Night:
    """Two contacts, each with a value to write."""
    store = MemoryStore(schema())
    for name in ("kim", "bo"):
        store.create(CONTACT, email=f"{name}@example.com", key=name)
    rows = [interaction(1), interaction(2, customer_email="bo@example.com")]
    made = night(SETUP, store, ledger, tmp_path, *rows)
    made.prepare()
    made.reconcile()
    return made


def lose(made: Night) -> None:
    """As another run does that takes the window after this one was silent for long."""
    gone = "delete from leases where run_id = cast(:run_id as uuid)"
    made.ports.ledger.carry_out({"leases": gone}, run_id=made.run.run_id)


def failed(made: Night) -> list[Step]:
    return [step for step in made.report().steps if step.state == "failed"]


def test_a_step_that_begins_without_the_window_fails_and_writes_nothing(tonight: Night) -> None:
    lose(tonight)
    with pytest.raises(LeaseLost):
        tonight.deliver()
    assert tonight.ports.store.written == []
    (step,) = failed(tonight)
    assert step.error is not None and step.error.startswith(f"LeaseLost: run {tonight.run.run_id} was silent")


def after_the_look_again(made: Night, then: Callable[[], None]) -> None:
    """Calls `then` as soon as HubSpot was read again just before the write."""
    store: Any = made.ports.store
    read = store.read

    def watched(*arguments: Any, **options: Any) -> Any:
        store.read = read
        found = read(*arguments, **options)
        then()
        return found

    store.read = watched


def test_a_window_lost_after_the_look_again_is_noticed_before_the_first_write(tonight: Night) -> None:
    tonight.gate()
    after_the_look_again(tonight, lambda: lose(tonight))
    with pytest.raises(LeaseLost):
        tonight.deliver()
    assert tonight.ports.store.written == []
    assert [tonight.ports.store.value(CONTACT, i, "last_id") for i in ("101", "102")] == [None, None]


def test_a_window_lost_between_two_writes_stops_the_second(tonight: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    store: Any = tonight.ports.store
    write = store._write

    def watched(*arguments: Any) -> Any:
        answer = write(*arguments)
        lose(tonight)
        return answer

    monkeypatch.setattr(store, "_write", watched)
    with pytest.raises(LeaseLost):
        tonight.deliver()
    assert len(store.written) == 1
    assert sorted(str(store.value(CONTACT, i, "last_id")) for i in ("101", "102")) == ["1", "None"]


def test_a_long_step_shows_signs_of_life_and_survives_a_database_that_is_away_for_a_while(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "EVERY", timedelta(milliseconds=5))
    seen, enough = [], threading.Event()

    class Watched:
        def renew_lease(self, run_id: str) -> None:
            seen.append(run_id)
            if len(seen) == 3:
                raise LedgerUnavailable("away")
            if len(seen) == 6:
                enough.set()
                raise LeaseLost("gone")

    with leases.renewed(Watched(), "r"):  # type: ignore[arg-type]
        assert enough.wait(20)
    assert seen == ["r"] * 6  # and none after the window was lost


def test_a_run_that_may_not_be_opened_leaves_the_window_to_others(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = Ports(MemorySource([], {}), MemoryStore(schema()), ledger)
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        open_run(SETUP, DAY, ports, staging_root=str(blocked), dry_run=True)
    open_run(SETUP, DAY, ports, staging_root=str(tmp_path / "staging"), dry_run=True)
    with pytest.raises(LeaseHeld, match="command on .*, process [0-9]+"):
        open_run(SETUP, DAY, ports, staging_root=str(tmp_path / "staging"), dry_run=True)
    ledger.take_lease("acme", datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC), str(uuid4()), "x")
