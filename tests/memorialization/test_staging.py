import errno
import os
import stat
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from memorialization.errors import ConfigurationError, ServiceUnavailable, StagingDamaged
from memorialization.interactions import INTERACTIONS
from memorialization.staging import Staging
from tests.s3 import BUCKET, Bucket


@pytest.fixture(params=["local", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def staging(request: pytest.FixtureRequest, tmp_path: Path) -> Staging:
    root = tmp_path / "staging" / "acme" / "run"
    if request.param == "s3":
        request.getfixturevalue("s3")
        return Staging(f"s3://{BUCKET}{root}")
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


def test_a_table_whose_writing_fails_half_way_is_never_seen(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(table: pa.Table, file: Any, **_: object) -> None:
        file.write(b"PAR1 and no more")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq, "write_table", breaks_off)
    with pytest.raises(OSError, match="No space left"):
        staging.write_table("interactions/0.parquet", INTERACTIONS.empty_table())
    assert not staging.exists("interactions/0.parquet")


def test_what_is_not_there_is_told_as_on_a_disk(staging: Staging) -> None:
    with pytest.raises(FileNotFoundError):
        staging.read_json("plan.json")


@pytest.mark.slow
def test_what_another_machine_wrote_or_deleted_is_seen_at_once(s3: Bucket, tmp_path: Path) -> None:
    here = Staging(f"s3://{BUCKET}{tmp_path}")
    here.write_json("folder/mine.json", 1)
    assert here.exists("folder/mine.json") and not here.exists("folder/theirs.json")
    key = f"{str(tmp_path).lstrip('/')}/folder/theirs.json"
    s3.client.put_object(Bucket=BUCKET, Key=key, Body=b"2")
    assert here.exists("folder/theirs.json") and here.read_json("folder/theirs.json") == 2
    s3.client.delete_object(Bucket=BUCKET, Key=key)
    assert not here.exists("folder/theirs.json")


@pytest.mark.slow
def test_a_store_that_does_not_do_what_is_asked_is_out_of_reach(s3: Bucket) -> None:
    """The bucket is not there; the message says what to look at, and a later try may pass."""
    with pytest.raises(ServiceUnavailable, match=r"s3://no-such/run/plan.json is out of reach .*AWS_ENDPOINT_URL"):
        Staging("s3://no-such/run").write_json("plan.json", 1)


@pytest.mark.parametrize("address", ["nonsense://bucket/run", "gs://bucket/run"])
def test_an_address_that_nobody_understands_is_a_configuration_error(address: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"staging at {address}/plan.json: .*docs/cluster.md"):
        Staging(address).exists("plan.json")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
@pytest.mark.parametrize("name", ["plan.json", "voice/0.parquet"])
def test_a_file_that_is_cut_short_is_named_with_its_cure(tmp_path: Path, name: str, share: float) -> None:
    staging = Staging(str(tmp_path / "run"))
    staging.write_json("plan.json", list(range(100)))
    staging.write_table("voice/0.parquet", pa.table({"text": ["Anna Geheim"] * 100}))
    path = tmp_path / "run" / name
    os.truncate(path, int(path.stat().st_size * share))
    read = staging.read_json if name.endswith(".json") else staging.read_table
    with pytest.raises(StagingDamaged, match=r"is cut short or unreadable .*Start the run again") as raised:
        read(name)
    assert str(path) in str(raised.value) and "Geheim" not in str(raised.value)
