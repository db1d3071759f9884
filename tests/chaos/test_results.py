"""docs/reliability.md holds what the last `make chaos` found, and that is all nights and nothing lost."""

import json

from tests.chaos.plans import KINDS
from tests.chaos.results import DATA, DOCUMENT, FOUND, MEANS, OWN, line, markdown
from tests.proofs import absent


def test_the_document_is_of_these_results() -> None:
    data = json.loads(DATA.read_text(encoding="utf-8"))
    assert DOCUMENT.read_text(encoding="utf-8") == markdown(data)
    for part in data.values():
        numbers = [night["number"] for night in part["nights"]]
        assert numbers == sorted(set(numbers)) != []
        assert {night["number"]: night["wrong"] for night in part["nights"] if night["wrong"]} == {}


def test_every_kind_of_trouble_is_explained() -> None:
    assert tuple(MEANS) == KINDS
    assert absent([*(test for _, _, test in OWN), *(test for _, test in FOUND)]) == []


def test_what_is_lost_stands_in_the_summary_and_in_the_night() -> None:
    good = {"number": 1, "first": "2026-03-28", "times": {"disk full": 1}, "runs": 5, "failed": {"OSError": 1},
            "values": 1200, "seconds": 9.0, "wrong": {}}  # fmt: skip
    bad = good | {"number": 2, "times": {"disk full": 2, "clock jumps": 1}, "wrong": {"lost": ["a", "b"]}}
    machine = {"cores": 2, "memory_gib": 4.0, "system": "Linux", "python": "3.11"}
    told = markdown(
        {"nights": {"date": "2026-11-24", "seed": 3, "planned": 2, "machine": machine, "nights": [good, bad]}}
    )
    assert "| **4** faults in 2 nights | **1** of 2 nights | **2** | **0** | **0** |" in told
    assert "| 2 | 3 | 1 | 2 | 0 | 0 |" in told.split("| disk full |")[1].splitlines()[0]
    assert "| 1 | 1 | 0 | 2 | 0 | 0 |" in told.split("| clock jumps |")[1].splitlines()[0]
    assert "2 `OSError`" in told
    assert "✘" in line(bad) and "✔" in line(good)
