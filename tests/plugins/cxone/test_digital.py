"""Digital legs: literal cases from a scripted tenant, and the twin's days against the twin's truth."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from memorialization.errors import ContractBroken, ServiceUnavailable
from memorialization.ports import Batch, Wanted, Window
from memorialization.resuming import ResumedSource
from memorialization.staging import Staging
from plugins.cxone.client import CxoneClient
from plugins.cxone.options import CxoneOptions
from plugins.cxone.source import CxoneSource

pytestmark = pytest.mark.slow

WINDOW = Window(datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC))
SINCE = datetime(2026, 11, 11, tzinfo=UTC)
CHANNEL = "email_21ca141d"
SEARCH, COMPLETED = "/dfo/3.0/contacts", "/incontactapi/services/v30.0/contacts/completed"
ANNA = {"id": 1, "incontactId": "AA-1", "firstName": "Anna", "surname": "Öz"}
BEN = {"id": 2, "incontactId": "20000002", "firstName": "Ben", "surname": "Low"}
JANE = {"fullName": "Jane Doe", "idOnExternalPlatform": "Jane@Example.com"}


def clock(hour: int, minute: int = 0, day: int = 17) -> str:
    return f"2026-11-{day}T{hour:02d}:{minute:02d}:00+00:00"


def a_case(case_id: str = "1749", **more: Any) -> dict[str, Any]:
    return {
        "id": case_id,
        "contactId": "guid-1",
        "interactionId": "interaction-1",
        "channelId": CHANNEL,
        "status": "closed",
        "createdAt": clock(8),
        "statusUpdatedAt": clock(12),
        "direction": "inbound",
        "routingQueueId": "q1",
        "inboxAssigneeUser": None,
        "endUser": {"fullName": "Jane Doe", "identities": [JANE]},
        "customFields": [{"ident": "OrderNumber", "value": "A-1"}, {"ident": "other", "value": "x"}],
        "detailUrl": "https://digital.example/contact/1749",
        **more,
    }


def an_event(time: str, kind: str, user: dict[str, Any] | None, assignee: dict[str, Any] | None, status: str) -> Any:
    after = {"inboxAssigneeUser": assignee, "status": status, "routingQueueId": "q1"}
    return {"id": time + kind, "eventType": kind, "createdAt": time, "user": user, "after": after}


TWO_LEGS = [
    an_event(clock(9), "CaseInboxAssigned", None, ANNA, "open"),
    an_event(clock(10), "CaseInboxAssigneeChanged", ANNA, BEN, "open"),
    an_event(clock(11, 59), "CaseStatusChanged", BEN, BEN, "closed"),
    an_event(clock(12), "CaseInboxUnassigned", BEN, None, "closed"),
]
ANNAS, BENS = "d:1749:1794906000000:20000001", "d:1749:1794909600000:20000002"


@pytest.fixture
def tenant(scripted: Any) -> Any:
    scripted.acd("server-time", {"ServerTime": "2026-11-18T02:00:00Z"})
    scripted.acd("contacts/completed", None, status=204)
    agents = [{"agentId": 20000001, "userId": "aa-1"}, {"agentId": 20000002, "userId": "bb-2"}]
    scripted.acd("agents", {"totalRecords": 2, "agents": agents})
    scripted.acd("skills", {"totalRecords": 1, "skills": [{"skillId": 5, "skillName": "Mail DE"}]})
    scripted.acd("dispositions", {"totalRecords": 1, "dispositions": [{"dispositionId": 7, "dispositionName": "Sale"}]})
    scripted.dfo("channels", [{"id": CHANNEL, "name": "service@acme.example"}])
    scripted.dfo("routing-queues", {"hits": 1, "data": [{"id": "q1", "name": "Queue", "skillId": 5}]})
    return scripted


def source_of(tenant: Any, *cases: Any, events: list[Any] | None = None, **options: Any) -> CxoneSource:
    tenant.dfo("contacts", {"hits": len(cases), "data": list(cases), "scrollToken": "s1"})
    tenant.dfo("contacts", {"hits": len(cases), "data": []})
    rows = TWO_LEGS if events is None else events
    tenant.dfo("contacts/1749/history", {"hits": len(rows), "data": rows})
    return CxoneSource(tenant.client(), phone_regions=("DE",), options=CxoneOptions(**options))


def batches(source: CxoneSource, *, transcripts: bool = False, again: frozenset[str] = frozenset()) -> list[Batch]:
    wanted = Wanted(SINCE, transcripts, frozenset({"ordernumber"}), again)
    return list(source.interactions("digital", WINDOW, wanted))


def read(source: CxoneSource, **more: Any) -> list[Any]:
    return [row for batch in batches(source, **more) for row in batch.interactions.to_pylist()]


def test_a_transferred_case_is_two_legs(tenant: Any) -> None:
    tenant.acd("contacts/1749/disposition", {"dispositionId": 7, "dispositionName": None, "notes": "done"})
    first, second = read(source_of(tenant, a_case()))
    assert {name: value for name, value in second.items() if value is not None} == {
        "interaction_key": BENS,
        "channel": "digital",
        "contact_id": "1749",
        "contact_guid": "guid-1",
        "interaction_id": "interaction-1",
        "start_time": datetime(2026, 11, 17, 10, tzinfo=UTC),
        "end_time": datetime(2026, 11, 17, 12, tzinfo=UTC),
        "due_at": datetime(2026, 11, 17, 12, tzinfo=UTC),
        "updated_at": datetime(2026, 11, 17, 12, tzinfo=UTC),
        "media_type_id": 9,
        "agent_kind": "human",
        "refused": False,
        "abandoned": False,
        "wrap_up_closed": True,
        "ended_by": "agent",
        "customer_email": "jane@example.com",
        "agent_id": "20000002",
        "agent_uuid": "bb-2",
        "agent_name": "Ben Low",
        "from_name": "Jane Doe",
        "to_name": "Ben Low",
        "customer_name": "Jane Doe",
        "channel_name": "service@acme.example",
        "channel_type": "email",
        "contact_type": "digital",
        "direction": "inbound",
        "disposition_id": "7",
        "disposition_name": "Sale",
        "disposition_notes": "done",
        "event_type": "CaseInboxUnassigned",
        "final_state": True,
        "media_type": "Digital",
        "skill_id": "5",
        "skill_name": "Mail DE",
        "status": "Closed",
        "transcript_url": "https://digital.example/contact/1749",
        "script.ordernumber": "A-1",
    }
    assert (first["interaction_key"], first["event_type"]) == (ANNAS, "CaseInboxAssigneeChanged")
    assert (first["status"], first["disposition_name"], first["disposition_notes"]) == ("Open", None, None)


def test_the_outcome_comes_from_completed_contacts_first(tenant: Any) -> None:
    row = {
        "contactId": 1749,
        "primaryDispositionId": "7",
        "dispositionNotes": "n",
        "lastUpdateTime": "2026-11-17T12:02:00Z",
    }
    tenant.answers[COMPLETED] = []
    tenant.acd("contacts/completed", {"completedContacts": [row]}, None)
    tenant.answers[COMPLETED][1] = (204, None, {})
    rows = read(source_of(tenant, a_case()))
    assert [(row["disposition_name"], row["disposition_notes"]) for row in rows] == [
        (None, None),
        ("Sale", "n"),
    ]
    assert tenant.asked("/incontactapi/services/v30.0/contacts/1749/disposition") == []


def test_completed_contacts_discover_a_case_that_the_search_lacks(tenant: Any) -> None:
    tenant.answers[COMPLETED] = []
    tenant.acd("contacts/completed", {"completedContacts": [{"contactId": 1749}, {"contactId": "404"}, "x"]}, None)
    tenant.answers[COMPLETED][1] = (204, None, {})
    tenant.dfo("contacts/1749", a_case(createdAt=clock(8, day=1)))
    source = source_of(tenant)
    assert [row["interaction_key"] for row in read(source)] == [ANNAS, BENS]
    assert source.skipped == {"digital: case not found": 1, "digital: unreadable completed contact": 1}
    asked = tenant.asked(COMPLETED)[0].query
    assert (asked["updatedSince"], asked["mediaTypeId"]) == ("2026-11-13T00:00:00.000Z", "9")


def test_beyond_the_look_back_completed_contacts_go_by_their_start(tenant: Any) -> None:
    tenant.answers["/incontactapi/services/v30.0/server-time"] = [(200, {"ServerTime": "2027-03-01T00:00:00Z"}, {})]
    read(source_of(tenant, a_case()))
    asked = tenant.asked(COMPLETED)[0].query
    assert (asked["startDate"], asked["endDate"]) == ("2026-11-11T00:00:00.000Z", "2026-11-17T23:59:59.999Z")


def test_the_search_scrolls_and_a_repeated_case_comes_once(tenant: Any) -> None:
    tenant.dfo("contacts", {"hits": 2, "data": [a_case()], "scrollToken": "s1"})
    tenant.dfo("contacts", {"hits": 2, "data": [a_case()], "scrollToken": "s2"})
    tenant.dfo("contacts/1750/history", {"hits": 0, "data": []})
    rows = read(source_of(tenant, a_case("1750", status="open")))
    assert [row["interaction_key"] for row in rows] == [ANNAS, BENS]
    assert [dict(seen.query) for seen in tenant.asked(SEARCH)] == [
        {"date[from]": "2026-11-11", "date[to]": "2026-11-18"},
        {"date[from]": "2026-11-11", "date[to]": "2026-11-18", "scrollToken": "s1"},
        {"date[from]": "2026-11-11", "date[to]": "2026-11-18", "scrollToken": "s2"},
        {"date[from]": "2026-08-13", "date[to]": "2026-11-11", "status[]": "resolved"},  # what is still not closed
    ]


def test_a_search_that_does_not_move_is_a_broken_contract(tenant: Any) -> None:
    tenant.dfo("contacts", {"hits": 2, "data": [a_case()], "scrollToken": "same"})
    with pytest.raises(ContractBroken, match="repeats itself after 1 cases"):
        read(CxoneSource(tenant.client()))


@pytest.mark.parametrize(
    ("change", "again", "read_history"),
    [
        ({"createdAt": clock(0, day=18)}, frozenset(), False),
        ({"statusUpdatedAt": clock(23, day=12)}, frozenset(), False),
        (
            {"statusUpdatedAt": clock(0, day=13)},
            frozenset(),
            True,
        ),  # may have been dismissed days after it was closed
        ({"statusUpdatedAt": clock(23, day=12)}, frozenset({"d:1749:1:2"}), True),
        ({"statusUpdatedAt": clock(23, day=12), "inboxAssigneeUser": ANNA}, frozenset(), True),
        ({"statusUpdatedAt": clock(23, day=12), "status": "open"}, frozenset(), True),
    ],
)
def test_which_cases_are_read(tenant: Any, change: Any, again: frozenset[str], read_history: bool) -> None:
    read(source_of(tenant, a_case(**change)), again=again)
    assert bool(tenant.asked("/dfo/3.0/contacts/1749/history")) is read_history


def test_a_leg_of_another_day_comes_only_if_wanted_again(tenant: Any) -> None:
    events = [
        an_event(clock(9, day=16), "CaseInboxAssigned", None, ANNA, "open"),
        an_event(clock(0, day=17), "CaseInboxAssigneeChanged", ANNA, BEN, "open"),
        an_event(clock(0, day=18), "CaseInboxUnassigned", BEN, None, "open"),
    ]
    case = a_case(createdAt=clock(8, day=16), status="open")
    first, second = "d:1749:1794819600000:20000001", "d:1749:1794873600000:20000002"
    assert [row["interaction_key"] for row in read(source_of(tenant, case, events=events))] == [first]
    tenant.answers.pop(SEARCH)
    rows = read(source_of(tenant, case, events=events), again=frozenset({second}))
    assert [row["interaction_key"] for row in rows] == [first, second]


def test_an_open_leg_is_provisional_and_has_no_transcript(tenant: Any) -> None:
    source = source_of(tenant, a_case(status="open", inboxAssigneeUser=ANNA), events=TWO_LEGS[:1])
    [row] = read(source, transcripts=True)
    assert (row["end_time"], row["due_at"], row["transcript_ref"]) == (None, None, None)
    assert (row["wrap_up_closed"], row["final_state"], row["ended_by"]) == (False, False, "unknown")


def test_a_history_without_hits_is_read_to_its_end(tenant: Any) -> None:
    source = source_of(tenant, a_case(), events=[])
    tenant.answers.pop("/dfo/3.0/contacts/1749/history")
    tenant.dfo("contacts/1749/history", {"data": TWO_LEGS[:2]}, {"data": TWO_LEGS[2:]}, {"data": []})
    assert [row["interaction_key"] for row in read(source)] == [ANNAS, BENS]
    pages = [seen.query["page"] for seen in tenant.asked("/dfo/3.0/contacts/1749/history")]
    assert pages == ["1", "2", "3"]


def test_a_history_that_ignores_the_page_is_read_once(tenant: Any) -> None:
    source = source_of(tenant, a_case(), events=[])
    tenant.answers.pop("/dfo/3.0/contacts/1749/history")
    tenant.dfo("contacts/1749/history", {"data": TWO_LEGS})
    assert [row["interaction_key"] for row in read(source)] == [ANNAS, BENS]


@pytest.mark.parametrize(("body", "status"), [(None, 204), ({"hits": 4, "data": []}, 200)], ids=["204", "empty"])
def test_a_case_whose_history_ends_too_soon_is_left_out_and_counted(tenant: Any, body: Any, status: int) -> None:
    """Half a history would name the wrong agents."""
    source = source_of(tenant, a_case(), events=[])
    tenant.answers.pop("/dfo/3.0/contacts/1749/history")
    tenant.dfo("contacts/1749/history", {"hits": 4, "data": TWO_LEGS[:2]})
    tenant.dfo("contacts/1749/history", body, status=status)
    with pytest.raises(ContractBroken, match="none of 1 digital cases could be read"):
        read(source)
    assert source.skipped == {"digital: case refused": 1}


def test_without_history_the_key_says_so_and_it_is_counted(tenant: Any) -> None:
    source = source_of(tenant, a_case(ownerAssigneeUser=ANNA), events=[])
    [row] = read(source)
    assert (row["interaction_key"], row["agent_id"]) == ("d:1749:0", "20000001")
    assert source.assumed == {"digital: leg without history": 1}


def test_an_abandoned_case_has_a_leg_without_an_agent(tenant: Any) -> None:
    source = source_of(tenant, a_case(abandon={"type": "abandon", "abandonedAt": clock(12)}), events=[])
    [row] = read(source)
    assert (row["agent_kind"], row["abandoned"], row["ended_by"]) == (None, True, "contact")
    assert source.assumed == {}


def test_each_leg_has_the_transcript_as_it_was_when_it_ended(tenant: Any) -> None:
    messages = [
        {
            "id": "a",
            "createdAt": clock(8),
            "messageContent": {"payload": {"text": "Hilfe"}},
            "authorEndUserIdentity": JANE,
        },
        {
            "id": "b",
            "createdAt": clock(11),
            "messageContent": {"payload": {"text": "Gern"}},
            "authorUser": BEN,
        },
    ]
    tenant.dfo("contacts/1749/messages", {"hits": 2, "data": messages})
    _, batch = batches(source_of(tenant, a_case()), transcripts=True)
    texts = {row["transcript_ref"]: row["text"] for row in batch.transcripts.to_pylist()}
    first, second = (texts[ref] for ref in batch.interactions["transcript_ref"].to_pylist())
    assert first == "[2026-11-17 08:00:00] Jane Doe: Hilfe"
    assert second == "[2026-11-17 08:00:00] Jane Doe: Hilfe\n[2026-11-17 11:00:00] Ben Low: Gern"
    assert sha256(second.encode()).hexdigest() in texts
    assert len(tenant.asked("/dfo/3.0/contacts/1749/messages")) == 1


def test_an_incomplete_transcript_is_withheld_and_counted(tenant: Any) -> None:
    tenant.dfo("contacts/1749/messages", {"hits": 3, "data": []})
    source = source_of(tenant, a_case())
    assert {row["transcript_ref"] for row in read(source, transcripts=True)} == {None}
    assert source.assumed == {"digital: transcript withheld, messages missing": 1}


def test_a_leg_has_both_ids_of_its_case_and_of_its_agent(tenant: Any) -> None:
    rows = read(source_of(tenant, a_case()))
    assert [row["contact_id"] for row in rows] == ["1749", "1749"]
    assert [(row["contact_guid"], row["agent_uuid"]) for row in rows] == [("guid-1", "aa-1"), ("guid-1", "bb-2")]
    assert [row["interaction_key"] for row in rows] == [ANNAS, BENS]


def test_one_bad_case_does_not_lose_the_night(tenant: Any) -> None:
    tenant.dfo("contacts/1750/history", {"hits": 1, "data": [{"eventType": "CaseInboxAssigned"}]})
    tenant.dfo("contacts/1751/history", None, status=400)
    source = source_of(tenant, a_case("1751"), a_case("1750"), a_case(), {"no": "id"}, "x")
    assert [row["interaction_key"] for row in read(source)] == [ANNAS, BENS]
    assert source.skipped == {
        "digital: malformed case": 1,
        "digital: case refused": 1,
        "digital: unreadable case": 2,
    }


def test_if_every_case_is_bad_the_contract_is_broken(tenant: Any) -> None:
    with pytest.raises(ContractBroken, match="none of 1 digital cases"):
        read(source_of(tenant, a_case(), events=[{"eventType": "x"}]))


def test_an_outage_is_not_a_bad_case(tenant: Any) -> None:
    source = source_of(tenant, a_case())
    tenant.answers.pop("/dfo/3.0/contacts/1749/history")
    tenant.dfo("contacts/1749/history", None, status=503)
    with pytest.raises(ServiceUnavailable):
        read(source)


def test_the_twins_day_is_the_twins_truth(twin: str, twin_client: Callable[..., CxoneClient]) -> None:
    httpx.post(f"{twin}/_twin/faults", json=[{"match": "/history", "status": 401}]).raise_for_status()
    asked = {"from": "2026-11-17T00:00:00Z", "to": "2026-11-18T00:00:00Z"}
    legs = [leg for leg in httpx.get(f"{twin}/_twin/truth", params=asked).json()["legs"] if leg["channel"] == "digital"]
    source = CxoneSource(twin_client(), phone_regions=("DE",))
    found = batches(source, transcripts=True)
    rows = {row["interaction_key"]: row for batch in found for row in batch.interactions.to_pylist()}
    texts = {ref for batch in found for ref in batch.transcripts["transcript_ref"].to_pylist()}
    truth = {}
    for leg in legs:
        start = round(datetime.fromisoformat(leg["start"]).timestamp() * 1000)
        truth[f"d:{leg['id']}:{start}:{leg['agent_id']}"] = leg
    assert len(truth) > 100
    ended = {key for key, row in rows.items() if row["end_time"] and row["agent_kind"]}
    assert ended == truth.keys()
    for key, leg in truth.items():
        row = rows[key]
        assert row["end_time"] == datetime.fromisoformat(leg["end"])
        if row["agent_kind"] == "human":
            assert row["ended_by"] == leg["ended_by"]
            assert row["transcript_ref"] in texts
    assert (source.skipped, source.assumed) == ({}, {})


def test_an_outage_in_the_middle_costs_no_case_that_was_read(
    twin: str, twin_client: Callable[..., CxoneClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.cxone.digital.CASES_PER_BATCH", 10)
    wanted, files = Wanted(SINCE, True, frozenset()), Staging(str(tmp_path / "run"))

    def try_once() -> list[Batch]:
        source = ResumedSource(CxoneSource(twin_client(), phone_regions=("DE",)), files)
        return list(source.interactions("digital", WINDOW, wanted))

    def histories() -> int:
        return sum(n for call, n in httpx.get(f"{twin}/_twin/requests").json().items() if "/history 200" in call)

    calls = histories()
    undisturbed = list(CxoneSource(twin_client(), phone_regions=("DE",)).interactions("digital", WINDOW, wanted))
    whole = histories() - calls
    order = [case for batch in undisturbed for case in batch.cases]
    httpx.post(f"{twin}/_twin/faults", json=[{"match": f"/{order[60]}/history", "status": 503, "times": 1000}])
    with pytest.raises(ServiceUnavailable):
        try_once()
    httpx.post(f"{twin}/_twin/faults", json=[]).raise_for_status()
    read_before = sum(len(one["cases"]) for one in files.read_json("read/digital.json"))
    assert read_before == 60
    calls = histories()
    resumed = try_once()
    assert [case for batch in resumed for case in batch.cases] == order
    assert histories() - calls <= whole - 60

    def rows(found: list[Batch]) -> list[dict[str, Any]]:
        told = [row for batch in found for row in batch.interactions.to_pylist()]
        return sorted(told, key=lambda row: row["interaction_key"])

    assert rows(resumed) == rows(undisturbed)


# ---- late and moving cases, and clocks that are wrong


def look_back(tenant: Any, updated: str, known: dict[str, datetime] | None = None, **change: Any) -> CxoneSource:
    """A case of ten days ago whose row of completed contacts CXone changed `updated`."""
    tenant.answers[COMPLETED] = []
    row = {"contactId": 1749, "primaryDispositionId": 7, "dispositionNotes": "corrected", "lastUpdateTime": updated}
    tenant.acd("contacts/completed", {"completedContacts": [row]})
    tenant.acd("contacts/completed", None, status=204)
    old = {"createdAt": clock(8, day=11), "statusUpdatedAt": clock(12, day=11), **change}
    tenant.dfo("contacts/1749", a_case(**old))
    events = [
        an_event(clock(9, day=11), "CaseInboxAssigned", None, BEN, "open"),
        an_event(clock(12, day=11), "CaseInboxUnassigned", BEN, None, "closed"),
    ]
    source = source_of(tenant, events=events)
    wanted = Wanted(SINCE, True, frozenset(), changed_since=datetime(2026, 11, 14, tzinfo=UTC), known=known or {})
    tenant.found = [r for b in source.interactions("digital", WINDOW, wanted) for r in b.interactions.to_pylist()]
    return source


BENS_OLD = "d:1749:1794387600000:20000002"


def test_an_old_case_whose_outcome_was_corrected_comes_again(tenant: Any) -> None:
    look_back(tenant, "2026-11-16T09:00:00.000Z")
    (row,) = tenant.found
    assert (row["interaction_key"], row["disposition_notes"]) == (BENS_OLD, "corrected")
    assert row["updated_at"] == datetime(2026, 11, 16, 9, tzinfo=UTC)


@pytest.mark.parametrize("seen", [datetime(2026, 11, 16, 9, tzinfo=UTC), datetime(2026, 11, 16, 8, tzinfo=UTC)])
def test_an_old_case_that_did_not_change_since_it_was_seen_costs_no_reading(tenant: Any, seen: datetime) -> None:
    look_back(tenant, "2026-11-16T09:00:00.000Z", {BENS_OLD: seen})
    read_again = seen.hour < 9
    assert [row["interaction_key"] for row in tenant.found] == [BENS_OLD] * read_again
    assert len(tenant.asked("/dfo/3.0/contacts/1749/history")) == read_again
    assert bool(tenant.asked("/dfo/3.0/contacts/1749/messages")) is read_again


def test_a_case_of_weeks_ago_that_is_wanted_again_is_fetched_by_its_id(tenant: Any) -> None:
    tenant.dfo("contacts/1749", a_case(createdAt="2026-11-01T08:00:00+00:00", status="open"))
    rows = read(source_of(tenant), again=frozenset({"d:1749:0:1"}))
    assert [row["interaction_key"] for row in rows] == [ANNAS, BENS]


def test_an_old_case_that_is_still_not_closed_is_found_by_its_status(tenant: Any) -> None:
    tenant.dfo("contacts", {"hits": 0, "data": []})  # nothing was created lately
    source = source_of(tenant, a_case(createdAt="2026-11-01T08:00:00+00:00", status="pending"))
    assert [row["interaction_key"] for row in read(source)] == [ANNAS, BENS]
    asked = tenant.asked(SEARCH)[1].query
    assert (asked["date[from]"], asked["date[to]"]) == ("2026-08-13", "2026-11-11")


def test_an_old_case_that_nobody_has_and_nobody_touched_costs_no_reading(tenant: Any) -> None:
    tenant.dfo("contacts", {"hits": 0, "data": []})
    stale = a_case(
        createdAt="2026-11-01T08:00:00+00:00", status="resolved", statusUpdatedAt="2026-11-01T09:00:00+00:00"
    )
    assert read(source_of(tenant, stale)) == []
    assert tenant.asked("/dfo/3.0/contacts/1749/history") == []


def test_what_lies_in_the_future_by_cxones_own_clock_is_named(tenant: Any) -> None:
    events = [*TWO_LEGS[:1], an_event("2031-01-01T00:00:00+00:00", "CaseInboxUnassigned", ANNA, None, "closed")]
    source = source_of(tenant, a_case(), a_case("1750", createdAt="2031-01-01T00:00:00+00:00"), events=events)
    assert read(source) == []
    assert source.skipped == {"digital: leg that ends in the future": 1, "digital: created in the future": 1}


def test_a_case_without_history_that_ended_before_it_began_is_named(tenant: Any) -> None:
    source = source_of(tenant, a_case(ownerAssigneeUser=BEN, createdAt=clock(13), statusUpdatedAt=clock(12)), events=[])
    (row,) = read(source)
    assert row["start_time"] == row["end_time"] == datetime(2026, 11, 17, 13, tzinfo=UTC)
    assert source.assumed == {"digital: leg without history": 1, "digital: leg that ended when or before it began": 1}


def test_a_leg_whose_transcript_is_withheld_says_so(tenant: Any) -> None:
    tenant.dfo("contacts/1749/messages", {"hits": 2, "data": []})
    rows = read(source_of(tenant, a_case()), transcripts=True)
    assert [row["transcript_withheld"] for row in rows] == [True, True]


def test_a_case_of_earlier_nights_that_is_gone_does_not_end_the_night(tenant: Any) -> None:
    source = source_of(tenant)
    assert read(source, again=frozenset({"d:404:0:1"})) == []
    assert source.skipped == {"digital: case not found": 1}
