"""Nights on end against the twin: what CXone changes or shows late is taken up, what cannot be is named."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app import runner
from memorialization.ports import Window
from memorialization.report.model import Report
from tests.app.command import TICKET, impatient, mappings, replace
from tests.app.world import World

pytestmark = pytest.mark.slow

WORLD = ("--start", "2026-11-18", "--days", "4", "--interactions", "40", "--clock", "2026-11-19T02:00:00Z")
FLAWLESS = "--flawless"
NOTES = "cxone_disposition_notes"


def night(world: World, day: int) -> Report:
    """The scheduled run of the 24 hours that end at 2:00 of that day of November, at once or as soon as may be."""
    return until(world, datetime(2026, 11, day, 2, tzinfo=UTC))


def until(world: World, end: datetime) -> Report:
    now = httpx.get(f"{world.services.cxone}/_twin/clock").json()["now"]
    if datetime.fromisoformat(now) < end:
        at = end.isoformat().replace("+00:00", "Z")
        httpx.post(f"{world.services.cxone}/_twin/clock", json={"now": at}).raise_for_status()
    reported = runner.run("acme", Window(end - timedelta(days=1), end), dry_run=False, heal=True, progress=_quiet)
    with open(f"{reported['report']}/report.json", encoding="utf-8") as file:
        return Report.model_validate_json(file.read())


def _quiet(step: str, part: str) -> None:
    pass


def correct(world: World, rows: dict[str, dict[str, Any]]) -> None:
    httpx.post(f"{world.services.cxone}/_twin/corrections", json=rows).raise_for_status()


@pytest.fixture
def world(
    start_world: Callable[..., World], stage: Callable[[World], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> World:
    impatient(monkeypatch)
    folder = mappings(tmp_path, monkeypatch)
    replace(folder / "crm.yaml", "max_call_hours: 12", "max_call_hours: 12\n  heal_days: 0")
    running = start_world(*WORLD, FLAWLESS)
    stage(running)
    return running


def with_notes(world: World) -> tuple[str, str]:
    """(contact id, ticket) of a call of 18 November whose ticket holds its disposition notes."""
    for leg in world.truth("2026-11-18T04:00:00Z", "2026-11-18T20:00:00Z")["legs"]:
        for ticket in world.find(TICKET, "cxone_contact_id", leg["id"]):
            if leg["channel"] == "voice" and world.record(TICKET, ticket)["properties"].get(NOTES):
                return leg["id"], ticket
    raise AssertionError("no call of that day has notes")


def test_a_correction_of_days_ago_is_written_and_the_night_after_costs_nothing(world: World) -> None:
    night(world, 19)
    leg, ticket = with_notes(world)
    correct(world, {leg: {"dispositionNotes": "corrected by the team lead"}})
    second = night(world, 20)
    assert second.moving is not None and second.moving.changed == 1
    assert world.record(TICKET, ticket)["properties"][NOTES] == "corrected by the team lead"
    third = night(world, 20)
    assert third.moving is not None and (third.moving.changed, third.moving.late) == (0, 0)
    assert third.funnel.written == 0


def test_rows_that_cxone_showed_only_after_their_night_are_not_lost(world: World) -> None:
    legs = world.truth("2026-11-19T09:00:00Z", "2026-11-19T16:00:00Z")["legs"]
    ended = datetime.fromisoformat(next(leg["end"] for leg in legs if leg["channel"] == "voice"))
    end = ended + timedelta(seconds=1)  # CXone shows no call before a minute or two have passed
    first, second, third = (until(world, end + timedelta(days=n)) for n in range(3))
    assert [report.funnel.imbalances() for report in (first, second, third)] == [[], [], []]
    assert second.moving is not None and second.moving.trailing_days == 4
    assert second.moving.late >= 1
    assert third.moving is not None and third.moving.late == third.moving.changed == 0
    assert {row.span for row in second.moving.lateness} == {"run", "month"}
    assert second.moving.suggested_days is not None and 1 <= second.moving.suggested_days <= 7


def test_rows_with_impossible_times_are_named_and_the_rest_goes_on(world: World) -> None:
    backwards, ahead, early = [leg["id"] for leg in world.truth("2026-11-18T04:00:00Z", "2026-11-18T20:00:00Z")["legs"]
                               if leg["channel"] == "voice"][:3]  # fmt: skip
    correct(
        world,
        {
            backwards: {"totalDurationSeconds": -30},
            ahead: {"contactStartDate": "2031-01-01T00:00:00.000Z"},
            early: {"lastUpdateTime": "2026-11-01T00:00:00.000Z"},
        },
    )
    report = night(world, 19)
    assert report.moving is not None
    assert report.moving.skipped == {"voice: ends before it starts": 1, "voice: ends in the future": 1}
    assert report.moving.assumed["voice: changed before it ended"] == 1
    assert report.verdict.state == "attention"
    assert "2 unusable CXone rows" in report.verdict.sentence
