"""No pain is claimed to be dealt with that no test shows, and what is tested here is one of them."""

import ast
from collections import Counter

import pytest

from tests.pains.others import Pain
from tests.pains.table import GUIDE, PAINS, answers, guide, shown_by
from tests.proofs import PROJECT, absent


@pytest.mark.parametrize("pain", PAINS, ids=lambda pain: pain.what)
def test_a_pain_is_answered_and_shown_by_tests_that_run(pain: Pain) -> None:
    assert pain.does or answers(pain), "nothing is said to be done about it"
    assert pain.known
    assert shown_by(pain)
    assert absent(shown_by(pain)) == []


def test_every_known_pain_has_its_row() -> None:
    assert Counter(pain.group for pain in PAINS) == {
        "Writing to HubSpot": 25,
        "Nights under Airflow": 5,
        "Surprises of HubSpot's API": 20,
        "Surprises of CXone's API": 15,
    }
    assert len({pain.what for pain in PAINS}) == len(PAINS)


def test_every_test_of_this_folder_names_its_pain() -> None:
    rows = {test: {p.what for p in PAINS if test in p.tests} for pain in PAINS for test in pain.tests}
    for file in sorted((PROJECT / "tests/pains").glob("test_*.py")):
        if file.name == "test_table.py":
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                said = (ast.get_docstring(node) or "").split("\n\n")[0].replace("\n", " ").rstrip(".")
                assert said in rows.get(f"pains/{file.stem}::{node.name}", set()), f"{node.name} names no pain: {said}"


def test_the_guide_holds_the_table_as_it_is() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert text.count("<!-- generated: pains -->") == 1
    assert guide(text) == text, "python -m tests.pains.table"
