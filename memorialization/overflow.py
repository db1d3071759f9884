"""Cuts a text that is too long for its field so that what is left is readable, marked, and inside the limit.

The cut is a function of the text, the limit and the marker alone, so that two runs deliver the same form. It
falls between two turns of the conversation; only where the first turn alone is too long, between two lines, two
words or, last, two characters as people see them: never inside a grapheme or a surrogate pair. Lengths are
UTF-16 units, of which a text has at least as many as code points (`text`).
Source: memorialization reference, section 5; hubspot-api, section 3.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import pandas as pd

from memorialization.text import utf16_length

_TIME_CODES: Final = {
    "Y": r"\d{4}", "B": r"\w+", "b": r"\w+", "A": r"\w+", "a": r"\w+", "p": r"\w*", "f": r"\d{6}",
    "z": r"[+-]\d{4}", "Z": r"\w*",
}  # fmt: skip
_REGIONAL: Final = range(0x1F1E6, 0x1F200)
_JOINS_BEFORE: Final = (  # what is no mark by category, and yet belongs to what stands before it
    range(0x0E33, 0x0E34), range(0x0EB3, 0x0EB4),  # Thai and Lao am
    range(0x1160, 0x1200), range(0xD7B0, 0xD800),  # Hangul vowels and finals
    range(0xFF9E, 0xFFA0),  # halfwidth voicing marks
    range(0x1F3FB, 0x1F400),  # skin tones
)  # fmt: skip
_JOINS_AFTER: Final = (  # what belongs to what follows it
    range(0x0D4E, 0x0D4F), range(0x111C2, 0x111C4), range(0x1193F, 0x11942), range(0x11A3A, 0x11A3B),
    range(0x11A84, 0x11A8A), range(0x11D46, 0x11D47), range(0x11F02, 0x11F03),  # prepended Indic letters
    range(0x1100, 0x1160), range(0xA960, 0xA980),  # Hangul initials
)  # fmt: skip
_HANGUL_SYLLABLES: Final = range(0xAC00, 0xD7A4)


def cut_all(texts: pd.Series, limit: int, urls: pd.Series, marker: str, template: str) -> pd.Series:
    """`texts` (dtype str), those over `limit` shortened as `cut` does; `urls` are aligned, or missing.

    A text that cannot be cut to the limit stays as it is, and so stays too long.
    """
    long = utf16_length(texts).gt(limit)
    if not long.any():
        return texts
    forms = [
        cut(text, limit, marker if pd.isna(url) else f"{marker} {url}", template) or text
        for text, url in zip(texts[long], urls[long], strict=True)
    ]
    return pd.Series(forms, index=texts.index[long], dtype="str").reindex(texts.index).fillna(texts)


def cut(text: str, limit: int, marker: str, template: str) -> str | None:
    """The beginning of a text that is longer than `limit`, then a line that is `marker`; None where nothing fits.

    `template` is the layout of one turn (`Rendering.transcript_template`), by which turns are told apart.
    """
    tail = f"\n{marker}"
    room = limit - _units(tail)
    most = len(text.encode("utf-16-le")[: max(room, 0) * 2].decode("utf-16-le", errors="ignore"))
    end = _between_turns(text, most, template) or _between_words(text, most) or _between_graphemes(text, most)
    kept = text[:end].rstrip()
    return kept + tail if kept else None


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _between_turns(text: str, most: int, template: str) -> int:
    """The last place up to `most` where a turn ends; 0 where even the first is longer."""
    # one more than fits: the line break between two turns is not kept
    return max((turn.start() for turn in _turn(template).finditer(text) if 0 < turn.start() <= most + 1), default=0)


def _between_words(text: str, most: int) -> int:
    """The last line break or, without one, space up to `most`; 0 where it would cost more than half of the room."""
    for spaces in ("\n", " "):
        found = text.rfind(spaces, 0, most + 1)
        if found > most // 2 and _may_part(text, found):
            return found
    return 0


def _between_graphemes(text: str, most: int) -> int:
    while 0 < most < len(text) and not _may_part(text, most):
        most -= 1
    return most


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
    return r"[^\n]+?"


def _time_part(found: re.Match[str]) -> str:
    code, literal = found.groups()
    return _TIME_CODES.get(code, r"\d{1,3}") if code else re.escape(literal)


def _may_part(text: str, at: int) -> bool:
    """Whether a grapheme surely ends before position `at`: where in doubt it does not (Unicode, annex 29)."""
    if at >= len(text):
        return True
    before, after = ord(text[at - 1]), ord(text[at])
    mark = unicodedata.category(text[at])[0] == "M" or unicodedata.category(text[at]) == "Cf"
    if mark or any(after in r for r in _JOINS_BEFORE) or (before, after) == (0x0D, 0x0A):
        return False
    if unicodedata.category(text[at - 1]) == "Cf" or any(before in r for r in _JOINS_AFTER):
        return False
    if unicodedata.category(text[at - 1])[0] == "M" and unicodedata.category(text[at]) == "Lo":
        return False  # a virama may join two consonants
    if before in _REGIONAL and after in _REGIONAL:  # flags are pairs of letters
        start = at
        while start and ord(text[start - 1]) in _REGIONAL:
            start -= 1
        return (at - start) % 2 == 0
    return not (before in _HANGUL_SYLLABLES and 0x1160 <= after < 0x1200)
