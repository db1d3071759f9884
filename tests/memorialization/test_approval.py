"""When a person is asked, what they read, and what a backfill's approval covers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from memorialization.approval import above, amount, given_before, numbers, question, why_not
from memorialization.crm import Approval

LIMITS = Approval(max_changed_share=0.1, max_overwrites=50, max_creates=3)


def counts(**numbers: Any) -> dict[str, Any]:
    return {
        "values": 0,
        "overwrites": 0,
        "creates": 0,
        "records": 0,
        "comparable": 0,
        "notes": 0,
        "mended": 0,
        "associations": 0,
        "total": 0,
        "properties": [],
    } | numbers


def plan(**facts: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "run_id": "r-1", "configuration": "acme", "plan_hash": "abc", "counts": counts(), "backfill": False,
        "state": "made", "exceeds": [], "expires_at": datetime(2026, 11, 24, 2, tzinfo=UTC), "decided_by": None,
        "approved_values": None,
    }  # fmt: skip
    return given | facts


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ({"overwrites": 50, "creates": 3, "comparable": 500}, []),  # a limit is what is still allowed
        ({"overwrites": 51, "comparable": 1000}, ["51 overwritten values, max_overwrites is 50"]),
        ({"creates": 4}, ["4 new records, max_creates is 3"]),
        (
            {"overwrites": 11, "comparable": 100},
            ["11.0% of 100 comparable values overwritten, max_changed_share is 10.0%"],
        ),
        ({"overwrites": 99, "comparable": 99}, ["99 overwritten values, max_overwrites is 50"]),  # too few for a share
        ({"overwrites": 20, "mended": 30, "creates": 1, "notes": 2}, []),
        (
            {"overwrites": 20, "mended": 31},
            ["51 overwritten values (31 of them notes), max_overwrites is 50"],
        ),
        ({"notes": 4000}, ["4,000 new records (4,000 of them notes), max_creates is 3"]),
        ({"mended": 50, "comparable": 100}, []),  # the share is of values, and a note is compared with none
        (
            {"values": 1_000_000, "records": 1_000_000, "associations": 1_000_000},
            [],
        ),  # filling what is empty takes nothing away
    ],
)
def test_a_person_is_asked_above_a_limit(numbers: dict[str, int], found: list[str]) -> None:
    assert above([counts(**numbers)], LIMITS) == found


def test_the_runs_of_a_backfill_are_counted_together() -> None:
    night = counts(overwrites=30, creates=2, comparable=1000)
    assert above([night], LIMITS) == []
    assert above([night, night], LIMITS) == [
        "60 overwritten values, max_overwrites is 50",
        "4 new records, max_creates is 3",
    ]


def test_an_approval_covers_a_backfill_up_to_its_amount() -> None:
    before = [plan(approved_values=500, decided_by="ana"), plan(approved_values=None)]
    found = given_before(before, 500)
    assert found is not None and found["decided_by"] == "ana"
    assert given_before(before, 501) is None
    assert given_before([], 1) is None


def test_the_question_holds_the_numbers_by_property_and_verdict() -> None:
    rows = [{"entity": "Ticket", "property": "agent", "verdict": "drifted", "n": 1234}]
    asked = plan(
        counts=counts(values=1300, overwrites=1234, creates=2, records=900, properties=rows),
        exceeds=["1,234 overwritten values, max_overwrites is 50"],
    )
    text = question(asked, "2026-11-22 02:00 to 2026-11-23 02:00 UTC")
    assert "1,300 values in 900 records: 1,234 replace a value" in text
    assert "* Above the limit: 1,234 overwritten values, max_overwrites is 50." in text
    assert "| Ticket | agent | drifted | 1,234 |" in text
    assert "may be applied until 2026-11-24 02:00 UTC" in text


def test_what_is_added_beside_the_values_is_in_the_question() -> None:
    line = (
        "Beside these: 1,200 new notes with whole transcripts, 3 notes whose text is replaced, 4,500 new associations."
    )
    assert line in list(numbers(plan(counts=counts(notes=1200, mended=3, associations=4500))))
    assert f"* {line}" in question(plan(counts=counts(notes=1200, mended=3, associations=4500)), "a night")
    assert not any("Beside" in said for said in numbers(plan(counts=counts(values=3, overwrites=3))))


def test_a_note_is_one_of_the_values_that_a_backfill_may_write() -> None:
    assert amount(counts(values=5, notes=3, mended=2, associations=9, creates=4)) == 10


def test_a_backfill_says_what_its_runs_amount_to() -> None:
    lines = list(numbers(plan(backfill=True, counts=counts(values=10, total=70))))
    assert "With the runs of the backfill before it: 70 values." in lines


def test_why_a_plan_was_not_applied() -> None:
    assert why_not(plan(state="refused", decided_by="ana")).endswith("was not applied: ana refused it")
    assert "nobody approved it in time" in why_not(plan(state="expired"))
    waiting = why_not(plan(exceeds=["4 new records, max_creates is 3"]))
    assert waiting.endswith("(4 new records, max_creates is 3). To apply it: memorialize apply r-1 --approve abc")
