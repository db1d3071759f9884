"""Suites judge lengths and name interactions; a crash is told from failing data; no text is anywhere."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from memorialization.errors import ConfigurationError
from memorialization.ledger import Ledger
from memorialization.quality import judge
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import (
    EVENING,
    EXPECTATIONS,
    Night,
    configuration,
    interaction,
    night,
    row,
    schema,
    section,
)

pytestmark = pytest.mark.slow

CHAT = configuration(section("Contact", row("transcript", "digital", "Transcription Text")))
SECRET = "Nightingale"


def _night(ledger: Ledger, folder: Path, texts: dict[str, str], store: MemoryStore | None = None) -> Night:
    """A chat of its own person for each text, prepared."""
    store = store or MemoryStore(schema())
    rows = []
    for i, ref in enumerate(texts, start=1):
        store.create(CONTACT, email=f"{i}@example.com")
        rows.append(interaction(i, channel="digital", transcript_ref=ref, customer_email=f"{i}@example.com"))
    opened = night(CHAT, store, ledger, folder, *rows, texts=texts)
    opened.prepare()
    return opened


def _suite(folder: Path, expectations: str) -> Path:
    (folder / "mine.yaml").write_text(f"suite: mine\nabout: x\ndata: lengths\nexpectations:\n{expectations}")
    return folder


def _judge(opened: Night, suite: str, part: str, where: Path = EXPECTATIONS) -> dict[str, Any]:
    return judge(opened.run, suite, part, where, opened.ports)


def test_what_does_not_fit_is_named_by_its_key_before_the_write(ledger: Ledger, tmp_path: Path) -> None:
    texts = {"a": SECRET, "b": SECRET * 2, "c": SECRET * 3, "d": "x" * 20}
    opened = _night(ledger, tmp_path, texts)
    counted = _judge(opened, "mapped", "digital-0")
    assert (counted["rows"], counted["failing"]) == (4, 2)
    written = opened.run.files.read_json("quality/mapped/digital-0.json")
    assert written["failing"] == ["d:2:0:1", "d:3:0:1"]
    columns = ("not_a_number", "not_a_date", "not_a_boolean", "not_an_option", "too_long", "limit", "key_known")
    found = {
        column: (r["success"], r["rows"], r["failing"], r["keys"])
        for column, r in zip(columns, written["results"], strict=True)
    }
    unfit = (False, 4, 2, ["d:2:0:1", "d:3:0:1"])
    assert found == dict.fromkeys(columns, (True, 4, 0, [])) | {"too_long": unfit, "limit": unfit}


def test_what_hubspot_does_not_hold_whole_is_named_after_the_write(ledger: Ledger, tmp_path: Path) -> None:
    """One mended, one too long to be written, one that a person shortened, one refused."""
    store = MemoryStore(schema())
    texts = {"a": "short", "b": SECRET * 2, "c": "a whole text", "d": "refused"}
    opened = _night(ledger, tmp_path, texts, store)
    store.person(CONTACT, "103", "transcript", "a")
    store.refused = {"104"}
    opened.reconcile()
    opened.deliver()
    counted = _judge(opened, "stored", "Contact/0")
    assert (counted["rows"], counted["failing"]) == (3, 2)  # a person's word stands
    assert opened.run.files.read_json("quality/stored/Contact/0.json")["failing"] == ["d:2:0:1", "d:4:0:1"]


def test_no_text_is_in_results_or_ledger(ledger: Ledger, tmp_path: Path) -> None:
    opened = _night(ledger, tmp_path, {"a": SECRET, "b": SECRET * 3})
    opened.reconcile()
    opened.deliver()
    opened.judge()
    for path in Path(opened.run.staging).glob("quality/**/*.json"):
        assert SECRET not in path.read_text()
    assert SECRET not in str(ledger.steps(opened.run.run_id))
    assert SECRET not in opened.report().model_dump_json()


def test_no_row_is_nothing_to_judge(ledger: Ledger, tmp_path: Path) -> None:
    opened = _night(ledger, tmp_path, {})
    opened.reconcile()
    for suite, part in (("mapped", "voice-0"), ("mapped", "digital-0"), ("stored", "Contact/0")):
        counted = _judge(opened, suite, part)
        assert (counted["rows"], counted["failing"]) == (0, 0)


@pytest.mark.parametrize(("suite", "part"), [("mapped", "digital-0"), ("stored", "Contact/0")])
def test_a_part_whose_own_step_failed_has_nothing_to_judge(
    ledger: Ledger, tmp_path: Path, suite: str, part: str
) -> None:
    opened = _night(ledger, tmp_path, {"a": "text"})
    (Path(opened.run.staging) / "mapped/digital-0.parquet").unlink()
    assert _judge(opened, suite, part)["rows"] == 0


@pytest.mark.parametrize(
    ("expectation", "line", "message"),
    [
        ("  - type: expect_the_moon\n", 5, "does not accept this"),
        ("  - {type: expect_column_values_to_not_be_null, colum: limit}\n", 5, "does not accept this"),
        ("  - {type: expect_column_values_to_not_be_null, column: limt}\n", 5, "could not be evaluated"),
        (
            "  - {type: expect_column_values_to_not_be_null, column: limit}\n"
            "  - {type: expect_column_pair_values_to_be_equal, column_A: limit, column_B: nothing}\n",
            6,
            "could not be evaluated",
        ),
    ],
)
def test_an_expectation_that_cannot_be_judged_is_an_error_of_the_file_not_of_the_data(
    ledger: Ledger, tmp_path: Path, expectation: str, line: int, message: str
) -> None:
    opened = _night(ledger, tmp_path, {"a": SECRET})
    with pytest.raises(ConfigurationError, match=message) as raised:
        _judge(opened, "mine", "digital-0", _suite(tmp_path, expectation))
    assert str(raised.value).startswith(f"{tmp_path}/mine.yaml:{line}: ")
    assert SECRET not in str(raised.value)
    (step,) = [s for s in ledger.steps(opened.run.run_id) if s["step"] == "judge mine"]
    assert (step["state"], step["summary"]["error"]) == ("failed", "ConfigurationError")


def test_failing_data_is_a_finding_and_no_error(ledger: Ledger, tmp_path: Path) -> None:
    opened = _night(ledger, tmp_path, {"a": SECRET})
    where = _suite(tmp_path, "  - {type: expect_column_values_to_be_between, column: length, max_value: 3}\n")
    assert _judge(opened, "mine", "digital-0", where)["failing"] == 1


def test_an_unknown_kind_of_data_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    opened = _night(ledger, tmp_path, {})
    (tmp_path / "mine.yaml").write_text("suite: mine\ndata: texts\nexpectations: []\n")
    with pytest.raises(
        ConfigurationError,
        match="mine.yaml:2: 'texts' is no data of a run. Known: interactions, ",
    ):
        _judge(opened, "mine", "digital-0", tmp_path)


def test_what_cxone_told_wrongly_is_named_by_its_key(ledger: Ledger, tmp_path: Path) -> None:
    early = EVENING - timedelta(hours=2)
    opened = night(
        CHAT, MemoryStore(schema()), ledger, tmp_path,
        interaction(1, disposition_id="7", disposition_name="Sold"),
        interaction(2, disposition_id="8"),  # nobody knows its name
        interaction(3, end_time=early),  # it starts an hour later
        interaction(4, media_type_id=2),
        interaction(5, end_time=None),
    )  # fmt: skip
    opened.prepare()
    counted = _judge(opened, "source", "voice-0")
    assert (counted["rows"], counted["failing"]) == (5, 3)
    assert opened.run.files.read_json("quality/source/voice-0.json")["failing"] == ["v:2", "v:3", "v:4"]


def test_an_interaction_that_stands_in_two_partitions_is_told_twice(ledger: Ledger, tmp_path: Path) -> None:
    opened = night(CHAT, MemoryStore(schema()), ledger, tmp_path, interaction(1), interaction(2))
    opened.prepare()
    files = opened.run.files
    files.write_frame("interactions/voice-1.parquet", files.read_frame("interactions/voice-0.parquet").iloc[:1])
    files.write_json("partitions.json", {"partitions": ["voice-0", "voice-1", "digital-0"], "buckets": 1})
    assert [_judge(opened, "source", part)["failing"] for part in ("voice-0", "voice-1", "digital-0")] == [1, 1, 0]
