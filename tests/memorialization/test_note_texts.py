"""Put together, the parts are the whole; each is within its limit in every unit, and says what it is."""

import html
import re
import time

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from memorialization.canonical import canonical
from memorialization.crm import Rendering
from memorialization.note_texts import Told, bodies, told, unused

TEMPLATE = Rendering().transcript_template
TURN = "[2026-11-22 18:00:00] Kim: "
HEAD = re.compile(r"<p>CXone transcript d:1:0:1 \(verlauf\), part (\d+) of (\d+)</p>")


def parts(text: str, limit: int) -> list[str]:
    """The parts of a transcript, as a reader of the notes sees them; their order and number are checked."""
    made = bodies(text, "d:1:0:1", "verlauf", limit, TEMPLATE)
    heads = [HEAD.match(body) for body in made]
    assert [(int(h[1]), int(h[2])) for h in heads if h] == [(i, len(made)) for i in range(1, len(made) + 1)]
    assert max(len(body.encode()) for body in made) <= limit
    return [
        html.unescape(body[head.end() :].replace("<br>", "\n")) for body, head in zip(made, heads, strict=True) if head
    ]


def plain(body: str) -> str:
    return str(canonical(pd.Series([body], dtype="str"), "html", ())[0])


def test_what_fits_is_one_note_of_escaped_text() -> None:
    (body,) = bodies("Kim: <b>5 > 3</b> & ü\r\nAda: &amp;", "d:1:0:1", "verlauf", 1_000, TEMPLATE)
    assert body == (
        "<p>CXone transcript d:1:0:1 (verlauf), part 1 of 1</p>"
        "Kim: &lt;b&gt;5 &gt; 3&lt;/b&gt; &amp; ü<br>Ada: &amp;amp;"
    )


def test_parts_end_between_turns() -> None:
    turns = [f"{TURN}{'wort ' * 60}\nund noch eine Zeile\n" for _ in range(8)]
    found = parts("".join(turns), 1_000)
    assert found == ["".join(turns[i : i + 2]) for i in range(0, 8, 2)]  # two turns of 352 characters fit, three do not


def test_a_turn_that_is_too_long_ends_after_a_word_and_a_text_without_words_between_characters() -> None:
    first, *_ = parts(TURN + "wort " * 500, 1_000)
    assert first.endswith("wort ") and len(first) > 900
    flag = "🇩🇪"
    assert all(part == flag * (len(part) // 2) for part in parts(flag * 500, 1_000))


WORDS = st.text(st.sampled_from("ab \n\r:<>&é😀🇩\u0301\u200d👍🏽각क\u094d\x00"), max_size=400)


@given(st.lists(WORDS, min_size=1, max_size=12), st.integers(1_000, 1_300), st.booleans())
def test_whatever_is_said_nothing_is_lost(said: list[str], limit: int, spoken: bool) -> None:
    text = "\n".join((TURN if spoken else "") + words for words in said) or "a"
    assert "".join(parts(text, limit)) == text.replace("\r\n", "\n").replace("\r", "\n")


def test_a_single_character_that_is_longer_than_a_note_is_not_lost() -> None:
    text = "a" + "\u0301" * 5_000
    assert "".join(parts(text, 1_000)) == text


def test_five_megabytes_take_seconds_at_most() -> None:
    started = time.monotonic()
    assert "".join(parts("x" * 5_000_000, 65_536)) == "x" * 5_000_000
    assert time.monotonic() - started < 20  # on a busy machine; 1.3 s on a quiet one


def test_a_note_says_what_it_is_also_when_its_html_was_rewritten() -> None:
    (body,) = bodies("Kim: hi\nAda: ho", "d:1:0:1", "verlauf", 1_000, TEMPLATE)
    expected = Told("d:1:0:1", "verlauf", 1)
    assert told(plain(body)) == expected
    rewritten = f'<div style="x">\n{body.replace("<br>", "<br />")} </div>'
    assert (told(plain(rewritten)), plain(rewritten)) == (expected, plain(body))
    assert told(plain(unused("d:1:0:1", "verlauf", 3, 2))) == Told("d:1:0:1", "verlauf", 3)
    assert told("Call back. CXone transcript d:1:0:1 (verlauf), part 1 of 1") is None
