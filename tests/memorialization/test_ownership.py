"""A value that differs is mended only where nothing later than its interaction stands behind what HubSpot holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.ownership import Candidate, Holder, Policy, by_integrations, end_time_at, judge, writer
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
    assert judge(same, Holder(END + SECOND, "v:6", HELD, written=True, times=1), late, POLICY) == "superseded"


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
    assert judge(candidate(), Holder(end, key, OTHER, written=True, times=1), changes, POLICY) == verdict


def test_a_newer_holder_keeps_even_a_truncated_beginning() -> None:
    assert (
        judge(candidate("truncated"), Holder(END + SECOND, "v:6", HELD, written=True, times=1), [], POLICY)
        == "superseded"
    )


def test_a_late_write_of_ours_for_an_older_interaction_is_overwritten() -> None:
    ours = [change(DUE + timedelta(days=3))]
    assert judge(candidate(), Holder(END - SECOND, "v:4", HELD, written=True, times=1), ours, POLICY) == "drifted"


def test_a_value_only_found_equal_may_be_a_newer_interactions() -> None:
    """After a lost ledger, a backfill of an older call finds "B" equal, which a newer call wrote: "A" must not win."""
    late = [change(DUE + timedelta(days=1))]
    assert judge(candidate(), Holder(END - SECOND, "v:4", HELD, written=False, times=0), late, POLICY) == "superseded"


@pytest.mark.parametrize(("times", "verdict"), [(1, "superseded"), (2, "drifted"), (3, "superseded")])
def test_a_value_that_came_back_is_ours_only_if_we_wrote_it_each_time(times: int, verdict: str) -> None:
    back = [change(DUE + timedelta(days=3)), change(DUE + timedelta(days=2)), change(DUE + timedelta(days=1))]
    back[1] = replace(back[1], value="something else")
    assert judge(candidate(), Holder(END - SECOND, "v:4", HELD, written=True, times=times), back, POLICY) == verdict


def test_an_earlier_edit_does_not_hide_the_newer_interaction_beneath_it() -> None:
    """The agent took hours to wrap up; meanwhile the next call ended, wrote, and a person corrected that."""
    made = [change(DUE - 60 * SECOND, "CRM_UI"), change(DUE - 90 * SECOND)]
    ends = [replace(change(DUE - 90 * SECOND), value=f"{END + SECOND:%Y-%m-%dT%H:%M:%SZ}")]
    assert judge(candidate(), None, made, POLICY, ends=ends) == "superseded"
    assert judge(candidate(), None, made, POLICY) == "drifted"  # no End Time: the due moment has to do
    assert judge(candidate(), None, made[:1], POLICY, ends=ends) == "drifted"


def test_a_holder_says_nothing_of_a_value_that_changed_since() -> None:
    older = Holder(END - SECOND, "v:4", OTHER, written=True, times=1)
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


def ended(at: datetime, end: datetime, source: str = "INTEGRATION") -> Change:
    return change(at, source, f"{end:%Y-%m-%dT%H:%M:%SZ}")


def test_the_record_itself_tells_whose_write_it_is() -> None:
    """Its End Time changes with every interaction: neither the clock nor a lost ledger can mislead."""
    soon, late = [change(DUE + 30 * SECOND)], [change(DUE + timedelta(days=3))]
    assert judge(candidate(), None, soon, POLICY, ends=[ended(DUE + 30 * SECOND, END + SECOND)]) == "superseded"
    assert judge(candidate(), None, soon, POLICY, ends=[ended(DUE + 30 * SECOND, END)]) == "drifted"
    assert judge(candidate(), None, late, POLICY, ends=[ended(DUE, END - SECOND)]) == "drifted"
    person = [change(DUE + SECOND, "CRM_UI")]
    assert judge(candidate(), None, person, POLICY, ends=[ended(DUE, END - SECOND)]) == "edited"


def test_a_write_of_ours_for_an_older_interaction_is_known_although_a_newer_one_left_its_end_time() -> None:
    """The newer one had nothing to say here: its End Time stands, and the older one's value came after it."""
    late, newer = [change(DUE + timedelta(days=3))], [ended(DUE + timedelta(days=1), END + SECOND)]
    ours = Holder(END - SECOND, "v:4", HELD, written=True, times=1)
    assert judge(candidate(), ours, late, POLICY, ends=newer) == "drifted"
    assert judge(candidate(), None, late, POLICY, ends=newer) == "superseded"  # nothing tells: cautious


def test_the_end_time_that_integrations_had_written_at_a_moment() -> None:
    two_days, half = DUE + timedelta(days=2), replace(change(DUE), value="2026-11-22T18:00:00.500Z")
    ends = [ended(two_days, datetime(2026, 11, 24, 18, tzinfo=UTC)), half]
    day = timedelta(days=1)
    assert end_time_at(DUE + day, ends, POLICY) == datetime(2026, 11, 22, 18, 0, 0, 500_000, tzinfo=UTC)
    assert end_time_at(two_days, ends, POLICY) == datetime(2026, 11, 24, 18, tzinfo=UTC)
    assert end_time_at(DUE - day, ends, POLICY) is None
    assert end_time_at(DUE, [replace(change(DUE), value="soon")], POLICY) is None


def test_an_end_time_that_a_person_changed_tells_nothing_of_the_writes_after_it() -> None:
    """The edit stays, so that a newer interaction's values may have come without its own End Time."""
    ends = [ended(DUE - SECOND, END - 9000 * SECOND, "CRM_UI"), ended(DUE - 2 * SECOND, END - 9000 * SECOND)]
    assert end_time_at(DUE, ends, POLICY) is None
    assert judge(candidate(), None, [change(DUE + 121 * SECOND)], POLICY, ends=ends) == "superseded"


def test_a_newer_interaction_that_nobody_has_looked_at_may_have_written_the_very_same() -> None:
    """Such a write leaves no history but its End Time: what stands, stays, even what we wrote ourselves."""
    before = [change(DUE - timedelta(days=2))]
    ends = [ended(DUE + timedelta(days=1), END + timedelta(days=1)), ended(DUE - timedelta(days=2), END - SECOND)]
    ours = Holder(END - SECOND, "v:4", HELD, written=True, times=1)
    for holder in (None, ours):
        assert judge(candidate(), holder, before, POLICY, ends=ends, known_until=END) == "superseded"
        known = END + timedelta(days=1)
        assert judge(candidate(), holder, before, POLICY, ends=ends, known_until=known) == "drifted"
    assert judge(candidate("missing"), None, [], POLICY, ends=ends, known_until=END) == "missing"  # never written


def test_who_wrote_what_stands_is_unknown_where_our_hash_is_of_another_key() -> None:
    changes = [change(DUE)]
    names = {hash_: writer(changes, HELD, Holder(END, "v:4", hash_, written=True, times=1), POLICY)
             for hash_ in (HELD, OTHER, HELD + (7 << 48))}  # fmt: skip
    assert names == {HELD: "us", OTHER: "live", HELD + (7 << 48): "unknown"}
    found = Holder(END, "v:4", HELD + (7 << 48), written=False, times=0)
    assert writer(changes, HELD, found, POLICY) == "live"
    assert writer([change(DUE, "CRM_UI")], HELD, found, POLICY) == "person"
