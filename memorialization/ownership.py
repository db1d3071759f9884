"""Decides from a property's history whether a value that differs may be mended, stays a person's, or is newer.

A value is only ever planned if nothing later than the winning interaction stands behind what HubSpot holds:
neither a person's edit (it stays: `edited`) nor another interaction's write (it is newer: `superseded`).
Where the row says `ownership: pipeline`, persons' changes are looked through as if they had not been made; a newer
interaction still wins.
Source: memorialization reference, section 7, "Latest wins" and "A person's edit".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pandas as pd

from memorialization.compare import EDITED, SUPERSEDED, TRUNCATED
from memorialization.ports import Change
from memorialization.rendering import parse

_TOGETHER: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Holder:
    """The newest interaction whose value was judged at a (record, property).

    `written`: the value got there by a write of ours, so it is known whose it is; else it was found equal,
    and a newer interaction may have written the very same.
    """

    end_time: datetime
    interaction_key: str
    value_hash: int
    written: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that differs from what HubSpot holds; `current_hash` is of the newest change that counts.

    `desired_hash` can only equal it where persons' changes do not count: one stands between the two.
    """

    verdict: str
    end_time: datetime
    interaction_key: str
    due_at: datetime
    current_hash: int
    desired_hash: int


@dataclass(frozen=True, slots=True)
class Policy:
    """`integration_sources` and the time the live write may take after an interaction is due."""

    integration_sources: frozenset[str]
    live_write_grace: timedelta


def by_integrations(changes: Sequence[Change], policy: Policy) -> list[Change]:
    """The changes that no person made, newest first: those that count under `ownership: pipeline`."""
    return [change for change in changes if change.source_type in policy.integration_sources]


def judge(
    candidate: Candidate,
    holder: Holder | None,
    changes: Sequence[Change],
    policy: Policy,
    *,
    writer_end: datetime | None = None,
) -> str:
    """The candidate's own verdict if it may be mended, else `edited` or `superseded`.

    `changes` are newest first, only those that count; without any history nothing stands against the candidate.
    `writer_end` is the leg end of the interaction that made the newest change, where the record itself tells it
    (`writer_end_at`); where it does not, the time of the change has to do.
    """
    mine = (candidate.end_time, candidate.interaction_key)
    if holder is not None and (holder.end_time, holder.interaction_key) > mine:
        return SUPERSEDED
    if not changes:
        return candidate.verdict
    if candidate.desired_hash == candidate.current_hash:
        return candidate.verdict  # back to what an integration wrote last, whosever it is
    newest = changes[0]
    if newest.source_type not in policy.integration_sources:
        return EDITED if newest.at > candidate.due_at else candidate.verdict
    if writer_end is not None:
        return SUPERSEDED if writer_end > candidate.end_time else candidate.verdict
    if candidate.verdict == TRUNCATED or _is_ours(candidate, holder, changes):
        return candidate.verdict  # the beginning of this very text: the interaction's own write, cut
    if newest.at > candidate.due_at + policy.live_write_grace:
        return SUPERSEDED
    return candidate.verdict


def writer_end_at(moment: datetime, end_times: Sequence[Change]) -> datetime | None:
    """Whose write stood on a record at `moment`: the leg end that its End Time property held then.

    `end_times` is that property's history, newest first. All values of one interaction are written together,
    so End Time changes with them; None where it says nothing.
    """
    for change in end_times:
        if change.at <= moment + _TOGETHER:
            when = parse(pd.Series([change.value], dtype="str"))[0]
            return None if pd.isna(when) else when.to_pydatetime()
    return None


def _is_ours(candidate: Candidate, holder: Holder | None, changes: Sequence[Change]) -> bool:
    """Whether HubSpot's value is known to come from a write of ours for the holder, not newer than the candidate.

    A value that was set more than once may have come back by somebody else's write.
    """
    if holder is None or not holder.written or holder.value_hash != candidate.current_hash:
        return False
    return sum(change.value == changes[0].value for change in changes) == 1
