from sandbox import live
from sandbox.interactions import VoiceLeg
from sandbox.times import moment, parse
from sandbox.truth import truth
from sandbox.world import World
from tests.sandbox.conftest import make_world

LIVE = ("INTEGRATION", "cxone-agent-integration", "NICE CXone")


def untouched(world: World, leg: VoiceLeg) -> bool:
    return leg.ticket_id is not None and leg.ticket_id not in {edit.record_id for edit in world.edits}


def test_a_whole_write_is_in_the_ticket_with_its_source_and_time(world: World) -> None:
    legs = [leg for leg in world.legs.values() if leg.fate and leg.fate.write == "whole" and untouched(world, leg)]
    checked = 0
    for leg in legs:
        assert leg.fate and leg.fate.written_at and leg.ticket_id
        if leg.fate.written_at > parse("2026-11-19T00:00:00Z"):
            continue
        held = world.portal.record("0-5", leg.ticket_id)
        expected = live.delivered(live.voice_ticket(leg), leg.fate)
        assert {name: held.properties.get(name) for name in expected} == expected
        entry = held.history["cxone_dnis"][0]
        assert (entry["sourceType"], entry["sourceId"], entry["sourceLabel"]) == LIVE
        assert parse(entry["timestamp"]) == leg.fate.written_at
        checked += 1
    assert checked > 300


def test_a_lost_write_leaves_the_ticket_as_the_script_made_it(world: World) -> None:
    lost = [leg for leg in world.legs.values() if leg.fate and leg.fate.write != "whole" and untouched(world, leg)]
    assert len(lost) > 5
    for leg in lost:
        held = world.portal.record("0-5", leg.ticket_id or "").properties
        assert [name for name in held if name.startswith("cxone_")] == ["cxone_contact_id"]


def test_the_contact_shows_the_latest_write_that_reached_it(world: World) -> None:
    writes: dict[str, tuple[int, str]] = {}
    for leg in world.legs.values():
        if leg.linked and leg.fate and leg.fate.written_at:
            key = leg.linked.record_id
            writes[key] = max(writes.get(key, (0, "")), (leg.fate.written_at, str(leg.contact_id)))
    for case in world.cases.values():
        for part in case.legs:
            if case.linked and part.fate and part.fate.written_at:
                key = case.linked.record_id
                writes[key] = max(writes.get(key, (0, "")), (part.fate.written_at, case.case_id))
    now = parse("2026-11-19T12:00:00Z")
    shown = {
        key: world.portal.record("0-1", key).properties["cxone_last_contact_id"]
        for key, (at, _) in writes.items()
        if at < now
    }
    assert shown == {key: contact for key, (at, contact) in writes.items() if at < now}
    assert len(shown) > 200


def test_moving_in_steps_or_at_once_ends_the_same() -> None:
    stepped, late = make_world("2026-11-16T06:00:00Z", days=1), make_world("2026-11-18T06:00:00Z", days=1)
    stepped.begin(())
    early = len(stepped.portal.store("0-5").records)
    for at in ("2026-11-16T12:00:00Z", "2026-11-16T12:00:01Z", "2026-11-18T06:00:00Z"):
        stepped.clock.forward(parse(at))
        stepped.advance()
    late.begin(())
    tickets = late.portal.store("0-5").records
    assert 0 < early < len(tickets)
    assert {key: r.values for key, r in stepped.portal.store("0-5").records.items()} == {
        key: r.values for key, r in tickets.items()
    }


def test_a_write_to_an_archived_record_is_refused_quietly() -> None:
    world = make_world("2026-11-16T06:00:00Z", days=1)
    world.begin(())
    for customer in world.people.customers:
        world.portal.archive("0-1", customer.record_id, at=moment(world.clock.ms()))
    world.clock.forward(parse("2026-11-17T12:00:00Z"))
    world.advance()
    assert len(world.portal.store("0-5").records) > 200


def test_three_percent_of_tickets_were_never_made() -> None:
    world = make_world(interactions=1500, days=1)
    due = [leg for leg in world.legs.values() if leg.due]
    assert 0.015 < sum(leg.ticket_id is None for leg in due) / len(due) < 0.05


def test_the_truth_of_a_seed_is_fixed(world: World) -> None:
    told = truth(world, parse("2026-11-16T00:00:00Z"), parse("2026-11-17T00:00:00Z"))
    first = next(leg for leg in told["legs"] if leg["id"] == "502511000002")
    assert first == {
        "id": "502511000002",
        "channel": "voice",
        "master_id": "502511000002",
        "agent_id": 20786507,
        "start": "2026-11-16T00:12:33.357Z",
        "end": "2026-11-16T00:13:45.357Z",
        "due_at": "2026-11-16T00:14:45.357Z",
        "never_due": None,
        "ended_by": "agent",
        "contact_record_id": None,
        "ticket_id": "402511000002",
        "media_type_id": 4,
        "contact_ended_first": False,
        "fate": {
            "write": "whole",
            "written_at": "2026-11-16T00:14:57.130Z",
            "fields_lost": [],
            "cut": [],
            "emptied": [],
        },
        "found_by": None,
        "values": {
            "contact": {
                "cxone_last_agent": "Jocelyn Morgan",
                "cxone_last_channel": "PhoneCall",
                "cxone_last_contact_id": "502511000002",
                "cxone_last_disposition": "No answer",
                "cxone_last_interaction_at": "2026-11-16T00:13:45.357Z",
                "cxone_last_skill": "Outbound EN",
            },
            "ticket": {
                "cxone_agent_id": "20786507",
                "cxone_agent_name": "Jocelyn Morgan",
                "cxone_ani": "8014013632",
                "cxone_contact_id": "502511000002",
                "cxone_contact_type": "voice",
                "cxone_direction": "outbound",
                "cxone_disposition": "No answer",
                "cxone_dnis": "8015550140",
                "cxone_end_time": "2026-11-16T00:13:45.357Z",
                "cxone_final_state": "true",
                "cxone_interaction_id": "33516e56-4107-43cf-99a2-c71cde817d7b",
                "cxone_master_contact_id": "502511000002",
                "cxone_media_type": "PhoneCall",
                "cxone_recording_url": "https://na1.nice-incontact.com/player/#/cxone-player/segments/2511000002",
                "cxone_skill_id": "2008",
                "cxone_skill_name": "Outbound EN",
                "cxone_start_time": "2026-11-16T00:12:33.357Z",
                "cxone_status": "Disconnected",
                "cxone_to": "Jocelyn Morgan",
            },
        },
    }
    assert [leg["end"] for leg in told["legs"]] == sorted(leg["end"] for leg in told["legs"])
    assert all("2026-11-16" <= leg["end"] < "2026-11-17" for leg in told["legs"])
