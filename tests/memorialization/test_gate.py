"""What the gate holds, and why; whatever it says, planned + held = missing + drifted + truncated."""

from pathlib import Path

import pandas as pd
import pytest

from memorialization.crm import Approval, Systematic
from memorialization.gate import released
from memorialization.ledger import Ledger
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import EVENING, Night, configuration, interaction, night, row, schema, section

ROWS = (row("agent", "voice", "Agent Name"), row("notes", "voice", "Disposition Notes"))


def _changes() -> pd.DataFrame:
    return pd.DataFrame(
        {"section": [0, 0, 1], "property": ["agent", "notes", "agent"], "kept": [False] * 3, "dismissed": [False] * 3}
    )


def test_nothing_is_held_without_a_reason() -> None:
    assert released(_changes(), None, []).tolist() == ["", "", ""]


@pytest.mark.parametrize("hold", ["observe", "dry_run"])
def test_a_hold_is_for_all_and_stands_before_systematic(hold: str) -> None:
    systematic = [{"section": 0, "property": "agent"}]
    assert released(_changes(), hold, systematic).tolist() == [hold] * 3


def test_systematic_holds_one_mapping_row_and_no_other() -> None:
    assert released(_changes(), None, [{"section": 0, "property": "agent"}]).tolist() == ["systematic", "", ""]


@pytest.mark.parametrize("hold", [None, "observe", "dry_run"])
def test_what_a_row_leaves_alone_is_held_as_that_whatever_else_holds_it(hold: str | None) -> None:
    kept = _changes().assign(kept=[True, False, False])
    systematic = [{"section": 0, "property": "agent"}]
    assert released(kept, hold, systematic).tolist() == ["ownership", hold or "", hold or ""]


def test_no_change_is_no_reason() -> None:
    assert released(_changes().head(0), None, [{"section": 0, "property": "agent"}]).tolist() == []


def _planned(
    ledger: Ledger, folder: Path, *, equal: int, upper: int, missing: int = 0, mode: str = "adopted",
    dry_run: bool = False, **crm: object,
) -> tuple[Night, list[dict[str, object]]]:  # fmt: skip
    """A night over calls whose agent is held as it should, in upper case, or not at all."""
    store = MemoryStore(schema(), now=EVENING)
    held = ["Ada"] * equal + ["ADA"] * upper + [""] * missing
    for i, value in enumerate(held):
        store.create(CONTACT, email=f"{i}@example.com", agent=value)
    calls = [interaction(i, agent_name="Ada", customer_email=f"{i}@example.com") for i in range(len(held))]
    setup = configuration(section("Contact", *ROWS), mode=mode, approval=Approval(max_changed_share=1.0), **crm)
    opened = night(setup, store, ledger, folder, *calls, dry_run=dry_run)
    opened.prepare()
    opened.reconcile()
    return opened, opened.gate()


ALL: list[dict[str, object]] = [{"entity": "Contact", "bucket": 0}]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("equal", "upper", "missing", "held"),
    [
        (71, 29, 0, False),
        (70, 30, 0, False),  # more than 30 %, not 30 %
        (69, 31, 0, True),
        (69, 31, 200, True),  # what is missing cannot disagree, and is no comparable value
        (13, 6, 0, False),  # 32 % of 19: too few to speak of a misunderstanding
        (13, 7, 0, True),  # 35 % of 20
    ],
)
def test_a_row_is_systematic_over_thirty_percent_of_twenty_and_more(
    ledger: Ledger, tmp_path: Path, equal: int, upper: int, missing: int, held: bool
) -> None:
    opened, apply = _planned(ledger, tmp_path, equal=equal, upper=upper, missing=missing)
    decided = opened.run.files.read_json("gate.json")
    expected = {
        "section": 0,
        "property": "agent",
        "pattern": "upper and lower case",
        "disagree": upper,
        "comparable": equal + upper,
    }
    assert decided == {"hold": None, "systematic": [expected] if held else []}
    assert apply == ([] if held else ALL)
    funnel = opened.report().funnel
    assert funnel.planned + funnel.held == funnel.missing + funnel.drifted + funnel.truncated == upper + missing
    assert funnel.held == (upper + missing if held else 0)


@pytest.mark.slow
def test_the_share_and_the_least_number_are_configuration(ledger: Ledger, tmp_path: Path) -> None:
    opened, _ = _planned(ledger, tmp_path, equal=1, upper=1, systematic=Systematic(share=0.5, at_least=2))
    assert opened.run.files.read_json("gate.json")["systematic"] == []
    opened, _ = _planned(ledger, tmp_path, equal=1, upper=1, systematic=Systematic(share=0.49, at_least=2))
    assert opened.run.files.read_json("gate.json")["systematic"] != []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "dry_run", "hold"),
    [("observe", False, "observe"), ("adopted", True, "dry_run"), ("observe", True, "dry_run")],
)
def test_observe_and_dry_run_write_nothing_and_say_so(
    ledger: Ledger, tmp_path: Path, mode: str, dry_run: bool, hold: str
) -> None:
    opened, apply = _planned(ledger, tmp_path, equal=1, upper=1, missing=1, mode=mode, dry_run=dry_run)
    assert apply == []
    report = opened.report()
    assert report.reasons["held"] == {hold: 2}
    assert (report.funnel.planned, report.funnel.held, report.funnel.imbalances()) == (0, 2, [])
    assert report.verdict.state == "attention"


@pytest.mark.slow
def test_a_night_without_changes_applies_nothing(ledger: Ledger, tmp_path: Path) -> None:
    assert _planned(ledger, tmp_path, equal=3, upper=0)[1] == []
    assert _planned(ledger, tmp_path, equal=0, upper=0)[1] == []
