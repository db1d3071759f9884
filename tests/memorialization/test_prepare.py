"""settle -> map -> match for a partition: one target per (due interaction, section), frames spread by record."""

from pathlib import Path

import pytest

from memorialization.ledger import Ledger
from memorialization.prepare import prepare
from tests.memorialization.fakes import COMPANY, CONTACT, MemoryStore
from tests.memorialization.nights import EVENING, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

AGENT = row("agent", "voice", "Agent Name")
TWO = configuration(section("Company", AGENT, through_contact=True, required=True), section("Contact", AGENT))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(schema())


def test_contacts_lead_the_companies_that_are_found_through_them(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    kim, acme = store.create(CONTACT, email="kim@example.com"), store.create(COMPANY)
    store.links = {kim: [acme]}
    night(TWO, store, ledger, tmp_path, interaction(1), interaction(2, customer_email=None)).prepare()
    assert ledger.matches("acme", "Contact", ["v:1", "v:2"]) == {"v:1": kim}
    assert ledger.matches("acme", "Company", ["v:1", "v:2"]) == {"v:1": acme}


def test_every_due_interaction_has_a_target_in_every_section(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    store.create(CONTACT, email="kim@example.com")
    rows = [
        interaction(1),
        interaction(2, end_time=None),
        interaction(3, agent_kind=None, abandoned=True),
        interaction(4, customer_email="nobody@example.com"),
    ]
    voice, digital = night(TWO, store, ledger, tmp_path, *rows).prepare()
    assert voice["interactions"] == [
        {"state": "due", "reason": None, "n": 2},
        {"state": "never_due", "reason": "abandoned", "n": 1},
        {"state": "provisional", "reason": "still_assigned", "n": 1},
    ]
    counted = {(t["entity"], t["section"], t["outcome"], t["reason"], t["rule"]): t["n"] for t in voice["targets"]}
    assert counted == {
        ("Company", 0, "parked", "unmatched", None): 2,
        ("Contact", 1, "matched", None, "e-mail"): 1,
        ("Contact", 1, "not_attempted", "unmatched", None): 1,
    }
    assert (digital["interactions"], digital["targets"]) == ([], [])


def test_what_was_provisional_is_asked_for_again(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    night(TWO, store, ledger, tmp_path, interaction(1, end_time=None)).prepare()
    assert ledger.provisional("acme", EVENING.replace(hour=0))[0] == {"v:1"}
    later = night(TWO, store, ledger, tmp_path, interaction(1))
    later.prepare()  # due now, but not delivered: a run that ends here must not make it forgotten
    assert ledger.provisional("acme", EVENING.replace(hour=0))[0] == {"v:1"}
    ledger.keep_interactions("acme", later.run.run_id, later.frame("settled/voice-0"))
    assert ledger.provisional("acme", EVENING.replace(hour=0))[0] == frozenset()


def test_a_match_of_an_earlier_night_is_kept(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    kim = store.create(CONTACT, email="kim@example.com")
    night(TWO, store, ledger, tmp_path, interaction(1)).prepare()
    store.set(CONTACT, kim, "email", "new@example.com")
    store.create(CONTACT, email="kim@example.com")
    opened = night(TWO, store, ledger, tmp_path, interaction(1))
    opened.prepare()
    targets = opened.frame("targets/voice-0")
    found = targets[targets["entity"].eq("Contact")]
    assert found[["record_id", "rule"]].to_numpy().tolist() == [[kim, "kept"]]


def test_all_that_meets_on_one_record_is_in_one_bucket(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    setup = configuration(section("Contact", AGENT, row("agent", "digital", "Agent Name")))
    for person in range(20):
        store.create(CONTACT, email=f"{person}@example.com")
    rows = [
        interaction(i, channel="voice" if i % 3 else "digital", customer_email=f"{i % 20}@example.com")
        for i in range(60)
    ]
    opened = night(setup, store, ledger, tmp_path, *rows)
    opened.prepare()
    seen: dict[str, set[str]] = {}
    for partition in ("voice-0", "digital-0"):
        prepare(opened.run, partition, 4, opened.ports)
        for bucket, files in opened.run.files.read_json(f"prepared/{partition}.json")["files"].items():
            for name in files:
                for record in opened.run.files.read_frame(name)["record"]:
                    seen.setdefault(record, set()).add(bucket)
    assert len(seen) == 20
    assert all(len(buckets) == 1 for buckets in seen.values())
    assert len(set.union(*seen.values())) == 4


def test_doing_it_again_gives_the_same_files(store: MemoryStore, ledger: Ledger, tmp_path: Path) -> None:
    store.create(CONTACT, email="kim@example.com")
    opened = night(TWO, store, ledger, tmp_path, interaction(1), interaction(2))
    opened.prepare()
    (name,) = opened.run.files.read_json("prepared/voice-0.json")["files"]["Contact/0"]
    once = opened.run.files.read_frame(name)
    prepare(opened.run, "voice-0", 1, opened.ports)
    assert opened.run.files.read_frame(name).equals(once)


def test_lengths_of_all_transcripts_are_measured_even_without_a_record(
    store: MemoryStore, ledger: Ledger, tmp_path: Path
) -> None:
    setup = configuration(section("Contact", row("transcript", "digital", "Transcription Text")))
    rows = [
        interaction(1, channel="digital", transcript_ref="a"),
        interaction(2, channel="digital", transcript_ref="b"),
        interaction(3, channel="digital"),
    ]
    opened = night(setup, store, ledger, tmp_path, *rows, texts={"a": "👍" * 10, "b": "x" * 21})
    opened.prepare()
    lengths = opened.frame("lengths/digital-0")
    assert lengths[["interaction_key", "limit", "length"]].to_numpy().tolist() == [
        ["d:1:0:1", 20, 20],
        ["d:2:0:1", 20, 21],
    ]
    assert len(opened.frame("lengths/voice-0")) == 0
