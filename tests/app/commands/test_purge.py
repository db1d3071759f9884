"""What runs no longer need is deleted, and nothing else: not what is needed or not ours, nothing behind a link."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from tests.app.command import NIGHT, memorialize
from tests.app.world import World

pytestmark = pytest.mark.slow


@pytest.fixture
def sql(postgres_socket: str, ledger_database: str) -> Callable[..., list[tuple[object, ...]]]:
    def ask(query: str, *values: object) -> list[tuple[object, ...]]:
        connection = psycopg2.connect(host=postgres_socket, user="postgres", dbname=ledger_database)
        with connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    return ask


def night() -> str:
    run_id: str = memorialize(*NIGHT, "--json").report["run"]["run_id"]
    return run_id


def age(sql: Callable[..., object], run_id: str, days: int) -> None:
    """The run lies so many days back."""
    for table in ("runs", "steps"):
        sql(
            f"update {table} set started_at = started_at - %s * interval '1 day', "
            "finished_at = finished_at - %s * interval '1 day' where run_id = %s",
            days, days, run_id,
        )  # fmt: skip


def test_old_staging_goes_and_reports_and_young_runs_stay(
    world: World, tmp_path: Path, sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    old, young = night(), night()
    age(sql, old, 31)
    staging, reports = tmp_path / "staging/acme", tmp_path / "reports/acme"
    size = sum(p.stat().st_size for p in (staging / old).rglob("*") if p.is_file())
    files = sum(p.is_file() for p in (staging / old).rglob("*"))

    dry = memorialize("purge", "--dry-run")
    assert dry.code == 0
    assert f"acme: staging of 1 runs older than 30d would be deleted, {size / 1000:,.1f} KB in {files} files" in dry.out
    assert (staging / old / "frozen.json").exists() and sql("select count(purged_at) from runs") == [(0,)]

    done = memorialize("purge", "-c", "acme")
    assert done.out.splitlines() == [
        f"acme: staging of 1 runs older than 30d deleted, {size / 1000:,.1f} KB in {files} files",
        "acme: reports of 0 runs older than 400d deleted, 0 bytes in 0 files",
    ]
    assert not (staging / old).exists() and (staging / young / "frozen.json").exists()
    assert (reports / old / "report.html").exists()
    assert sql("select run_id::text from runs where purged_at is not null") == [(old,)]
    assert "staging of 0 runs" in memorialize("purge").out

    revert = memorialize("revert", old)
    assert revert.code == 2 and "can no longer be reverted" in revert.messages[0]

    age(sql, old, 400)
    assert "reports of 1 runs older than 400d deleted" in memorialize("purge").out
    assert not (reports / old).exists()
    report = memorialize("report", "--run", old)
    assert report.code == 2 and "the report is not there any more" in report.messages[0]


def test_a_run_that_goes_on_or_may_be_applied_or_is_taken_back_keeps_its_files(
    world: World, tmp_path: Path, sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    going, planned, source, killed = night(), night(), night(), night()
    for run_id in (going, planned, source, killed):
        age(sql, run_id, 60)
    sql("update runs set state = 'running', finished_at = null where run_id in (%s, %s)", going, killed)
    sql("update steps set finished_at = now() - interval '2 days' where run_id = %s and step = 'extract'", going)
    sql(
        "insert into plans (run_id, configuration, mapping_hash, plan_hash, buckets, counts, backfill, state, exceeds, "
        "made_at, expires_at) values (%s, 'acme', 'm', 'h', '{}', '{}', false, 'made', '[]', now(), "
        "now() + interval '1 hour') on conflict (run_id) do update "
        "set state = 'made', expires_at = excluded.expires_at",
        planned,
    )
    sql(
        "insert into runs (run_id, reverts, configuration, try_number, window_start, window_end, mode, dry_run, "
        "nightly, mapping_hash, staging, state, started_at) select gen_random_uuid(), run_id, configuration, 1, "
        "window_start, window_end, mode, dry_run, false, mapping_hash, 'elsewhere', 'running', now() from runs "
        "where run_id = %s",
        source,
    )
    done = memorialize("purge", "--older-than", "1d")
    assert done.code == 0, done
    lines = done.out.splitlines()
    assert lines[0].startswith("acme: staging of 1 runs older than 1d deleted")
    assert lines[2:] == [
        "acme: 1 older runs kept: being taken back",
        "acme: 1 older runs kept: running",
        "acme: 1 older runs kept: with a plan that may be applied",
    ]
    left = {run_id for run_id in (going, planned, source, killed) if (tmp_path / "staging/acme" / run_id).exists()}
    assert left == {going, planned, source}, "a run that began no step for a week was killed"


def test_links_and_foreign_files_are_left_where_they_are(
    world: World, tmp_path: Path, sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    first, second = night(), night()
    for run_id in (first, second):
        age(sql, run_id, 31)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.parquet").write_text("x")
    folder = tmp_path / "staging/acme" / first
    (folder / "link").symlink_to(outside)
    (folder / "interactions/linked.parquet").symlink_to(outside / "precious.parquet")
    (folder / "changes/notes.txt").write_text("of a person")
    (folder / "changes/.0.parquet.4711").write_text("left by a killed step")
    moved = tmp_path / "moved"
    (tmp_path / "staging/acme" / second).rename(moved)
    (tmp_path / "staging/acme" / second).symlink_to(moved)
    (tmp_path / "staging/acme/somebody").mkdir()
    (tmp_path / "staging/acme/somebody/x.parquet").write_text("x")

    done = memorialize("purge", "--older-than", "30d")
    assert done.out.splitlines()[-1] == "acme: 4 links and files that are not ours were left where they are"
    there = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir() or p.is_symlink())
    assert there == ["changes/notes.txt", "interactions/linked.parquet", "link"]
    assert (outside / "precious.parquet").read_text() == "x"
    assert (moved / "frozen.json").exists()
    assert (tmp_path / "staging/acme/somebody/x.parquet").exists()


def test_an_age_that_is_none_and_a_name_that_is_none_are_refused(world: World) -> None:
    for arguments, told in (
        (("--older-than", "0d", "-c", "acme"), "--older-than '0d': must be a number of minutes, hours or days"),
        (("-c", "nobody"), "nobody"),
    ):
        outcome = memorialize("purge", *arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert told in outcome.messages[0]
    assert memorialize("purge").out == "there were no runs yet: nothing to delete\n"


def test_runs_of_a_configuration_that_is_gone_are_purged_by_the_default(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: Callable[..., list[tuple[object, ...]]]
) -> None:
    run_id = night()
    age(sql, run_id, 31)
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("MEMORIALIZATION_MAPPINGS", str(tmp_path / "none"))
    assert "acme: staging of 1 runs older than 30d deleted" in memorialize("purge").out
    assert not (tmp_path / "staging/acme" / run_id).exists()
    assert json.loads((tmp_path / "reports/acme" / run_id / "report.json").read_text())["run"]["run_id"] == run_id
