from dataclasses import replace
from statistics import median

from sandbox.conversation import SHORTENED_AT, Message, messages, transcript, utf16_cut, utf16_units
from sandbox.times import moment
from sandbox.world import World
from tests.sandbox.conftest import make_world

ALWAYS = 10**15


def test_lengths_follow_a_long_tail() -> None:
    cases = make_world(interactions=1500, days=2).cases.values()
    lengths = sorted(len(transcript(case, ALWAYS)) for case in cases)
    assert 700 < median(lengths) < 1100
    assert 6_000 < lengths[int(0.99 * len(lengths))] < 12_000
    assert sum(length > 70_000 for length in lengths) >= 2


def test_a_line_is_time_name_text_and_breaks_stay(world: World) -> None:
    case = next(c for c in world.cases.values() if any("\n" in m.text for m in messages(c)))
    first = messages(case)[0]
    expected = f"[{moment(first.at):%Y-%m-%d %H:%M:%S}] {case.customer_name}: {first.text}"
    assert transcript(case, ALWAYS).startswith(expected)
    assert transcript(case, first.at) == expected
    assert transcript(case, first.at - 1) == ""


def test_messages_are_in_time_order_and_the_contact_speaks_first(world: World) -> None:
    for case in world.cases.values():
        times = [message.at for message in messages(case)]
        assert times == sorted(times) and times[0] == case.created
        assert messages(case)[0].author is None


def test_awkward_messages_occur() -> None:
    found: list[Message] = []
    for case in make_world(interactions=1500, days=1).cases.values():
        found += messages(case)
    assert any(m.removed for m in found) and any(m.legacy for m in found)
    assert any(m.kind != "TEXT" and not m.text for m in found)
    assert any(m.kind != "TEXT" and m.text for m in found)
    assert any(m.shortened and len(m.text) > SHORTENED_AT for m in found)
    assert any("👨‍👩‍👧‍👦" in m.text for m in found) and any("<b>" in m.text for m in found)


def test_a_cut_never_leaves_half_a_character() -> None:
    assert utf16_units("a😊") == 3
    assert utf16_cut("a😊b", 2) == "a"
    assert utf16_cut("a😊b", 3) == "a😊"


def test_a_message_is_only_recomputed_never_changed(world: World) -> None:
    case = next(iter(world.cases.values()))
    assert messages(replace(case)) == messages(case)
