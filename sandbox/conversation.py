"""The messages of a case and its transcript: recomputed from the case alone whenever they are asked for.

A message never changes; only what the API shows of it (shortened, removed) is decided here once.
"""

import random
from dataclasses import dataclass
from functools import lru_cache

from sandbox.catalogue import Agent
from sandbox.interactions import DigitalCase
from sandbox.texts import passage
from sandbox.times import SECOND, moment

MAX_MESSAGES = 120
SHORTENED_AT = 2000
GIANT_EVERY = 400
"""Every so many cases have a transcript of more than 70,000 characters."""


@dataclass(frozen=True, slots=True)
class Message:
    """`kind` TEXT or another messageContent type (then `text` is the fallbackText, perhaps empty).

    `removed`: withdrawn for GDPR, no text any more. `legacy`: the text sits in messageContent.text.
    """

    message_id: str
    at: int
    author: Agent | None
    kind: str
    text: str
    removed: bool
    legacy: bool

    @property
    def shortened(self) -> bool:
        return len(self.text) > SHORTENED_AT


@lru_cache(maxsize=512)
def messages(case: DigitalCase) -> tuple[Message, ...]:
    """All messages of the case, oldest first."""
    rng = random.Random(case.case_id)
    length = int(rng.lognormvariate(6.38, 0.93))
    if int(case.case_id) % GIANT_EVERY == 7:
        length = 72_000 + int(rng.random() * 15_000)
    spans = [
        (leg.start, leg.end or leg.start + 600 * SECOND, leg.agent) for leg in case.legs if not leg.agent.is_survey
    ]
    usual = 3000 if case.channel.platform == "email" else 110
    count = max(len(spans) + 1, min(MAX_MESSAGES, 2 + length // usual))
    share = max(10, length // count)
    found = [_message(case, rng, 0, case.created, None, share)]
    per_span = -(-(count - 1) // max(1, len(spans)))
    for start, end, agent in spans:
        step = max(1, (end - start) // (per_span + 1))
        for turn in range(per_span):
            author = agent if turn % 2 == 0 else None
            found.append(_message(case, rng, len(found), start + (turn + 1) * step, author, share))
    return tuple(found)


def _message(case: DigitalCase, rng: random.Random, n: int, at: int, author: Agent | None, share: int) -> Message:
    kind, text = "TEXT", passage(rng, case.skill.language, int(share * (0.4 + 1.2 * rng.random())))
    draw = rng.random()
    if draw < 0.02:
        kind = ("QUICK_REPLIES", "PLUGIN", "RICH_LINK", "LIST_PICKER", "ADAPTIVE_CARD")[n % 5]
        text = "" if draw < 0.004 else "Auswahl: Ja / Nein" if case.skill.language == "de" else "Choose: yes / no"
    return Message(
        message_id=f"{case.case_id}-{n}",
        at=at,
        author=author,
        kind=kind,
        text=text,
        removed=0.02 <= draw < 0.023,
        legacy=0.023 <= draw < 0.04,
    )


def transcript(case: DigitalCase, until: int) -> str:
    """The live system's layout: `[YYYY-MM-DD HH:MM:SS] Name: text`, one line per message up to `until`.

    A message without text (removed, or another type without fallbackText) has no line.
    """
    customer = case.customer_name
    lines = [
        f"[{moment(m.at).isoformat(' ')[:19]}] {m.author.name if m.author else customer}: {m.text}"
        for m in messages(case)
        if m.at <= until and m.text and not m.removed
    ]
    return "\n".join(lines)


def utf16_units(text: str) -> int:
    """HubSpot's unit of length."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def utf16_cut(text: str, units: int) -> str:
    """The first `units` UTF-16 units; a pair that the cut would split goes as a whole."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")
