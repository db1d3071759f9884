"""When somebody is told of a run: once for each trouble that is new, and once when it is over; never night by night.

What is so of one thing (the runs, the calls of the day, a quality suite ...) is a set of words; empty: it is well. A
word that was not there before is told, and so is a set that became empty. What a run cannot know stays as it was.
Messages hold counts, ids of runs and the product's own words, nothing of a customer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from memorialization import approval
from memorialization.errors import MemorializationError, QuotaExhausted
from memorialization.report.model import Report, RunFacts, Suite
from memorialization.report.quota import STOPPED

FAILED: Final = "failed"
STOPPED_ON_QUOTA: Final = "quota"
NOTHING_PULLED: Final = "nothing pulled"
APPROVAL: Final = "approval"
LATE: Final = "late"
QUALITY: Final = "quality"

_TITLES: Final = {
    FAILED: ("a run failed", "runs succeed again"),
    STOPPED_ON_QUOTA: ("a run stopped on quota", "the day's calls suffice again"),
    NOTHING_PULLED: ("nothing pulled on a working day", "interactions are pulled again"),
    APPROVAL: ("a plan waits for a person", "no wait for a person any more"),
    LATE: ("a report is late", "the late report is there"),
    QUALITY: ("a quality threshold is crossed", "quality is within its thresholds again"),
}
_MOST_OF_A_DAY: Final = timedelta(hours=20)
_NOON: Final = time(12)
_FRIDAY: Final = 4


@dataclass(frozen=True, slots=True)
class Sight:
    """How one thing is: `words` say what is wrong, `said` is a sentence about it, `cure` what to do where it is not
    well. `kind` is one of the kinds above; that of a quality suite has the suite's name behind it."""

    kind: str
    words: frozenset[str]
    said: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A message to people. `recovered`: good news."""

    kind: str
    recovered: bool
    said: str
    cure: str

    @property
    def title(self) -> str:
        return _TITLES[self.kind.split(" ")[0] if self.kind.startswith(QUALITY) else self.kind][self.recovered]


def decide(before: Mapping[str, frozenset[str]], sights: Sequence[Sight]) -> list[Alert]:
    """What to tell. `before`: kind -> the words that were so; a kind that is missing was well."""
    found = []
    for sight in sights:
        was = before.get(sight.kind, frozenset())
        if sight.words - was:
            found.append(Alert(sight.kind, False, sight.said, sight.cure))
        elif was and not sight.words:
            found.append(Alert(sight.kind, True, sight.said, ""))
    return found


def kept(before: Mapping[str, frozenset[str]], sights: Sequence[Sight], untold: frozenset[str]) -> list[Sight]:
    """The sights to remember: all that changed, but those of kinds that nobody could be told of: they come again."""
    return [s for s in sights if s.words != before.get(s.kind, frozenset()) and s.kind not in untold]


def message(name: str, alert: Alert, link: str) -> tuple[str, list[str]]:
    """(subject, paragraphs) of an alert about the configuration `name`: what is so, what to do, where to read on."""
    return f"Memorialize {name}: {alert.title}", [part for part in (alert.said, alert.cure, link) if part]


def seen(report: Report, timezone: str) -> list[Sight]:
    """What the report of a night tells. `timezone`: whose days are working days."""
    return [
        *_run(report),
        *_quota(report),
        *_pulled(report, timezone),
        *_suites(report),
        *_plan(report),
        _there(report),
    ]


def unopened(error: BaseException | None) -> Sight:
    """A run that ended before it had any data."""
    name = type(error).__name__ if error is not None else "unknown"
    said = str(error).rstrip(".") if isinstance(error, MemorializationError) else f"{name}; see the task's log"
    return Sight(
        FAILED, frozenset({name}), f"A run could not be opened: {said}.",
        "Mend what it names, then clear the task open_run. All else that a run needs: memorialize doctor",
    )  # fmt: skip


def unreported(start: datetime, end: datetime) -> Sight:
    """A run of the window [start, end) whose report could not be written."""
    return Sight(
        FAILED, frozenset({"unreported"}), f"The run of {_spelled(start, end)} left no report.",
        "See the log of the task report and clear that task; what was written is known in the ledger.",
    )  # fmt: skip


def late(run: str, deadline: str) -> Sight:
    """`run`: as Airflow names it; `deadline`: as in crm.yaml."""
    return Sight(
        LATE, frozenset({"late"}), f"Run {run} has no report {deadline} after it was queued.",
        "See which of its tasks is red, waits for a person (approve) or for a slot of a pool; then: memorialize doctor",
    )  # fmt: skip


def waiting(plan: approval.Plan, start: datetime, end: datetime, timeout: str) -> Sight:
    """A plan of the window [start, end) that a person must decide about within `timeout`, as in crm.yaml."""
    values = approval.amount(plan["counts"])
    return Sight(
        APPROVAL, frozenset({plan["plan_hash"]}),
        f"{values:,} values of the run of {_spelled(start, end)} wait for a person: {'; '.join(plan['exceeds'])}.",
        f"Approve or reject them at the task approve within {timeout}; without an answer nothing is written, and the "
        "interval stays open.",
    )  # fmt: skip


def _run(report: Report) -> Iterator[Sight]:
    failures, f = report.verdict.failures, report.funnel
    if not failures:
        said = f"The run of {_window(report.run)} is settled: {f.verified:,} of {f.planned:,} planned values are proven"
        yield Sight(FAILED, frozenset(), f"{said}.")
    elif words := frozenset(_kinds(report)):
        told = next((failure for failure in failures if not failure.startswith(STOPPED)), failures[0])
        others = f" (and {len(failures) - 1:,} more)" if len(failures) > 1 else ""
        yield Sight(
            FAILED, words,
            f"The run of {_window(report.run)} failed: {told.rstrip('.')}{others}; of {f.planned:,} planned "
            f"values {f.written:,} are written and {f.verified:,} proven.",
            f"Mend what the report names. The next nights take the days along as far as extraction.heal_days reaches, "
            f"or: memorialize run -c {report.run.configuration} --from {report.run.window_start} "
            f"--to {report.run.window_end}",
        )  # fmt: skip


def _kinds(report: Report) -> Iterator[str]:
    """Of the failures that are told of here; a stop on quota and a suite are things of their own, and so is a plan that
    waits, or that a person refused."""
    for step in report.steps:
        if step.state != "done":
            kind, told, _ = (step.error or "").partition(": ")
            if kind != QuotaExhausted.__name__:
                yield kind if told else "killed"
    unaccounted = report.funnel.unaccounted or any(addition.unaccounted for addition in report.additions)
    if unaccounted and not _stopped(report):
        yield "unaccounted"
    if report.funnel.imbalances():
        yield "unbalanced"
    if report.plan and report.plan.state == approval.EXPIRED:
        yield approval.EXPIRED


def _stopped(report: Report) -> bool:
    return any(failure.startswith(STOPPED) for failure in report.verdict.failures)


def _quota(report: Report) -> Iterator[Sight]:
    f = report.funnel
    if _stopped(report):
        held = report.reasons.get("held", {}).get("quota", 0)
        yield Sight(
            STOPPED_ON_QUOTA, frozenset({"stopped"}),
            f"The run of {_window(report.run)} stopped on quota: {f.written:,} values are written, {held:,} wait for "
            "calls.",
            "Nothing is lost: the first run after the account's midnight goes on. See in HubSpot which program uses "
            "the calls, or lower quota.reserve.",
        )  # fmt: skip
    elif not report.verdict.failures:
        said = f"The run of {_window(report.run)} had all the calls it needed, and wrote {f.written:,} values."
        yield Sight(STOPPED_ON_QUOTA, frozenset(), said)


def _pulled(report: Report, timezone: str) -> Iterator[Sight]:
    pulled, run = report.funnel.pulled, report.run
    if pulled:
        yield Sight(NOTHING_PULLED, frozenset(), f"{pulled:,} interactions were pulled for {_window(run)}.")
    elif _is_whole(report) and _works(
        datetime.fromisoformat(run.window_start), datetime.fromisoformat(run.window_end), ZoneInfo(timezone)
    ):
        yield Sight(
            NOTHING_PULLED, frozenset({"nothing"}),
            f"CXone told of 0 interactions that ended in {_window(run)}, a working day.",
            "See in CXone whether any did, and whether the access key's user may see them. After a holiday: nothing.",
        )  # fmt: skip


def _works(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether the window holds most of a day, and the noon of a Monday to Friday."""
    first = start.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range((end - start).days + 2)]
    noons = [datetime.combine(day, _NOON, zone) for day in days if day.weekday() <= _FRIDAY]
    return end - start >= _MOST_OF_A_DAY and any(start <= noon < end for noon in noons)


