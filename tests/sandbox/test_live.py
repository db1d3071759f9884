from sandbox import live
from sandbox.hubspot.values import problem
from sandbox.interactions import Fate
from sandbox.world import World
from tests.sandbox.conftest import make_world

WHOLE = Fate("whole", 1, None, "cut")


def test_voice_values_are_spelled_as_the_live_system_spells(world: World) -> None:
    assert live.voice_ticket(world.legs[502_511_000_002]) == {
        "cxone_contact_id": "502511000002",
        "cxone_master_contact_id": "502511000002",
        "cxone_interaction_id": "33516e56-4107-43cf-99a2-c71cde817d7b",
        "cxone_agent_id": "20786507",
        "cxone_agent_name": "Jocelyn Morgan",
        "cxone_ani": "8014013632",
        "cxone_contact_type": "voice",
        "cxone_direction": "outbound",
        "cxone_disposition": "No answer",
        "cxone_dnis": "8015550140",
        "cxone_start_time": "2026-11-16T00:12:33.357Z",
        "cxone_end_time": "2026-11-16T00:13:45.357Z",
        "cxone_final_state": "true",
        "cxone_media_type": "PhoneCall",
        "cxone_recording_url": "https://na1.nice-incontact.com/player/#/cxone-player/segments/2511000002",
        "cxone_skill_id": "2008",
        "cxone_skill_name": "Outbound EN",
        "cxone_status": "Disconnected",
        "cxone_to": "Jocelyn Morgan",
    }


def test_a_skill_without_screen_pops_never_delivers_script_variables() -> None:
    world = make_world(interactions=1500, days=1)
    legs = [leg for leg in world.legs.values() if leg.due and leg.variables]
    quiet = [leg for leg in legs if not leg.skill.screen_pops]
    assert quiet and not any("cxone_order_number" in live.voice_ticket(leg) for leg in quiet)
    loud = next(leg for leg in legs if leg.skill.screen_pops and leg.variables[0][0] == "OrderNumber")
    assert live.voice_ticket(loud)["cxone_order_number"] == loud.variables[0][1]


def test_contact_ended_first_suppresses_status_disposition_and_notes() -> None:
    world = make_world(interactions=1500, days=1)
    case, leg = next(
        (case, leg)
        for case in world.cases.values()
        for leg in case.legs
        if leg.contact_ended_first and leg.disposition and leg.notes
    )
    ticket = live.digital_ticket(case, leg, "text")
    assert not {"cxone_status", "cxone_disposition", "cxone_disposition_notes"} & set(ticket)
    assert ticket["cxone_event_type"] == "CaseInboxUnassigned" and ticket["cxone_transcript"] == "text"
    assert not {"cxone_last_disposition", "cxone_last_notes"} & set(live.digital_contact(case, leg, "text"))


def test_a_transcript_over_the_limit_is_cut_at_utf16_units_or_stored_empty() -> None:
    text = "x" * 3999 + "😊" + "y"
    assert live.delivered({"cxone_transcript": text}, WHOLE) == {"cxone_transcript": "x" * 3999}
    emptied = Fate("whole", 1, None, "empty")
    assert live.delivered({"cxone_transcript": text}, emptied) == {"cxone_transcript": ""}
    assert live.delivered({"cxone_last_transcript": text}, WHOLE) == {"cxone_last_transcript": text}
    assert len(live.delivered({"cxone_last_transcript": "z" * 70_000}, WHOLE)["cxone_last_transcript"]) == 65_536
    assert live.overflowing({"cxone_last_transcript": "z" * 65_536, "cxone_to": "z" * 70_000}) == []
    assert live.overflowing({"cxone_transcript": "z" * 4001}) == ["cxone_transcript"]


def test_a_lost_field_does_not_arrive() -> None:
    lost = Fate("whole", 1, "cxone_to", "cut")
    assert live.delivered({"cxone_to": "A", "cxone_dnis": "1"}, lost) == {"cxone_dnis": "1"}


def test_hubspot_itself_would_take_every_delivered_value(world: World) -> None:
    tickets, contacts = world.portal.store("0-5").properties, world.portal.store("0-1").properties
    for leg in world.legs.values():
        if leg.fate:
            for values, known in ((live.voice_ticket(leg), tickets), (live.voice_contact(leg), contacts)):
                assert [problem(known[n], v) for n, v in values.items() if problem(known[n], v)] == []
    for case in world.cases.values():
        for part in case.legs:
            if part.fate:
                values = live.delivered(live.digital_ticket(case, part, live.leg_transcript(case, part)), part.fate)
                assert [problem(tickets[n], v) for n, v in values.items() if problem(tickets[n], v)] == []
