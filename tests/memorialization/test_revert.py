"""What is not our write is never taken back: a person's value stays, whatever it equals and however it is spelled."""

from pathlib import Path

import pytest

from memorialization.ledger import Ledger
from memorialization.ledger.audit import written_by
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import (
    EVENING,
    Night,
    configuration,
    interaction,
    night,
    reverted,
    row,
    schema,
    section,
)

pytestmark = pytest.mark.slow


def _planned(store: MemoryStore, ledger: Ledger, folder: Path) -> Night:
    """Two people's calls, planned and within the limits; the first one's agent is wrong, all else is empty."""
    calls = [interaction(i, customer_email=f"{i}@example.com", ani="030 901820") for i in (1, 2)]
    setup = configuration(section("Contact", row("agent", "voice", "Agent Name"), row("last_id", "voice", "ANI")))
    opened = night(setup, store, ledger, folder, *calls)
    opened.prepare()
    opened.reconcile()
    opened.gate()
    return opened


def _people() -> tuple[MemoryStore, str, str]:
    store = MemoryStore(schema(), now=EVENING)
    return store, *(store.create(CONTACT, email=f"{i}@example.com", agent="Old") for i in (1, 2))


def test_what_a_person_mended_while_the_plan_waited_is_neither_claimed_nor_taken_back(
    ledger: Ledger, tmp_path: Path
) -> None:
    store, kim, ada = _people()
    opened = _planned(store, ledger, tmp_path)
    store.person(CONTACT, kim, "agent", "Agent 1")
    opened.deliver()
    wrote = written_by(ledger, opened.run.run_id)
    assert list(zip(wrote["record"], wrote["property"], strict=True)) == [
        (kim, "last_id"), (ada, "agent"), (ada, "last_id")
    ]  # fmt: skip
    report = opened.report()
    assert (report.funnel.written, report.reasons["held"], report.funnel.imbalances()) == (3, {"moved": 1}, [])
    reverted(opened)
    assert [store.value(CONTACT, i, "agent") for i in (kim, ada)] == ["Agent 1", "Old"]
    assert [store.value(CONTACT, i, "last_id") for i in (kim, ada)] == [None, None]


def test_a_persons_other_spelling_of_what_we_wrote_is_kept(ledger: Ledger, tmp_path: Path) -> None:
    store, kim, ada = _people()
    opened = _planned(store, ledger, tmp_path)
    opened.deliver()
    assert store.value(CONTACT, kim, "last_id") == "030 901820"
    store.person(CONTACT, kim, "last_id", "+49 30 901820")
    undo = reverted(opened)
    assert [store.value(CONTACT, i, "last_id") for i in (kim, ada)] == ["+49 30 901820", None]
    left = undo.files.read_frame("left/Contact/0.parquet")
    assert left[["record", "property", "held"]].to_numpy().tolist() == [[kim, "last_id", "moved"]]
