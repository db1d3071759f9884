"""The workbook opens as it is meant: five sheets, headers that stay, filters, links, and never a formula."""

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from memorialization.report.model import Parked, Rejected, Report
from memorialization.report.workbook import cleaned, write_workbook
from tests.corpora import corpus
from tests.memorialization.report.filled import filled

SAMPLE = Report.model_validate_json((Path(__file__).parent / "report.json").read_text(encoding="utf-8"))
NAMES = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
HOSTILE = '=HYPERLINK("https://evil.example","x")'


class Book:
    """A workbook read as XML: its parts, and the texts of a sheet."""

    def __init__(self, file: Path) -> None:
        with zipfile.ZipFile(file) as parts:
            self.parts = {name: parts.read(name).decode() for name in parts.namelist()}
        shared = ElementTree.fromstring(self.parts["xl/sharedStrings.xml"])
        self._shared = ["".join(item.itertext()) for item in shared]

    @property
    def sheets(self) -> list[str]:
        return re.findall(r'<sheet name="([^"]+)"', self.parts["xl/workbook.xml"])

    def xml(self, number: int) -> str:
        return self.parts[f"xl/worksheets/sheet{number}.xml"]

    def rows(self, number: int) -> list[list[str]]:
        rows = ElementTree.fromstring(self.xml(number)).findall(".//m:row", NAMES)
        return [[self._cell(cell) for cell in row.findall("m:c", NAMES)] for row in rows]

    def _cell(self, cell: ElementTree.Element) -> str:
        value = cell.findtext("m:v", default="", namespaces=NAMES)
        return self._shared[int(value)] if cell.get("t") == "s" else value

    def links(self, number: int) -> list[str]:
        return re.findall(r'Target="([^"]+)"', self.parts.get(f"xl/worksheets/_rels/sheet{number}.xml.rels", ""))


def book(report: Report, folder: Path) -> Book:
    write_workbook(report, folder / "report.xlsx")
    return Book(folder / "report.xlsx")


def refused(record: str, link: str | None) -> Rejected:
    return Rejected(
        interaction_key="v:7", entity="Ticket", record=record, link=link, properties=("a", "b"), category=None,
        code="INVALID_OPTION", correlation_id=None, cxone="https://cxone.example/7",
    )  # fmt: skip


def test_sheets_headers_filters_and_links(tmp_path: Path) -> None:
    link = "https://ven12345.hubspot.com/contacts/4711001/record/0-5/13"
    found = book(SAMPLE.model_copy(update={"rejected": (refused("13", link),)}), tmp_path)
    assert found.sheets == ["Summary", "Verdicts", "Truncation", "Parked", "Rejected"]
    for number in (2, 3, 4, 5):
        assert 'state="frozen"' in found.xml(number) and "<autoFilter" in found.xml(number)
    assert len(found.rows(2)) == 1 + len(SAMPLE.mapping_rows)
    assert found.rows(3)[0][3:5] + found.rows(3)[0][-2:] == [
        "Format",
        "What sets the limit",
        "Cut ones were written by: a person",
        "Cut ones were written by: unknown",
    ]
    assert [len(row) for row in found.rows(3)] == [29, 28, 28]  # no usual cut in either
    assert found.rows(2)[0][:6] == ["Mapping", "Entity", "External CRM field", "Channel", "CXone field", "equal"]
    assert found.rows(5)[1] == [
        "v:7", "Ticket", "13", "a, b", "INVALID_OPTION",
        "Add the option to the property in HubSpot (its internal value), or map to a text field.",
    ]  # fmt: skip
    assert found.links(5) == ["https://cxone.example/7", link]
    assert found.links(4) == [link for parked in SAMPLE.parked for link in parked.links]
    summary = found.rows(1)
    assert summary[0][2] == SAMPLE.verdict.sentence
    assert ["missing", "745"] in [row[:2] for row in summary]


def test_no_text_becomes_a_formula_or_a_link_of_its_own(tmp_path: Path) -> None:
    parked = Parked(
        interaction_key=HOSTILE, mapping="+1-2", entity="@SUM(A1)", reason="-3", candidates=("https://evil.example/1",),
        links=("javascript:alert(1)",), cxone="file:///etc/passwd",
    )  # fmt: skip
    found = book(
        SAMPLE.model_copy(update={"parked": (parked,), "rejected": (refused("\t=1+1", "http://x"),)}), tmp_path
    )
    assert found.rows(4)[1][:4] == [HOSTILE, "+1-2", "@SUM(A1)", "-3"]
    assert not [name for name, text in found.parts.items() if "<f>" in text or "<f " in text]
    assert found.links(4) == []
    assert found.links(5) == ["https://cxone.example/7"]


@pytest.mark.parametrize("evil", corpus("cells"))
def test_no_cell_is_more_than_its_text(evil: str, tmp_path: Path) -> None:
    sample = SAMPLE.model_copy(update={"rejected": (refused("13", None),)})
    found = book(filled(sample, evil), tmp_path)
    cells = [cell for number in range(1, 6) for row in found.rows(number) for cell in row]
    assert cells.count(evil.replace("\r", "_x000D_")) > 20, "as the format writes it"
    types = {kind for number in range(1, 6) for kind in re.findall(r'<c [^>]*?t="(\w+)"', found.xml(number))}
    assert types == {"s"}, "texts stand among the shared strings; a formula has the type str"
    assert not [name for name, text in found.parts.items() if "<f>" in text or "<f " in text]
    assert not [name for name in found.parts if "external" in name.lower()]
    links = {link for number in range(1, 6) for link in found.links(number)}
    assert links == ({evil} if evil.startswith("https://") else set())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b\x1b", "a�b�"), ("\ud800", "�"), ("x\u202egnp.exe", "x�gnp.exe"), ("ä😀\n\t", "ä😀\n\t"),
        ("y" * 40_000, "y" * 32_767), ("y" * 32_766 + "😀", "y" * 32_766),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_refuses_is_replaced(text: str, kept: str, tmp_path: Path) -> None:
    assert cleaned(text) == kept


def test_ten_thousand_rows_stay_links(tmp_path: Path) -> None:
    link = "https://ven12345.hubspot.com/contacts/4711001/record/0-5/"
    rows = tuple(refused(str(n), f"{link}{n}").model_copy(update={"cxone": None}) for n in range(10_000))
    found = book(SAMPLE.model_copy(update={"rejected": rows}), tmp_path)
    assert len(found.links(5)) == 10_000
    assert len(found.rows(5)) == 10_001


def test_the_german_workbook(tmp_path: Path) -> None:
    run = SAMPLE.run.model_copy(update={"language": "de"})
    found = book(SAMPLE.model_copy(update={"run": run}), tmp_path)
    assert found.sheets == ["Übersicht", "Befunde", "Kürzungen", "Geparkt", "Abgelehnt"]
    assert found.rows(2)[0][5:8] == ["gleich", "fehlend", "abweichend"]
