import pytest

from app.cron import is_cron


@pytest.mark.parametrize("schedule", ["0 2 * * *", "*/15 * * * *", "30 1,13 * * mon-fri", "0 0 29 2 *", " 0 2 * * * "])
def test_five_fields_that_come(schedule: str) -> None:
    assert is_cron(schedule)


@pytest.mark.parametrize(
    "schedule",
    ["", "nightly", "@daily", "0 2 * *", "0 2 * * * *", "99 2 * * *", "0 2 31 2 *", "H H * * *", "a b c d e"],
)
def test_what_is_no_cron_or_never_comes(schedule: str) -> None:
    assert not is_cron(schedule)
