"""Every lost interaction is in one group; the twin's days are explained by what was done to them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.report.causes import COLUMNS, Found, causes
from sandbox.catalogue import Catalogue
from sandbox.people import People
from sandbox.times import moment
from sandbox.troubles import Trouble
from sandbox.world import Settings, generate_day

DAY = date(2026, 11, 18)
MORNING = datetime(2026, 11, 18, 8, tzinfo=UTC)


def frame(rows: list[tuple[str, str | None, str | None, datetime, int]]) -> pd.DataFrame:
    """(key, agent, skill, due, lost values) of one day."""
    told = [(key, agent, skill, DAY.isoformat(), at, values) for key, agent, skill, at, values in rows]
    legs = pd.DataFrame(told, columns=list(COLUMNS))
    return legs.assign(due_at=pd.to_datetime(legs["due_at"], utc=True), values=legs["values"].astype("int64"))


def twin(trouble: Trouble | None = None, *, stops: date | None = None) -> tuple[pd.DataFrame, dict[str, str]]:
    """(legs, what became of each live write) of one day of the twin; each lost interaction has three lost values."""
    settings = Settings(7, 1500, 1, DAY, live_stops_on=stops, trouble=trouble)
    day = generate_day(Catalogue(7, 1500), People(7, 1500), settings, DAY)
    due = [
        (f"v:{leg.contact_id}", leg.agent.agent_id, leg.skill.name, leg.due, leg.fate.write)
        for leg in day.legs if leg.due and leg.agent and leg.fate
    ]  # fmt: skip
    due += [
        (f"d:{case.case_id}:{n}", part.agent.agent_id, case.skill.name, part.due, part.fate.write)
        for case in day.cases for n, part in enumerate(case.legs) if part.due and part.fate
    ]  # fmt: skip
    fates = {key: write for key, _, _, _, write in due}
    rows = [(key, str(agent), skill, moment(at), 0 if write == "whole" else 3) for key, agent, skill, at, write in due]
    return frame(rows), fates


def kinds(found: list[Found]) -> list[str]:
    return [group.kind for group in found]


def test_an_everyday_day_has_first_interactions_and_scattered_ones() -> None:
    legs, fates = twin()
    first, scattered = causes(legs)
    assert (first.kind, scattered.kind) == ("first_of_day", "scattered")
    really = Counter(fates[key] for key in first.keys)
    assert really["lost:first_of_day"] / really.total() > 0.9
    assert "lost:first_of_day" not in {fates[key] for key in scattered.keys}
    assert len(first.keys) / first.of > 0.4 and first.elsewhere[0] / first.elsewhere[1] < 0.05


@pytest.mark.parametrize("trouble", ["agent", "skill", "outage"])
def test_a_trouble_of_the_twin_is_found_and_named(trouble: Trouble) -> None:
    legs, fates = twin(trouble)
    found, *rest = causes(legs)
    struck = {key for key, write in fates.items() if write == f"lost:{trouble}"}
    assert (found.kind, kinds(rest)) == (trouble, ["first_of_day", "scattered"])
    assert len(struck & set(found.keys)) == len(struck) > 10
    assert len(set(found.keys) - struck) <= 0.1 * len(struck)
    if trouble == "outage":
        assert (found.start.hour, found.end.hour) == (14, 15)
    else:
        assert found.subject == legs.loc[legs["interaction_key"].isin(struck), trouble].unique().item()


def test_when_the_system_user_is_deleted_all_is_lost_since() -> None:
    legs, _ = twin(stops=DAY)
    (since,) = causes(legs)
    assert (since.kind, since.of, since.elsewhere) == ("since", len(legs), (0, 0))
    noon = pd.Timestamp("2026-11-18T15:00Z")
    everyday, _ = twin()
    everyday.loc[everyday["due_at"].ge(noon), "values"] = 3
    since = causes(everyday)[0]
    assert (since.kind, since.end) == ("since", everyday["due_at"].max().to_pydatetime())
    assert timedelta(minutes=-10) < since.start - noon.to_pydatetime() < timedelta(minutes=10)


def test_few_losses_have_no_cause() -> None:
    lost = [(f"v:{n}", str(n), "Sales", MORNING + timedelta(minutes=n), int(n % 5 == 0)) for n in range(20)]
    assert kinds(causes(frame(lost))) == ["scattered"]
    assert causes(frame([("v:1", "1", None, MORNING, 0)])) == []
    assert causes(frame([])) == []


def test_a_stretch_of_one_agent_is_the_agents() -> None:
    work = [(f"v:{n}", "1", "Sales", MORNING + timedelta(minutes=n), 2) for n in range(12)]
    work += [(f"v:{n}", str(n % 9 + 2), "Sales", MORNING + timedelta(minutes=n), 0) for n in range(12, 60)]
    (group,) = causes(frame(work))
    assert (group.kind, group.subject, group.values, group.of, group.elsewhere) == ("agent", "1", 24, 12, (0, 48))


_LEG = st.tuples(
    st.sampled_from(["1", "2", "3", "4", None]), st.sampled_from(["Sales", "Service", None]),
    st.integers(0, 600), st.sampled_from([0, 0, 1, 5]),
)  # fmt: skip


@given(rows=st.lists(_LEG, max_size=80), seed=st.integers(0, 9))
def test_every_lost_interaction_is_in_one_group_whatever_the_order(
    rows: list[tuple[str | None, str | None, int, int]], seed: int
) -> None:
    legs = frame([(f"v:{n}", a, s, MORNING + timedelta(minutes=m), v) for n, (a, s, m, v) in enumerate(rows)])
    found = causes(legs)
    keys = [key for group in found for key in group.keys]
    assert sorted(keys) == sorted(legs.loc[legs["values"].gt(0), "interaction_key"])
    assert sum(group.values for group in found) == legs["values"].sum()
    assert all(group.start <= group.end and len(group.keys) <= group.of for group in found)
    if len(legs):
        assert causes(legs.sample(frac=1, random_state=seed)) == found
