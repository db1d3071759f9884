"""Writes a report where people and programs find it: its data, page and workbook."""

from pathlib import Path

from memorialization.report.html import render
from memorialization.report.model import Report
from memorialization.report.workbook import write_workbook


def write_files(report: Report, folder: Path) -> None:
    """Each file is replaced whole; a reader never sees half of one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    for name, text in (("report.json", report.model_dump_json(indent=2)), ("report.html", render(report))):
        partial = folder / f".{name}"
        partial.write_text(text, encoding="utf-8")
        partial.replace(folder / name)
    partial = folder / ".report.xlsx"
    write_workbook(report, partial)
    partial.replace(folder / "report.xlsx")
