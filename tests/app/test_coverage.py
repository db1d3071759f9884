"""An outage of days leaves no hole, and says so; what is too old stays in sight with the command that heals it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import runner
from app.coverage import coverage
from app.settings import settings
from memorialization.configuration import Configuration, load
from memorialization.errors import RequestRefused
from memorialization.intake import window
from memorialization.ledger import Ledger
from tests.app.command import memorialize
from tests.app.world import World

pytestmark = pytest.mark.slow


def at(day: int, hour: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture
def acme(project: Path) -> Configuration:
    """Adopted, each night at 2:00 in Berlin, where the clocks change on 25 October."""
    loaded = load(project / "include/mappings", "acme")
    crm = loaded.crm.model_copy(update={"schedule": "0 2 * * *", "timezone": "Europe/Berlin"})
    return loaded.model_copy(update={"crm": crm})


def number(n: int) -> str:
    return f"019ab000-0000-7000-8000-{n:012d}"


def worked(ledger: Ledger, n: int, start: datetime, end: datetime, **facts: Any) -> None:
    ledger.open_run(
        {
            "run_id": number(n), "configuration": "acme", "dag_run_id": None, "try_number": 1, "window_start": start,
            "window_end": end, "mode": "adopted", "dry_run": False, "mapping_hash": "h", "staging": "s", **facts,
        }
    )  # fmt: skip


def test_days_of_23_24_and_25_hours_are_days_each_with_what_is_known_of_it(ledger: Ledger, acme: Configuration) -> None:
    ticks = [at(22, 0, 10), at(23, 0, 10), at(24, 0, 10), at(25, 1, 10), at(26, 1, 10), at(27, 1, 10), at(28, 1, 10)]
    worked(ledger, 1, ticks[0], ticks[1])
    ledger.cover("acme", ticks[0], ticks[1], number(1), "an older one")
    ledger.cover("acme", ticks[1], ticks[2], number(1), acme.mapping_hash)
    worked(ledger, 2, ticks[2], ticks[3])  # 25 hours; it was killed
    worked(ledger, 3, ticks[3], ticks[4], dry_run=True)  # was never to cover anything
    worked(ledger, 4, ticks[4], ticks[5])
    ledger.take_lease("acme", ticks[4], ticks[5], number(4), "someone")
    found = coverage(acme, ledger, at(28, 12, 10), at(20, 0, 10))
    assert [(d.day, d.state, d.older_mapping) for d in found.days] == [
        ("2026-10-22", "covered", True),
        ("2026-10-23", "covered", False),
        ("2026-10-24", "failed", False),
        ("2026-10-25", "gap", False),
        ("2026-10-26", "running", False),
        ("2026-10-27", "gap", False),
    ]
    assert found.since == "2026-10-22T00:00:00+00:00"
    assert [(g.days, g.too_old, g.command) for g in found.gaps] == [
        (
            ("2026-10-24", "2026-10-25"), True,
            "memorialize backfill -c acme --from 2026-10-24T00:00:00Z --to 2026-10-26T01:00:00Z",
        ),
        (("2026-10-27",), False, "memorialize run -c acme --from 2026-10-27T01:00:00Z --to 2026-10-28T01:00:00Z"),
    ]  # fmt: skip


def test_a_day_of_many_intervals_is_as_good_as_its_worst(ledger: Ledger, acme: Configuration) -> None:
    crm = acme.crm.model_copy(update={"schedule": "*/30 * * * *", "timezone": "UTC"})
    often = acme.model_copy(update={"crm": crm})
    worked(ledger, 1, at(3), at(3, 1))
    ledger.cover("acme", at(3), at(4, 23), number(1), acme.mapping_hash)
    found = coverage(often, ledger, at(5) + timedelta(minutes=10), at(1))
    assert [(d.day, d.state) for d in found.days] == [("2026-11-03", "covered"), ("2026-11-04", "gap")]
    assert [(g.window_start, g.window_end) for g in found.gaps] == [
        ("2026-11-04T23:00:00+00:00", "2026-11-05T00:00:00+00:00")
    ]


def test_an_outage_and_a_failed_night_are_healed_by_the_next_which_says_so_and_the_rest_stays_in_sight(
    start_world: Callable[..., World], stage: Callable[[World], None]
) -> None:
    options = ("--start", "2026-11-14", "--days", "7", "--interactions", "60", "--clock", "2026-11-21T06:00:00Z")
    world = start_world(*options)
    stage(world)

    def night(day: int) -> dict[str, Any]:
        span = window(at(day, 2), at(day + 1, 2))
        return runner.run("acme", span, dry_run=False, heal=True, progress=lambda *_: None)

    def told(out: dict[str, Any]) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((Path(out["report"]) / "report.json").read_text())
        return report

    first = told(night(14))
    assert first["coverage"]["healed"] == first["coverage"]["gaps"] == []
    world.faults("cxone", {"match": "contacts/completed", "status": 400, "times": 1})
    with pytest.raises(RequestRefused):
        night(18)  # the scheduler was down on 15, 16 and 17; this night begins on 15 and fails
    healed = told(night(19))
    assert healed["verdict"]["failures"] == []
    assert healed["run"]["window_start"] == "2026-11-16T02:00:00+00:00"  # three days back, and no more
    assert healed["coverage"]["healed"] == [{"days": ["2026-11-16", "2026-11-17", "2026-11-18"], "was": "failed"}]
    truth = world.truth("2026-11-16T02:00:00Z", "2026-11-20T02:00:00Z")
    due = [leg for leg in truth["legs"] if leg["due_at"] and leg["never_due"] is None]
    assert healed["funnel"]["due"] >= len(due) > 0
    command = "memorialize run -c acme --from 2026-11-15T02:00:00Z --to 2026-11-16T02:00:00Z"
    assert [(g["days"], g["too_old"], g["command"]) for g in healed["coverage"]["gaps"]] == [
        (["2026-11-15"], True, command)
    ]
    assert healed["verdict"]["sentence"].endswith(
        f" Never covered: Nov 15. No night reaches back so far; start: {command}"
    )
    assert healed["verdict"]["state"] == "attention"
    page = (settings().reports / "acme" / healed["run"]["run_id"] / "report.html").read_text()
    assert "This run also covers Nov 16 to 18, which an earlier run failed on." in page and command in page

    shown = memorialize("coverage", "-c", "acme", "--from", "2026-11-14", "--to", "2026-11-20T02:00:00Z")
    assert shown.code == 0 and command in shown.out and "failed" in shown.out, shown.err
    data = json.loads(memorialize("coverage", "-c", "acme", "--to", "2026-11-20T02:00:00Z", "--json").out)
    assert [g["command"] for g in data["gaps"]] == [command]
    wrong = memorialize("coverage", "-c", "acme", "--from", "2026-11-20", "--to", "2026-11-14")
    assert wrong.code == 2
