import pytest

from memorialization.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractBroken,
    PermissionMissing,
    QuotaExhausted,
    ServiceUnavailable,
)
from memorialization.ports import Entity, Receipt, WriteRow
from plugins.hubspot import write as module
from plugins.hubspot.client import Answer
from plugins.hubspot.failures import Refused

CONTACT, TICKET = Entity("Contact", "0-1"), Entity("Ticket", "0-5")
NEW = {"subject": "New", "hs_pipeline": "0", "hs_pipeline_stage": "1"}
UPDATE, UPSERT = (f"POST /crm/v3/objects/{{type}}/batch/{verb}" for verb in ("update", "upsert"))


def by_id(trace, record_id, **properties):
    return WriteRow(trace, properties, record_id=record_id)


def by_key(trace, value, **properties):
    return WriteRow(trace, properties, key_property="cxone_contact_id", key_value=value)


@pytest.fixture
def tickets(twin):
    return [twin.create("0-5", {"subject": f"Case {n}", "cxone_contact_id": f"c{n}"}) for n in range(250)]


def outcomes(receipts):
    counts = {}
    for receipt in receipts:
        counts[receipt.outcome] = counts.get(receipt.outcome, 0) + 1
    return counts


def test_each_row_is_written_to_its_own_record(twin, tickets):
    rows = [by_id(f"t{n}", ticket, cxone_agent_name=f"Agent {n}") for n, ticket in enumerate(tickets)]
    store = twin.store()
    assert store.write(TICKET, rows) == [
        Receipt(f"t{n}", "written", record_id=ticket) for n, ticket in enumerate(tickets)
    ]
    assert store.stopped_by is None
    assert [twin.values("0-5", ticket)["cxone_agent_name"] for ticket in tickets] == [f"Agent {n}" for n in range(250)]
    assert twin.requests() == {f"{UPDATE} 200": 3}


def test_an_upsert_tells_what_it_created(twin, tickets):
    receipts = twin.store().write(TICKET, [by_key("a", "c3", cxone_agent_name="Ada"), by_key("b", "brand-new", **NEW)])
    created = twin.portal.find("0-5", "cxone_contact_id", "brand-new")[0]
    assert receipts == [
        Receipt("a", "written", record_id=tickets[3]),
        Receipt("b", "written", record_id=created, created=True),
    ]
    assert twin.values("0-5", tickets[3])["cxone_agent_name"] == "Ada"


def test_ids_and_keys_may_come_in_one_call(twin, tickets):
    receipts = twin.store().write(TICKET, [by_key("a", "c1", subject="A"), by_id("b", tickets[2], subject="B")])
    assert [(receipt.trace, receipt.record_id) for receipt in receipts] == [
        ("a", tickets[1]),
        ("b", tickets[2]),
    ]


def test_one_bad_value_costs_one_row(twin, tickets):
    rows = [by_id(f"t{n}", ticket, subject="New") for n, ticket in enumerate(tickets[:100])]
    rows[41] = by_id("t41", tickets[41], cxone_direction="Sideways")
    receipts = twin.store().write(TICKET, rows)
    assert outcomes(receipts) == {"written": 99, "rejected": 1}
    bad = receipts[41]
    assert (bad.trace, bad.category, bad.code, bad.property, bad.record_id) == (
        "t41",
        "VALIDATION_ERROR",
        "INVALID_OPTION",
        "cxone_direction",
        None,
    )
    assert twin.requests() == {f"{UPDATE} 207": 1}


def test_missing_records_are_rejected_by_id(twin, tickets):
    receipts = twin.store().write(TICKET, [by_id("a", "404", subject="x"), by_id("b", tickets[0], subject="x")])
    assert receipts == [
        Receipt("a", "rejected", category="OBJECT_NOT_FOUND"),
        Receipt("b", "written", record_id=tickets[0]),
    ]


