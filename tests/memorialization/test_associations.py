"""Records of one interaction are associated where a section says so, once; what is there is never touched."""

from pathlib import Path

import pytest

from memorialization import additions, deliver, gate
from memorialization.errors import PlanRefused
from memorialization.ledger import Ledger
from memorialization.plan import pairs_of
from memorialization.report.model import Addition, Report
from tests.memorialization.fakes import CONTACT, TICKET, MemoryStore
from tests.memorialization.nights import configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

KEYED = {"key": "Contact ID", "on_unmatched": "create", "create_with": {"subject": "x"}}


def setup(source: str, target: str) -> object:
    """Both sections are made where they are not found; `source` names `target`."""
    sections = []
    for entity in ("Contact", "Ticket"):
        rows = (row("key", "voice", "Contact ID"), row("agent", "voice", "Agent Name"))
        of = {"associate_with": (target,)} if entity == source else {}
        keyed = KEYED if entity == "Ticket" or target == "Contact" else {"key": "Contact ID", "on_unmatched": "create"}
        sections.append(section(entity, *rows, **keyed, **of))
    return configuration(*sections)


def run(store: MemoryStore, ledger: Ledger, folder: Path, how: object, *, dry_run: bool = False) -> Report:
    calls = [interaction(i, customer_email=None) for i in (1, 2)]
    return night(how, store, ledger, folder, *calls, dry_run=dry_run).whole()  # type: ignore[arg-type]


def counts(report: Report) -> dict[str, int]:
    (found,) = report.additions
    assert found.wanted == found.standing + found.edited + found.held + found.planned
    assert found.planned == found.made + found.rejected + found.unaccounted
    return {k: v for k, v in Addition.model_dump(found).items() if isinstance(v, int) and v}


@pytest.mark.parametrize(("source", "target"), [("Ticket", "Contact"), ("Contact", "Ticket")])
def test_both_ends_are_made_in_the_same_run(ledger: Ledger, tmp_path: Path, source: str, target: str) -> None:
    store = MemoryStore(schema())
    how = setup(source, target)
    assert counts(run(store, ledger, tmp_path, how)) == {"wanted": 2, "planned": 2, "made": 2, "verified": 2}
    tickets = {store.value(TICKET, t, "key"): t for t in store.records[TICKET.type_id]}
    people = {store.value(CONTACT, c, "key"): c for c in store.records[CONTACT.type_id]}
    assert {key: store.links[t] for key, t in tickets.items()} == {key: [c] for key, c in people.items()}
    calls = store.calls["associate"]
    assert counts(run(store, ledger, tmp_path, how)) == {"wanted": 2, "standing": 2}
    assert store.calls["associate"] == calls


def test_what_is_there_is_not_touched_and_what_is_missing_is_made(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    for key in ("1", "2"):
        store.create(CONTACT, key=key, agent=f"Agent {key}")
        store.create(TICKET, key=key, agent=f"Agent {key}")
    store._link("501", "101")
    report = run(store, ledger, tmp_path, setup("Ticket", "Contact"))
    assert counts(report) == {"wanted": 2, "standing": 1, "planned": 1, "made": 1, "verified": 1}
    assert report.funnel.planned == 0, "an association alone is reason enough to apply a bucket"
    assert (store.links["501"], store.links["502"]) == (["101"], ["102"])


@pytest.mark.parametrize("source", ["Ticket", "Contact"])
def test_pairs_that_were_altered_since_they_were_planned_are_not_associated(
    ledger: Ledger, tmp_path: Path, source: str
) -> None:
    store = MemoryStore(schema())
    target = "Contact" if source == "Ticket" else "Ticket"
    calls = [interaction(i, customer_email=None) for i in (1, 2)]
    opened = night(setup(source, target), store, ledger, tmp_path, *calls)  # type: ignore[arg-type]
    opened.prepare()
    opened.reconcile()
    opened.gate()
    kept = ledger.plan(opened.run.run_id)
    assert kept is not None and kept["counts"]["associations"] == 2
    (name,) = [name for name, hashes in kept["buckets"].items() if "associations" in hashes]
    file = f"associations/{name}.parquet"
    pairs = opened.run.files.read_frame(file)
    opened.run.files.write_frame(file, pairs.assign(other=list(pairs["other"])[::-1]))
    why = rf"associations/{source}/\d+\.parquet of run .* is not what was planned"
    with pytest.raises(PlanRefused, match=why):
        gate.verify(opened.run, kept)
    with pytest.raises(PlanRefused, match=why):
        deliver.deliver(opened.run, source, int(name.rsplit("/", 1)[1]), opened.ports)
    assert store.written == []
    (far,) = [pair for pair in pairs_of(kept) if pair["entity"] == target]
    deliver.deliver(opened.run, **far, ports=opened.ports)  # its own values are as they were planned
    with pytest.raises(PlanRefused, match=why):
        additions.deliver(opened.run, **far, ports=opened.ports)
    assert store.links == {}


@pytest.mark.parametrize(("fate", "outcome"), [("refused", "rejected"), ("lost", "unaccounted")])
def test_what_does_not_stand_afterwards_is_not_made(ledger: Ledger, tmp_path: Path, fate: str, outcome: str) -> None:
    store = MemoryStore(schema())
    for key in ("1", "2"):
        store.create(CONTACT, key=key, agent=f"Agent {key}")
        store.create(TICKET, key=key, agent=f"Agent {key}")
    setattr(store, fate, {"501"})
    report = run(store, ledger, tmp_path, setup("Ticket", "Contact"))
    assert counts(report) == {"wanted": 2, "planned": 2, "made": 1, outcome: 1, "verified": 1}


def test_where_an_end_was_refused_there_is_nothing_to_associate(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    for key in ("1", "2"):
        store.create(TICKET, key=key, agent=f"Agent {key}")
    store.refused = {"2"}
    report = run(store, ledger, tmp_path, setup("Ticket", "Contact"))
    assert counts(report) == {"wanted": 2, "planned": 2, "made": 1, "rejected": 1, "verified": 1}


def test_a_dry_run_only_plans(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema())
    assert counts(run(store, ledger, tmp_path, setup("Ticket", "Contact"), dry_run=True)) == {"wanted": 2, "held": 2}
    assert store.links == {}