def _is_whole(report: Report) -> bool:
    """Whether every part was counted and judged; else one that failed may hide the rest."""
    return all(step.state == "done" for step in report.steps) and any(step.step == "prepare" for step in report.steps)


def _suites(report: Report) -> Iterator[Sight]:
    for suite in report.quality:
        kind = f"{QUALITY} {suite.suite}"
        share = f"{suite.failing:,} of {suite.rows:,} rows fail quality suite {suite.suite!r} in {_window(report.run)}"
        if suite.state == "ok":
            if suite.rows and _is_whole(report):
                yield Sight(kind, frozenset(), f"{share}, within its thresholds.")
            continue
        yield Sight(
            kind, frozenset({"warn", suite.state}), f"{share}, above {_threshold(suite)}.",
            "See which expectation fails, and for which interactions, in the report's section on quality.",
        )  # fmt: skip


def _threshold(suite: Suite) -> str:
    limit = suite.fail if suite.state == "fail" else suite.warn
    return f"quality.{suite.suite}.{suite.state} ({limit or 0:.1%})"


def _plan(report: Report) -> Iterator[Sight]:
    state = report.plan.state if report.plan else approval.NOT_NEEDED
    if state in (approval.MADE, approval.EXPIRED):  # it waits, or nobody answered
        return
    became = "needed no person" if state == approval.NOT_NEEDED else f"is {state}"
    said = f"The plan of the run of {_window(report.run)} {became}; {report.funnel.written:,} values are written."
    yield Sight(APPROVAL, frozenset(), said)


def _there(report: Report) -> Sight:
    return Sight(LATE, frozenset(), f"The report of the run of {_window(report.run)} is there.")


def _window(run: RunFacts) -> str:
    return _spelled(datetime.fromisoformat(run.window_start), datetime.fromisoformat(run.window_end))


def _spelled(start: datetime, end: datetime) -> str:
    return f"{start.astimezone(UTC):%Y-%m-%d %H:%M} to {end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
