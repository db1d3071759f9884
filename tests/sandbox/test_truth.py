from sandbox.times import parse
from sandbox.truth import truth
from tests.sandbox.conftest import make_world


def test_what_it_tells_of_whole_writes_is_what_the_portal_holds() -> None:
    """A lost field is absent, a cut transcript ends at the limit, an emptied one is not there."""
    world = make_world("2026-11-25T00:00:00Z", days=1, interactions=1500)
    world.begin(())
    told = truth(world, parse("2026-11-01T00:00:00Z"), parse("2026-11-25T00:00:00Z"))
    edited = {edit.record_id for edit in world.edits}
    legs_of: dict[str, int] = {}
    for leg in told["legs"]:
        if leg["due_at"]:
            legs_of[leg["ticket_id"]] = legs_of.get(leg["ticket_id"], 0) + 1
    seen: dict[str, int] = {"cut": 0, "emptied": 0, "fields_lost": 0}
    for leg in told["legs"]:
        ticket = leg["ticket_id"]
        if not ticket or not leg["fate"] or ticket in edited or legs_of[ticket] > 1:
            continue
        held, fate = world.portal.record("0-5", ticket).properties, leg["fate"]
        for name in [n for n in fate["fields_lost"] if not n.startswith("cxone_last_")]:
            assert name not in held
            seen["fields_lost"] += 1
        if "cxone_transcript" in fate["cut"]:
            assert len(held["cxone_transcript"].encode("utf-16-le")) // 2 in (3999, 4000)
            seen["cut"] += 1
        if "cxone_transcript" in fate["emptied"]:
            assert "cxone_transcript" not in held
            seen["emptied"] += 1
    assert seen["cut"] > 5 and seen["emptied"] > 5 and seen["fields_lost"] > 2


def test_edits_are_those_of_the_legs_own_records() -> None:
    world = make_world(days=2)
    told = truth(world, parse("2026-11-16T00:00:00Z"), parse("2026-11-17T00:00:00Z"))
    records = {leg["ticket_id"] for leg in told["legs"]} | {leg["contact_record_id"] for leg in told["legs"]}
    assert told["edits"] and {edit["record_id"] for edit in told["edits"]} <= records
    assert all(edit["user_id"] for edit in told["edits"])


def test_the_values_it_tells_are_what_a_whole_write_leaves() -> None:
    world = make_world("2026-11-25T00:00:00Z", days=1)
    world.begin(())
    told = truth(world, parse("2026-11-01T00:00:00Z"), parse("2026-11-25T00:00:00Z"))["legs"]
    edited = {edit.record_id for edit in world.edits}
    tickets = [leg["ticket_id"] for leg in told if leg["fate"]]
    whole = [
        leg
        for leg in told
        if leg["fate"] and leg["fate"]["write"] == "whole" and leg["ticket_id"] and tickets.count(leg["ticket_id"]) == 1
        if not (leg["fate"]["fields_lost"] + leg["fate"]["cut"] + leg["fate"]["emptied"])
        and leg["ticket_id"] not in edited
    ]
    assert len(whole) > 100
    for leg in whole:
        held = world.portal.record("0-5", leg["ticket_id"]).properties
        assert {name: held.get(name) for name in leg["values"]["ticket"]} == leg["values"]["ticket"]
    assert all((leg["values"] is None) == (leg["fate"] is None) for leg in told)
    linked = [(leg["found_by"], leg["contact_record_id"]) for leg in told]
    assert {by for by, _ in linked} == {"search", "hand", None}
    assert all((by is None) == (record is None) for by, record in linked)
