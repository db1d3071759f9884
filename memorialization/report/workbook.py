"""The report as a workbook for spreadsheets: five sheets with frozen headers, filters and links.

A text is written as text whatever it begins with, so none becomes a formula; what a spreadsheet would refuse or hide
(control characters, half characters, marks that turn the direction of reading) stands as U+FFFD.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from memorialization.compare import VERDICTS
from memorialization.report.model import Report
from memorialization.report.words import Language, language

_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_LONGEST_TEXT: Final = 32_767  # of a cell
_LONGEST_URL: Final = 2_079
_MOST_URLS: Final = 60_000  # Excel opens 65,530 a sheet
_OPTIONS: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class Link(str):
    """A text that leads to `url`, where that is a web address."""

    url: str

    def __new__(cls, text: str, url: str | None) -> "Link":
        made = super().__new__(cls, text)
        made.url = url or ""
        return made


Cell = str | int | float | None
_Column = tuple[str, int]  # title, width in characters


def write_workbook(report: Report, file: Path) -> None:
    """Replaces the file; the same report gives the same sheets."""
    words = language(report.run.language)
    with Workbook(str(file), _OPTIONS) as book:
        book.set_properties({"created": datetime.fromisoformat(report.run.finished_at).replace(tzinfo=None)})
        sheets = _Sheets(book, words)
        sheets.add("summary", [("", 34), ("", 18), ("", 90)], _summary(report, words), head=False)
        named = [words.texts[f"column.{c}"] for c in ("mapping", "entity", "field", "channel", "cxone_field")]
        found = [words.name(v) for v in (*VERDICTS, "written", "rejected", "held")]
        sheets.add("verdicts", _columns([*named, *found], [22, 12, 30, 20, 24], 12), _verdicts(report))
        lengths = [words.texts[f"column.{c}"] for c in ("format", "bound", *_TRUNCATION)]
        cut_by = [f"{words.texts['transcripts.cut_by']} {words.texts[f'cut.{who}']}" for who in _WRITERS]
        titles = [*named[:3], *lengths, *cut_by]
        sheets.add("truncation", _columns(titles, [22, 12, 30, 16, 28], 12), _truncation(report, words))
        named = [
            words.texts[f"column.{c}"] for c in ("key", "mapping", "entity", "reason", "candidates", "record", "next")
        ]
        sheets.add("parked", _columns(named, [40, 22, 12, 14, 11, 18, 60], 20), _parked(report, words))
        named = [words.texts[f"column.{c}"] for c in _REJECTED]
        sheets.add("rejected", _columns(named, [40, 12, 18, 40, 24, 20, 38, 60], 20), _rejected(report, words))


class _Sheets:
    def __init__(self, book: Workbook, words: Language) -> None:
        self._book, self._words = book, words
        self._head: Format = book.add_format({"bold": True, "bottom": 1, "valign": "top", "text_wrap": True})
        self._link: Format = book.get_default_url_format()

    def add(self, name: str, columns: Sequence[_Column], rows: Iterable[Sequence[Cell]], *, head: bool = True) -> None:
        sheet: Worksheet = self._book.add_worksheet(self._words.texts[f"sheet.{name}"])
        for i, (title, width) in enumerate(columns):
            sheet.set_column(i, i, width)
            if head:
                sheet.write_string(0, i, cleaned(title), self._head)
        last, urls = 0, 0
        for last, row in enumerate(rows, int(head)):
            for i, value in enumerate(row):
                urls += self._write(sheet, last, i, value, linked=urls < _MOST_URLS)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        if head:
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            sheet.autofilter(0, 0, max(last, 1), len(columns) - 1)

    def _write(self, sheet: Worksheet, row: int, column: int, value: Cell, *, linked: bool) -> bool:
        """Whether a link was written."""
        if isinstance(value, str):
            text = cleaned(value)
            url = value.url if isinstance(value, Link) else ""
            if linked and text and url.startswith("https://") and len(url) <= _LONGEST_URL and not _REFUSED.search(url):
                return bool(sheet.write_url(row, column, url, self._link, text) == 0)
            sheet.write_string(row, column, text)
        elif value is not None:
            sheet.write_number(row, column, value)
        return False


def cleaned(text: str) -> str:
    """What a spreadsheet takes as one text, at most 32,767 UTF-16 units."""
    text = _REFUSED.sub("�", text)
    return text.encode("utf-16-le")[: 2 * _LONGEST_TEXT].decode("utf-16-le", "ignore")


def _columns(titles: Sequence[str], widths: Sequence[int], rest: int) -> list[_Column]:
    return [(title, widths[i] if i < len(widths) else rest) for i, title in enumerate(titles)]


def _summary(report: Report, words: Language) -> Iterable[Sequence[Cell]]:
    run = report.run
    yield (
        words.say("page.title", name=run.configuration_name),
        words.name(report.verdict.state),
        report.verdict.sentence,
    )
    for failure in report.verdict.failures:
        yield words.texts["page.failures"], None, failure
    start, end = words.instant(run.window_start), words.instant(run.window_end)
    yield words.texts["appendix.window"], None, words.say("appendix.window_is", start=start, end=end)
    for title, fact in (("appendix.run", run.run_id), ("appendix.hash", run.mapping_hash)):
        yield words.texts[title], None, fact
    yield ()
    for name, count in report.funnel.model_dump().items():
        yield words.name(name), count, words.glossary.get(name, "")
    if report.causes:
        yield ()
        yield words.texts["causes.title"], words.texts["causes.values"], words.texts["causes.next"]
    for cause in report.causes:
        title = words.say(f"cause.{cause.kind}", subject=cause.subject or "")
        yield title, cause.values, words.texts[f"cause.{cause.kind}.next"]
    yield ()
    for key, value in run.thresholds.items():
        yield key, value, None


def _verdicts(report: Report) -> Iterable[Sequence[Cell]]:
    for r in report.mapping_rows:
        verdicts = [r.verdicts.get(v, 0) for v in VERDICTS]
        named = (r.mapping, r.entity, r.external_crm_field, r.channel, r.cxone_data)
        yield *named, *verdicts, r.written, r.rejected, r.held


_TRUNCATION: Final = (
    "limit", "transcripts", "over_limit", "ambiguous", "median", "p95", "p99", "p999", "longest", "found_whole",
    "found_shortened", "found_truncated", "found_missing", "found_altered", "found_flattened", "whole_now",
    "characters_lost", "words_lost", "turns_lost", "usual_cut",
)  # fmt: skip
_WRITERS: Final = ("live", "us", "person", "unknown")


def _truncation(report: Report, words: Language) -> Iterable[Sequence[Cell]]:
    for t in report.truncation:
        counts: dict[str, Any] = t.model_dump(include=set(_TRUNCATION))
        named = (t.mapping, t.entity, t.external_crm_field)
        kind = (words.texts[f"format.{t.format}"], words.texts[f"bound.{t.bound}"])
        yield *named, *kind, *(counts[name] for name in _TRUNCATION), *(t.cut_by.get(who, 0) for who in _WRITERS)


def _parked(report: Report, words: Language) -> Iterable[Sequence[Cell]]:
    """A row per candidate, so that each has its link; one row where there is none."""
    for p in report.parked:
        key = Link(p.interaction_key, p.cxone)
        named = (key, p.mapping, p.entity, words.name(p.reason), len(p.candidates))
        advice = words.parked.get(p.reason, words.general["reason"])
        for i, record in enumerate(p.candidates or ("",)):
            yield *named, Link(record, p.links[i] if i < len(p.links) else None), advice


_REJECTED: Final = ("key", "entity", "record", "properties", "code", "category", "correlation", "cure")


def _rejected(report: Report, words: Language) -> Iterable[Sequence[Cell]]:
    for r in report.rejected:
        record, cure = Link(r.record, r.link), words.cure(r.code, r.category)
        named = (Link(r.interaction_key, r.cxone), r.entity, record, ", ".join(r.properties))
        yield *named, r.code, r.category, r.correlation_id, cure
