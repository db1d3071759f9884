"""A slice of `make chaos`: three nights of seed 7, which between them meet most kinds of trouble."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.chaos.database import database
from tests.chaos.night import carried_out
from tests.chaos.plans import plan

pytestmark = [pytest.mark.slow, pytest.mark.nights]

SEED, NUMBERS = 7, (1, 2, 3)


def test_nights_under_trouble_end_as_the_oracle_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    met = set[str]()
    # PostgreSQL not below pytest's own folder, as in tests/conftest.py
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        os.chmod(folder, 0o755)
        with database(Path(folder)) as served:
            for number in NUMBERS:
                night = carried_out(plan(SEED, number), served, tmp_path_factory.mktemp(f"night-{number}"))
                assert night.wrong == {}, f"repeat it: make chaos SEED={SEED} NIGHT={number}"
                assert night.judgement.values > 300
                met |= {kind for kind, times in night.times.items() if times}
    assert len(met) >= 6, "troubles that did not come prove nothing"
