"""The terminal tells what the report holds, and a report that is gone is an error with its cure."""

from pathlib import Path

import orjson
import pytest

from app.verdict import show
from memorialization.errors import ConfigurationError


@pytest.fixture
def folder(project: Path, tmp_path: Path) -> Path:
    """A folder with the example report."""
    raw = (project / "tests/memorialization/report/report.json").read_bytes()
    (tmp_path / "report.json").write_bytes(raw)
    return tmp_path


def shown(folder: Path, capsys: pytest.CaptureFixture[str], **changes: object) -> str:
    """What a person sees of the example report with some of its parts changed; white space made one."""
    report = orjson.loads((folder / "report.json").read_bytes())
    for part, change in changes.items():
        report[part].update(change)
    (folder / "report.json").write_bytes(orjson.dumps(report))
    show(folder, as_json=False)
    return " ".join(capsys.readouterr().out.split())


def test_the_verdict_the_funnel_and_the_place_of_the_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(folder, capsys)
    assert "● 1,176 values were lost or wrong in HubSpot; 1,176 are mended and proven by reading back." in text
    assert "Acme HubSpot, 2026-11-22 02:00 to 2026-11-23 02:00 UTC" in text
    assert "interactions 1,849 = 1,541 due + 77 provisional + 231 never due" in text
    assert "delivery 1,176 = 1,176 written proof 1,176 = 1,176 verified" in text
    assert (
        "transcripts in Ticket.cxone_transcript: 23 of 627 are longer than its 4,000 characters; "
        "found cut 14, missing 28; whole now 531"
    ) in text
    assert "176 parked: they need a person (146 unmatched, 30 ambiguous)" in text
    assert f"report {folder}/report.html" in text


def test_failures_are_all_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failures = ["apply of Ticket/0 failed: QuotaExhausted: used up", "5 values are unaccounted"]
    text = shown(folder, capsys, verdict={"state": "failed", "failures": failures})
    assert "✘ apply of Ticket/0 failed: QuotaExhausted: used up ✘ 5 values are unaccounted" in text


def test_a_name_with_brackets_is_shown_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Acme [eu] [/x], 2026-11-22" in shown(folder, capsys, run={"configuration_name": "Acme [eu] [/x]"})


def test_a_long_address_stays_in_one_piece(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = folder / ("a" * 120)
    deep.mkdir()
    (folder / "report.json").rename(deep / "report.json")
    show(deep, as_json=False)
    assert f"{deep}/report.html" in capsys.readouterr().out


def test_json_is_the_file_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(folder, as_json=True)
    assert capsys.readouterr().out == (folder / "report.json").read_text() + "\n"


def test_a_report_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the report is not there any more; run the window again"):
        show(tmp_path / "gone", as_json=False)
