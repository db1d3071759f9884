from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memorialization.configuration import Configuration, load
from memorialization.crm import EndReasons, Extraction
from memorialization.interactions import INTERACTIONS
from memorialization.mappings import Assignment, Workflows
from memorialization.settle import settle

EXAMPLE = Path(__file__).resolve().parents[2] / "include" / "mappings"
END = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)
ASSIGNMENTS = (
    Assignment(skills=("Billing", "77"), memorialization_mapping="Acme digital"),
    Assignment(channel="Voice call contact", memorialization_mapping="Acme voice"),
)


def configuration(*assignments: Assignment) -> Configuration:
    """The example's, with assignments and end reasons of the test's own."""
    example = load(EXAMPLE, "acme")
    reasons = EndReasons(agent=("Agent Hangup",), contact=("Contact Hangup",))
    return example.model_copy(
        update={
            "workflows": Workflows(assignments=assignments or ASSIGNMENTS),
            "crm": example.crm.model_copy(update={"end_reasons": reasons}),
        }
    )


CONFIGURATION = configuration()


def interactions(*facts: dict[str, Any]) -> pd.DataFrame:
    """Rows that are due calls but for the facts given."""
    rows = [
        {
            "interaction_key": f"v:{number}",
            "channel": "voice",
            "media_type_id": 4,
            "agent_kind": "human",
            "end_time": END,
            "due_at": END + timedelta(minutes=1),
            "wrap_up_closed": True,
            "skill_name": "Support",
            "skill_id": "5",
        }
        | fact
        for number, fact in enumerate(facts)
    ]
    return pa.Table.from_pylist(rows, schema=INTERACTIONS).to_pandas()


@pytest.mark.parametrize(
    ("facts", "state", "reason"),
    [
        ({}, "due", None),
        ({"media_type_id": 5}, "due", None),
        ({"media_type_id": 6}, "due", None),
        ({"media_type_id": 1}, "never_due", "unsupported_media"),
        ({"media_type_id": 3}, "never_due", "unsupported_media"),
        ({"media_type_id": 7}, "never_due", "unsupported_media"),
        ({"media_type_id": 8}, "never_due", "unsupported_media"),
        ({"media_type_id": 9}, "never_due", "unsupported_media"),
        ({"media_type_id": None}, "never_due", "unsupported_media"),
        ({"channel": "digital", "media_type_id": 9, "skill_name": "Billing"}, "due", None),
        ({"agent_kind": None, "abandoned": True}, "never_due", "abandoned"),
        ({"agent_kind": None, "abandoned": False}, "never_due", "no_agent"),
        ({"agent_kind": None}, "never_due", "no_agent"),
        ({"abandoned": True}, "due", None),
        ({"refused": True}, "never_due", "refused"),
        ({"refused": False}, "due", None),
        ({"agent_kind": "bot"}, "never_due", "bot_or_survey"),
        ({"agent_kind": "survey"}, "never_due", "bot_or_survey"),
        ({"channel": "digital", "media_type_id": 9}, "never_due", "no_assignment"),
        ({"end_time": None, "due_at": None}, "provisional", "still_assigned"),
        ({"wrap_up_closed": False}, "provisional", "wrap_up_open"),
        ({"wrap_up_closed": None}, "provisional", "wrap_up_open"),
        ({"due_at": None}, "provisional", "wrap_up_open"),
        ({"end_time": None, "due_at": None, "start_time": NOW - WEEK}, "provisional", "still_assigned"),
        ({"end_time": None, "due_at": None, "start_time": NOW - WEEK - SECOND}, "never_due", "never_became_due"),
        ({"wrap_up_closed": False, "start_time": NOW - 2 * WEEK}, "provisional", "wrap_up_open"),  # its end counts
        ({"wrap_up_closed": False, "end_time": NOW - WEEK - SECOND}, "never_due", "never_became_due"),
        ({"end_time": NOW - 2 * WEEK, "due_at": NOW}, "due", None),  # late, but due
        # the reason that stands first is the one that lasts: what can never be due is not looked at again
        ({"agent_kind": "bot", "end_time": None}, "never_due", "bot_or_survey"),
        ({"media_type_id": 1, "agent_kind": None, "abandoned": True}, "never_due", "unsupported_media"),
    ],
)
def test_an_interaction_is_due_or_has_a_reason(facts: dict[str, Any], state: str, reason: str | None) -> None:
    settled = settle(interactions(facts), CONFIGURATION, NOW)
    assert settled["state"].tolist() == [state]
    assert settled["reason"].tolist() == [reason] if reason else settled["reason"].isna().all()


