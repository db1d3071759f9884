"""Every loss of a transcript is told, by its kind and its size; another spelling is none."""

import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.canonical import Kind
from memorialization.forensics import FIGURES, examine
from memorialization.rendering import rich
from memorialization.text import Measure, Unit, size

TEMPLATE = "[{time:%H:%M}] {name}: {text}"
CHAT = "[10:00] Kim: hello there\n[10:01] Lee: <b>bold</b> 😀 word\n[10:02] Kim: bye"
RICH = rich(pd.Series([CHAT], dtype="str"))[0]
LINE = CHAT.replace("\n", " ")


def examined(
    held: str | None,
    kind: Kind = "text",
    verdict: str = "drifted",
    *,
    whole: str | None = CHAT,
    delivered: str | None = None,
    measure: Measure | None = None,
) -> tuple[object, ...]:
    """`FIGURES` of one transcript."""
    texts = pd.DataFrame(
        {
            name: pd.Series([value], dtype="str")
            for name, value in {"whole": whole, "delivered": delivered or whole, "held": held}.items()
        }
    ).assign(verdict=verdict)
    return tuple(examine(texts, kind, TEMPLATE, measure or Measure()).loc[0, FIGURES])


@pytest.mark.parametrize(
    ("held", "kind", "verdict", "figures"),
    [
        (CHAT, "text", "equal", ("whole", 0, "", 0, 0, 0)),
        (CHAT.replace("\n", "\r\n") + " \n", "text", "drifted", ("whole", 0, "", 0, 0, 0)),
        (CHAT, "text", "withheld", ("whole", 0, "", 0, 0, 0)),  # HubSpot holds more than it would take from us
        (None, "text", "missing", ("empty", 0, "", 74, 3, 12)),
        (CHAT[:20], "text", "truncated", ("cut", 20, "", 54, 3, 9)),  # within a word of the first turn
        (CHAT[:24], "text", "truncated", ("cut", 24, "", 50, 2, 8)),  # between two turns
        (CHAT[: CHAT.index("b>")], "text", "truncated", ("cut", 39, "html tag", 35, 2, 6)),
        (CHAT[: CHAT.index("😀")] + "?", "text", "truncated", ("cut", 50, "surrogate pair", 24, 2, 5)),
        (CHAT[: CHAT.index("😀")] + "\ufffd", "text", "withheld", ("cut", 50, "surrogate pair", 24, 2, 5)),
        (LINE, "text", "drifted", ("flattened", 0, "", 0, 0, 0)),
        (LINE, "line", "equal", ("flattened", 0, "", 0, 0, 0)),
        (LINE[:24], "line", "truncated", ("cut", 24, "", 50, 2, 8)),
        (RICH, "html", "equal", ("whole", 0, "", 0, 0, 0)),
        (f"<div>{RICH[:60]}</div>", "html", "truncated", ("cut", 48, "", 26, 2, 6)),
        (RICH[: RICH.index("br>")], "html", "truncated", ("cut", 24, "html tag", 50, 2, 8)),
        (RICH[: RICH.index("lt;") + 1], "html", "drifted", ("cut", 38, "html entity", 36, 2, 6)),
        ("something else", "text", "drifted", ("altered", 0, "", 0, 0, 0)),
        (CHAT.replace("Lee", "L\u202eee\x00"), "text", "drifted", ("altered", 0, "", 0, 0, 0)),
        (CHAT[:20], "text", "edited", ("cut", 20, "", 54, 3, 9)),
        (None, "text", "unreadable", ("unreadable", 0, "", 0, 0, 0)),
        ("of an older chat", "text", "not_expected", ("not_expected", 0, "", 0, 0, 0)),
    ],
)
def test_a_loss_is_told_by_kind_and_size(
    held: str | None, kind: Kind, verdict: str, figures: tuple[object, ...]
) -> None:
    assert examined(held, kind, verdict, whole=RICH if kind == "html" else CHAT) == figures


def test_what_the_row_cuts_is_shortened_and_of_that_form_a_part_is_cut() -> None:
    form = CHAT[:24] + "\n[cut]"
    assert examined(form, verdict="equal", delivered=form)[0] == "shortened"
    assert examined(form[:26], delivered=form)[:2] == ("cut", 26)


def test_a_question_mark_of_the_customer_is_no_half_of_an_emoji() -> None:
    assert examined("really?", whole="really? 😀")[:3] == ("cut", 7, "")
    assert examined("a < b", whole="a < b > c")[:3] == ("cut", 5, "")


@pytest.mark.parametrize(("unit", "lost"), [("code_points", 2), ("utf16", 4), ("bytes", 8)])
def test_characters_are_lost_in_the_unit_of_the_account(unit: Unit, lost: int) -> None:
    figures = examined("ä", whole="ä😀😀", measure=Measure(unit=unit, settled=True))
    assert (figures[0], figures[1], figures[3]) == ("cut", size("ä", unit), lost)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(0, 60))
def test_any_beginning_is_whole_cut_or_empty_and_nothing_is_lost_twice(text: str, end: int) -> None:
    whole = "x" + text.rstrip() + "z"
    finding, at, _, characters, turns, words = examined(whole[: min(end, len(whole))], whole=whole)
    assert finding in ("whole", "cut", "empty")
    if finding == "cut":
        assert 0 < int(str(at)) < size(whole, "utf16")
    assert (int(str(characters)) > 0) == (int(str(words)) > 0) == (int(str(turns)) > 0) == (finding != "whole")


@pytest.mark.parametrize(
    "text",
    ["x" * 1_000_000, "x " * 500_000 + "end", " " * 1_000_000 + "end", "<" * 1_000_000, "[10:00] a: b\n" * 400_000],
)
@pytest.mark.parametrize("kind", ["text", "line", "html"])
def test_texts_without_end_take_no_time_to_speak_of(text: str, kind: Kind) -> None:
    began = time.process_time()
    assert examined(text[: len(text) // 2], kind, whole=text)[0] in ("cut", "empty")
    assert time.process_time() - began < 8
