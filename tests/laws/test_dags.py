"""Laws 4, 8 and 10: windows, broken configurations, and what every DAG must carry."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app import steps
from local.stage import POOLS
from memorialization.errors import ConfigurationError
from memorialization.intake import window
from tests.laws.conftest import PROJECT, parse

CALLS = {
    "open_run": "hubspot_api",
    "extract": "cxone_api",
    "prepare": "hubspot_api",
    "cards": "hubspot_api",
    "reconcile": "hubspot_api",
    "gate": "hubspot_api",
    "apply": "hubspot_api",
}
DECIDES = {"resolve_parked": "hubspot_api"}
DELETES = {"purge_staging": "default_pool"}
TAKES_BACK = {
    **dict.fromkeys(("open_revert", "plan_revert", "apply"), "hubspot_api"),
    **dict.fromkeys(("report", "verdict"), "default_pool"),
}
CALLS_NOBODY = {
    "approve",
    "partition",
    "buckets",
    "judge_source",
    "judge_mapped",
    "judge_stored",
    "report",
    "verdict",
    "announce",
}


def nightly(dags: dict[str, Any]) -> dict[str, Any]:
    """The DAGs that run windows."""
    found = {name: dag for name, dag in dags.items() if name.startswith("memorialize__")}
    assert found
    assert {name for name in dags if name not in found} == {
        name.replace("memorialize__", other)
        for name in found
        for other in ("resolve_parked__", "revert__", "purge_staging__")
    }
    return found


def test_no_window_comes_from_the_logical_date() -> None:
    for room in ("dags", "app", "memorialization"):
        for path in (PROJECT / room).rglob("*.py"):
            text = path.read_text()
            assert not [w for w in ("logical_date", "execution_date", "{{ ds", "ts_nodash") if w in text], path


@pytest.mark.slow
def test_every_dag_runs_on_half_open_intervals_in_utc(parsed: Any) -> None:
    for dag in nightly(parsed["dags"]).values():
        assert (dag["timetable"], dag["timezone"]) == ("CronDataIntervalTimetable", "UTC")
        assert dag["catchup"] is False


@pytest.mark.slow
def test_what_people_decide_waits_for_them(parsed: Any) -> None:
    for name in ("resolve_parked__acme", "revert__acme"):
        dag = parsed["dags"][name]
        assert (dag["timetable"], dag["cron"], dag["catchup"]) == ("NullTimetable", None, False)


@pytest.mark.slow
def test_every_dag_says_whose_it_is_and_what_it_does(parsed: Any) -> None:
    assert parsed["dags"]
    for dag_id, dag in parsed["dags"].items():
        assert dag["max_active_runs"] == 1, dag_id
        assert len(dag["description"]) > 20, dag_id
        assert len(dag["doc"]) > 200, dag_id
        assert "memorialization" in dag["tags"], dag_id
        owners = {task["owner"] for task in dag["tasks"].values()}
        assert len(owners) == 1, dag_id
        assert owners.isdisjoint({"", "airflow"}), dag_id
    assert parsed["dags"]["memorialize__acme"]["tasks"]["open_run"]["owner"] == "crm-team"


@pytest.mark.slow
def test_every_task_is_tried_again_and_the_last_word_is_not(parsed: Any) -> None:
    for dag in parsed["dags"].values():
        retries = {name: task["retries"] for name, task in dag["tasks"].items()}
        other = {"verdict": 0, "open_run": 12, "open_revert": 12}  # the last two may wait for another run's window
        assert retries == {name: other.get(name, 2) for name in dag["tasks"]}
    assert all("verdict" in dag["tasks"] for dag in nightly(parsed["dags"]).values())


@pytest.mark.slow
def test_every_task_that_calls_an_outside_api_has_a_pool(parsed: Any) -> None:
    night = nightly(parsed["dags"])
    for name, dag in parsed["dags"].items():
        pools = {name: task["pool"] for name, task in dag["tasks"].items()}
        others = {"revert__": TAKES_BACK, "resolve_parked__": DECIDES, "purge_staging__": DELETES}
        other = next((tasks for prefix, tasks in others.items() if name.startswith(prefix)), None)
        assert pools == (CALLS | dict.fromkeys(CALLS_NOBODY, "default_pool") if name in night else other)


def test_every_pool_is_made_where_airflow_is() -> None:
    assert set(POOLS) == set(CALLS.values())
    compose = (PROJECT / "docker/init.sh").read_text()
    assert [name for name in POOLS if name not in compose] == []


def test_the_gates_of_the_code_are_set() -> None:
    tools = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
    assert "AIR" in tools["ruff"]["lint"]["select"]
    assert "AIR" not in "".join(tools["ruff"]["lint"]["ignore"])
    assert tools["mypy"]["strict"] is True
    assert {"app", "memorialization", "plugins"} <= set(tools["mypy"]["packages"])
    lint = (PROJECT / "Makefile").read_text()
    assert all(gate in lint for gate in ("ruff check .", "ruff format --check .", "/mypy"))


GOOD = "configuration_name: Good\nowner: crm-team\n"
BROKEN: dict[str, bytes] = {
    "anchor": b"owner: &x crm\n",
    "bad_cron": b"schedule: 99 2 * * *\n",
    "bytes": b"owner: \xff\xfe\n",
    "deep": b"owner: " + b"[" * 60 + b"]" * 60,
    "empty": b"",
    "folder with blanks": GOOD.encode(),
    "folder_with_blanks": GOOD.encode(),
    "hashed_cron": b"schedule: H H * * *\n",
    "l" * 200: GOOD.encode(),
    "list": b"- owner\n",
    "never": b"schedule: 0 2 31 2 *\n",
    "nul": b'configuration_name: "a\\0b"\nowner: "x\\0"\n',
    "numbers": b"owner: 7\nschedule: 5\nconfiguration_name: 1\n",
    "tab": b"owner: x\n\tmode: y\n",
    "text": b"owner",
    "twice": b"owner: a\nowner: b\n",
}


@pytest.mark.slow
def test_a_broken_configuration_keeps_its_dag_and_takes_no_other(tmp_path: Path) -> None:
    mappings = tmp_path / "mappings"
    for name, crm in (BROKEN | {"acme": GOOD.encode()}).items():
        (mappings / name).mkdir(parents=True)
        (mappings / name / "crm.yaml").write_bytes(crm)
    (mappings / "folder").mkdir()
    (mappings / "folder/crm.yaml").mkdir()
    out = parse(tmp_path, MEMORIALIZATION_MAPPINGS=str(mappings))
    assert out["errors"] == {}
    dags = nightly(out["dags"])
    fit = [name for name in BROKEN if name.isidentifier() and len(name) < 80]
    assert {f"memorialize__{name}" for name in (*fit, "acme", "folder")} <= set(dags)
    assert len(dags) == len(BROKEN) + 2
    assert all(dag["stored"] and dag["cron"] == "0 2 * * *" for dag in dags.values())
    assert dags["memorialize__acme"]["description"].endswith("nightly: Good")
    assert dags["memorialize__nul"]["description"].endswith("nightly: nul")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("crm.yaml", 'schedule: "0 2 * * *"', "schedule: 99 2 * * *", ":13: schedule: '99 2 * * *' is no time"),
        ("crm.yaml", "account_id: 4711001", "account: 4711001", ": account: unknown key"),
        ("crm.yaml", "owner:", "\towner:", "crm.yaml:5: a tab stands before the text"),
        ("voice.yaml", "sections:", "sections:\nsections:", "voice.yaml:"),
    ],
)  # fmt: skip
def test_the_first_task_says_what_is_wrong_before_it_asks_anyone(
    file: str, old: str, new: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(PROJECT / "include/mappings/acme", tmp_path / "acme")
    path = tmp_path / "acme" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    monkeypatch.setenv("MEMORIALIZATION_MAPPINGS", str(tmp_path))
    with pytest.raises(ConfigurationError) as raised:
        steps.open_run("acme", window("2026-11-21", "2026-11-22"), dry_run=False)
    assert message in str(raised.value)


def test_a_folder_that_cannot_name_a_dag_is_told_to_be_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(PROJECT / "include/mappings/acme", tmp_path / "acme copy")
    monkeypatch.setenv("MEMORIALIZATION_MAPPINGS", str(tmp_path))
    with pytest.raises(ConfigurationError, match="the folder 'acme copy' cannot name a DAG"):
        steps.open_run("acme copy", window("2026-11-21", "2026-11-22"), dry_run=False)