def test_a_skill_by_name_goes_before_one_by_id_and_both_before_the_channel() -> None:
    settled = settle(
        interactions(
            {"skill_name": "Billing"},
            {"skill_name": "Other", "skill_id": "77"},
            {"skill_name": "Other", "skill_id": "78"},
            {"skill_name": None, "skill_id": None},
            {"channel": "digital", "media_type_id": 9, "skill_name": "Other"},
        ),
        CONFIGURATION,
        NOW,
    )
    assert settled["mapping"].fillna("-").tolist() == ["Acme digital", "Acme digital", "Acme voice", "Acme voice", "-"]


def test_the_horizon_is_configuration() -> None:
    longer = CONFIGURATION.crm.model_copy(update={"extraction": Extraction(settle_horizon_days=30)})
    old = {"end_time": None, "due_at": None, "start_time": NOW - 30 * WEEK / 7}
    settled = settle(
        interactions(old, old | {"start_time": old["start_time"] - SECOND}),
        CONFIGURATION.model_copy(update={"crm": longer}),
        NOW,
    )
    assert settled["state"].tolist() == ["provisional", "never_due"]


@pytest.mark.parametrize(
    ("facts", "unassign", "closed"),
    [
        ({"status": "Closed"}, None, None),
        ({"status": "trashed"}, None, None),
        ({"status": "Open"}, None, "not_closed"),  # transferred, or dismissed while the case goes on
        ({"status": "Resolved"}, None, "not_closed"),
        ({"status": None}, None, "not_closed"),
        ({"status": "Open", "end_time": None, "due_at": None, "start_time": END}, "still_assigned", "still_assigned"),
        ({"channel": "voice", "media_type_id": 4, "status": None}, None, None),
    ],
)
def test_the_digital_trigger_is_configuration(facts: dict[str, Any], unassign: str | None, closed: str | None) -> None:
    frame = interactions({"channel": "digital", "media_type_id": 9, "skill_name": "Billing"} | facts)
    for trigger, reason in (("unassign", unassign), ("closed", closed)):
        crm = CONFIGURATION.crm.model_copy(update={"digital_trigger": trigger})
        settled = settle(frame, CONFIGURATION.model_copy(update={"crm": crm}), NOW)
        assert settled["reason"].fillna("due").tolist() == [reason or "due"]


def test_assignments_to_skills_alone_leave_other_skills_without_a_mapping() -> None:
    only = configuration(Assignment(skills=("Billing",), memorialization_mapping="Acme voice"))
    settled = settle(interactions({"skill_name": "Billing"}, {"skill_name": "Other"}), only, NOW)
    assert settled["state"].tolist() == ["due", "never_due"]


def test_who_ended_it_comes_from_the_case_history_else_from_the_configured_words() -> None:
    settled = settle(
        interactions(
            {"ended_by": "agent", "end_reason": "Contact Hangup"},
            {"ended_by": "contact"},
            {"ended_by": "unknown", "end_reason": "Agent Hangup"},
            {"end_reason": "Contact Hangup"},
            {"end_reason": "Agent hangup"},
            {},
        ),
        CONFIGURATION,
        NOW,
    )
    assert settled["ended_by"].tolist() == ["agent", "contact", "agent", "contact", "unknown", "unknown"]


def test_an_empty_frame_is_settled() -> None:
    settled = settle(INTERACTIONS.empty_table().to_pandas(), CONFIGURATION, NOW)
    assert len(settled) == 0 and {"state", "reason", "mapping", "ended_by"} <= set(settled.columns)


def test_rows_without_a_single_fact_are_settled() -> None:
    nothing = dict.fromkeys(set(INTERACTIONS.names) - {"interaction_key", "channel"})
    settled = settle(interactions(nothing, nothing | {"channel": "digital"}), CONFIGURATION, NOW)
    assert settled["reason"].tolist() == ["unsupported_media", "no_agent"]
    assert settled["ended_by"].tolist() == ["unknown", "unknown"]


