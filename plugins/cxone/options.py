"""What a tenant spells its own way, frozen; the defaults are the live system's, as far as known."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from memorialization.errors import ConfigurationError

_SAMPLE: Final = datetime(2026, 1, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CxoneOptions:
    """How to read CXone (cxone-api, sections 1.4, 3.2 and 4.3).

    total_includes_acw: whether totalDurationSeconds already holds after-call work; no source says, so a
    tenant
        must be looked at. It moves a voice leg's due moment, never its end.
    acw_grace_hours: after-call work counts as closed this long after the contact was warehoused.
    contact_id: which id a digital leg's Contact ID is: the case number, or the GUID (null on old cases).
    agent_id: which id Agent ID is: the ACD's number, or the user's UUID. Interaction keys keep the number.
    concurrency: digital cases read side by side.
    transcript_template: one message: `time` (UTC), `name` and `text`; messages are joined by a line break.
    removed_text: stands for a message whose content CXone has removed; empty = such a message has no line.
    """

    total_includes_acw: bool = False
    acw_grace_hours: float = 24.0
    contact_id: Literal["number", "guid"] = "number"
    agent_id: Literal["number", "uuid"] = "number"
    concurrency: int = 8
    transcript_template: str = "[{time:%Y-%m-%d %H:%M:%S}] {name}: {text}"
    removed_text: str = "[removed]"

    def __post_init__(self) -> None:
        if self.contact_id not in ("number", "guid"):
            raise ConfigurationError(f"contact_id must be number or guid, not {self.contact_id!r}")
        if self.agent_id not in ("number", "uuid"):
            raise ConfigurationError(f"agent_id must be number or uuid, not {self.agent_id!r}")
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
