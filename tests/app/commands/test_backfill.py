"""`memorialize backfill`: each day a run of its own, resumable, one approval for all, and nights come first."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import backfill
from app.connections import ledger_url
from app.settings import settings
from local.stage import twin
from memorialization.ledger import Ledger
from tests.app.command import impatient, mappings, memorialize, replace
from tests.app.world import World

pytestmark = pytest.mark.slow

WORLD = ("--start", "2026-11-05", "--days", "7", "--interactions", "6", "--clock", "2026-11-12T06:00:00Z")
FEW = re.compile(
    "cxone_data: (Contact ID|Agent Name|Agent ID|Direction|End Time|Disposition Name|Skill Name|Status|To)}"
)
SCAN = "GET /dfo/3.0/contacts 200"


def days(first: int, end: int) -> tuple[str, ...]:
    return ("backfill", "-c", "acme", "--from", f"2026-11-{first:02}T02:00:00Z", "--to", f"2026-11-{end:02}T02:00:00Z")


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with twin(tmp_path_factory.mktemp("twin"), *WORLD) as services:
        yield World(services)


@pytest.fixture
def world(
    twins: World, stage: Callable[[World], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[World]:
    stage(twins)
    impatient(monkeypatch)
    folder = mappings(tmp_path, monkeypatch)
    replace(folder / "crm.yaml", "fail: 0.15", "fail: 1.0")  # of a handful of values one may be half of them
    for file in (folder / "voice.yaml", folder / "digital.yaml"):  # fewer properties, less to wait for
        lines = file.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if "external_crm_field" not in line or FEW.search(line)]
        file.write_text("\n".join(kept), encoding="utf-8")
    yield twins
    twins.faults("cxone")


def table(out: str) -> dict[str, str]:
    """Day -> its row of the summary."""
    return dict(re.findall(r"^(2026-\d\d-\d\d)  (.*?) *$", out, re.MULTILINE))


def test_a_day_that_fails_costs_itself_and_the_backfill_goes_on_where_it_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(ledger_url())
    world.faults("cxone", {"match": "contacts/completed", "status": 400, "times": 1})
    before = world.requests("cxone").get(SCAN, 0)
    first = memorialize(*days(5, 9))
    assert first.code == 1, first
    rows = table(first.out)
    assert [row.split("  ")[0] for row in rows.values()] == ["failed", "done", "done", "done"]
    assert "acme: 1 failed, 3 done; " in first.out and "2026-11-05: RequestRefused: " in first.out
    again = "memorialize backfill -c acme --from 2026-11-05T02:00:00Z --to 2026-11-06T02:00:00Z"
    assert f"To try again what is not done:\n  {again}\n" in first.out
    assert "    4/4  2026-11-08  done, " in first.err
    searched = world.requests("cxone").get(SCAN, 0) - before
    assert searched <= 5, "each search asks for two kinds of cases and their last page: one scan, not one a day"
    runs = ledger.rows("select run_id::text, report, staging, dry_run, state from runs order by started_at")
    scans = [run for run in runs if run["dry_run"]]
    assert [run["state"] for run in scans] == ["failed", "done"]
    reports = {run["report"] for run in runs if not run["dry_run"]}
    assert len(reports) == 3 and all((Path(report) / "report.json").exists() for report in reports)

    night = {
        "run_id": "019ab000-0000-7000-8000-000000000001", "configuration": "acme", "dag_run_id": None, "try_number": 1,
        "window_start": datetime(2026, 11, 11, tzinfo=UTC), "window_end": datetime(2026, 11, 12, tzinfo=UTC),
        "mode": "adopted", "dry_run": False, "nightly": True, "mapping_hash": "h", "staging": "s",
    }  # fmt: skip
    ledger.open_run(night)
    ledger.take_lease("acme", night["window_start"], night["window_end"], night["run_id"], "a night")
    monkeypatch.setattr(backfill, "LOOKS_AGAIN", 0.05)
    ends = threading.Timer(1.0, ledger.release_lease, [night["run_id"]])
    ends.start()
    second = memorialize(*days(5, 9))
    ends.join()
    assert second.code == 0, second
    assert "acme: 1 days to do, 3 covered already and left" in second.err
    assert second.err.count(f"the nightly run {night['run_id']} of acme goes on and comes first") == 1
    assert [row.split("  ")[0] for row in table(second.out).values()] == ["done", *["covered already"] * 3]

    third = memorialize(*days(5, 9))
    assert third.code == 0 and "acme: 4 covered already; 0 values written." in third.out
    assert len(ledger.rows("select from runs")) == 2 + 3 + 1 + 1  # scans, days, the night, the day done again

    old = datetime.now(UTC) - timedelta(days=31)
    ledger.carry_out({"runs": "update runs set finished_at = :old where dry_run"}, old=old)
    assert list(Path(scans[1]["staging"]).glob("interactions/*.parquet"))
    assert memorialize("purge", "-c", "acme").code == 0
    assert not Path(scans[1]["staging"]).exists()
    assert Path(settings().staging).exists()


def test_one_approval_is_enough_for_the_whole_backfill(world: World) -> None:
    crm = settings().mappings / "acme" / "crm.yaml"
    replace(crm, "end_reasons:", "approval: {max_overwrites: 0, max_creates: 0, max_changed_share: 0.0}\nend_reasons:")
    dry = memorialize(*days(10, 11), "--dry-run")
    assert dry.code == 0 and "acme: 1 done; 0 values written." in dry.out
    calls = world.writes()
    asked = memorialize(*days(10, 12))
    assert asked.code == 3 and world.writes() == calls, asked
    assert "acme: 2 waits for approval; 0 values written." in asked.out
    found = re.search(r"\n(\d+) values in all.*\n  memorialize (apply (\S+) --approve \S+ --values) (\d+)\n", asked.out)
    assert found is not None and found[1] == found[4]
    apply = (*found[2].split(), found[4])
    few = memorialize(*apply[:-1], "0")
    assert few.code == 2 and "give at least" in few.messages[0]
    assert memorialize(*apply).code == 0
    after = memorialize(*days(10, 12))
    assert after.code == 0 and "acme: 1 covered already, 1 done; " in after.out, after


def test_a_range_that_is_not_over_or_not_one_is_refused(world: World) -> None:
    later = ("backfill", "-c", "acme", "--from", "2026-11-09", "--to", "2099-01-01")
    assert memorialize(*later).messages[0].startswith("WindowError: the range ends in the future")
    assert memorialize(*days(9, 8)).code == 2
