"""What became of each transcript in HubSpot, and what of it is lost; texts come in, only figures and names go out.

Both sides are brought to canonical form first (line ends, trailing blanks, html as it is seen), so that no loss is
told that is only another spelling. Whole columns are compared; only of texts that differ is each looked at by itself.
Source: memorialization reference, section 5; hubspot-api, section 3, "Truncation check algorithm".
"""

from typing import Final

import pandas as pd

from memorialization.canonical import Kind, canonical, unfinished_tag
from memorialization.compare import EQUAL, NOT_EXPECTED, UNREADABLE
from memorialization.overflow import turns
from memorialization.text import Measure, kept_of

WHOLE: Final = "whole"
SHORTENED: Final = "shortened"
CUT: Final = "cut"
EMPTY: Final = "empty"
ALTERED: Final = "altered"
FLATTENED: Final = "flattened"

FIGURES: Final = ["finding", "cut_at", "cut_inside", "characters_lost", "turns_lost", "words_lost"]

_ENTITY: Final = 10  # characters of the longest entity in use

_Loss = tuple[str, str, str | None]  # finding, cut_inside, what is kept; None: nothing is known to be lost


def examine(texts: pd.DataFrame, kind: Kind, template: str, measure: Measure) -> pd.DataFrame:
    """`FIGURES` of each transcript, by the index of `texts`.

    `texts`: whole, delivered (less than the whole where the row cuts it, missing where it is too long), held (str);
    verdict. `kind`: how the values compare; `template`: the layout of one turn.
    finding: whole, shortened (as its row cuts it), cut (its beginning is held), empty, altered, flattened (its line
    breaks alone are lost), not_expected (CXone has none, HubSpot holds one), unreadable.
    cut_at: characters of the canonical form that a cut one keeps, in `measure`'s unit, else 0; cut_inside: "surrogate
    pair", "html tag", "html entity" or "". Lost characters are in the same unit; lost turns and words are those of
    which anything is missing.
    """
    found = pd.DataFrame(
        {"finding": WHOLE, "cut_at": 0, "cut_inside": "", "characters_lost": 0, "turns_lost": 0, "words_lost": 0},
        index=texts.index,
    )
    for verdict in (NOT_EXPECTED, UNREADABLE):
        found.loc[texts["verdict"].eq(verdict), "finding"] = verdict
    # what is the same byte for byte is whole, whatever its canonical form
    same = texts["verdict"].eq(EQUAL) & texts["held"].eq(texts["whole"]) & texts["held"].eq(texts["delivered"])
    looked = texts[~texts["verdict"].isin([NOT_EXPECTED, UNREADABLE]) & ~same]
    if looked.empty:
        return found
    whole, delivered, held = (canonical(looked[c], kind, ()).fillna("") for c in ("whole", "delivered", "held"))
    equal = looked["verdict"].eq(EQUAL)
    shortened = held.eq(delivered) & held.ne(whole) & delivered.ne("")
    found.loc[looked.index[shortened], "finding"] = SHORTENED
    flat = equal & looked["whole"].str.contains("\n").eq(True) & ~looked["held"].str.contains("\n").eq(True)
    if kind == "line":
        found.loc[looked.index[flat & ~shortened], "finding"] = FLATTENED
    differing = looked.index[~equal & held.ne(whole) & ~shortened]
    if differing.empty:
        return found
    losses = [
        _loss(*forms) for forms in zip(
            whole[differing], delivered[differing], held[differing],
            looked["held"][differing] if kind == "html" else [None] * len(differing), strict=True,
        )
    ]  # fmt: skip
    lined = looked["whole"] if kind == "line" else whole  # there turns are lines
    kept = pd.Series([keeps or "" for *_, keeps in losses], index=differing, dtype="str")
    known = pd.Series([keeps is not None for *_, keeps in losses], index=differing)
    room = measure.lengths(kept)
    words = [_words(text, keeps) for text, keeps in zip(whole[differing], kept, strict=True)]
    lost_turns = [
        _turns_beyond(t, n, template) if k else 0 for t, n, k in zip(lined[differing], words, known, strict=True)
    ]
    lost_words = [len(t.split()) - n if k else 0 for t, n, k in zip(whole[differing], words, known, strict=True)]
    found.loc[differing, FIGURES] = pd.DataFrame(
        {
            "finding": [finding for finding, *_ in losses],
            "cut_at": room.where([finding == CUT for finding, *_ in losses], 0),
            "cut_inside": [inside for _, inside, _ in losses],
            "characters_lost": (measure.lengths(whole[differing]) - room).where(known, 0),
            "turns_lost": lost_turns,
            "words_lost": lost_words,
        },
        index=differing,
    )
    return found


def _loss(whole: str, delivered: str, held: str, rich: str | None) -> _Loss:
    """Of one text that HubSpot holds otherwise; `rich` is what it holds as html, where it is html."""
    if not held:
        return EMPTY, "", ""
    for form in (whole, delivered):
        kept = kept_of(form, held)
        if kept is not None:
            return CUT, _inside(form, kept, held, rich), form[:kept]
    if rich is not None and (entity := held.rfind("&", -_ENTITY)) >= 0 and whole.startswith(held[:entity]):
        return CUT, "html entity", whole[:entity]
    if held.count("\n") < whole.count("\n") and held.split() == whole.split():
        return FLATTENED, "", None
    return ALTERED, "", None


def _inside(whole: str, kept: int, held: str, rich: str | None) -> str:
    """What the cut after `kept` characters of `whole` falls into, if into anything."""
    if kept < len(held):
        return "surrogate pair"
    if rich is not None:
        return "html tag" if unfinished_tag(rich) < len(rich) else ""
    tag = unfinished_tag(whole[:kept])
    if tag == kept or not (whole[tag + 1].isalpha() or whole[tag + 1] == "/"):
        return ""
    closed, opened = whole.find(">", kept), whole.find("<", kept)
    return "html tag" if closed >= 0 and not 0 <= opened < closed else ""


def _words(whole: str, kept: str) -> int:
    """How many words of `whole` its beginning `kept` has in whole."""
    broken = kept and not kept[-1].isspace() and whole[len(kept) : len(kept) + 1].strip()
    return len(kept.split()) - bool(broken)


def _turns_beyond(text: str, words: int, template: str) -> int:
    """Turns of `text` that are not wholly among its first `words` words."""
    starts = turns(text, template)
    held = lost = 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        held += len(text[start:end].split())
        lost += held > words
    return lost
