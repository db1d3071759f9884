"""Records without a key are made with their association, each once, whatever the answer is."""

import pytest

from memorialization.errors import AuthenticationError, ConfigurationError
from memorialization.ports import Entity, NewRecord, Receipt, pair_trace

CONTACT, TICKET, NOTE = Entity("Contact", "0-1"), Entity("Ticket", "0-5"), Entity("Note", "0-46")
CREATE = "POST /crm/v3/objects/{type}/batch/create"


def note(trace, record_id, body="<p>hi</p>"):
    return NewRecord(trace, {"hs_note_body": body, "hs_timestamp": "2026-11-22T18:00:00Z"}, record_id)


@pytest.fixture
def ada(twin):
    return twin.create("0-1", {"email": "ada@example.com"})


def test_each_note_is_made_with_its_association(twin, ada):
    store = twin.store()
    receipts = store.add(NOTE, [note(f"t{n}", ada, f"<p>{n}</p>") for n in range(150)], CONTACT)
    assert [(r.trace, r.outcome, r.created) for r in receipts] == [(f"t{n}", "written", True) for n in range(150)]
    assert [twin.values("0-46", r.record_id)["hs_note_body"] for r in receipts] == [f"<p>{n}</p>" for n in range(150)]
    assert store.associated(CONTACT, [ada], NOTE)[ada] == sorted((r.record_id for r in receipts), key=int)


def test_one_that_cannot_be_made_costs_only_itself(twin, ada):
    receipts = twin.store().add(NOTE, [note("a", ada), note("b", "999"), note("c", ada)], CONTACT)
    assert [r.outcome for r in receipts] == ["written", "rejected", "written"]
    assert receipts[1].category == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("fault", "made"), [({"status": 502, "body": "html"}, 0), ({"drop": True, "after_commit": True}, 1)]
)
def test_after_an_answer_that_never_came_nothing_is_sent_again(twin, ada, fault, made):
    twin.order({"match": "0-46/batch/create", **fault})
    store = twin.store()
    assert store.add(NOTE, [note("a", ada)], CONTACT) == [Receipt("a", "unaccounted")]
    assert len(store.associated(CONTACT, [ada], NOTE)[ada]) == made
    assert sum(n for call, n in twin.requests().items() if call.startswith(CREATE)) == 1


def test_a_429_was_not_looked_at_and_is_sent_again(twin, ada):
    twin.order({"match": "0-46/batch/create", "status": 429, "body": "burst"})
    (receipt,) = twin.store().add(NOTE, [note("a", ada)], CONTACT)
    assert receipt.outcome == "written"


def test_what_is_no_rows_fault_is_raised_where_nothing_was_made(twin, ada):
    twin.order({"match": "0-46/batch/create", "status": 401})
    with pytest.raises(AuthenticationError):
        twin.store().add(NOTE, [note("a", ada)], CONTACT)


def test_pairs_are_associated_by_the_default_and_a_wrong_one_is_rejected(twin, ada):
    tickets = [twin.create("0-5", {"subject": f"T{n}"}) for n in range(3)]
    pairs = [(tickets[0], ada), (tickets[1], "999"), (tickets[2], ada)]
    store = twin.store()
    receipts = store.associate(TICKET, pairs, CONTACT)
    assert [(r.trace, r.outcome) for r in receipts] == [
        (pair_trace(pairs[0]), "written"), (pair_trace(pairs[1]), "rejected"), (pair_trace(pairs[2]), "written"),
    ]  # fmt: skip
    assert store.associated(TICKET, tickets, CONTACT) == {tickets[0]: [ada], tickets[1]: [], tickets[2]: [ada]}


def test_types_that_cannot_be_associated_are_named(twin, ada):
    twin.order({"match": "0-46/0-1/labels", "status": 200, "body": "empty"})
    with pytest.raises(ConfigurationError, match="cannot associate Note with Contact"):
        twin.store().add(NOTE, [note("a", ada)], CONTACT)
