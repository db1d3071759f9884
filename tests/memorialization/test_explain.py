"""The story told from facts: whose a value is, and what happens next."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from memorialization.explain import Facts, TargetFacts, ValueFacts, tell
from memorialization.ownership import Holder
from memorialization.ports import Change, Window

END = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NIGHT = Window(datetime(2026, 11, 20, 2, 0, tzinfo=UTC), datetime(2026, 11, 21, 2, 0, tzinfo=UTC))
LIVE = Change("Anna Kern", datetime(2026, 11, 20, 10, 2, tzinfo=UTC), "INTEGRATION", "cxone")
HAND = Change("Bob", datetime(2026, 11, 20, 12, 30, tzinfo=UTC), "CRM_UI", "userId:7")
VALUE = ValueFacts("agent", "Agent Name", False, "equal", "", "repair", "Anna Kern", "Anna Kern", LIVE, None, ())
TARGET = TargetFacts("Contact", "matched", "101", "https://x/101", "e-mail", None, None, (), None, (VALUE,))
FACTS = Facts(
    "acme", "adopted", frozenset({"INTEGRATION"}), "v:7", "voice", "due", None, "All", "agent", END, END,
    {"skill_name": "Billing", "customer_phone": "+4930123456"}, "asked of it now", "r", NIGHT,
    datetime(2026, 11, 23, tzinfo=UTC), (TARGET,),
)  # fmt: skip
RUN = "memorialize run -c acme --from 2026-11-20T02:00:00Z --to 2026-11-21T02:00:00Z"


def told(**facts: object) -> tuple[str, str]:
    """(whose, next) of the one value with these facts."""
    value = replace(VALUE, **facts)  # type: ignore[arg-type]
    (target,) = tell(replace(FACTS, targets=(replace(TARGET, values=(value,)),)), reveal=False).targets
    return target.values[0].whose, target.values[0].next


def test_values_are_masked_unless_revealed() -> None:
    hidden, shown = (tell(FACTS, reveal=reveal) for reveal in (False, True))
    assert (hidden.targets[0].values[0].holds, hidden.cxone["phone"]) == ("A…n (9)", "+…# (11)")
    assert (shown.targets[0].values[0].holds, shown.cxone["phone"]) == ("Anna Kern", "+4930123456")
    assert "Anna" not in str(hidden) and "30123456" not in str(hidden)


def test_whose_a_value_is() -> None:
    ours = Holder(END, "v:7", 1, True, 1)
    assert told(newest=None, held=None)[0] == "never set"
    assert told()[0] == "an integration, 2026-11-20 10:02"
    assert told(holder=ours)[0] == "this one, by us"
    assert told(holder=replace(ours, written=False))[0] == "this one, live"
    assert told(holder=replace(ours, interaction_key="v:8"))[0] == "v:8, by us"
    assert told(holder=ours, newest=HAND)[0] == "a person in HubSpot's pages (CRM_UI), 2026-11-20 12:30"


@pytest.mark.parametrize(
    ("facts", "next_"),
    [
        ({}, "nothing"),
        ({"verdict": "superseded"}, "nothing"),
        ({"verdict": "missing"}, RUN),
        ({"verdict": "drifted", "ownership": "fill_if_empty"}, "nothing: its row fills empty properties only"),
        ({"verdict": "missing", "ownership": "fill_if_empty"}, RUN),
        ({"verdict": "edited"}, "nothing: the edit stays (ownership: pipeline in the mapping overrules it)"),
        ({"verdict": None}, "not known: CXone's row is gone"),
    ],
)
def test_what_happens_next_to_a_value(facts: dict[str, object], next_: str) -> None:
    assert told(**facts)[1] == next_


def test_a_night_that_is_not_over_takes_it_up_by_itself_and_observing_takes_nothing_up() -> None:
    missing = replace(TARGET, values=(replace(VALUE, verdict="missing"),))
    early = replace(FACTS, now=datetime(2026, 11, 20, 22, 0, tzinfo=UTC), targets=(missing,))
    assert tell(early, reveal=False).targets[0].values[0].next == "the next night"
    observing = replace(early, mode="observe")
    assert tell(observing, reveal=False).targets[0].values[0].next == (
        "nothing while the configuration observes: memorialize adopt -c acme"
    )


def test_a_parked_target_names_the_command_until_it_is_decided() -> None:
    parked = replace(TARGET, outcome="parked", record_id=None, candidates=("1", "2"), values=())
    (target,) = tell(replace(FACTS, targets=(parked,)), reveal=False).targets
    assert target.why == "several records fit"
    assert target.next == ("waits for a person: memorialize parked resolve -c acme v:7 --entity Contact --record ID")
    (target,) = tell(replace(FACTS, targets=(replace(parked, decided="2"),)), reveal=False).targets
    assert target.next == f"a person decided on 2; {RUN} takes it up"
