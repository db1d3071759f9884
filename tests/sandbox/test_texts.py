import random

from sandbox.texts import note, passage


def test_a_passage_reaches_its_length_and_long_ones_break_lines() -> None:
    rng = random.Random(7)
    assert len(passage(rng, "de", 0)) > 0
    short, long = passage(rng, "en", 300), passage(rng, "en", 5000)
    assert 300 <= len(short) + 1 < 500 and 5000 <= len(long) + 1 < 5200
    assert long.count("\n") > 30


def test_notes_are_short_and_in_their_language() -> None:
    rng = random.Random(7)
    notes = {note(rng, "de") for _ in range(50)}
    assert all(20 < len(text) < 150 for text in notes)
    assert any("ö" in text or "ß" in text for text in notes)
