from collections import Counter
from datetime import date

from sandbox.interactions import VoiceLeg
from sandbox.voice import ordinal
from sandbox.world import World
from tests.sandbox.conftest import START, make_world


def legs(world: World) -> list[VoiceLeg]:
    return list(world.legs.values())


def test_ids_keep_days_apart_and_exceed_32_bits(world: World) -> None:
    assert ordinal(date(2026, 11, 16)) == 2511
    first = legs(world)[0]
    assert (first.contact_id, first.master_id) == (502_511_000_001, 502_511_000_001)
    assert {leg.contact_id // 1_000_000 for leg in legs(world)} == {502_511, 502_512, 502_513}


def test_the_mix_of_one_seed() -> None:
    world = make_world(interactions=1500, days=1)
    masters = {leg.master_id for leg in legs(world)}
    assert len(masters) == 900
    by_media = Counter(leg.media_type_id for leg in legs(world))
    assert set(by_media) == {1, 3, 4, 5, 6, 7, 8} and by_media[4] > 800
    transferred = sum(leg.end_reason == "Transferred" for leg in legs(world))
    assert 50 < transferred < 110
    assert 20 < sum(leg.abandoned for leg in legs(world)) < 60
    assert all(leg.agent is None and leg.never_due == "abandoned" for leg in legs(world) if leg.abandoned)


def test_a_transfer_is_a_second_leg_of_the_same_master(world: World) -> None:
    leg = next(leg for leg in legs(world) if leg.end_reason == "Transferred")
    following = world.legs[leg.contact_id + 1]
    assert following.master_id == leg.master_id
    assert following.start == leg.end


def test_after_call_work_that_stays_open_is_due_hours_later(world: World) -> None:
    late = [leg for leg in legs(world) if leg.acw_seconds > 3600]
    assert late
    for leg in late:
        assert leg.due == leg.acw_closed == leg.end + leg.acw_seconds * 1000
        assert leg.acw_warehoused and leg.acw_warehoused > leg.contact_warehoused + 3_600_000


def test_a_skill_without_workflow_is_never_due_and_has_no_ticket(world: World) -> None:
    internal = [leg for leg in legs(world) if leg.skill.name == "Intern Test" and leg.agent and not leg.refused]
    assert internal
    assert {(leg.due, leg.ticket_id, leg.linked) for leg in internal if leg.never_due == "no_workflow"} == {
        (None, None, None)
    }


def test_day_two_is_the_same_whether_one_day_or_three_were_made(world: World) -> None:
    longer = make_world(days=4)
    assert [leg.contact_id for leg in legs(longer)][: len(world.legs)] == list(world.legs)
    fields = [(leg.start, leg.end, leg.caller, leg.fate, leg.notes) for leg in legs(longer)]
    assert fields[: len(world.legs)] == [(x.start, x.end, x.caller, x.fate, x.notes) for x in legs(world)]
    assert date(2026, 11, 16) == START
