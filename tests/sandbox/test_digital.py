from sandbox.times import DAY
from sandbox.world import World
from tests.sandbox.conftest import make_world


def test_legs_are_exactly_what_the_history_tells(world: World) -> None:
    """Assignment intervals rebuilt from the events alone equal the legs."""
    for case in world.cases.values():
        rebuilt: list[tuple[int, int, int | None]] = []
        for event in case.events:
            holder = rebuilt[-1] if rebuilt and rebuilt[-1][2] is None else None
            now = event.assignee.agent_id if event.assignee else None
            if holder and holder[0] != now:
                rebuilt[-1] = (holder[0], holder[1], event.at)
            if now is not None and (holder is None or holder[0] != now):
                rebuilt.append((now, event.at, None))
        assert rebuilt == [(leg.agent.agent_id, leg.start, leg.end) for leg in case.legs]


def test_events_are_in_time_order(world: World) -> None:
    for case in world.cases.values():
        times = [event.at for event in case.events]
        assert times == sorted(times) and case.created <= times[0]


def test_only_people_are_ever_due(world: World) -> None:
    for case in world.cases.values():
        for leg in case.legs:
            if leg.agent.is_bot or leg.agent.is_survey:
                assert leg.due is None and leg.never_due in ("bot", "survey") and leg.fate is None
            else:
                assert (leg.due, leg.never_due) == ((leg.end, None) if leg.end else (None, "still_assigned"))


def test_every_kind_of_case_occurs() -> None:
    cases = list(make_world(interactions=1500, days=1).cases.values())
    assert len(cases) == 600
    people = [[leg for leg in c.legs if not (leg.agent.is_bot or leg.agent.is_survey)] for c in cases]
    assert sum(len(p) > 1 for p in people) > 40
    assert sum(any(leg.contact_ended_first for leg in p) for p in people) > 30
    assert sum(bool(c.legs) and c.legs[0].agent.is_bot for c in cases) > 90
    assert sum(bool(c.legs) and not p for c, p in zip(cases, people, strict=True)) > 10
    assert sum(c.abandoned_at is not None for c in cases) > 2
    assert sum(c.legs[-1].end is None for c in cases if c.legs) > 3
    assert 10 < sum(c.events[0].at - c.created > DAY // 4 for c in cases) < 60
    assert {c.channel.platform for c in cases} == {"chat", "email", "whatsapp", "facebook"}


def test_contact_ended_first_is_told_by_the_contacts_own_event(world: World) -> None:
    case, leg = next((case, leg) for case in world.cases.values() for leg in case.legs if leg.contact_ended_first)
    closing = [event for event in case.events if event.by_contact and event.status == "closed"]
    assert closing[-1].user is None and leg.end is not None and closing[-1].at < leg.end
    assert leg.ended_by == "contact"