def test_a_blanket_refusal_is_halved_until_the_culprit_stands_alone(twin, tickets, monkeypatch):
    """Without trace ids HubSpot refuses the whole batch, as it does with them for some faults."""
    whole = module._input
    monkeypatch.setattr(module, "_input", lambda row: whole(row) | {"objectWriteTraceId": None})
    rows = [by_id(f"t{n}", ticket, subject="New") for n, ticket in enumerate(tickets[:64])]
    rows[20] = by_id("t20", tickets[20], cxone_direction="Sideways")
    receipts = twin.store().write(TICKET, rows)
    assert outcomes(receipts) == {"written": 63, "rejected": 1}
    assert receipts[20].outcome == "rejected"
    assert (receipts[20].category, receipts[20].code) == ("VALIDATION_ERROR", "INVALID_OPTION")
    assert receipts[20].correlation_id is not None
    assert twin.requests() == {f"{UPDATE} 400": 7, f"{UPDATE} 200": 6}


def test_a_refusal_without_category_costs_its_own_row_too(twin, tickets):
    twin.order({"match": "batch/update", "status": 400, "times": 2})
    receipts = twin.store().write(TICKET, [by_id("a", tickets[0], subject="x"), by_id("b", tickets[1], subject="x")])
    assert [receipt.outcome for receipt in receipts] == ["rejected", "written"]


def test_halving_ends_where_rows_cannot_be_the_reason(twin, tickets, monkeypatch):
    monkeypatch.setattr(module, "MOST_REFUSALS", 20)
    twin.order({"match": "batch/update", "status": 400, "times": 999})
    store = twin.store()
    receipts = store.write(TICKET, [by_id(f"t{n}", ticket, subject="x") for n, ticket in enumerate(tickets)])
    assert set(outcomes(receipts)) == {"rejected", "unaccounted"}
    assert len(receipts) == 250
    assert isinstance(store.stopped_by, Refused)
    assert sum(twin.requests().values()) <= 24


def test_an_answer_of_unknown_shape_stops_the_sending(twin, tickets, monkeypatch):
    client = twin.client()
    monkeypatch.setattr(client, "batch_update", lambda *_: Answer(False, {"results": [{"no": "id"}]}))
    writing = module.Writing(client, TICKET)
    assert writing.receipts([by_id("a", tickets[0], subject="x")]) == [Receipt("a", "unaccounted")]
    assert isinstance(writing.stopped_by, ContractBroken)
    assert writing.reached


def test_results_that_echo_no_trace_are_joined_by_id_or_key():
    rows = [by_id("a", "1", subject="x"), by_id("b", "2", subject="x")]
    results = [{"id": "2", "properties": {}}, {"id": "1", "properties": {}}]
    assert module._accounted(rows, Answer(False, {"results": results})) == [
        Receipt("a", "written", record_id="1"),
        Receipt("b", "written", record_id="2"),
    ]
    keyed = [by_key("a", "k1", subject="x"), by_key("b", "k2", subject="x")]
    results = [
        {"id": "12", "new": True, "properties": {"cxone_contact_id": "k2"}},
        {"id": "99", "new": False, "properties": {"cxone_contact_id": "k3"}},
    ]
    assert module._accounted(keyed, Answer(False, {"results": results})) == [
        Receipt("a", "unaccounted"),
        Receipt("b", "written", record_id="12", created=True),
    ]


def test_an_error_that_names_nobody_is_held_against_a_sole_row_only():
    error = {"category": "CONFLICT", "message": "x"}
    one, two = by_id("a", "1", subject="x"), by_id("b", "2", subject="x")
    assert module._accounted([one], Answer(True, {"errors": [error]})) == [
        Receipt("a", "rejected", category="CONFLICT")
    ]
    assert outcomes(module._accounted([one, two], Answer(True, {"errors": [error]}))) == {"unaccounted": 2}


def test_an_empty_success_accounts_for_nobody(twin, tickets):
    twin.order({"match": "batch/update", "status": 200, "body": "empty"})
    store = twin.store()
    assert store.write(TICKET, [by_id("a", tickets[0], subject="x")]) == [Receipt("a", "unaccounted")]
    assert store.stopped_by is None


def test_a_write_answered_too_late_is_sent_again_and_counted_once(twin):
    twin.order({"match": "batch/upsert", "status": 502, "after_commit": True})
    receipts = twin.store().write(TICKET, [by_key("a", "k1", **NEW)])
    assert outcomes(receipts) == {"written": 1}
    assert [receipts[0].record_id] == twin.portal.find("0-5", "cxone_contact_id", "k1")
    assert twin.requests()[f"{UPSERT} 502"] == 1
    assert twin.requests()[f"{UPSERT} 200"] == 1


