"""A range's digital cases are asked of CXone once, and each day gets what it would have got by itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from app import backfill, steps
from app.settings import settings
from memorialization.ports import Wanted, Window
from memorialization.scan import ScannedSource, scan
from memorialization.staging import Staging
from tests.app.world import World

pytestmark = pytest.mark.slow

# longer ago than the 30 days that `updatedSince` reaches
WORLD = ("--start", "2026-10-01", "--days", "12", "--interactions", "24", "--clock", "2026-11-20T06:00:00Z")


def at(day: int, month: int = 10) -> datetime:
    return datetime(2026, month, day, 2, tzinfo=UTC)


@pytest.fixture
def upgraded(ledger_database: str, stage: Callable[[World], None], start_world: Callable[..., World]) -> World:
    world = start_world(*WORLD)
    stage(world)
    return world


def rows(batches: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """(the interactions by key, the texts by reference) of all batches."""
    parts = list(batches)
    tables = [part.interactions for part in parts]
    found = pa.concat_tables(tables, promote_options="default").to_pylist() if tables else []
    texts = {row["transcript_ref"]: row["text"] for part in parts for row in part.transcripts.to_pylist()}
    return sorted(found, key=lambda row: str(row["interaction_key"])), texts


def test_ten_days_cost_one_scan_and_each_gets_what_it_would_have_asked_for(upgraded: World) -> None:
    plan = backfill.planned("acme", Window(at(2), at(12)), dry_run=False, again=False)
    (windows,) = plan.scans
    assert len(windows) == 10
    configuration, ports = plan.configuration, steps.ports(plan.configuration)
    address = scan(configuration, windows, ports, staging_root=settings().staging)
    once = {call: n for call, n in upgraded.requests("cxone").items() if "contacts" in call}
    days = [rows(ScannedSource(Staging(address)).interactions("digital", w, wanted(configuration, w))) for w in windows]
    assert {call: n for call, n in upgraded.requests("cxone").items() if "contacts" in call} == once

    sources = [(steps.ports(configuration).source, window) for window in windows]
    by_day = [rows(source.interactions("digital", w, wanted(configuration, w))) for source, w in sources]
    assert [found for found, _ in days] == [found for found, _ in by_day]
    assert sum(len(found) for found, _ in days) > 30
    for (_, texts), (found, expected) in zip(days, by_day, strict=True):
        assert {ref: texts[ref] for ref in expected} == expected
        assert all(row["transcript_ref"] in texts for row in found if row["transcript_ref"])
    again = {call: n - once.get(call, 0) for call, n in upgraded.requests("cxone").items() if call in once}
    search, history = "GET /dfo/3.0/contacts 200", "GET /dfo/3.0/contacts/{id}/history 200"
    assert once[search] * 4 < again[search] and once[history] * 2 < again[history]


def wanted(configuration: Any, window: Window) -> Wanted:
    since = window.start - timedelta(days=configuration.crm.extraction.max_case_days)
    return Wanted(since, configuration.wants_transcripts, configuration.script_variables)


def test_only_days_that_adjoin_are_read_at_once_and_never_more_than_a_month() -> None:
    one = timedelta(days=1)
    month = [Window(at(1) + one * n, at(1) + one * (n + 1)) for n in range(40)]
    assert [len(scanned) for scanned in backfill.scans_of(month)] == [31, 9]
    assert backfill.scans_of(month[:3]) == ()
    assert backfill.scans_of([*month[:3], *month[5:8]]) == ()
    assert backfill.scans_of([*month[:3], *month[5:9]]) == (tuple(month[5:9]),)
