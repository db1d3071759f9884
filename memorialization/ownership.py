"""Decides from a property's history whether a value that differs may be mended, stays a person's, or is newer.

A value is only ever planned if nothing later than the winning interaction stands behind what HubSpot holds:
neither a person's edit (it stays: `edited`) nor another interaction's write (it is newer: `superseded`).
Where the row says `ownership: pipeline`, persons' changes are looked through as if they had not been made; a newer
interaction still wins.
Source: memorialization reference, section 7, "Latest wins" and "A person's edit".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from memorialization.compare import EDITED, SUPERSEDED, TRUNCATED
from memorialization.hashing import comparable
from memorialization.ports import Change
from memorialization.rendering import instant

_TOGETHER: Final = timedelta(seconds=1)
_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Holder:
    """The newest interaction whose value was judged at a (record, property).

    `written`: the value got there by a write of ours, so it is known whose it is; else it was found equal,
    and a newer interaction may have written the very same. `times`: how often it then stood in the history.
    """

    end_time: datetime
    interaction_key: str
    value_hash: int
    written: bool
    times: int


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
    return [change for change in changes if _made_by_integration(change, policy)]


def judge(
    candidate: Candidate,
    holder: Holder | None,
    changes: Sequence[Change],
    policy: Policy,
    *,
    ends: Sequence[Change] = (),
    known_until: datetime = _EVER,
) -> str:
    """The candidate's own verdict if it may be mended, else `edited` or `superseded`.

    `changes` are newest first, only those that count; without any history nothing stands against the candidate.
    `ends` is the history of the record's End Time, where every section that writes the value writes it too: then
    no interaction newer than it has written here. Of interactions that ended later than `known_until` nobody has
    looked whether they say the same: such a write leaves no history.
    """
    mine = (candidate.end_time, candidate.interaction_key)
    if holder is not None and (holder.end_time, holder.interaction_key) > mine:
        return SUPERSEDED
    if changes and candidate.desired_hash == candidate.current_hash:
        return candidate.verdict  # back to what an integration wrote last, whosever it is
    if changes and not _made_by_integration(changes[0], policy):
        if changes[0].at > candidate.due_at:
            return EDITED
        changes = by_integrations(changes, policy)  # an earlier edit may lie upon a newer interaction's value
    if not changes:
        return candidate.verdict
    latest = end_time_at(_EVER, ends, policy)
    if latest is not None and latest > max(candidate.end_time, known_until):
        return SUPERSEDED
    if _is_ours(candidate.current_hash, holder, changes):
        return candidate.verdict
    newest_end = end_time_at(changes[0].at, ends, policy)
    if newest_end is not None:
        return SUPERSEDED if newest_end > candidate.end_time else candidate.verdict
    if candidate.verdict == TRUNCATED:
        return candidate.verdict  # the beginning of this very text: the interaction's own write, cut
    if changes[0].at > candidate.due_at + policy.live_write_grace:
        return SUPERSEDED
    return candidate.verdict


def end_time_at(moment: datetime, ends: Sequence[Change], policy: Policy) -> datetime | None:
    """The End Time that an integration had last written to a record at `moment`; None where nothing tells it.

    All values of one interaction are written together, so whoever wrote at that moment ended then, or earlier.
    """
    for change in ends:
        if change.at - _TOGETHER <= moment:
            if not _made_by_integration(change, policy):
                return None  # a person's edit stays, and hides the End Times of the writes after it
            return instant(change.value)
    return None


def _made_by_integration(change: Change, policy: Policy) -> bool:
    return change.source_type in policy.integration_sources


def writer(
    changes: Sequence[Change], current_hash: int, holder: Holder | None, policy: Policy
) -> Literal["live", "us", "person", "unknown"]:
    """Who wrote the value that stands, by its whole history (newest first): we, a person, the live system (any other
    integration), or nobody who can be told. `current_hash` is of that value in canonical form."""
    if not changes:
        return "unknown"
    if not _made_by_integration(changes[0], policy):
        return "person"
    if holder is not None and holder.written and not comparable(holder.value_hash, current_hash):
        return "unknown"
    return "us" if _is_ours(current_hash, holder, changes) else "live"


def _is_ours(current_hash: int, holder: Holder | None, changes: Sequence[Change]) -> bool:
    """Whether HubSpot's value is known to come from a write of ours for the holder, not newer than the candidate.

    A value that stands in the history more often than after our write came back by somebody else's. A hash of another
    key tells nothing, and what is not known to be ours is written over less often.
    """
    if holder is None or not holder.written or holder.value_hash != current_hash:
        return False
    return sum(change.value == changes[0].value for change in changes) == holder.times
