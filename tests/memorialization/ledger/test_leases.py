"""Leases as several processes meet them: one at a time per window, side by side beyond it, and an end to silence."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from memorialization.errors import LeaseHeld, LeaseLost
from memorialization.ledger import Ledger

pytestmark = pytest.mark.slow

ZERO = datetime(2026, 11, 22, 2, tzinfo=UTC)


def at(hours: float) -> datetime:
    return ZERO + timedelta(hours=hours)


def take(
    ledger: Ledger, start: float, end: float, *, holder: str = "someone", own: bool = False, of: str = "acme"
) -> str:
    run_id = str(uuid4())
    ledger.take_lease(of, at(start), at(end), run_id, holder, own=own)
    return run_id


def silent(ledger: Ledger, run_id: str) -> None:
    """As if the run had given no sign of life for the length of a lease."""
    past = "update leases set expires_at = clock_timestamp() where run_id = cast(:run_id as uuid)"
    assert ledger.carry_out({"leases": past}, run_id=run_id) == {"leases": 1}


def test_a_window_that_overlaps_waits_and_names_the_other_run(ledger: Ledger) -> None:
    run_id = take(ledger, 0, 24, holder="Airflow run scheduled__1")
    for start, end in ((0, 24), (-5, 1), (23, 50), (5, 6), (-9, 99)):
        with pytest.raises(LeaseHeld) as raised:
            take(ledger, start, end)
        told = str(raised.value)
        assert told.startswith(
            f"run {run_id} of acme (Airflow run scheduled__1) works 2026-11-22 02:00 to 2026-11-23 02:00 UTC"
        )
        assert re.search(r"if it was killed, after \d\d:\d\d:\d\d UTC$", told)
    assert LeaseHeld.retry


def test_windows_that_only_touch_and_other_configurations_go_side_by_side(ledger: Ledger) -> None:
    runs = [take(ledger, 0, 24), take(ledger, 24, 48), take(ledger, -24, 0), take(ledger, 0, 24, of="beta")]
    for run_id in runs:
        ledger.renew_lease(run_id)


def test_of_many_who_ask_at_once_one_gets_it(ledger: Ledger) -> None:
    def ask(number: int) -> bool:
        try:
            take(ledger, number % 3, 24)
        except LeaseHeld:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(24))) == 1


def test_a_killed_holder_is_followed_when_its_lease_ran_out_and_can_write_no_more(ledger: Ledger) -> None:
    killed = take(ledger, 0, 24)
    silent(ledger, killed)
    heir = take(ledger, 12, 36)
    with pytest.raises(LeaseLost, match=f"run {killed} was silent for more than 15 minutes"):
        ledger.renew_lease(killed)
    ledger.renew_lease(heir)
    ledger.release_lease(killed)
    with pytest.raises(LeaseHeld):
        take(ledger, 12, 36)


def test_who_was_silent_goes_on_where_nobody_came(ledger: Ledger) -> None:
    run_id = take(ledger, 0, 24)
    silent(ledger, run_id)
    take(ledger, 24, 48)
    ledger.renew_lease(run_id)
    with pytest.raises(LeaseHeld):
        take(ledger, 0, 24)


def test_what_is_released_is_free_at_once_and_its_own_run_may_take_it_up_again(ledger: Ledger) -> None:
    run_id = take(ledger, 0, 24)
    ledger.release_lease(run_id)
    ledger.renew_lease(run_id)  # a task that is cleared after the run has ended
    ledger.release_lease(run_id)
    take(ledger, 0, 24)
    with pytest.raises(LeaseLost):
        ledger.renew_lease(run_id)
    with pytest.raises(LeaseHeld):
        ledger.take_lease("acme", at(0), at(24), run_id, "apply")


def test_a_second_try_of_an_airflow_run_takes_over_what_its_first_had(ledger: Ledger) -> None:
    first = take(ledger, 0, 24, holder="Airflow run manual__1", own=True)
    second = take(ledger, 0, 24, holder="Airflow run manual__1", own=True)
    with pytest.raises(LeaseLost):
        ledger.renew_lease(first)
    ledger.renew_lease(second)
    with pytest.raises(LeaseHeld):
        take(ledger, 0, 24, holder="Airflow run manual__2", own=True)
    with pytest.raises(LeaseHeld):
        take(ledger, 0, 24, holder="Airflow run manual__1")


def test_a_run_without_a_lease_has_lost_it(ledger: Ledger) -> None:
    with pytest.raises(LeaseLost):
        ledger.renew_lease(str(uuid4()))
    assert not LeaseLost.retry
