"""What `memorialize doctor` says: a finding is a line that is well, or says what to do."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do about it (empty where all is well).

    warn: the next run will do its work all the same; fail: it will not, or must not.
    """

    check: str
    state: State
    said: str
    cure: str = ""
