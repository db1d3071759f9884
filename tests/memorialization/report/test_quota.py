import pandas as pd
import pytest

from memorialization.report.quota import not_sent, quota, short, stop, stopped

ENDED = {"error": "QuotaExhausted", "message": "HubSpot's calls of this day are used up (none is left)."}
CHANGES = pd.DataFrame({"record": ["1", "1", "2"], "property": ["a", "b", "a"]})


def _step(name, state, **summary):
    return {"step": name, "partition": "Ticket/0", "state": state, "summary": summary}


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (_step("apply", "failed", **ENDED), ENDED["message"]),
        (_step("apply", "done", stopped_by="QuotaExhausted: none is left."), "none is left."),
        (_step("apply", "done", stopped_by="AuthenticationError: no."), None),
        (_step("apply", "done", stopped_by=None), None),
        (_step("apply", "failed", error="PermissionMissing", message="no"), None),
        ({"step": "apply", "partition": "Ticket/0", "state": "running", "summary": None}, None),
    ],
)
def test_a_step_that_the_days_calls_ended(step, told):
    assert stopped(step) == told


def test_the_first_stop_is_told():
    assert stop([_step("gate", "done"), _step("apply", "failed", **ENDED)]) == ENDED["message"]
    assert stop([_step("gate", "done")]) is None


def test_of_a_stopped_run_a_bucket_never_begun_or_ended_at_once_was_not_sent():
    assert not_sent(CHANGES, None, None).tolist() == [True, True, True]
    assert not_sent(CHANGES, None, _step("apply", "failed", **ENDED)).tolist() == [True, True, True]


def test_a_bucket_that_failed_for_another_reason_is_not_excused():
    failed = _step("apply", "failed", error="PermissionMissing", message="no")
    assert not_sent(CHANGES, None, failed).tolist() == [False, False, False]


def test_of_a_bucket_stopped_in_the_middle_the_unanswered_values_were_not_sent():
    receipts = CHANGES.assign(outcome=["written", "rejected", "unaccounted"])
    ended = _step("apply", "done", stopped_by="QuotaExhausted: none is left.")
    assert not_sent(CHANGES, receipts, ended).tolist() == [False, False, True]
    assert not_sent(CHANGES, receipts, _step("apply", "done", stopped_by=None)).tolist() == [False, False, False]


@pytest.mark.parametrize(
    ("needed", "limit", "remaining", "reserve", "missing"),
    [
        (100, 1_000, 350, 0.25, 0),
        (101, 1_000, 350, 0.25, 1),
        (100, 1_000, 100, 0.25, 100),
        (100, 1_000, 100, 0.0, 0),
    ],
)
def test_calls_that_are_missing_with_the_reserve_left_alone(needed, limit, remaining, reserve, missing):
    assert short(needed, limit, remaining, reserve) == missing


def test_the_forecast_is_three_calls_for_each_hundred_records_of_what_is_planned():
    changes = pd.DataFrame({
        "entity": ["Ticket"] * 101 + ["Contact"] * 3,
        "record": [str(n) for n in range(101)] + ["1", "1", "2"],
        "held": [""] * 100 + ["quota"] + ["", "", "observe"],
    })  # fmt: skip
    steps = [
        _step("prepare", "done", daily=[1_000, 700]),
        _step("reconcile", "done", daily=[1_000, 258]),
        _step("gate", "done"),
        _step("apply", "done", daily=[1_000, 250]),
    ]
    found = quota(steps, changes, 0.25)
    assert (found.needed, found.remaining, found.short) == (9, 258, 1)
    assert quota(steps[2:], changes, 0.25) is None
