"""The truncation table counts each transcript once, and its advice names what would hold them."""

from dataclasses import replace
from pathlib import Path

import pytest

from memorialization.ledger import Ledger
from tests.memorialization.fakes import CONTACT, MemoryStore, text
from tests.memorialization.nights import EVENING, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

LIMIT = 60
CHAT = "[2026-11-22 18:00:00] Kim: one two three 😀 four\n[2026-11-22 18:01:00] Lee: five six seven eight"
FITS = "[2026-11-22 18:00:00] Kim: one\nfive"
HALF = CHAT[: CHAT.index("😀")] + "?"


def test_what_became_of_each_transcript_and_who_cut_it(ledger: Ledger, tmp_path: Path) -> None:
    """Too long: four cut by the live write, three alike, one by a person, one emptied; one flattened, one whole."""
    properties = {
        "transcript": text("transcript", max_length=LIMIT, area=True),
        "transcript_long": text("transcript_long", max_length=200, area=True),
        "transcript_line": text("transcript_line"),
        "hs_object_text": text("hs_object_text", area=True),
    }
    store = MemoryStore(schema(**properties), now=EVENING)
    held = [HALF, CHAT[:60], CHAT[:60], CHAT[:60], None, None, FITS.replace("\n", " "), FITS]
    for n, value in enumerate(held, 1):
        store.create(CONTACT, email=f"{n}@example.com", **({} if value is None else {"transcript": value}))
    store.person(CONTACT, "105", "transcript", CHAT[:40])
    chats = [
        interaction(n, channel="digital", transcript_ref="fits" if n > 6 else "long", customer_email=f"{n}@example.com")
        for n in range(1, 9)
    ]
    setup = configuration(section("Contact", row("transcript", "digital", "Transcription Text")))
    opened = night(setup, store, ledger, tmp_path, *chats, texts={"long": CHAT, "fits": FITS})
    report = opened.whole()
    [found] = report.truncation
    longest = len(CHAT) + 1
    assert (found.format, found.limit, found.bound) == ("multi_line", LIMIT, "rule")
    assert (found.transcripts, found.over_limit, found.longest, found.p95) == (8, 6, longest, longest)
    assert (found.found_whole, found.found_truncated, found.found_missing, found.found_altered) == (1, 5, 1, 1)
    assert (found.found_flattened, found.whole_now) == (1, 2)
    assert (found.cut_by, found.cut_inside, found.usual_cut) == ({"live": 4, "person": 1}, {"surrogate pair": 1}, 60)
    lost = [longest - len(HALF) + 1, *[longest - 60] * 3, longest - 40, longest]
    assert (found.characters_lost, found.turns_lost) == (sum(lost), 2 + 3 * 1 + 2 + 2)
    assert found.histogram == (*[0] * 11, 2, *[0] * 8, 6)
    assert [(u.unit, u.longest) for u in found.by_unit] == [
        ("code_points", len(CHAT)), ("utf16", longest), ("bytes", len(CHAT) + 3)
    ]  # fmt: skip
    assert (found.advice.kind, found.advice.holds) == ("raise_rule", ("transcript_long",))
    assert "three" not in report.model_dump_json() and "three" not in str(ledger.steps(opened.run.run_id))


def test_what_a_property_of_another_channel_holds_is_no_transcript(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema(), now=EVENING)
    store.schema["Contact"]["notes"] = replace(store.schema["Contact"]["notes"], field_type="text")
    store.create(CONTACT, email="kim@example.com", notes="an old chat")
    store.create(CONTACT, email="lee@example.com", notes="an old chat")
    setup = configuration(
        section("Contact", row("notes", "digital", "Transcription Text"), row("notes", "voice", "Disposition Notes"))
    )
    opened = night(
        setup, store, ledger, tmp_path,
        interaction(1, disposition_notes="call back"),
        interaction(2, channel="digital", customer_email="lee@example.com"),
        interaction(3, channel="digital", transcript_ref="chat"),
        texts={"chat": "hello\nthere"},
    )  # fmt: skip
    [found] = opened.whole().truncation
    assert (found.transcripts, found.found_not_expected, found.format) == (1, 1, "single_line")
    assert (found.advice.kind, found.advice.holds) == ("text_area", ("transcript",))
