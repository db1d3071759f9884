"""A transcript that is too long stands whole in notes of its record: made once, mended, never taken from a person."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from memorialization import additions, deliver, gate
from memorialization.approval import question
from memorialization.crm import Approval
from memorialization.errors import ApprovalNeeded, PlanRefused
from memorialization.ledger import Ledger
from memorialization.ports import Property
from memorialization.report.model import Addition, Report
from tests.memorialization.fakes import CONTACT, NOTE, TICKET, MemoryStore
from tests.memorialization.nights import Night, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

CHAT = row("transcript", "digital", "Transcription Text", on_overflow="note")  # which holds 20 characters
SETUP = configuration(section("Contact", CHAT), rendering={"cut_marker": "+"})
TICKETS = configuration(
    section("Ticket", row("key", "digital", "Contact ID"), CHAT, key="Contact ID", on_unmatched="create",
            create_with={"subject": "x"}), rendering={"cut_marker": "+"},
)  # fmt: skip
LONG = "Kim: Guten Abend, liebe Leute"


def store_of_kim() -> tuple[MemoryStore, str]:
    notes = {
        "hs_note_body": Property("hs_note_body", "Body", "string", "html"),
        "hs_timestamp": Property("hs_timestamp", "At", "datetime", "date"),
    }
    store = MemoryStore({**schema(), "Note": notes})
    return store, store.create(CONTACT, email="kim@example.com")


def run(
    store: MemoryStore, ledger: Ledger, folder: Path, *texts: str, setup: Any = SETUP, dry_run: bool = False
) -> Report:
    """A night of chats of Kim's, one a minute."""
    chats = [interaction(i, channel="digital", transcript_ref=f"t{i}") for i in range(1, len(texts) + 1)]
    spoken = {f"t{i}": text for i, text in enumerate(texts, start=1)}
    return night(setup, store, ledger, folder, *chats, texts=spoken, dry_run=dry_run).whole()


def counts(report: Report) -> dict[str, int]:
    (found,) = [a for a in report.additions if a.kind == "note"]
    assert found.wanted == found.standing + found.edited + found.held + found.planned
    assert found.planned == found.made + found.rejected + found.unaccounted
    return {k: v for k, v in Addition.model_dump(found).items() if isinstance(v, int) and v and k != "wanted"}


def bodies(store: MemoryStore) -> list[str | None]:
    return [store.value(NOTE, i, "hs_note_body") for i in store.records.get(NOTE.type_id, {})]


def body(number: int, text: str) -> str:
    return f"<p>CXone transcript d:{number}:0:1 (transcript), part 1 of 1</p>{text}"


MADE = {"planned": 1, "made": 1, "verified": 1}


def test_it_is_made_once_with_its_record_and_time(ledger: Ledger, tmp_path: Path) -> None:
    store, kim = store_of_kim()
    assert counts(run(store, ledger, tmp_path, LONG)) == MADE
    assert bodies(store) == [body(1, LONG)]
    (note,) = store.links[kim]
    assert store.value(NOTE, note, "hs_timestamp") == "2026-11-22T18:01:00Z"
    assert store.value(CONTACT, kim, "transcript") == "Kim: Guten Abend,\n+"
    assert counts(run(store, ledger, tmp_path, LONG)) == {"standing": 1}
    assert (store.calls["add"], len(bodies(store))) == (1, 1)


def _planned(store: MemoryStore, ledger: Ledger, folder: Path, *texts: str, setup: Any = SETUP) -> Night:
    """A night up to its gate; bucket 0 of contacts is all there is."""
    chats = [interaction(i, channel="digital", transcript_ref=f"t{i}") for i in range(1, len(texts) + 1)]
    spoken = {f"t{i}": text for i, text in enumerate(texts, start=1)}
    opened = night(setup, store, ledger, folder, *chats, texts=spoken)
    opened.prepare()
    opened.reconcile()
    opened.gate()
    return opened


PAIR: dict[str, Any] = {"entity": "Contact", "bucket": 0}


