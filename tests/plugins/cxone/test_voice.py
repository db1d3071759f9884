"""Voice legs: literal rows in both generations of field names, and a day of the twin against its truth."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from memorialization.errors import ContractBroken
from memorialization.interactions import INTERACTIONS
from memorialization.ports import Wanted, Window
from plugins.cxone.client import CxoneClient
from plugins.cxone.options import CxoneOptions
from plugins.cxone.source import CxoneSource

WINDOW = Window(datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC))
SINCE = datetime(2026, 11, 14, tzinfo=UTC)
COMPLETED = "/incontactapi/services/v30.0/contacts/completed"

ROW: dict[str, Any] = {
    "contactId": 698822631732,
    "masterContactId": 698822631730,
    "contactStartDate": "2026-11-17T15:04:05.120Z",
    "totalDurationSeconds": 100.5,
    "acwSeconds": "12",
    "dateACWWarehoused": "2026-11-17T15:08:00.000Z",
    "dateContactWarehoused": "2026-11-17T15:07:00.000Z",
    "lastUpdateTime": "2026-11-17T15:08:00.000Z",
    "agentId": 20786405,
    "firstName": "Jörg",
    "lastName": "Äh",
    "skillId": 5,
    "skillName": "Sales",
    "mediaTypeId": 4,
    "mediaTypeName": "Call",
    "fromAddress": "8015551234",
    "toAddress": "8885550000",
    "isOutbound": False,
    "isRefused": False,
    "abandoned": False,
    "endReason": "Agent Hangup",
    "primaryDispositionId": 7,
    "dispositionNotes": "called back",
    "tags": [{"tagId": 1, "tagName": "VIP"}, {"tagId": 2}],
}


@pytest.fixture
def tenant(scripted: Any) -> Any:
    """A tenant with one agent, one skill with ACW and one without, and two tags."""
    scripted.acd("server-time", {"ServerTime": "2026-11-18T02:00:00Z"})
    scripted.acd("dispositions", {"totalRecords": 1, "dispositions": [{"dispositionId": 7, "dispositionName": "Sale"}]})
    scripted.acd("agents", {"totalRecords": 1, "agents": [{"agentId": 20786405, "userId": "AA-1"}]})
    scripted.acd("tags", {"totalRecords": 1, "tags": [{"tagId": 2, "tagName": "Churn"}]})
    skills = [
        {"skillId": 5, "skillName": "Sales", "acwTypeId": 2},
        {"skillId": 6, "skillName": "Desk", "acwTypeId": 1},
    ]
    scripted.acd("skills", {"totalRecords": 2, "skills": skills})
    return scripted


def source_of(tenant: Any, *pages: list[Any], **options: Any) -> CxoneSource:
    for page in pages:
        tenant.acd("contacts/completed", {"completedContacts": page})
    tenant.acd("contacts/completed", None, status=204)
    return CxoneSource(tenant.client(), options=CxoneOptions(**options))


def read(
    source: CxoneSource, *, scripts: frozenset[str] = frozenset(), again: frozenset[str] = frozenset()
) -> list[Any]:
    wanted = Wanted(SINCE, transcripts=False, script_variables=scripts, again=again)
    return [row for batch in source.interactions("voice", WINDOW, wanted) for row in batch.interactions.to_pylist()]


def test_a_leg_in_full(tenant: Any) -> None:
    [row] = read(source_of(tenant, [ROW]))
    assert {name: value for name, value in row.items() if value is not None} == {
        "screen_pops": True,
        "interaction_key": "v:698822631732",
        "channel": "voice",
        "contact_id": "698822631732",
        "master_contact_id": "698822631730",
        "start_time": datetime(2026, 11, 17, 15, 4, 5, 120_000, tzinfo=UTC),
        "end_time": datetime(2026, 11, 17, 15, 5, 45, 620_000, tzinfo=UTC),
        "due_at": datetime(2026, 11, 17, 15, 5, 57, 620_000, tzinfo=UTC),
        "updated_at": datetime(2026, 11, 17, 15, 8, tzinfo=UTC),
        "media_type_id": 4,
        "agent_kind": "human",
        "refused": False,
        "abandoned": False,
        "wrap_up_closed": True,
        "end_reason": "Agent Hangup",
        "customer_phone": "8015551234",
        "agent_id": "20786405",
        "agent_uuid": "aa-1",
        "agent_name": "Jörg Äh",
        "ani": "8015551234",
        "dnis": "8885550000",
        "to_name": "Jörg Äh",
        "contact_type": "voice",
        "direction": "inbound",
        "disposition_id": "7",
        "disposition_name": "Sale",
        "disposition_notes": "called back",
        "final_state": True,
        "media_type": "PhoneCall",
        "skill_id": "5",
        "skill_name": "Sales",
        "status": "Disconnected",
        "tags": ["VIP", "Churn"],
    }


def test_old_names_and_values_as_text_read_the_same(tenant: Any) -> None:
    old = {"contactStart": "contactStartDate", "ACWSeconds": "acwSeconds", "mediaType": "mediaTypeId"}
    old |= {"fromAddr": "fromAddress", "toAddr": "toAddress"}
    ancient = {name: value for name, value in ROW.items() if name not in old.values()}
    ancient |= {name: str(ROW[new]) for name, new in old.items()}
    ancient |= {
        "isOutbound": "False",
        "totalDurationSeconds": "100.5",
        "tags": [{"TagId": 1, "TagName": "VIP"}, {"TagId": 2}],
    }
    [new] = read(source_of(tenant, [ROW]))
    tenant.answers.pop(COMPLETED)
    [was] = read(source_of(tenant, [ancient]))
    assert was == new


def test_the_old_api_is_ordered_by_its_own_name(tenant: Any) -> None:
    tenant.on(COMPLETED.replace("v30.0", "v24.0"), None, status=204)
    for path, answers in list(tenant.answers.items()):
        tenant.answers[path.replace("v30.0", "v24.0")] = answers
    assert read(CxoneSource(tenant.client(api_version="24.0"))) == []
    asked = tenant.asked(COMPLETED.replace("v30.0", "v24.0"))[0].query
    assert asked == {
        "startDate": "2026-11-14T00:00:00.000Z",
        "endDate": "2026-11-17T23:59:59.999Z",
        "orderBy": "contactStart asc",
        "tags": "true",
        "skip": "0",
        "top": "10000",
    }


def test_outbound_swaps_the_numbers(tenant: Any) -> None:
    [row] = read(source_of(tenant, [{**ROW, "isOutbound": True}]))
    assert (row["ani"], row["dnis"], row["customer_phone"]) == ("8885550000", "8015551234", "8885550000")
    assert row["direction"] == "outbound"


@pytest.mark.parametrize(
    ("change", "closed"),
    [
        ({}, False),
        ({"agentId": 0}, True),
        ({"isRefused": True}, True),
        ({"skillId": 6}, True),
        ({"dateContactWarehoused": "2026-11-17T01:59:59Z"}, True),
        ({"dateContactWarehoused": "2026-11-17T02:00:01Z"}, False),
    ],
)
def test_when_after_call_work_counts_as_closed(tenant: Any, change: dict[str, Any], closed: bool) -> None:
    [row] = read(source_of(tenant, [{**ROW, "dateACWWarehoused": None, **change}]))
    assert row["wrap_up_closed"] is closed
    assert (row["due_at"] is not None) is closed


def test_the_total_may_include_after_call_work(tenant: Any) -> None:
    [row] = read(source_of(tenant, [ROW], total_includes_acw=True))
    assert row["due_at"] == row["end_time"]


def test_an_agent_has_both_ids(tenant: Any) -> None:
    [row] = read(source_of(tenant, [ROW]))
    assert (row["agent_id"].isdigit(), row["agent_uuid"]) == (True, "aa-1")


def test_only_legs_that_ended_in_the_window_or_are_wanted_again(tenant: Any) -> None:
    rows = [
        {**ROW, "contactId": 1, "contactStartDate": "2026-11-16T23:58:19.499Z"},  # ends 0.001 s early
        {**ROW, "contactId": 2, "contactStartDate": "2026-11-16T23:58:19.500Z"},
        {**ROW, "contactId": 3, "contactStartDate": "2026-11-17T23:58:19.499Z"},
        {**ROW, "contactId": 4, "contactStartDate": "2026-11-17T23:58:19.500Z"},  # ends at the window's end
        {**ROW, "contactId": 5, "contactStartDate": "2026-11-15T10:00:00Z"},
        {**ROW, "contactId": 6, "mediaTypeId": "9"},
    ]
    found = read(source_of(tenant, rows), again=frozenset({"v:5", "v:77"}))
    assert [row["interaction_key"] for row in found] == ["v:5", "v:2", "v:3"]


def test_of_a_row_on_two_pages_the_newest_version_holds(tenant: Any) -> None:
    newer = {**ROW, "dispositionNotes": "new", "lastUpdateTime": "2026-11-17T16:00:00Z"}
    [row] = read(source_of(tenant, [newer], [ROW]))
    assert row["disposition_notes"] == "new"


def test_unreadable_rows_are_counted_and_the_rest_goes_on(tenant: Any) -> None:
    bad = [
        {**ROW, "contactId": None},
        {**ROW, "totalDurationSeconds": "soon"},
        {**ROW, "contactStartDate": {}},
        "x",
        None,
    ]
    source = source_of(tenant, [*bad, {**ROW, "tags": "x", "acwSeconds": [], "dateACWWarehoused": "never"}])
    assert len(read(source)) == 1
    assert source.skipped == {"voice: unreadable row": 5}


def test_nothing_readable_is_a_broken_contract(tenant: Any) -> None:
    with pytest.raises(ContractBroken, match="none of 2 completed contacts"):
        read(source_of(tenant, [{"id": 1}, {"id": 2}]))


def test_script_variables_match_in_lower_case_and_only_wanted_ones_stay(tenant: Any) -> None:
    data = [
        {"contactId": 698822631732, "name": "OrderNumber", "value": "A-1"},
        {"contactId": "698822631732", "name": "secret", "value": "x"},
        {"contactId": 1, "name": "ordernumber", "value": "A-2"},
    ]
    tenant.acd("contacts/custom-data", {"ContactCustomData": data})
    tenant.acd("contacts/custom-data", None, status=204)
    [row] = read(source_of(tenant, [ROW]), scripts=frozenset({"ordernumber", "callbackdate"}))
    assert (row["script.ordernumber"], row["script.callbackdate"]) == ("A-1", None)
    assert "script.secret" not in row


def test_custom_data_is_asked_for_in_chunks_of_fifteen_days(tenant: Any) -> None:
    tenant.acd("contacts/custom-data", None, status=204)
    wanted = Wanted(datetime(2026, 10, 30, tzinfo=UTC), False, frozenset({"ordernumber"}))
    [batch] = source_of(tenant, [ROW]).interactions("voice", WINDOW, wanted)
    asked = tenant.asked("/incontactapi/services/v30.0/contacts/custom-data")
    assert [(seen.query["startDate"], seen.query["endDate"]) for seen in asked] == [
        ("2026-10-30T00:00:00.000Z", "2026-11-13T23:59:59.999Z"),
        ("2026-11-14T00:00:00.000Z", "2026-11-17T23:59:59.999Z"),
    ]
    assert batch.interactions.schema.names == [*INTERACTIONS.names, "script.ordernumber"]


def test_an_empty_night_has_no_batch(tenant: Any) -> None:
    assert read(source_of(tenant)) == []


@pytest.mark.parametrize("version", ["30.0", "24.0"])
def test_the_twins_day_is_the_twins_truth(twin: str, twin_client: Callable[..., CxoneClient], version: str) -> None:
    asked = {"from": "2026-11-17T00:00:00Z", "to": "2026-11-18T00:00:00Z"}
    legs = [leg for leg in httpx.get(f"{twin}/_twin/truth", params=asked).json()["legs"] if leg["channel"] == "voice"]
    source = CxoneSource(twin_client(api_version=version))
    found = {row["contact_id"]: row for row in read(source)}
    assert len(found) > 100
    assert found.keys() == {leg["id"] for leg in legs}
    for leg in legs:
        row = found[leg["id"]]
        assert row["end_time"] == datetime.fromisoformat(leg["end"])
        assert row["master_contact_id"] == leg["master_id"]
        assert row["agent_id"] == (str(leg["agent_id"]) if leg["agent_id"] else None)
        if leg["due_at"] and row["wrap_up_closed"]:
            assert row["due_at"] == datetime.fromisoformat(leg["due_at"])
    assert source.skipped == {}


def test_a_row_repeated_across_the_twins_pages_comes_once(
    twin: str, twin_client: Callable[..., CxoneClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CxoneSource(twin_client())
    whole = read(source)
    monkeypatch.setattr("plugins.cxone.voice.PAGE", 50)
    httpx.post(f"{twin}/_twin/faults", json=[{"match": "skip=50", "duplicate": True}]).raise_for_status()
    assert read(source) == whole


# ---- late and moving rows, and clocks that are wrong


def moved(tenant: Any, *rows: dict[str, Any], known: dict[str, datetime] | None = None) -> list[str]:
    """Keys returned where nothing started lately and CXone says that it changed these rows since the 14th."""
    tenant.acd("contacts/completed", None, status=204)
    source = source_of(tenant, list(rows))
    wanted = Wanted(SINCE, False, frozenset(), changed_since=SINCE, known=known or {})
    batches = source.interactions("voice", WINDOW, wanted)
    return [row["interaction_key"] for batch in batches for row in batch.interactions.to_pylist()]


OLDER = ROW | {"contactStartDate": "2026-11-02T15:00:00Z", "lastUpdateTime": "2026-11-16T09:00:00Z"}
KEY = "v:698822631732"


def test_older_legs_that_changed_are_asked_for_by_their_change(tenant: Any) -> None:
    assert moved(tenant, OLDER) == [KEY]
    first, second = [seen.query for seen in tenant.asked(COMPLETED)][:2]
    assert (first["startDate"], first["endDate"]) == ("2026-11-14T00:00:00.000Z", "2026-11-17T23:59:59.999Z")
    assert second["updatedSince"] == "2026-11-14T00:00:00.000Z" and "startDate" not in second


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (datetime(2026, 11, 16, 8, 59, 59, tzinfo=UTC), [KEY]),
        (datetime(2026, 11, 16, 9, tzinfo=UTC), []),  # nothing since
    ],
)
def test_what_did_not_change_since_it_was_seen_is_left_out(tenant: Any, seen: datetime, found: list[str]) -> None:
    assert moved(tenant, OLDER, known={KEY: seen}) == found


def test_what_ended_after_the_window_is_the_next_ones_though_it_changed(tenant: Any) -> None:
    late = {"contactStartDate": "2026-11-18T00:30:00Z", "lastUpdateTime": "2026-11-18T01:00:00Z"}
    assert moved(tenant, ROW | late, OLDER | {"lastUpdateTime": "2026-11-13T09:00:00Z", "contactId": 1}) == []


def test_updated_since_never_asks_further_back_than_cxone_answers(tenant: Any) -> None:
    tenant.acd("contacts/completed", None, status=204)
    wanted = Wanted(SINCE, False, frozenset(), changed_since=datetime(2026, 9, 1, tzinfo=UTC))
    assert list(CxoneSource(tenant.client()).interactions("voice", WINDOW, wanted)) == []
    assert tenant.asked(COMPLETED)[-1].query["updatedSince"] == "2026-10-19T03:00:00.000Z"


def test_times_that_cannot_be_are_named_and_counted_once(tenant: Any) -> None:
    rows = [
        ROW,
        ROW | {"contactId": 2, "totalDurationSeconds": -1},
        ROW | {"contactId": 3, "contactStartDate": "2031-01-01T00:00:00Z"},
        ROW | {"contactId": 4, "contactStartDate": None},
        ROW | {"contactId": 5, "acwSeconds": -60},
        ROW | {"contactId": 6, "lastUpdateTime": "2026-11-17T15:00:00Z"},
    ]
    tenant.acd("contacts/completed", {"completedContacts": rows})
    tenant.acd("contacts/completed", {"completedContacts": rows})  # by start and by change: the same rows twice
    source = source_of(tenant)
    wanted = Wanted(SINCE, False, frozenset(), changed_since=SINCE)
    found = {
        r["contact_id"]: r for b in source.interactions("voice", WINDOW, wanted) for r in b.interactions.to_pylist()
    }
    assert set(found) == {"698822631732", "5", "6"}
    assert found["5"]["due_at"] == found["5"]["end_time"]
    assert source.skipped == {
        "voice: ends before it starts": 1,
        "voice: ends in the future": 1,
        "voice: unreadable row": 1,
    }
    assert source.assumed == {
        "voice: changed before it ended": 1,
        "voice: after-call work ended before the call": 1,
    }


def test_a_window_that_is_not_over_by_cxones_clock_is_said_to_be_so(tenant: Any) -> None:
    tenant.answers["/incontactapi/services/v30.0/server-time"] = [(200, {"ServerTime": "2026-11-17T23:50:00Z"}, {})]
    source = source_of(tenant, [ROW])
    assert len(read(source)) == 1
    assert source.assumed == {"cxone: its clock says that the window is not over yet": 1}
