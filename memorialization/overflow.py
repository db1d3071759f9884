"""Cuts a text that is too long for its field so that what is left is readable, marked, and inside the limit.

The cut is a function of the text, the limit and the marker alone, so that two runs deliver the same form. It
falls between two turns of the conversation; only where the first turn alone is too long, between two lines, two
words or, last, two characters as people see them: never inside a grapheme or a surrogate pair. Where it is not
settled what HubSpot counts, what is left fits in every unit (`text.Measure`).
Source: memorialization reference, section 5; hubspot-api, section 3.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import pandas as pd
import regex

from memorialization.text import Measure, Unit, fitting, size

_TIME_CODES: Final = {
    "Y": r"\d{4}", "B": r"\w+", "b": r"\w+", "A": r"\w+", "a": r"\w+", "p": r"\w*", "f": r"\d{6}",
    "z": r"[+-]\d{4}", "Z": r"\w*",
}  # fmt: skip
_GRAPHEME: Final = regex.compile(r"\X")


def cut_all(
    texts: pd.Series,
    long: pd.Series,
    limit: int,
    urls: pd.Series,
    marker: str,
    template: str,
    measure: Measure,
    spelled: Callable[[str], str] = str,
) -> pd.Series:
    """`texts` (dtype str), those that are `long` shortened as `cut` does; `urls` are aligned, or missing.

    `spelled` gives what HubSpot is sent for a text, never less than the text: that is what fits into `limit`. A text
    that cannot be cut so far stays as it is, and so stays too long.
    """
    if not long.any():
        return texts
    forms = [
        _cut_as(text, limit, marker if pd.isna(url) else f"{marker} {url}", template, measure.strictest, spelled)
        or text
        for text, url in zip(texts[long], urls[long], strict=True)
    ]
    return pd.Series(forms, index=texts.index[long], dtype="str").reindex(texts.index).fillna(texts)


def _cut_as(text: str, limit: int, marker: str, template: str, unit: Unit, spelled: Callable[[str], str]) -> str | None:
    room = limit
    while (form := cut(text, room, marker, template, unit)) is not None:
        over = size(spelled(form), unit) - limit
        if over <= 0:
            return form
        room -= over
    return None


def cut(text: str, limit: int, marker: str, template: str, unit: Unit = "utf16") -> str | None:
    """The beginning of a text that does not fit into `limit`, then a line that is `marker`; None where nothing fits.

    `template` is the layout of one turn (`Rendering.transcript_template`), by which turns are told apart.
    """
    tail = f"\n{marker}"
    most = fitting(text, limit - size(tail, unit), unit)
    end = _between_turns(text, most, template) or _between_words(text, most) or _between_graphemes(text, most)
    kept = text[:end].rstrip()
    return kept + tail if kept else None


def part_end(text: str, most: int, template: str) -> int:
    """Where the first part of a longer text ends when at most `most` (> 0) characters fit and none may be left out.

    Between turns where possible; inside a character as people see it only where that alone is longer.
    """
    turn = _between_turns(text, most - 1, template)
    if turn:
        return turn
    space = _between_words(text, most - 1)  # which belongs to the part that it ends
    if space and _between_graphemes(text, space + 1) == space + 1:
        return space + 1
    return _between_graphemes(text, most) or most


def turns(text: str, template: str) -> list[int]:
    """Where the turns of a transcript begin, the first at 0 whatever stands there."""
    return sorted({0, *(turn.start() for turn in _turn(template).finditer(text))})


def _between_turns(text: str, most: int, template: str) -> int:
    """The last place up to `most` where a turn ends; 0 where even the first is longer."""
    # one more than fits: the line break between two turns is not kept
    return max((turn.start() for turn in _turn(template).finditer(text) if 0 < turn.start() <= most + 1), default=0)


def _between_words(text: str, most: int) -> int:
    """The last line break or, without one, space up to `most`; 0 where it would cost more than half of the room."""
    for spaces in ("\n", " "):
        found = text.rfind(spaces, 0, most + 1)
        if found > most // 2 and _between_graphemes(text, found) == found:
            return found
    return 0


def _between_graphemes(text: str, most: int) -> int:
    """The last place up to `most` where a character as people see it ends (Unicode, annex 29)."""
    if most >= len(text):
        return len(text)
    end = text.rfind("\n", 0, most) + 1  # one always ends after a line feed
    for grapheme in _GRAPHEME.finditer(text, end):
        if grapheme.end() > most:
            break
        end = grapheme.end()
    return end


@lru_cache(maxsize=16)
def _turn(template: str) -> re.Pattern[str]:
    """What a turn begins with: the template up to the text, at the beginning of a line."""
    head = template.split("{text", 1)[0]
    parts = re.split(r"(\{[^}]*\})", head)
    return re.compile("^" + "".join(_field(p) if p.startswith("{") else re.escape(p) for p in parts), re.MULTILINE)


def _field(placeholder: str) -> str:
    name, _, spelling = placeholder[1:-1].partition(":")
    if name == "time" and spelling:
        return re.sub(r"(?s)%(.)|(.)", _time_part, spelling)
    return r"[^\n]{1,200}?"  # no name is longer: a line of a million characters is not searched again and again


def _time_part(found: re.Match[str]) -> str:
    code, literal = found.groups()
    return _TIME_CODES.get(code, r"\d{1,3}") if code else re.escape(literal)