def test_nobody_knows_after_a_lasting_fault(twin, tickets):
    twin.order({"match": "batch/update", "status": 502, "times": 99, "after_commit": True})
    store = twin.store()
    receipts = store.write(TICKET, [by_id("a", tickets[0], subject="x")])
    assert receipts == [Receipt("a", "unaccounted")]
    assert isinstance(store.stopped_by, ServiceUnavailable)


def test_an_unknown_success_stops_the_sending(twin, tickets):
    twin.order({"match": "batch/update", "status": 201, "body": "json"})
    store = twin.store()
    assert store.write(TICKET, [by_id("a", tickets[0], subject="x")]) == [Receipt("a", "unaccounted")]
    assert isinstance(store.stopped_by, ContractBroken)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 401}, AuthenticationError),
        ({"status": 403}, PermissionMissing),
        ({"status": 429, "body": "daily"}, QuotaExhausted),
        ({"status": 404}, Refused),
    ],
)
def test_an_error_before_anything_was_written_is_raised(twin, tickets, fault, kind):
    twin.order({"match": "batch/update", "times": 99, **fault})
    with pytest.raises(kind):
        twin.store().write(TICKET, [by_id(f"t{n}", ticket, subject="x") for n, ticket in enumerate(tickets)])
    assert sum(twin.requests().values()) <= 4  # those under way, none after


def test_what_was_written_before_the_quota_ended_keeps_its_receipts(serve):
    twin = serve(daily=5)
    ids = [twin.create("0-5", {"subject": "Old"}) for _ in range(1_000)]
    store = twin.store()
    receipts = store.write(TICKET, [by_id(f"t{n}", record_id, subject="New") for n, record_id in enumerate(ids)])
    assert outcomes(receipts) == {"written": 500, "unaccounted": 500}
    assert isinstance(store.stopped_by, QuotaExhausted)
    for record_id, receipt in zip(ids, receipts, strict=True):
        assert (twin.values("0-5", record_id)["subject"] == "New") is (receipt.outcome == "written")
    assert store.write(TICKET, []) == []
    assert store.stopped_by is None


def test_a_batch_holds_no_more_than_two_megabytes():
    rows = [by_id(f"t{n}", str(n), subject="x" * 60_000) for n in range(70)]
    assert [len(batch) for batch in module._batches(rows)] == [33, 33, 4]
    assert [len(batch) for batch in module._batches([by_id("t", "1", subject="x" * 3_000_000)] * 2)] == [1, 1]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([by_id("a", "1", s="x"), by_id("a", "2", s="x")], "share the same trace"),
        ([by_id("a", "1", s="x"), by_id("b", "1", s="y")], "share the same id"),
        ([by_key("a", "k", s="x"), by_key("b", "k", s="y")], "share the same key"),
        ([WriteRow("a", {"s": "x"})], "by its record id or by its key"),
        (
            [WriteRow("a", {}, record_id="1", key_property="k", key_value="v")],
            "by its record id or by its key",
        ),
    ],
)
def test_rows_that_contradict_each_other_are_not_sent(twin, rows, message):
    with pytest.raises(ValueError, match=message):
        twin.store().write(TICKET, rows)
    assert "batch" not in str(twin.requests())


def test_contacts_are_not_upserted_by_email(twin):
    row = WriteRow("a", {"lastname": "L"}, key_property="email", key_value="ada@example.com")
    with pytest.raises(ValueError, match="cannot be upserted by e-mail"):
        twin.store().write(CONTACT, [row])


@pytest.mark.parametrize("key", ["subject", "no_such_property", "hs_object_id"])
def test_a_key_must_be_able_to_tell_records_apart(twin, key):
    with pytest.raises(ConfigurationError, match=f"Ticket's property {key} cannot tell records apart"):
        twin.store().write(TICKET, [WriteRow("a", {}, key_property=key, key_value="1")])
    assert "batch" not in str(twin.requests())


def test_too_long_a_text_is_one_rows_matter(twin, tickets):
    receipts = twin.store().write(
        TICKET,
        [
            by_id("a", tickets[0], cxone_transcript="x" * 4001),
            by_id("b", tickets[1], cxone_transcript="x" * 4000),
        ],
    )
    assert [(receipt.outcome, receipt.property) for receipt in receipts] == [
        ("rejected", "cxone_transcript"),
        ("written", None),
    ]
