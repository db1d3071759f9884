"""A transcript as the bodies of notes: nothing is lost, each body is within its limit in every unit.

A body begins with a line that names the interaction, the property that was too small and the part, so that a note
tells what it is without any register of ours. Put together in order, the parts are the transcript, its line breaks
as line feeds. Sizes are UTF-8 bytes of the html, of which a text has at least as many as of any other unit.
Source: hubspot-api, section 3 (notes are sanitised html of 65,536 characters at most).
"""

import re
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from memorialization.overflow import part_end
from memorialization.rendering import rich_text

SMALLEST_LIMIT: Final = 1_000
"""A note that may hold less than this many characters is of no use."""

_MOST_PARTS: Final = 99_999
_AHEAD: Final = 1_000  # characters beyond a part in which the head of the next turn is told
_HEAD: Final = re.compile(r"CXone transcript (\S+) \((\w+)\), part ([0-9]+) of [0-9]+(?:\n|$)")
_UNUSED: Final = "The transcript has become shorter: this part is not used any more."


class Told(NamedTuple):
    """What a note of ours says it is; `property`: the one that is too small for the transcript."""

    interaction_key: str
    property: str
    part: int


def bodies(text: str, interaction_key: str, name: str, limit: int, template: str) -> list[str]:
    """The whole of a transcript; `name`: the property that is too small for it; `limit` at least SMALLEST_LIMIT.

    Parts end between turns where possible, and inside a character as people see it only where that alone is longer.
    """
    text = re.sub("\r\n?", "\n", text)
    room = limit - len(_head(interaction_key, name, _MOST_PARTS, _MOST_PARTS).encode())
    sizes = np.concatenate(([0], np.cumsum(_sizes(text))))
    ends = [0]
    while ends[-1] < len(text):
        start = ends[-1]
        most = int(np.searchsorted(sizes, sizes[start] + room, side="right")) - 1 - start
        whole = start + most >= len(text)
        ends.append(len(text) if whole else start + part_end(text[start : start + most + _AHEAD], most, template))
    parts = [text[start:end] for start, end in pairwise(ends)]
    return [_head(interaction_key, name, i, len(parts)) + rich_text(part) for i, part in enumerate(parts, start=1)]


def unused(interaction_key: str, name: str, part: int, parts: int) -> str:
    """The body of a note whose part a shorter transcript does not have any more."""
    return _head(interaction_key, name, part, parts) + rich_text(_UNUSED)


def told(plain: str) -> Told | None:
    """What a note says it is, by the text content of its body (`canonical`, kind html); None if it is none of ours."""
    head = _HEAD.match(plain)
    return Told(head[1], head[2], int(head[3])) if head else None


def _head(interaction_key: str, name: str, part: int, parts: int) -> str:
    return f"<p>{rich_text(f'CXone transcript {interaction_key} ({name}), part {part} of {parts}')}</p>"


def _sizes(text: str) -> np.ndarray:
    """Bytes of each character in a body."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    sizes: np.ndarray = 1 + (codes > 0x7F).astype("int64") + (codes > 0x7FF) + (codes > 0xFFFF)
    for character, size in (("\n", len("<br>")), ("&", len("&amp;")), ("<", len("&lt;")), (">", len("&gt;"))):
        sizes[codes == ord(character)] = size
    return sizes
