import os
import stat
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from memorialization.interactions import INTERACTIONS
from memorialization.staging import Staging


@pytest.fixture(params=["local", "memory"])
def staging(request: pytest.FixtureRequest, tmp_path: Path) -> Staging:
    root = tmp_path / "staging" / "acme" / "run"
    return Staging(str(root) if request.param == "local" else f"memory:/{root}")


def test_a_frame_comes_back_as_it_was_written(staging: Staging) -> None:
    frame = pd.DataFrame(
        {
            "text": pd.Series(["a😀", None], dtype="str"),
            "none": pd.Series([None, None], dtype="str"),
            "when": pd.Series(pd.to_datetime(["2026-11-22T10:00:00.123Z", None], format="ISO8601")).astype(
                "datetime64[ms, UTC]"
            ),
            "status": pd.Series([1, 10], dtype="int8"),
        }
    )
    assert staging.write_frame("voice/0.parquet", frame) == "voice/0.parquet"
    pd.testing.assert_frame_equal(staging.read_frame("voice/0.parquet"), frame)
    assert staging.read_frame("voice/0.parquet", ["status"]).columns.tolist() == ["status"]


def test_an_empty_table_keeps_its_schema(staging: Staging) -> None:
    staging.write_table("empty.parquet", INTERACTIONS.empty_table())
    assert staging.read_table("empty.parquet").schema.equals(INTERACTIONS)
    assert len(staging.read_frame("empty.parquet")) == 0


def test_tags_stay_lists_and_missing_ones_missing(staging: Staging) -> None:
    table = pa.table({"tags": pa.array([["a", "b"], None, []], pa.large_list(pa.large_string()))})
    staging.write_table("tags.parquet", table)
    assert staging.read_table("tags.parquet").to_pydict() == {"tags": [["a", "b"], None, []]}


def test_json_comes_back(staging: Staging) -> None:
    staging.write_json("plan.json", {"a": [1, None, "ü"], 5: True})
    assert staging.read_json("plan.json") == {"a": [1, None, "ü"], "5": True}


def test_a_file_exists_once_it_is_written(staging: Staging) -> None:
    assert not staging.exists("plan.json")
    staging.write_json("plan.json", 1)
    assert staging.exists("plan.json") and not staging.exists("other.json")


def test_a_second_writing_replaces_the_first(staging: Staging) -> None:
    staging.write_json("plan.json", list(range(1000)))
    staging.write_json("plan.json", 2)
    assert staging.read_json("plan.json") == 2


def test_nobody_else_may_read_what_is_staged(tmp_path: Path) -> None:
    old = os.umask(0o000)
    try:
        Staging(str(tmp_path / "staging" / "run")).write_json("voice/plan.json", {})
    finally:
        os.umask(old)
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in (tmp_path / "staging").rglob("*")}
    assert modes == {"run": "0o700", "voice": "0o700", "plan.json": "0o600"}
    assert stat.S_IMODE((tmp_path / "staging").stat().st_mode) == 0o700


def test_a_relative_address_is_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Staging("var/run").write_json("plan.json", 1)
    assert (tmp_path / "var" / "run" / "plan.json").read_text() == "1"


def test_a_writing_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    staging = Staging(str(tmp_path))
    staging.write_json("plan.json", "old")
    with pytest.raises(TypeError):
        staging.write_json("plan.json", object())
    assert staging.read_json("plan.json") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]
