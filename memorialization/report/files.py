"""Writes a report where people and programs find it: its data, page and workbook."""

from pathlib import Path

from memorialization.report.html import render
from memorialization.report.model import Report
from memorialization.report.workbook import write_workbook
from memorialization.whole_files import replacing


def write_files(report: Report, folder: Path) -> None:
    """Each file is replaced whole; a reader never sees half of one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    for name, text in (("report.json", report.model_dump_json(indent=2)), ("report.html", render(report))):
        with replacing(folder / name) as partial:
            partial.write_text(text, encoding="utf-8")
    with replacing(folder / "report.xlsx") as partial:
        write_workbook(report, partial)
