"""A write of ours and its undo are looked through; anything else is not."""

from datetime import UTC, datetime

import pytest

from memorialization.ports import Change
from memorialization.undone import REVERT, before

HASHES = {"": 0, "live": 1, "ours": 2, "by hand": 3}


def history(*values: str) -> list[Change]:
    """Newest first."""
    return [Change(value, datetime(2026, 11, 20, tzinfo=UTC), "INTEGRATION", "x") for value in values]


@pytest.mark.parametrize(
    ("values", "pairs", "left"),
    [
        (("live", "ours", "live"), [(2, 1)], ("live",)),
        (("", "ours"), [(2, 0)], ()),
        (("", "ours", "", "ours"), [(2, 0), (2, 0)], ()),
        (("by hand", "", "ours"), [(2, 0)], ("by hand", "", "ours")),  # changed since: nothing is looked through
        (("live", "by hand", "ours"), [(2, 1)], ("live", "by hand", "ours")),
        (("live",), [(2, 1)], ("live",)),
        ((), [(2, 1)], ()),
        (("live", "ours"), [], ("live", "ours")),
    ],
)
def test_only_an_undo_on_top_of_what_it_undid_is_looked_through(
    values: tuple[str, ...], pairs: list[tuple[int, int]], left: tuple[str, ...]
) -> None:
    assert [c.value for c in before(history(*values), pairs, HASHES.__getitem__)] == list(left)


@pytest.mark.parametrize(
    ("values", "sources"),
    [
        (("live", "ours", "live"), [REVERT, "INTEGRATION", "INTEGRATION"]),
        (("", "ours"), [REVERT, "INTEGRATION"]),
        (("by hand", "live", "ours", "live"), ["INTEGRATION"] * 4),  # changed since
        (("live", "ours"), ["INTEGRATION"] * 2),  # another value than before: no undo
        (("live",), ["INTEGRATION"]),
    ],
)
def test_what_looks_like_an_undo_that_another_key_hashed_counts_as_a_persons(
    values: tuple[str, ...], sources: list[str]
) -> None:
    undone = [(8 << 48, 9 << 48)]
    left = before(history(*values), undone, lambda value: HASHES[value] and HASHES[value] + (7 << 48))
    assert [c.value for c in left] == list(values) and [c.source_type for c in left] == sources
