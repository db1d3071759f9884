"""Under Airflow's real scheduler: a night, a manual run and a backfill leave HubSpot as it should be, in any company.

One start of Airflow's parts, as `make up` starts them.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.stage import environment, free_port, postgres, prepare_databases, twin
from local.up import airflow
from memorialization.ledger import Ledger
from memorialization.report.model import Funnel
from tests.app.command import mappings, replace
from tests.app.world import World
from tests.local.scheduling import DAG, Scheduler, expected, logged_in

pytestmark = pytest.mark.nights

TICK = (datetime.now(UTC) - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
"""The last time of the schedule: while the tests run comes no other."""
FIRST, SECOND, THIRD, OVER = (TICK - timedelta(days=n) for n in (3, 2, 1, 0))


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    folder = tmp_path_factory.mktemp("scheduler")
    world = ("--start", f"{FIRST:%Y-%m-%d}", "--days", "4", "--interactions", "40")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        acme = mappings(folder, patch)
        replace(acme / "crm.yaml", '"0 2 * * *"', f'"{TICK.minute} {TICK.hour} * * *"')
        workflows = acme / "workflows.yaml"
        # calls alone: where there are no transcripts, no task loads Great Expectations to judge them
        workflows.write_text(workflows.read_text().split("  - channel: Digital contact")[0])
        # PostgreSQL not below pytest's own folder, as in tests/conftest.py
        database = stack.enter_context(tempfile.TemporaryDirectory(prefix="scheduler-"))
        socket_folder = stack.enter_context(postgres(Path(database) / "data"))
        services = stack.enter_context(twin(folder / "twin", *world))
        variables = environment(folder, socket_folder, services)
        variables["MEMORIALIZATION_MAPPINGS"] = str(acme.parent)
        prepare_databases(folder, variables)
        port = free_port(0)
        stack.enter_context(airflow(folder, variables, port))
        api = logged_in(folder, port)
        ledger = Ledger(f"postgresql+psycopg2://postgres@/ledger?host={socket_folder}")
        yield Scheduler(stack.enter_context(api), World(services), ledger)


def test_a_night_a_manual_run_and_a_backfill_of_the_same_days_leave_the_same_hubspot(scheduler: Scheduler) -> None:
    (night,) = scheduler.until(lambda: scheduler.runs("scheduled"))
    scheduler.until(lambda: scheduler.runs("scheduled")[night] == "success")

    # one day is asked for by hand and by the backfill, at once; the backfill does the night again, too
    scheduler.backfill(FIRST, THIRD, run_backwards=True, reprocess_behavior="completed", max_active_runs=3)
    manual = scheduler.trigger(SECOND, THIRD)
    days = scheduler.until(lambda: scheduler.runs("backfill"), lambda runs: len(runs) == 3)
    assert night in days, "Airflow takes the very same run again"
    first, second = sorted(days.keys() - {night})
    waits = scheduler.until(lambda: [run for run in (manual, second) if scheduler.opens(run) == "up_for_retry"])
    assert len(waits) == 1 and "LeaseHeld" in scheduler.said(waits[0])
    (works,) = {manual, second} - set(waits)
    scheduler.until(lambda: [len(scheduler.ended(run)) for run in (night, first, works)] == [2, 1, 1])
    assert scheduler.ledger.rows("select 1 from runs where dag_run_id = :run", run=waits[0]) == []
    scheduler.call("PATCH", f"/dags/{DAG}/dagRuns/{waits[0]}", {"state": "failed"})  # or it comes in ten minutes

    before, again = scheduler.ended(night)
    assert before["report"] != again["report"], "nothing is overwritten"
    assert again["funnel"]["planned"] == 0 < before["funnel"]["planned"]
    windows = [(run["window_start"], run["window_end"]) for run in (before, again)]
    windows += [(run["window_start"], run["window_end"]) for name in (works, first) for run in scheduler.ended(name)]
    assert windows == [(THIRD, OVER), (THIRD, OVER), (SECOND, THIRD), (FIRST, SECOND)]
    every = scheduler.ledger.rows("select funnel from runs")
    assert [Funnel(**run["funnel"]).imbalances() for run in every] == [[]] * 4
    told, names = expected(scheduler.world, FIRST, OVER)
    assert len(names) > 50
    assert told.wrong(scheduler.world, names) == []
