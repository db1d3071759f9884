"""A write of ours and its undo are looked through; anything else is not."""

from datetime import UTC, datetime

import pytest

from memorialization.ports import Change
from memorialization.undone import before

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
