"""People are told once of each trouble that is new, and once when it is over; what they read is right."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.alerts import Alert, Sight, decide, kept, late, message, seen, unopened, unreported, waiting
from memorialization.errors import AuthenticationError
from memorialization.report.model import Funnel, PlanApproval, Report, Step, Suite, Verdict

SAMPLE = Report.model_validate_json((Path(__file__).parent / "report/report.json").read_text(encoding="utf-8"))
START, END = datetime(2026, 11, 22, 2, tzinfo=UTC), datetime(2026, 11, 23, 2, tzinfo=UTC)
NIGHT = "2026-11-22 02:00 to 2026-11-23 02:00 UTC"
DONE = tuple(Step(step=s, partition="all", state="done", seconds=1.0, error=None) for s in ("extract", "prepare"))
KINDS = ("failed", "quota", "quality stored")


# ---- when

SIGHTS = st.builds(
    lambda kind, words: Sight(kind, words, "so it is"), st.sampled_from(KINDS), st.frozensets(st.sampled_from("abc"))
)
NIGHTS = st.lists(st.lists(SIGHTS, unique_by=lambda sight: sight.kind), max_size=12)


def told_over(nights: list[list[Sight]], deaf: frozenset[int] = frozenset()) -> list[list[Alert]]:
    """The alerts of each night; in the `deaf` ones nobody could be told."""
    before: dict[str, frozenset[str]] = {}
    found = []
    for number, sights in enumerate(nights):
        alerts = decide(before, sights)
        untold = frozenset(alert.kind for alert in alerts) if number in deaf else frozenset()
        before |= {sight.kind: sight.words for sight in kept(before, sights, untold)}
        found.append(alerts)
    return found


@given(NIGHTS)
def test_a_night_like_the_one_before_tells_nothing(nights: list[list[Sight]]) -> None:
    twice = [night for night in nights for _ in range(2)]
    assert all(alerts == [] for alerts in told_over(twice)[1::2])


@given(NIGHTS)
def test_trouble_is_told_when_it_comes_and_when_it_is_over_and_nothing_between(nights: list[list[Sight]]) -> None:
    for kind in KINDS:
        words = [sight.words for night in nights for sight in night if sight.kind == kind]
        told = [alert.recovered for alerts in told_over(nights) for alert in alerts if alert.kind == kind]
        assert all(not (first and second) for first, second in pairwise(told)), "well again twice"
        assert told[:1] != [True], "well again, and it was never ill"
        assert bool(told) == any(words)
        if words:
            assert (told[-1:] == [True]) == (any(words) and not words[-1]), "the last word is how it is"


@given(NIGHTS, st.frozensets(st.integers(0, 11)))
def test_what_reached_nobody_is_told_again_by_the_next_night_like_it(
    nights: list[list[Sight]], deaf: frozenset[int]
) -> None:
    twice = [night for night in nights for _ in range(2)]
    told = told_over(twice, frozenset(2 * number for number in deaf))
    for number in range(len(nights)):
        assert told[2 * number + 1] == (told[2 * number] if number in deaf else [])


def test_only_a_kind_of_failure_that_is_new_is_told() -> None:
    nights = [frozenset("a"), frozenset("a"), frozenset("ab"), frozenset("b"), frozenset(), frozenset()]
    told = told_over([[Sight("failed", words, "so")] for words in nights])
    assert [[alert.recovered for alert in alerts] for alerts in told] == [[False], [], [False], [], [True], []]


# ---- what


def report(**changes: Any) -> Report:
    return SAMPLE.model_copy(update={"steps": DONE, "quality": ()} | changes)


def failed(*failures: str, steps: tuple[Step, ...] = DONE, **changes: Any) -> Report:
    verdict = Verdict(state="failed", sentence="Not settled.", failures=failures)
    return report(verdict=verdict, steps=steps, **changes)


def broken(step: str, error: str) -> Step:
    return Step(step=step, partition="Contact/0", state="failed", seconds=1.0, error=error)


def words(found: Report, timezone: str = "UTC") -> dict[str, set[str]]:
    return {sight.kind: set(sight.words) for sight in seen(found, timezone)}


WELL: dict[str, set[str]] = {"failed": set(), "quota": set(), "nothing pulled": set(), "approval": set(), "late": set()}


def test_a_good_night_is_well_in_every_regard() -> None:
    assert words(report()) == WELL
    said = {sight.kind: sight.said for sight in seen(report(), "UTC")}
    assert said["failed"] == f"The run of {NIGHT} is settled: 1,176 of 1,176 planned values are proven."


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (failed("x", steps=(*DONE, broken("cards", "ServiceUnavailable: away"))), {"ServiceUnavailable"}),
        (failed("x", steps=(*DONE, broken("cards", "ended without a word (killed?)"))), {"killed"}),
        (failed("x", funnel=Funnel(planned=2, missing=2, values=2, unaccounted=2)), {"unaccounted"}),
        (failed("x", funnel=Funnel(pulled=1)), {"unbalanced"}),
    ],
)
def test_a_failure_is_known_by_its_kind(found: Report, expected: set[str]) -> None:
    assert words(found)["failed"] == expected


def test_a_stop_on_quota_is_no_failure_of_its_own_and_says_what_waits() -> None:
    stopped = failed(
        "stopped on quota: none is left.",
        steps=(*DONE, broken("apply", "QuotaExhausted: none is left.")),
        funnel=Funnel(pulled=3, provisional=3, values=5, missing=5, held=4, planned=1, written=1, verified=1),
        reasons={"held": {"quota": 4}},
    )
    assert {kind: found for kind, found in words(stopped).items() if kind in ("failed", "quota")} == {
        "quota": {"stopped"}
    }
    (sight,) = (s for s in seen(stopped, "UTC") if s.kind == "quota")
    assert sight.said == f"The run of {NIGHT} stopped on quota: 1 values are written, 4 wait for calls."


def window(start: str, end: str) -> dict[str, Any]:
    return {"run": SAMPLE.run.model_copy(update={"window_start": start, "window_end": end})}


@pytest.mark.parametrize(
    ("start", "end", "zone", "told"),
    [
        ("2026-11-23T02:00:00+00:00", "2026-11-24T02:00:00+00:00", "UTC", True),  # a Monday
        ("2026-11-22T02:00:00+00:00", "2026-11-23T02:00:00+00:00", "UTC", False),  # a Sunday
        ("2026-11-23T02:00:00+00:00", "2026-11-23T14:00:00+00:00", "UTC", False),  # half a Monday
        ("2026-11-22T18:00:00+00:00", "2026-11-23T18:00:00+00:00", "Asia/Tokyo", True),  # noon of Monday in Tokyo
        ("2026-11-20T18:00:00+00:00", "2026-11-21T18:00:00+00:00", "Asia/Tokyo", False),  # a Saturday there
        ("2026-10-25T01:00:00+00:00", "2026-10-26T00:00:00+00:00", "Europe/Berlin", False),  # a Sunday
        ("2026-11-21T02:00:00+00:00", "2026-11-24T02:00:00+00:00", "UTC", True),  # a weekend and a Monday
    ],
)
def test_nothing_pulled_is_told_of_working_days_alone(start: str, end: str, zone: str, told: bool) -> None:
    found = words(report(funnel=Funnel(), **window(start, end)), zone)
    assert found.get("nothing pulled") == ({"nothing"} if told else None)


@pytest.mark.parametrize("step", ["extract", "prepare"])
def test_a_run_that_could_not_look_does_not_say_that_nothing_was_there(step: str) -> None:
    monday = window("2026-11-23T02:00:00+00:00", "2026-11-24T02:00:00+00:00")
    lame = failed("x", steps=(broken(step, "ServiceUnavailable: away"),), funnel=Funnel(), **monday)
    assert "nothing pulled" not in words(lame)
    assert "nothing pulled" not in words(failed("x", steps=DONE[:1], funnel=Funnel(), **monday))


def suite(state: str, failing: int) -> Suite:
    return Suite(
        suite="stored", about="whole", rows=100, failing=failing, warn=0.01, fail=0.05, state=state, interaction_keys=()
    )


def test_a_threshold_is_told_when_it_is_crossed_and_again_when_the_higher_one_is() -> None:
    nights = [report(quality=(suite(state, n),)) for state, n in (("warn", 2), ("fail", 7), ("warn", 2), ("ok", 1))]
    told = told_over([[s for s in seen(night, "UTC") if s.kind == "quality stored"] for night in nights])
    assert [[alert.said for alert in alerts] for alerts in told] == [
        [f"2 of 100 rows fail quality suite 'stored' in {NIGHT}, above quality.stored.warn (1.0%)."],
        [f"7 of 100 rows fail quality suite 'stored' in {NIGHT}, above quality.stored.fail (5.0%)."],
        [],
        [f"1 of 100 rows fail quality suite 'stored' in {NIGHT}, within its thresholds."],
    ]
    assert told[3][0].title == "quality is within its thresholds again"


def plan(state: str) -> PlanApproval:
    return PlanApproval(
        state=state, plan_hash="ab12", values=9, overwrites=9, creates=0, records=9, comparable=9, exceeds=("x",),
        expires_at="2026-11-24T02:00:00+00:00", decided_by=None, decided_at=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "waits", "failure"),
    [
        ("approved", set(), None),
        ("applied", set(), None),
        ("not_needed", set(), None),
        ("refused", set(), None),  # a person knows
        ("made", None, None),  # waiting goes on
        ("expired", None, {"expired"}),
    ],
)
def test_a_wait_for_a_person_ends_with_an_answer(state: str, waits: set[str] | None, failure: set[str] | None) -> None:
    undone = state in ("refused", "made", "expired")
    found = words(failed("the plan ...", plan=plan(state)) if undone else report(plan=plan(state)))
    assert found.get("approval") == waits
    assert found.get("failed") == (failure if undone else set())


def test_a_plan_that_waits_says_how_much_why_and_how_long() -> None:
    row = {
        "plan_hash": "ab12", "counts": {"values": 6000, "notes": 0, "mended": 0},
        "exceeds": ["6,000 overwritten values, max_overwrites is 5,000"],
    }  # fmt: skip
    sight = waiting(row, START, END, "6h")
    assert decide({"approval": frozenset({"ab12"})}, [sight]) == []
    (alert,) = decide({"approval": frozenset({"of another night"})}, [sight])
    assert message("acme", alert, "https://airflow.example.com/x") == (
        "Memorialize acme: a plan waits for a person",
        [
            f"6,000 values of the run of {NIGHT} wait for a person: 6,000 overwritten values, max_overwrites is 5,000.",
            "Approve or reject them at the task approve within 6h; without an answer nothing is written, and the "
            "interval stays open.",
            "https://airflow.example.com/x",
        ],
    )


def test_a_run_without_a_report_is_told_and_the_next_good_one_ends_it() -> None:
    first = unopened(AuthenticationError("HubSpot refused the token (401)."))
    assert first.said == "A run could not be opened: HubSpot refused the token (401)."
    nights = [[first], [unopened(AuthenticationError("again."))], [unreported(START, END)], seen(report(), "UTC")]
    told = told_over(nights)
    assert [[alert.title for alert in alerts] for alerts in told] == [
        ["a run failed"], [], ["a run failed"], ["runs succeed again"],
    ]  # fmt: skip


def test_an_error_that_is_not_ours_may_hold_anything_and_is_named_alone() -> None:
    assert unopened(KeyError("anna@example.com")).said == "A run could not be opened: KeyError; see the task's log."
    assert unopened(None).words == {"unknown"}


def test_a_late_report_is_told_until_it_is_there() -> None:
    told = told_over([[late("scheduled__1", "8h")], [late("scheduled__2", "8h")], seen(report(), "UTC")])
    assert [[(alert.title, alert.said) for alert in alerts] for alerts in told] == [
        [("a report is late", "Run scheduled__1 has no report 8h after it was queued.")],
        [],
        [("the late report is there", f"The report of the run of {NIGHT} is there.")],
    ]


def test_windows_are_told_in_utc() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert NIGHT in unreported(START.astimezone(berlin), END.astimezone(berlin)).said
