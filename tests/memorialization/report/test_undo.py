"""The report of a revert says that it is an undo, and what it left alone."""

from pathlib import Path

import pytest

from memorialization.report.html import render
from memorialization.report.model import Edited, Funnel, Left, Report
from memorialization.report.undo import undone
from memorialization.run import Run

KEPT = Path(__file__).with_name("report.json")


def run(*, dry_run: bool = False) -> Run:
    return Run("r2", "acme", "s", "2026-11-20T00:00:00+00:00", "2026-11-21T00:00:00+00:00", dry_run, "r1")


@pytest.mark.parametrize(
    ("dry_run", "funnel", "held", "failures", "state", "sentence"),
    [
        (False, {"values": 9, "verified": 9}, {}, [], "balanced",
         "Undo of run r1: of the 9 values it wrote, 9 are restored and proven by reading back."),
        (False, {"values": 9, "verified": 5, "equal": 1}, {"moved": 2, "created": 1}, [], "attention",
         "Undo of run r1: of the 9 values it wrote, 5 are restored and proven by reading back, 1 were as before "
         "already. Left alone: 2 changed since, 1 in records that the run created."),
        (True, {"values": 9}, {"dry_run": 8, "newer": 1}, [], "attention",
         "Undo of run r1: of the 9 values it wrote, 8 would be restored; nothing was written. "
         "Left alone: 1 held by a newer interaction."),
        (False, {"values": 9}, {}, ["apply of Contact/0 failed: X"], "failed",
         "The undo of run r1 is not settled: apply of Contact/0 failed: X."),
    ],
)  # fmt: skip
def test_the_verdict_is_an_undos(
    dry_run: bool, funnel: dict[str, int], held: dict[str, int], failures: list[str], state: str, sentence: str
) -> None:
    verdict = undone(run(dry_run=dry_run), Funnel(**funnel), {"held": held}, failures)
    assert (verdict.state, verdict.sentence) == (state, sentence)


def test_the_page_of_a_revert_lists_what_was_left_alone() -> None:
    report = Report.model_validate_json(KEPT.read_bytes())
    left = Left(
        reason="moved",
        interaction_key="v:1",
        entity="Contact",
        record_id="101",
        link="https://x/101",
        properties=("a", "b"),
    )
    page = render(report.model_copy(update={"run": report.run.model_copy(update={"reverts": "r1"}), "left": (left,)}))
    assert "<title>Undo, " in page and "Every value that run r1 wrote." in page
    assert 'href="https://x/101"' in page and '<td class="key">a, b</td>' in page
    assert "somebody, or a later write, changed it since." in page


def test_an_edited_value_is_listed_with_when_and_by_what_kind_of_source() -> None:
    report = Report.model_validate_json(KEPT.read_bytes())
    edited = Edited(
        interaction_key="v:1", mapping="m", entity="Contact", external_crm_field="agent", record_id="1",
        link="https://x/1", changed_at="2026-11-22T10:00:00+00:00", source="AUTOMATION_PLATFORM",
    )  # fmt: skip
    page = render(report.model_copy(update={"edited": (edited,)}))
    assert "22 Nov 2026, 10:00" in page and "a workflow (AUTOMATION_PLATFORM)" in page
    assert "ownership: pipeline" in page
