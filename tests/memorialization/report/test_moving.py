"""Two nights over the fakes: what was late or moved is taken up, counted and measured, and nothing waits for ever."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memorialization import intake
from memorialization.ledger import Ledger
from memorialization.ports import Window
from memorialization.report.html import render
from memorialization.report.model import Report
from memorialization.run import Ports
from tests.memorialization.fakes import CONTACT, MemorySource, MemoryStore
from tests.memorialization.nights import DAY, EVENING, SECRET, Night, configuration, interaction, row, schema, section

pytestmark = pytest.mark.slow

SETUP = configuration(
    section(
        "Contact",
        row("agent", "voice", "Agent Name"),
        row("notes", "voice", "Disposition Notes"),
        row("transcript", "digital", "Transcription Text"),
        required=True,
    ),
)
NEXT = Window(DAY.end, DAY.end + timedelta(days=1))


class Nights:
    """Scheduled nights over one HubSpot and one CXone, whose rows a test changes between them."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.store = MemoryStore(schema(), now=EVENING)
        self.kim = self.store.create(CONTACT, email="kim@example.com")
        self.lee = self.store.create(CONTACT, email="lee@example.com")
        self.source = MemorySource()
        self._ledger, self._folder = ledger, folder

    def run(self, window: Window, *rows: dict[str, Any], texts: dict[str, str] | None = None) -> Report:
        self.source.rows, self.source.texts = list(rows), texts or {}
        self.store.now = window.end
        ports = Ports(self.source, self.store, self._ledger, SECRET)
        run = intake.open_run(SETUP, window, ports, staging_root=str(self._folder), dry_run=False, heal=True)
        report = Night(run, ports).whole()
        self._ledger.cover(run.configuration, window.start, window.end, run.run_id, "abc")
        assert report.funnel.imbalances() == [] and report.moving is not None
        return report


@pytest.fixture
def nights(ledger: Ledger, tmp_path: Path) -> Nights:
    return Nights(ledger, tmp_path)


def changed(number: int, at: datetime = NEXT.start + timedelta(hours=9), **facts: Any) -> dict[str, Any]:
    return interaction(number, updated_at=at, **facts)


def test_a_correction_is_written_once_and_late_rows_are_taken_up(nights: Nights) -> None:
    lees = {"customer_email": "lee@example.com"}
    nights.run(DAY, interaction(1, disposition_notes="first"))
    report = nights.run(NEXT, changed(1, disposition_notes="second"), interaction(2, disposition_notes="late", **lees))
    assert report.moving is not None
    assert (report.moving.changed, report.moving.late, report.funnel.pulled) == (1, 1, 2)
    assert nights.store.value(CONTACT, nights.kim, "notes") == "second"
    assert nights.store.value(CONTACT, nights.lee, "notes") == "late"
    assert "1 interactions had changed since they were read, 1 appeared only after" in render(report)
    after = Window(NEXT.end, NEXT.end + timedelta(days=1))
    report = nights.run(after, changed(1, disposition_notes="second"), interaction(2, disposition_notes="late", **lees))
    assert report.funnel.pulled == 0


def test_a_row_that_cxone_touched_without_saying_otherwise_costs_one_look(nights: Nights, ledger: Ledger) -> None:
    nights.run(DAY, interaction(1, disposition_notes="first"))
    report = nights.run(NEXT, changed(1, disposition_notes="first"))
    assert report.moving is not None
    assert (report.moving.changed, report.funnel.pulled) == (0, 0)
    (seen,) = ledger.rows("select updated_at from interactions")
    assert seen["updated_at"] == NEXT.start + timedelta(hours=9)


def test_a_correction_of_an_older_interaction_does_not_win_over_a_newer_one(nights: Nights) -> None:
    newer = interaction(2, disposition_notes="newer")
    nights.run(DAY, interaction(1, disposition_notes="older"), newer)
    report = nights.run(NEXT, changed(1, disposition_notes="corrected"), newer)
    assert report.moving is not None and report.moving.changed == 1
    assert report.funnel.written == 0 and report.funnel.superseded > 0
    assert nights.store.value(CONTACT, nights.kim, "notes") == "newer"


def test_what_a_person_made_of_the_value_meanwhile_stays(nights: Nights) -> None:
    nights.run(DAY, interaction(1, disposition_notes="first"))
    nights.store.now = NEXT.start + timedelta(hours=8)
    nights.store.person(CONTACT, nights.kim, "notes", "by hand")
    report = nights.run(NEXT, changed(1, disposition_notes="second"))
    assert report.funnel.edited == 1
    assert nights.store.value(CONTACT, nights.kim, "notes") == "by hand"


def test_a_row_of_an_interval_that_was_never_covered_is_left_to_it(nights: Nights) -> None:
    nights.run(DAY, interaction(1))
    before = interaction(2, end_time=DAY.start - timedelta(hours=1), updated_at=NEXT.start)
    assert nights.run(NEXT, before).funnel.pulled == 0


def test_a_transcript_that_was_withheld_is_delivered_when_cxone_gives_it(nights: Nights) -> None:
    chat = {"channel": "digital", "customer_email": "lee@example.com"}
    report = nights.run(DAY, interaction(3, transcript_withheld=True, **chat))
    assert report.reasons["due"] == {"transcript_withheld": 1}
    report = nights.run(NEXT, interaction(3, transcript_ref="whole", **chat), texts={"whole": "Hello, Lee"})
    assert report.funnel.written == 1
    assert nights.store.value(CONTACT, nights.lee, "transcript") == "Hello, Lee"
    assert nights.run(Window(NEXT.end, NEXT.end + timedelta(days=1))).funnel.pulled == 0


def test_nothing_waits_for_ever(nights: Nights, ledger: Ledger) -> None:
    open_ = {"wrap_up_closed": False, "due_at": None}
    report = nights.run(DAY, interaction(1, **open_), interaction(2, **open_))
    assert report.funnel.provisional == 2
    later = Window(DAY.start + timedelta(days=9), DAY.end + timedelta(days=9))
    report = nights.run(later, interaction(1, **open_))  # CXone shows the other one no more
    assert report.reasons["never_due"] == {"never_became_due": 1}
    assert report.moving is not None and report.moving.given_up == 1
    states = ledger.rows("select distinct state, reason from interactions")
    assert states == [{"state": "never_due", "reason": "never_became_due"}]
    assert "1 in this run, and 1 that CXone does not show any more" in render(report)


def test_lateness_is_measured_and_a_horizon_suggested(nights: Nights) -> None:
    report = nights.run(DAY, *(interaction(n, updated_at=EVENING + timedelta(minutes=61 * n)) for n in range(1, 11)))
    assert report.moving is not None
    rows = {(r.span, r.what): (r.interactions, r.p50, r.p95, r.p99, r.longest) for r in report.moving.lateness}
    assert rows == {("run", "changed"): (10, 5.0, 10.0, 10.0, 10.0), ("run", "due"): (10, 5.9, 5.98, 5.98, 5.98)}
    assert (report.moving.horizon_days, report.moving.suggested_days) == (7, 2)
    report = nights.run(NEXT)
    assert report.moving is not None
    assert {(r.span, r.what, r.interactions, r.longest) for r in report.moving.lateness} == {
        ("month", "changed", 10, 10.0),
        ("month", "due", 10, 5.98),
    }
