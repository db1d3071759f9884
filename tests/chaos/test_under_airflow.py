"""Airflow loses its scheduler, a task and its database, and every night ends as it should."""

from pathlib import Path

import pytest

from tests.chaos.under_airflow import nights

pytestmark = [pytest.mark.slow, pytest.mark.nights]


def test_three_nights_that_lose_a_part_of_airflow(tmp_path: Path) -> None:
    found = nights(tmp_path, lambda night: None)
    assert [night["wrong"] for night in found] == [{}, {}, {}]
    assert all(night["values"] > 100 for night in found)
    assert [night["tries"] >= 2 for night in found[:2]] == [True, True], "what was killed was begun again"