@pytest.mark.parametrize(
    "altered",
    [
        lambda notes: notes.assign(body="<p>Mallory</p>"),
        lambda notes: notes.assign(note_id="4711"),
        lambda notes: notes.assign(record="102"),
        lambda notes: notes.iloc[:0],
        lambda notes: pd.concat([notes, notes.assign(part=2)]),
    ],
)
def test_what_was_altered_since_it_was_planned_is_not_written(
    ledger: Ledger, tmp_path: Path, altered: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    store, _ = store_of_kim()
    opened = _planned(store, ledger, tmp_path, LONG)
    file = "notes/Contact/0.parquet"
    planned = opened.run.files.read_frame(file)
    opened.run.files.write_frame(file, altered(planned))
    kept = ledger.plan(opened.run.run_id)
    assert kept is not None and kept["state"] == "not_needed"
    why = r"notes/Contact/0\.parquet of run .* is not what was planned"
    for step in (deliver.deliver, additions.deliver):
        with pytest.raises(PlanRefused, match=why):
            step(opened.run, **PAIR, ports=opened.ports)
    with pytest.raises(PlanRefused, match=why):
        gate.verify(opened.run, kept)
    assert (store.written, bodies(store)) == ([], [])
    opened.run.files.write_frame(file, planned)
    deliver.deliver(opened.run, **PAIR, ports=opened.ports)
    additions.deliver(opened.run, **PAIR, ports=opened.ports)
    assert bodies(store) == [body(1, LONG)]


def test_above_the_limit_of_new_records_a_person_is_asked_about_notes(ledger: Ledger, tmp_path: Path) -> None:
    store, _ = store_of_kim()
    setup = configuration(section("Contact", CHAT), rendering={"cut_marker": "+"}, approval=Approval(max_creates=1))
    opened = _planned(store, ledger, tmp_path, LONG, f"{LONG}!", setup=setup)
    kept = ledger.plan(opened.run.run_id)
    assert kept is not None and kept["state"] == "made"
    assert kept["exceeds"] == ["2 new records (2 of them notes), max_creates is 1"]
    assert (kept["counts"]["notes"], kept["counts"]["mended"], kept["counts"]["creates"]) == (2, 0, 0)
    assert "Beside these: 2 new notes with whole transcripts, 0 notes whose" in question(kept, "a night")
    for step in (deliver.deliver, additions.deliver):
        with pytest.raises(ApprovalNeeded, match="2 of them notes"):
            step(opened.run, **PAIR, ports=opened.ports)
    assert (store.written, bodies(store)) == ([], [])
    ledger.decide_plan(opened.run.run_id, kept["plan_hash"], "approved", by="ana")
    deliver.deliver(opened.run, **PAIR, ports=opened.ports)
    additions.deliver(opened.run, **PAIR, ports=opened.ports)
    assert len(bodies(store)) == 2


def test_a_note_that_is_mended_is_an_overwrite(ledger: Ledger, tmp_path: Path) -> None:
    store, _ = store_of_kim()
    run(store, ledger, tmp_path, LONG)
    setup = configuration(section("Contact", CHAT), rendering={"cut_marker": "+"}, approval=Approval(max_overwrites=0))
    opened = _planned(store, ledger, tmp_path, f"{LONG}!", setup=setup)
    kept = ledger.plan(opened.run.run_id)
    assert kept is not None and kept["exceeds"] == ["1 overwritten values (1 of them notes), max_overwrites is 0"]
    assert (kept["counts"]["notes"], kept["counts"]["mended"]) == (0, 1)


def test_what_fits_needs_none(ledger: Ledger, tmp_path: Path) -> None:
    store, _ = store_of_kim()
    assert run(store, ledger, tmp_path, "Kim: hi").additions == ()


def test_each_interaction_has_its_own_and_the_older_stay(ledger: Ledger, tmp_path: Path) -> None:
    store, _ = store_of_kim()
    assert counts(run(store, ledger, tmp_path, LONG, f"{LONG}!")) == {"planned": 2, "made": 2, "verified": 2}
    assert sorted(filter(None, bodies(store))) == [body(1, LONG), body(2, f"{LONG}!")]


def test_a_ledger_that_forgot_finds_it_by_what_it_says(ledger: Ledger, tmp_path: Path) -> None:
    store, kim = store_of_kim()
    store._link(store.create(NOTE, hs_note_body="<p>called back</p>"), kim)
    store._link(store.create(NOTE, hs_note_body=body(1, LONG)), kim)
    assert counts(run(store, ledger, tmp_path, LONG)) == {"standing": 1}
    (known,) = ledger.notes("acme", "0-1", [kim])
    assert (known["note_id"], known["part"], known["interaction_key"]) == ("4602", 1, "d:1:0:1")


def test_a_changed_transcript_is_mended_and_a_part_too_many_says_so(ledger: Ledger, tmp_path: Path) -> None:
    store, kim = store_of_kim()
    very_long = "wort " * 15_000
    assert counts(run(store, ledger, tmp_path, very_long)) == {"planned": 2, "made": 2, "verified": 2}
    assert counts(run(store, ledger, tmp_path, LONG)) == {"planned": 2, "made": 2, "verified": 2}
    assert sorted(filter(None, bodies(store))) == [
        body(1, LONG),
        "<p>CXone transcript d:1:0:1 (transcript), part 2 of 1</p>"
        "The transcript has become shorter: this part is not used any more.",
    ]
    assert len(store.links[kim]) == 2


@pytest.mark.parametrize("changed", ["<p>mine now</p>", ""])
def test_what_a_person_changed_or_emptied_stays(ledger: Ledger, tmp_path: Path, changed: str) -> None:
    store, kim = store_of_kim()
    run(store, ledger, tmp_path, LONG)
    store.person(NOTE, store.links[kim][0], "hs_note_body", changed)
    assert counts(run(store, ledger, tmp_path, f"{LONG}!")) == {"edited": 1}
    assert bodies(store) == [changed or None]


def test_what_hubspot_makes_of_it_is_not_written_again(ledger: Ledger, tmp_path: Path) -> None:
    store, kim = store_of_kim()
    run(store, ledger, tmp_path, LONG)
    store.set(NOTE, store.links[kim][0], "hs_note_body", body(1, LONG.upper()))  # by the integration: an echo
    assert counts(run(store, ledger, tmp_path, LONG)) == {"standing": 1}


@pytest.mark.parametrize(
    ("fate", "expected"),
    [
        ("unanswered", MADE),  # settled by looking
        ("lost", {"planned": 1, "unaccounted": 1}),
        ("refused", {"planned": 1, "rejected": 1}),
    ],
)
def test_whatever_the_answer_there_is_one_note_at_most(
    ledger: Ledger, tmp_path: Path, fate: str, expected: dict[str, int]
) -> None:
    store, kim = store_of_kim()
    setattr(store, fate, {kim})
    report = run(store, ledger, tmp_path, LONG)
    assert counts(report) == expected
    assert any("unaccounted" in failure for failure in report.verdict.failures) is (fate == "lost")
    setattr(store, fate, set())
    assert counts(run(store, ledger, tmp_path, LONG)) == ({"standing": 1} if fate == "unanswered" else MADE)
    assert bodies(store) == [body(1, LONG)]


def test_a_new_record_gets_its_note_in_the_same_run_and_one_that_was_refused_none(
    ledger: Ledger, tmp_path: Path
) -> None:
    store, _ = store_of_kim()
    store.refused = {"2"}
    found = counts(run(store, ledger, tmp_path, LONG, f"{LONG}!", setup=TICKETS))
    assert found == {"planned": 2, "made": 1, "rejected": 1, "verified": 1}
    (ticket,) = store.records[TICKET.type_id]
    assert len(store.links[ticket]) == 1 and bodies(store) == [body(1, LONG)]


def test_a_dry_run_only_plans(ledger: Ledger, tmp_path: Path) -> None:
    store, _ = store_of_kim()
    assert counts(run(store, ledger, tmp_path, LONG, dry_run=True)) == {"held": 1}
    assert bodies(store) == []