def test_what_came_in_is_left_alone() -> None:
    frame = interactions({"end_reason": "Agent Hangup"})
    before = frame.copy()
    settle(frame, CONFIGURATION, NOW)
    pd.testing.assert_frame_equal(frame, before)


NEVER = {"unsupported_media", "abandoned", "no_agent", "refused", "bot_or_survey", "no_assignment"}
NEVER |= {"not_closed", "never_became_due"}
MAYBE = st.sampled_from([None, True, False])
TIMES = st.sampled_from(  # of any order: an end before its start, a time to come, one on the edge of the horizon
    [None, END, END - SECOND, NOW, NOW + WEEK, NOW - WEEK, NOW - WEEK - SECOND, NOW - 2 * WEEK]
)
FACTS = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["voice", "digital"]),
        "media_type_id": st.sampled_from([None, 1, 3, 4, 5, 6, 7, 8, 9]),
        "agent_kind": st.sampled_from([None, "human", "bot", "survey"]),
        "refused": MAYBE,
        "abandoned": MAYBE,
        "wrap_up_closed": MAYBE,
        "start_time": TIMES,
        "end_time": TIMES,
        "status": st.sampled_from([None, "Closed", "Open"]),
        "due_at": TIMES,
        "skill_name": st.sampled_from([None, "Billing", "Other"]),
        "skill_id": st.sampled_from([None, "77", "5"]),
        "ended_by": st.sampled_from([None, "agent", "contact", "unknown"]),
        "end_reason": st.sampled_from([None, "Agent Hangup", "Contact Hangup", "?"]),
    }
)


@settings(deadline=None)
@given(st.lists(FACTS, max_size=30), st.sampled_from(["unassign", "closed"]))
def test_every_interaction_is_exactly_one_of_due_provisional_and_never_due(
    facts: list[dict[str, Any]], trigger: str
) -> None:
    crm = CONFIGURATION.crm.model_copy(update={"digital_trigger": trigger})
    settled = settle(interactions(*facts), CONFIGURATION.model_copy(update={"crm": crm}), NOW)
    counts = Counter(settled["state"])
    assert set(counts) <= {"due", "provisional", "never_due"} and counts.total() == len(facts)
    reasons = settled.groupby("state")["reason"].apply(set).to_dict()
    assert reasons.get("never_due", set()) <= NEVER
    assert reasons.get("provisional", set()) <= {"still_assigned", "wrap_up_open"}
    due = settled[settled["state"] == "due"]
    assert due["reason"].isna().all() and due["mapping"].notna().all()
    assert due["agent_kind"].eq("human").all() and due["due_at"].notna().all()
    assert due["wrap_up_closed"].eq(True).all() and due["end_time"].notna().all()
    open_ = settled[settled["state"] == "provisional"]
    assert open_["mapping"].notna().all() and open_["agent_kind"].eq("human").all()  # else never due, not "later"
    assert set(settled["ended_by"]) <= {"agent", "contact", "unknown"}
    alone = [settle(interactions(f), CONFIGURATION.model_copy(update={"crm": crm}), NOW)["state"][0] for f in facts[:3]]
    assert (
        settled["state"].tolist()[:3] == alone
    )  # an interaction is settled by its own facts, whoever stands beside it


def test_script_variables_of_calls_arrive_only_with_screen_pops_on_both_sides() -> None:
    pops = Assignment(skills=("A",), memorialization_mapping="Acme voice", assign_screen_pop=True)
    silent = Assignment(skills=("B",), memorialization_mapping="Acme voice")
    digital = Assignment(channel="Digital contact", memorialization_mapping="Acme digital")
    frame = interactions(
        {"skill_name": "A", "screen_pops": True},
        {"skill_name": "A", "screen_pops": False},
        {"skill_name": "B", "screen_pops": True},
        {"channel": "digital", "skill_name": "C"},
    )
    settled = settle(frame, configuration(pops, silent, digital), NOW)
    assert settled["scripts_arrive"].tolist() == [True, False, False, True]
