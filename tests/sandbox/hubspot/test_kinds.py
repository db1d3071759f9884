from __future__ import annotations

import pytest

from sandbox.hubspot.kinds import default_association, inverse_association


@pytest.mark.parametrize(
    ("ends", "type_id", "inverse"),
    [
        (("0-5", "0-1"), 16, 15),
        (("0-1", "0-2"), 279, 280),
        (("0-1", "0-2"), 1, 2),
        (("0-5", "0-2"), 26, 25),
        (("0-48", "0-5"), 220, 219),
    ],
)
def test_an_association_has_a_type_id_at_each_end(ends: tuple[str, str], type_id: int, inverse: int) -> None:
    assert inverse_association(*ends, type_id) == inverse


def test_custom_pairs_have_ids_of_their_own() -> None:
    ids = {
        default_association("2-100", "0-1"),
        default_association("0-1", "2-100"),
        default_association("2-101", "0-1"),
    }
    assert len(ids) == 3
