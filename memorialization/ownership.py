"""Decides from a property's history whether a value that differs may be mended, stays a person's, or is newer.

A value is only ever planned if nothing later than the winning interaction stands behind what HubSpot holds:
neither a person's edit (it stays: `edited`) nor another interaction's write (it is newer: `superseded`).
Source: memorialization reference, section 7, "Latest wins" and "A person's edit".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from memorialization.compare import EDITED, SUPERSEDED, TRUNCATED
from memorialization.ports import Change


@dataclass(frozen=True, slots=True)
class Holder:
    """The newest interaction whose value was judged at a (record, property): equal or written."""

    end_time: datetime
    interaction_key: str
    value_hash: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that differs from what HubSpot holds."""

    verdict: str
    end_time: datetime
    interaction_key: str
    due_at: datetime
    current_hash: int


@dataclass(frozen=True, slots=True)
class Policy:
    """`integration_sources` and the time the live write may take after an interaction is due."""

    integration_sources: frozenset[str]
    live_write_grace: timedelta


def judge(candidate: Candidate, holder: Holder | None, changes: Sequence[Change], policy: Policy) -> str:
    """The candidate's own verdict if it may be mended, else `edited` or `superseded`.

    `changes` are newest first. Without any history nothing stands against the candidate.
    """
    if holder is not None:
        if (holder.end_time, holder.interaction_key) > (candidate.end_time, candidate.interaction_key):
            return SUPERSEDED
        if holder.value_hash == candidate.current_hash:
            return candidate.verdict  # what stands there is known, and not newer than the candidate
    if not changes:
        return candidate.verdict
    newest = changes[0]
    if newest.source_type not in policy.integration_sources:
        return EDITED if newest.at > candidate.due_at else candidate.verdict
    if candidate.verdict == TRUNCATED:
        return candidate.verdict  # the beginning of this very text: the interaction's own write, cut
    if newest.at > candidate.due_at + policy.live_write_grace:
        return SUPERSEDED
    return candidate.verdict
