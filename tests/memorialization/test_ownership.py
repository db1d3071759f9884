"""A value that differs is mended only where nothing later than its interaction stands behind what HubSpot holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.ownership import Candidate, Holder, Policy, by_integrations, judge, writer_end_at
from memorialization.ports import Change

END = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
DUE = END + timedelta(minutes=1)
POLICY = Policy(frozenset({"INTEGRATION"}), timedelta(seconds=120))
SECOND = timedelta(seconds=1)
HELD, OTHER, WANTED = 11, 22, 33  # hashes: what HubSpot holds now, something else, and what it should hold


def candidate(verdict: str = "drifted") -> Candidate:
    return Candidate(verdict, END, "v:5", DUE, HELD, WANTED)


def change(at: datetime, source: str = "INTEGRATION", value: str = "x") -> Change:
    return Change(value, at, source, "1")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ([], "drifted"),
        ([change(DUE + SECOND, "CRM_UI")], "edited"),
        ([change(DUE, "CRM_UI")], "drifted"),  # not later than the due moment
        ([change(DUE - SECOND, "CRM_UI")], "drifted"),
        ([change(DUE + SECOND, "IMPORT")], "edited"),  # an unlisted source counts as a person
        ([change(DUE + SECOND, "integration")], "edited"),  # to the letter
        ([change(DUE + 120 * SECOND)], "drifted"),  # the live write, within its grace
        ([change(DUE + 121 * SECOND)], "superseded"),
        ([change(DUE + 121 * SECOND, "CRM_UI"), change(DUE + 9000 * SECOND)], "edited"),  # the newest decides
        ([change(DUE + 60 * SECOND), change(DUE + 30 * SECOND, "CRM_UI")], "drifted"),
    ],
)
def test_history_decides_what_stays(changes: list[Change], verdict: str) -> None:
    assert judge(candidate(), None, changes, POLICY) == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ([change(DUE + SECOND, "CRM_UI")], "drifted"),  # a person does not count
        ([change(DUE + 9000 * SECOND, "CRM_UI"), change(DUE + 120 * SECOND)], "drifted"),
        ([change(DUE + 9000 * SECOND, "CRM_UI"), change(DUE + 121 * SECOND)], "superseded"),  # a newer interaction does
    ],
)
def test_under_pipeline_only_integrations_count(changes: list[Change], verdict: str) -> None:
    assert judge(candidate(), None, by_integrations(changes, POLICY), POLICY) == verdict


def test_what_an_integration_wrote_last_is_restored_whosever_it_is_but_for_a_newer_holder() -> None:
    late = [change(DUE + 9000 * SECOND), change(DUE + 8000 * SECOND)]
    same = replace(candidate(), desired_hash=HELD)
    assert judge(same, None, late, POLICY) == "drifted"
    assert judge(same, Holder(END + SECOND, "v:6", HELD, written=True), late, POLICY) == "superseded"


def test_what_a_person_cleared_later_stays_empty_and_is_an_edit() -> None:
    cleared = [change(DUE + SECOND, "CRM_UI", value=""), change(DUE, value="Ada")]
    assert judge(candidate("missing"), None, cleared, POLICY) == "edited"


def test_what_an_integration_cleared_much_later_is_newer() -> None:
    assert judge(candidate("missing"), None, [change(DUE + 999 * SECOND, value="")], POLICY) == "superseded"


def test_a_transcript_cut_by_an_integration_is_mendable_whenever_it_was_written() -> None:
    years_later = [change(DUE + timedelta(days=800))]
    assert judge(candidate("truncated"), None, years_later, POLICY) == "truncated"


def test_a_transcript_cut_by_a_person_later_is_an_edit() -> None:
    assert judge(candidate("truncated"), None, [change(DUE + SECOND, "CRM_UI")], POLICY) == "edited"


@pytest.mark.parametrize(
    ("end", "key", "verdict"),
    [
        (END + SECOND, "v:1", "superseded"),
        (END, "v:6", "superseded"),  # a tie goes by the interaction key
        (END, "v:5", "drifted"),
        (END, "v:4", "drifted"),
        (END - SECOND, "v:9", "drifted"),
    ],
)
@pytest.mark.parametrize("changes", [[], [change(DUE, "CRM_UI")]])
def test_a_newer_holder_keeps_the_value(end: datetime, key: str, verdict: str, changes: list[Change]) -> None:
    assert judge(candidate(), Holder(end, key, OTHER, written=True), changes, POLICY) == verdict


def test_a_newer_holder_keeps_even_a_truncated_beginning() -> None:
    assert judge(candidate("truncated"), Holder(END + SECOND, "v:6", HELD, written=True), [], POLICY) == "superseded"


def test_a_late_write_of_ours_for_an_older_interaction_is_overwritten() -> None:
    ours = [change(DUE + timedelta(days=3))]
    assert judge(candidate(), Holder(END - SECOND, "v:4", HELD, written=True), ours, POLICY) == "drifted"


def test_a_value_only_found_equal_may_be_a_newer_interactions() -> None:
    """After a lost ledger, a backfill of an older call finds "B" equal, which a newer call wrote: "A" must not win."""
    late = [change(DUE + timedelta(days=1))]
    assert judge(candidate(), Holder(END - SECOND, "v:4", HELD, written=False), late, POLICY) == "superseded"


def test_a_value_of_ours_that_came_back_later_is_somebody_elses() -> None:
    back = [change(DUE + timedelta(days=3)), change(DUE + timedelta(days=2)), change(DUE + timedelta(days=1))]
    back[1] = replace(back[1], value="something else")
    assert judge(candidate(), Holder(END - SECOND, "v:4", HELD, written=True), back, POLICY) == "superseded"


def test_a_holder_says_nothing_of_a_value_that_changed_since() -> None:
    older = Holder(END - SECOND, "v:4", OTHER, written=True)
    assert judge(candidate(), older, [change(DUE + 121 * SECOND)], POLICY) == "superseded"
    assert judge(candidate(), older, [change(DUE + SECOND, "CRM_UI")], POLICY) == "edited"
    assert judge(candidate(), older, [change(DUE)], POLICY) == "drifted"


@given(
    verdict=st.sampled_from(["missing", "drifted", "truncated"]),
    offset=st.integers(-10_000, 10_000),
    person=st.booleans(),
)
def test_a_person_loses_only_by_being_earlier_and_an_integration_only_within_the_grace(
    verdict: str, offset: int, person: bool
) -> None:
    newest = change(DUE + offset * SECOND, "CRM_UI" if person else "INTEGRATION")
    expected = verdict
    if person and offset > 0:
        expected = "edited"
    elif not person and offset > 120 and verdict != "truncated":
        expected = "superseded"
    assert judge(candidate(verdict), None, [newest], POLICY) == expected


def test_the_record_itself_tells_whose_write_it_is() -> None:
    """Its End Time changes with every interaction: neither the clock nor a lost ledger can mislead."""
    soon, late = [change(DUE + 30 * SECOND)], [change(DUE + timedelta(days=3))]
    assert judge(candidate(), None, soon, POLICY, writer_end=END + SECOND) == "superseded"
    assert judge(candidate(), None, soon, POLICY, writer_end=END) == "drifted"
    assert judge(candidate(), None, late, POLICY, writer_end=END - SECOND) == "drifted"
    assert judge(candidate(), None, [change(DUE + SECOND, "CRM_UI")], POLICY, writer_end=END - SECOND) == "edited"


def test_whose_write_stood_at_a_moment() -> None:
    ends = [
        replace(change(DUE + timedelta(days=2)), value="2026-11-24T18:00:00Z"),
        replace(change(DUE), value="2026-11-22T18:00:00.500Z"),
    ]
    assert writer_end_at(DUE + timedelta(days=1), ends) == datetime(2026, 11, 22, 18, 0, 0, 500_000, tzinfo=UTC)
    assert writer_end_at(DUE + timedelta(days=2), ends) == datetime(2026, 11, 24, 18, tzinfo=UTC)
    assert writer_end_at(DUE - timedelta(days=1), ends) is None
    assert writer_end_at(DUE, [replace(change(DUE), value="soon")]) is None
