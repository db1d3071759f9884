"""What a tenant spells its own way, frozen; the defaults are the live system's, as far as known."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from memorialization.errors import ConfigurationError

_SAMPLE: Final = datetime(2026, 1, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CxoneOptions:
    """How to read CXone (cxone-api, sections 1.4, 3.2 and 4.3).

    total_includes_acw: whether totalDurationSeconds already holds after-call work; no source says, so a
        tenant must be looked at. It moves a voice leg's due moment, never its end.
    acw_grace_hours: after-call work counts as closed this long after the contact was warehoused.
    concurrency: digital cases read side by side; at 150 ms a call, 8 of them use two thirds of the hourly limit.
    transcript_template: one message: `time` (UTC), `name` and `text`; messages are joined by a line break.
    removed_text: stands for a message whose content CXone has removed; empty = such a message has no line.
    """

    total_includes_acw: bool = False
    acw_grace_hours: float = 24.0
    concurrency: int = 16
    transcript_template: str = "[{time:%Y-%m-%d %H:%M:%S}] {name}: {text}"
    removed_text: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.concurrency <= 32:
            raise ConfigurationError(f"concurrency must be 1 to 32, not {self.concurrency}")
        try:
            self.transcript_template.format(time=_SAMPLE, name="", text="")
        except (KeyError, IndexError, ValueError, AttributeError):
            raise ConfigurationError("transcript_template is unreadable: use {time:%H:%M}, {name} and {text}") from None


@dataclass(slots=True)
class Tally:
    """What a reading left out or had to assume, counted by reason; no reason holds a value of a row."""

    skipped: Counter[str] = field(default_factory=Counter)
    assumed: Counter[str] = field(default_factory=Counter)
