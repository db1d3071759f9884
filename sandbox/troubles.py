"""What can befall a day's live writes beside the everyday losses: one agent's, one skill's, or an outage of the CRM.

Of the agent's and of the skill's writes four in five are lost, of those in the outage all.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final, Literal

from sandbox.interactions import DigitalCase, Fate, VoiceLeg
from sandbox.times import HOUR, midnight

Trouble = Literal["agent", "skill", "outage"]

OUTAGE: Final = (14 * HOUR, 16 * HOUR)
"""After midnight UTC, when most work is done; the end not included."""
_SPARED: Final = 5


def befall(trouble: Trouble, day: date, legs: list[VoiceLeg], cases: list[DigitalCase]) -> None:
    """Changes the fates in both lists: of the agent or skill with most due legs, or of all that was due then."""
    struck = _Struck(trouble, day, legs, cases)
    for i, leg in enumerate(legs):
        if leg.due and leg.agent and leg.fate:
            legs[i] = replace(leg, fate=struck.fate(leg.fate, leg.due, leg.agent.agent_id, leg.skill.skill_id))
    for i, case in enumerate(cases):
        parts = [
            replace(part, fate=struck.fate(part.fate, part.due, part.agent.agent_id, case.skill.skill_id))
            if part.due and part.fate
            else part
            for part in case.legs
        ]
        cases[i] = replace(case, legs=tuple(parts))


class _Struck:
    def __init__(self, trouble: Trouble, day: date, legs: list[VoiceLeg], cases: list[DigitalCase]) -> None:
        self._trouble, self._midnight, self._seen = trouble, midnight(day), 0
        agents = [leg.agent.agent_id for leg in legs if leg.due and leg.agent]
        agents += [part.agent.agent_id for case in cases for part in case.legs if part.due]
        skills = [leg.skill.skill_id for leg in legs if leg.due]
        self._agent, self._skill = _most(agents), _most(skills)

    def fate(self, fate: Fate, due: int, agent: int, skill: int) -> Fate:
        if self._trouble == "outage":
            lost = OUTAGE[0] <= due - self._midnight < OUTAGE[1]
        else:
            its_own = agent == self._agent if self._trouble == "agent" else skill == self._skill
            self._seen += its_own
            lost = its_own and self._seen % _SPARED != 0
        return replace(fate, write=f"lost:{self._trouble}", written_at=None, lost_field=None) if lost else fate


def _most(ids: Iterable[int]) -> int | None:
    counted = sorted(Counter(ids).items(), key=lambda pair: (-pair[1], pair[0]))
    return counted[0][0] if counted else None
