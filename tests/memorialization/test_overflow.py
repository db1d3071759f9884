"""A cut text is inside its limit in UTF-16 units and code points, marked, stable, and never inside a character."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.crm import Rendering
from memorialization.overflow import cut, cut_all
from memorialization.text import Measure

TEMPLATE = Rendering().transcript_template
TURNS = "\n".join(
    [
        "[2026-11-22 18:00:00] Kim: Hello",
        "[2026-11-22 18:00:05] Ada: Good evening.\nWhat can I do\nfor you?",
        "[2026-11-22 18:00:09] Kim: My bill",
    ]
)


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (len(TURNS) - 1, TURNS.split("\n[2026-11-22 18:00:09]")[0]),  # a turn of three lines stays whole
        (101, TURNS.split("\n[2026-11-22 18:00:09]")[0]),  # 96 units, a line break, four of the marker
        (100, "[2026-11-22 18:00:00] Kim: Hello"),  # one less: not a part of the second turn
        (37, "[2026-11-22 18:00:00] Kim: Hello"),
    ],
)
def test_the_cut_falls_between_two_turns(limit: int, kept: str) -> None:
    assert cut(TURNS, limit, "CUT.", TEMPLATE) == f"{kept}\nCUT."


def test_a_first_turn_that_is_too_long_is_cut_between_words() -> None:
    assert cut(TURNS, 36, "CUT.", TEMPLATE) == "[2026-11-22 18:00:00] Kim:\nCUT."
    assert cut("aaaa bbbb cccc dddd", 16, "CUT.", TEMPLATE) == "aaaa bbbb\nCUT."
    assert cut("aaaa\nbbbb cccc dddd", 16, "CUT.", TEMPLATE) == "aaaa\nbbbb\nCUT."


def test_where_even_the_marker_does_not_fit_nothing_is_delivered() -> None:
    assert cut(TURNS, 5, "CUT.", TEMPLATE) is None
    assert cut("😀😀😀😀", 6, "CUT.", TEMPLATE) is None  # one unit of room is half an emoji
    assert cut("😀😀😀😀", 7, "CUT.", TEMPLATE) == "😀\nCUT."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * 9 + "e\u0301" + "y" * 9, "x" * 9),  # e and its accent
        ("x" * 8 + "👍🏽" + "y" * 9, "x" * 8),  # a thumb and its tone
        ("x" * 7 + "👩\u200d👧" + "y" * 9, "x" * 7),  # a family is one
        ("x" * 8 + "🇩🇪" + "y" * 9, "x" * 8),  # a flag is two letters
        ("🇩🇪🇺🇸" + "🇫🇷" * 9, "🇩🇪🇺🇸"),
        ("x" * 9 + "1\ufe0f\u20e3" + "y" * 9, "x" * 9),  # a key cap
        ("x" * 9 + "\u1112\u1161\u11ab" + "y" * 9, "x" * 9),  # a syllable in parts
        ("x" * 9 + "क\u094dष" + "y" * 9, "x" * 9),  # a conjunct
        ("x" * 9 + "\r\n" + "y" * 9, "x" * 9),
        ("x" * 9 + "ää" + "y" * 9, "x" * 9 + "ä"),
    ],
)
def test_no_character_as_people_see_it_is_cut_in_two(text: str, kept: str) -> None:
    assert cut(text, 15, "CUT.", TEMPLATE) == f"{kept}\nCUT."


@pytest.mark.parametrize(
    ("template", "text", "kept"),
    [
        ("{name} ({time:%d.%m. %H:%M}): {text}", "Kim (22.11. 18:00): a\nb: c\nAda (22.11. 18:01): d", 3),
        ("{text}", "a: 1\nb: 2\nc: 3", 2),  # without a head, each line may be a turn
        ("{time:%Y-%m-%dT%H:%M:%S%z} {text}", "2026-11-22T18:00:00+0000 a\nb\n2026-11-22T18:00:09+0000 c", 2),
    ],
)
def test_turns_are_told_by_the_tenants_own_template(template: str, text: str, kept: int) -> None:
    lines = text.split("\n")
    expected = "\n".join(lines[: 2 if kept else 0])
    assert cut(text, len(text) - 1, "-", template) == f"{expected}\n-"


WORDS = st.text(st.sampled_from("ab \n:é😀🇩\u0301\u200d👍🏽각क\u094d"), max_size=60)


@given(st.lists(WORDS, min_size=1, max_size=6), st.integers(1, 120), st.booleans())
def test_whatever_is_cut_is_inside_the_limit_in_every_unit_and_a_beginning(
    said: list[str], limit: int, spoken: bool
) -> None:
    head = "[2026-11-22 18:00:00] Kim: " if spoken else ""
    text = "\n".join(head + words for words in said)
    form = cut(text, limit, "[cut]", TEMPLATE)
    if form is None:
        return
    assert len(form.encode("utf-16-le")) // 2 <= limit and len(form) <= limit
    kept, _, marker = form.rpartition("\n")
    assert marker == "[cut]" and text.startswith(kept) and kept == kept.rstrip() != ""
    form.encode()  # no lone surrogate
    assert form == cut(text, limit, "[cut]", TEMPLATE)


def test_only_what_is_too_long_is_cut_and_names_its_url() -> None:
    texts = pd.Series(["short", TURNS, TURNS, None, "y" * 70], index=[5, 3, 1, 0, 9], dtype="str")
    urls = pd.Series(["u", "https://cx/1", None, None, "https://a-very-long.example/" + "z" * 60], index=texts.index)
    forms = cut_all(texts, texts.str.len().gt(60), 60, urls.astype("str"), "CUT:", TEMPLATE, Measure())
    assert forms.index.tolist() == [5, 3, 1, 0, 9]
    assert forms.fillna("-").tolist() == [
        "short",
        "[2026-11-22 18:00:00] Kim: Hello\nCUT: https://cx/1",
        "[2026-11-22 18:00:00] Kim: Hello\nCUT:",
        "-",
        "y" * 70,  # no room beside its marker: it stays too long, and is withheld as that
    ]


@pytest.mark.parametrize(
    ("measure", "form"),
    [
        (Measure(), "ää\nCUT"),  # the unit is not settled: 8 bytes are sure to fit
        (Measure("bytes", settled=True), "ää\nCUT"),
        (Measure("utf16", settled=True), "ääää\nCUT"),
        (Measure("code_points", settled=True), "ääää\nCUT"),
    ],
)
def test_what_is_cut_fits_in_every_unit_until_one_is_settled(measure: Measure, form: str) -> None:
    texts, urls = pd.Series(["ä" * 9], dtype="str"), pd.Series([None], dtype="str")
    assert cut_all(texts, texts.notna(), 8, urls, "CUT", TEMPLATE, measure).tolist() == [form]
