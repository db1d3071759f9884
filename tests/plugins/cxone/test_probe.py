"""The probe of a tenant: what each question is settled by, and a tenant as a whole."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from memorialization.crm import ProbedCxone
from plugins.cxone.client import CxoneClient
from plugins.cxone.probe import acw_hours, case_dates, end_reasons, field_names, includes_acw, probe
from tests.plugins.cxone.conftest import Scripted

START = "2026-11-17T15:00:00.000Z"


def call(total: Any, *, agent: Any = 60, acw: Any = 90, queue: float = 10, **more: Any) -> dict[str, Any]:
    return {
        "mediaTypeId": 4, "contactStartDate": START, "totalDurationSeconds": total, "agentSeconds": agent,
        "acwSeconds": acw, "inQueueSeconds": queue, "preQueueSeconds": 0, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([call(160)] * 20, True),
        ([call("160.4", acw="90.0")] * 20, True),
        ([call(70)] * 20, False),
        ([call(70)] * 19, "unknown"),  # too few
        ([call(160)] * 10 + [call(70)] * 10, "unknown"),  # no pattern
        ([call(200, agent=190)] * 20, "unknown"),  # agentSeconds may hold the after-call work itself
        ([call(70, acw=0)] * 40, "unknown"),
        ([call(160, mediaTypeId=9)] * 40, "unknown"),
        ([call(None)] * 40, "unknown"),
        ([], "unknown"),
    ],
)
def test_whether_a_calls_duration_holds_its_after_call_work(rows: list[dict[str, Any]], found: bool | str) -> None:
    assert includes_acw(rows) == found


def test_how_late_after_call_work_is_stored() -> None:
    rows = [call(600, dateACWWarehoused="2026-11-17T15:40:00.000Z")] * 99
    assert acw_hours(rows + [call(600, dateACWWarehoused="2026-11-19T15:10:00.000Z")] * 2) == 48.0
    assert acw_hours([*rows, call(600, dateACWWarehoused="2026-11-19T15:10:00.000Z")]) == 0.5
    assert acw_hours(rows[:19]) == acw_hours([call(600, dateACWWarehoused=None)] * 40) == "unknown"


def test_words_for_who_ended_a_call_come_by_frequency_and_without_sentences() -> None:
    rows = [call(1, endReason=reason) for reason in ("B", "A", "A", "", None, "x" * 61)]
    assert end_reasons([*rows, call(1, endReason="Digital", mediaTypeId=9)]) == ["A", "B"]


def test_names_are_those_that_the_rows_hold() -> None:
    assert field_names([{"contactStartDate": START}]) == "new"
    assert field_names([{"contactStart": START}]) == "old"
    assert field_names([]) == field_names([{"contactStartDate": START}, {"contactStart": START}]) == "unknown"


def test_what_a_day_means_in_the_search_for_cases() -> None:
    created, changed = "2026-11-17T10:00:00+00:00", "2026-11-18T10:00:00+00:00"
    case = {"createdAt": created, "statusUpdatedAt": changed}
    assert case_dates({"2026-11-17": [case], "2026-11-16": []}) == "created"
    assert case_dates({"2026-11-18": [case]}) == "updated"
    assert case_dates({"2026-11-19": [case]}) == "unknown"
    assert case_dates({"2026-11-17": [case | {"statusUpdatedAt": created}]}) == "unknown"
    assert case_dates({}) == "unknown"


def test_a_tenant_is_seen_as_the_twin_behaves(twin_client: Callable[..., CxoneClient]) -> None:
    steps: list[str] = []
    found = probe(twin_client(), {"ordernumber", "nosuch"}, steps.append)
    counts = {found.pop(name) for name in ("case_histories", "case_histories_understood")}
    assert len(counts) == 1 and counts != {0}
    assert found.pop("contacts") > 20 and found["acw_closes_within_hours"] < 24
    assert {"Agent Hangup", "Contact Hangup", "Transferred"} <= set(found.pop("end_reasons"))
    hours = found.pop("acw_closes_within_hours")
    assert found == {
        "api_version": "30.0", "field_names": "new", "total_duration_includes_acw": False, "end_date_inclusive": True,
        "updated_since": "updates", "case_dates": "created", "script_variables": ["ordernumber"],
        "case_events": [
            "CaseInboxAssigned", "CaseInboxAssigneeChanged", "CaseInboxUnassigned", "CaseStatusChanged",
            "MessageAddedIntoCase",
        ],
    }  # fmt: skip
    assert isinstance(hours, float) and steps[0] == "completed contacts"


def test_a_tenant_that_says_nothing_leaves_everything_unknown(scripted: Scripted) -> None:
    scripted.acd("server-time", {"ServerTime": "2026-11-23T06:00:00.000Z"})
    scripted.acd("contacts/completed", None, status=204)
    scripted.acd("contacts/custom-data", None, status=204)
    scripted.dfo("contacts", {"hits": 0, "data": []})
    found = probe(scripted.client(), {"ordernumber"})
    told = {name: value for name, value in found.items() if value not in ("unknown", [], 0)}
    assert told == {"api_version": "30.0"}
    assert ProbedCxone.model_validate_json(json.dumps(found | {"at": "2026-11-23"})).contacts == 0


def test_histories_of_another_schema_are_counted_as_not_understood(scripted: Scripted) -> None:
    scripted.acd("server-time", {"ServerTime": "2026-11-23T06:00:00.000Z"})
    scripted.acd("contacts/completed", None, status=204)
    cases = [{"id": str(n), "ownerAssigneeUser": {"id": 7}} for n in (1, 2, 3)]
    scripted.dfo("contacts", {"hits": 3, "data": cases}, {"hits": 0, "data": []})
    scripted.dfo("contacts/1/history", {"events": []})
    scripted.dfo("contacts/2/history", {"hits": 1, "data": [{"what": "?", "when": "?"}]})
    assigned = {"createdAt": START, "eventType": "CaseInboxAssigned", "after": {"inboxAssigneeUser": {"id": 7}}}
    scripted.dfo("contacts/3/history", {"hits": 1, "data": [assigned]})
    found = probe(scripted.client(), ())
    assert (found["case_histories"], found["case_histories_understood"]) == (3, 1)
    assert found["case_events"] == ["CaseInboxAssigned"]
