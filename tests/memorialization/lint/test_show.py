import json
from pathlib import Path

import pytest

from memorialization.lint import show
from memorialization.lint.registry import RULES
from memorialization.lint.run import Result
from tests.memorialization.lint.conftest import Broken


@pytest.fixture
def result(acme: Broken, monkeypatch: pytest.MonkeyPatch) -> Result:
    """One wrong row beside the example's warnings, and no tenant."""
    acme.change("voice.yaml", "cxone_ani,", "cxone_anni,")
    acme.facts(lambda facts: facts.pop("tenant"))
    monkeypatch.chdir(acme.folder.parent)
    return acme.lint()


def test_text_names_file_line_value_why_and_cure(result: Result) -> None:
    text = show.text(result)
    assert (
        "acme/voice.yaml:21: error MEM202 property-unknown: property 'cxone_anni' does not exist (or is archived, or "
        "sensitive).\n"
        "    value: cxone_anni\n"
        "    why:   HubSpot refuses a write that names a property it does not have.\n"
        "    cure:  Create it in HubSpot or correct the row. Did you mean 'cxone_ani'?\n"
    ) in text
    assert "acme: not checked without skills with screen pops: MEM105, MEM106\n" in text
    assert text.endswith("5 files of 1 configurations: 1 errors, 3 warnings, 4 not checked")


def test_a_value_of_a_hundred_thousand_characters_does_not_flood_the_screen(acme: Broken) -> None:
    acme.change("voice.yaml", "cxone_ani,", f"{'x' * 100_000},")
    assert max(map(len, show.text(acme.lint()).splitlines())) < 800


def test_json_holds_the_same(result: Result) -> None:
    data = json.loads(show.as_json(result))
    (error,) = [f for f in data["findings"] if f["severity"] == "error"]
    assert error == {
        "code": "MEM202", "name": "property-unknown", "severity": "error", "file": "acme/voice.yaml", "line": 21,
        "value": "cxone_anni", "message": "property 'cxone_anni' does not exist (or is archived, or sensitive).",
        "why": "HubSpot refuses a write that names a property it does not have.",
        "cure": "Create it in HubSpot or correct the row. Did you mean 'cxone_ani'?",
    }  # fmt: skip
    assert data["summary"] == {"configurations": 1, "files": 5, "errors": 1, "warnings": 3, "not_checked": 4}
    assert {item["code"] for item in data["not_checked"]} == {"MEM105", "MEM106", "MEM209", "MEM502"}


def test_github_gets_one_line_a_finding(result: Result) -> None:
    lines = show.github(result).splitlines()
    assert [line.split(" ")[0] for line in lines].count("::error") == 1
    assert lines[[line.startswith("::error") for line in lines].index(True)].startswith(
        "::error file=acme/voice.yaml,line=21,title=MEM202 property-unknown::property 'cxone_anni' does not exist"
    )
    assert "::notice title=not checked::acme: without skills: MEM502" in lines


def test_what_would_end_a_line_or_a_property_is_escaped(acme: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    (acme.folder / "a,b.yaml").write_text('memorialization_mapping: "x%\\ny"\nsections: []\n')
    monkeypatch.chdir(acme.folder)
    lines = [line for line in show.github(acme.lint()).splitlines() if "a%2Cb.yaml" in line]
    assert [line.split("::")[2][:40] for line in lines] == [
        "no skill and no channel uses the mapping",
        "sections: must not be empty. ([])%0AThe ",
    ]
    assert "x%25" in lines[0]


def test_text_obeys_nothing_that_a_file_says(acme: Broken) -> None:
    acme.change("voice.yaml", "cxone_ani,", '"a\\e[31m\\nb: c\\u202e",')
    text = show.text(acme.lint())
    assert r"    value: a\x1b[31m\nb: c\u202e" in text.splitlines()
    assert not [c for c in text if not c.isprintable() and c != "\n"]


def test_a_file_elsewhere_is_shown_by_its_whole_path(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path("/"))
    monkeypatch.chdir(Path(__file__).parent)
    assert str(result.findings[0].path) in show.text(result)


@pytest.mark.parametrize("code", RULES)
def test_every_rule_is_explained(code: str) -> None:
    text = show.explain(RULES[code])
    assert text.startswith(f"{code} {RULES[code].name} ({RULES[code].severity})\nWhy:   {RULES[code].why}\nCure:  ")
