"""One call in so many meets a fault, the same one whenever the seed is the same, and each kind comes in its turn."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox.hubspot.journal import Journal
from sandbox.hubspot.shares import ALL, ANY, RECORDS, SEARCH, WRITE, Share, fitting

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.hubspot.conftest import Serve, Twin

UPDATE = "POST /crm/v3/objects/{type}/batch/update"
READ = "POST /crm/v3/objects/{type}/batch/read"


def drawn(share: Share, endpoint: str, calls: int) -> list[str]:
    """The faults' names, "" for a call that meets none."""
    return [(share.take(endpoint) or {"name": ""})["name"] for _ in range(calls)]


@pytest.mark.parametrize(("share", "calls"), [(0.05, 20), (0.5, 2), (1.0, 1)])
def test_each_stretch_of_calls_meets_exactly_one(share: float, calls: int) -> None:
    names = drawn(Share(7, share), UPDATE, 30 * calls)
    parts = [names[start : start + calls] for start in range(0, len(names), calls)]
    assert [sum(map(bool, part)) for part in parts] == [1] * 30


def test_each_fault_comes_once_before_any_comes_again() -> None:
    fitting_here = {*ANY, *WRITE, *RECORDS}
    names = drawn(Share(7, 1.0), UPDATE, 2 * len(fitting_here))
    assert set(names[: len(fitting_here)]) == set(names[len(fitting_here) :]) == fitting_here
    assert set(Counter(names).values()) == {2}


def test_the_same_calls_of_one_seed_meet_the_same_whatever_comes_between() -> None:
    alone, mixed = Share(7, 0.25), Share(7, 0.25)
    expected = drawn(alone, UPDATE, 40)
    found = []
    for _ in range(40):
        mixed.take(READ)
        found += drawn(mixed, UPDATE, 1)
    assert found == expected
    assert drawn(Share(8, 0.25), UPDATE, 40) != expected


def test_an_endpoint_meets_what_can_happen_to_it() -> None:
    assert set(fitting(READ)) == {*ANY}
    assert set(fitting("POST /crm/objects/2026-09/{type}/search")) == {*ANY, *SEARCH}
    assert set(fitting("POST /crm/objects/2026-09/{type}/batch/upsert")) == {*ANY, *WRITE, *RECORDS}
    assert set(fitting("POST /crm/v4/associations/{from}/{to}/batch/associate/default")) == {*ANY, *WRITE}
    assert set(ALL) == {*ANY, *SEARCH, *WRITE, *RECORDS}


def test_what_is_no_share_and_no_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="0 is no share"):
        Share(7, 0)
    with pytest.raises(ValueError, match="no such fault: rain; there are: burst limit, daily limit"):
        Share(7, 0.1, ["rain"])


def order(twin: Twin, wanted: object) -> int:
    return httpx.post(f"{twin.url}/_twin/faults", json=wanted).status_code


def update(twin: Twin, *subjects: str) -> httpx.Response:
    tickets = sorted(twin.portal.store("0-5").records)
    rows = zip(tickets, subjects, strict=True)
    return twin.batch("update", [{"id": i, "properties": {"subject": s}, "objectWriteTraceId": i} for i, s in rows])


def test_faults_by_share_are_ordered_named_and_ended_while_it_runs(serve: Serve, tmp_path: Path) -> None:
    twin = serve(journal=tmp_path / "journal.jsonl")
    assert order(twin, {"share": 1.0, "only": ["unavailable"]}) == 200
    assert twin.batch("read", []).status_code == 503
    assert order(twin, []) == 200
    assert twin.batch("read", []).status_code == 200
    assert order(twin, {"share": 2}) == order(twin, {"share": 1, "only": ["rain"]}) == order(twin, {"typo": 1}) == 400
    met = {"request": "POST /crm/v3/objects/tickets/batch/read", "fault": "unavailable"}
    assert httpx.get(f"{twin.url}/_twin/faults").json() == [met]
    (line,) = (tmp_path / "journal.jsonl").read_text().splitlines()
    assert {k: v for k, v in json.loads(line).items() if k != "at"} == met
    assert list(Journal(tmp_path / "journal.jsonl").events()) == [], "a fault is no change, and not met again"


@pytest.mark.parametrize(("fault", "status"), [("one row refused", 207), ("one row refused under complete", 200)])
def test_one_row_is_refused_and_the_others_are_written(twin: Twin, fault: str, status: int) -> None:
    first, second = sorted([twin.ticket("1"), twin.ticket("2")])
    order(twin, {"share": 1.0, "only": [fault]})
    answer = update(twin, "New 1", "New 2")
    assert answer.status_code == status
    assert [r["id"] for r in answer.json()["results"]] == [second]
    (error,) = answer.json()["errors"]
    assert (error["category"], error["context"]) == ("VALIDATION_ERROR", {"objectWriteTraceId": [first]})
    assert twin.values("0-5", first)["subject"].startswith("Call ")
    assert twin.values("0-5", second)["subject"] == "New 2"


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_call_can_be_carried_out_before_or_after_its_delay(twin: Twin, after_commit: bool) -> None:
    twin.ticket("1")
    order(twin, [{"skip": 1, "delay": 0.6, "after_commit": after_commit}])
    assert update(twin, "First").status_code == 200, "let pass"
    with pytest.raises(httpx.ReadTimeout):
        twin.http.post(
            "/crm/v3/objects/0-5/batch/update",
            json={"inputs": [{"id": next(iter(twin.portal.store("0-5").records)), "properties": {"subject": "Late"}}]},
            timeout=0.2,
        )
    held = [record.values["subject"] for record in twin.portal.store("0-5").records.values()]
    assert held == (["Late"] if after_commit else ["First"])
