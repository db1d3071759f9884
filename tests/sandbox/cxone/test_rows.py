from sandbox.cxone.rows import case_closing, case_row, shaper, voice_row
from sandbox.times import HOUR, zulu
from sandbox.world import World


def test_a_row_gains_its_outcome_when_after_call_work_is_stored(world: World) -> None:
    leg = next(leg for leg in world.legs.values() if leg.acw_seconds > 3600 and leg.disposition and leg.acw_warehoused)
    early, late = leg.contact_warehoused + HOUR // 2, leg.acw_warehoused or 0
    open_row, done = voice_row(leg, early), voice_row(leg, late)
    assert leg.disposition
    assert (
        open_row["dateACWWarehoused"],
        open_row["primaryDispositionId"],
        open_row["dispositionNotes"],
    ) == (
        None,
        None,
        None,
    )
    assert done["dateACWWarehoused"] == zulu(late)
    assert done["primaryDispositionId"] == leg.disposition.disposition_id
    assert open_row["lastUpdateTime"] == zulu(leg.contact_warehoused) < done["lastUpdateTime"] == zulu(late)


def test_old_versions_have_old_names(world: World) -> None:
    leg = next(leg for leg in world.legs.values() if leg.tags)
    now = world.clock.ms()
    new, old = shaper(27, None, True)(voice_row(leg, now)), shaper(24, None, True)(voice_row(leg, now))
    assert {"contactStartDate", "mediaTypeId", "fromAddress", "acwSeconds", "conferenceSeconds"} <= set(new)
    assert {"contactStart", "mediaType", "fromAddr", "ACWSeconds", "confSeconds"} <= set(old)
    assert set(old["tags"][0]) == {"Contact_Id", "TagId", "TagName"}
    assert set(new["tags"][0]) == {"contactId", "tagId", "tagName"}
    assert shaper(27, "contactId, skillname", False)(voice_row(leg, now)) == {
        "contactId": leg.contact_id,
        "skillName": leg.skill.name,
    }


def test_addresses_swap_with_the_direction(world: World) -> None:
    for leg in world.legs.values():
        row = voice_row(leg, world.clock.ms())
        customer, ours = ("toAddress", "fromAddress") if leg.outbound else ("fromAddress", "toAddress")
        assert (row[customer], row[ours]) == (leg.caller, leg.skill.number)


def test_a_case_row_has_the_outcome_of_the_last_agent_leg(world: World) -> None:
    now = world.clock.ms()
    case = next(c for c in world.cases.values() if c.legs and c.legs[-1].disposition and case_closing(c, now))
    row = case_row(case, case_closing(case, now) or 0, now)
    last = case.legs[-1]
    assert last.disposition and row["primaryDispositionId"] == last.disposition.disposition_id
    assert (row["contactId"], row["mediaTypeId"]) == (int(case.case_id), 9)
    assert case_closing(case, case.created) is None


def test_some_rows_give_durations_as_strings(world: World) -> None:
    leg = world.legs[502_511_000_050]
    assert isinstance(voice_row(leg, world.clock.ms())["totalDurationSeconds"], str)
