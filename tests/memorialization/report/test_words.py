"""No verdict, no reason for holding and no outcome of the funnel is without its sentence."""

import re
from dataclasses import fields
from pathlib import Path

from memorialization.compare import VERDICTS
from memorialization.gate import HELD_REASONS
from memorialization.rendering import Status
from memorialization.report.model import Funnel
from memorialization.report.words import ENGLISH, language


def test_every_word_of_the_funnel_is_explained() -> None:
    assert set(VERDICTS) <= set(ENGLISH.glossary)
    assert set(Funnel.model_fields) - {"pulled", "targets", "values"} <= set(ENGLISH.glossary)


def test_every_reason_says_what_to_do_next() -> None:
    assert set(ENGLISH.held) == set(HELD_REASONS)
    assert set(ENGLISH.parked) == {"ambiguous", "unmatched"}
    assert set(ENGLISH.withheld) == {s.name.lower() for s in Status if s >= Status.TOO_LONG}


def test_a_cure_goes_by_code_then_by_category_then_in_general() -> None:
    assert ENGLISH.cure("READ_ONLY_VALUE", "VALIDATION_ERROR") == "HubSpot computes this property. Map to another one."
    assert ENGLISH.cure(None, "CONFLICT").startswith("Another record already holds this unique value.")
    assert ENGLISH.cure("NEVER_SEEN", None).endswith("finds the call by its correlation id.")


def test_the_documents_name_every_cure(project: Path) -> None:
    guide = (project / "docs/delivery.md").read_text(encoding="utf-8")
    assert [code for code, words in ENGLISH.cures.items() if f"| `{code}` | {words} |" not in guide] == []


def test_a_pattern_has_a_likely_cause() -> None:
    assert "time zone" in ENGLISH.likely_cause("times +1 h apart")
    assert "another form" in ENGLISH.likely_cause("spelled 'a' instead of '9'")
    assert "rendering" in ENGLISH.likely_cause("")


GERMAN = language("de")
PLACES = re.compile(r"\{(\w+)[:}]")


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    for table in fields(ENGLISH):
        if table.name == "code":
            continue
        english, german = getattr(ENGLISH, table.name), getattr(GERMAN, table.name)
        assert set(english) == set(german), table.name
        if table.name == "texts":
            for key, text in english.items():
                assert set(PLACES.findall(text)) == set(PLACES.findall(german[key])), key
                assert not re.search(r"\d", german[key]) or re.search(r"\d", text), key


def test_every_text_of_the_templates_is_in_the_tables(project: Path) -> None:
    folder = project / "memorialization/report"
    sources = [file.read_text(encoding="utf-8") for file in (*folder.glob("templates/*.html"), *folder.glob("*.py"))]
    asked = {key for source in sources for key in re.findall(r"\b(?:t|say|texts\[)\(?\"([a-z_.]+)\"", source)}
    assert len(asked) > 150
    assert (
        asked
        - set(ENGLISH.texts)
        - {"trend.", "column.", "unit.", "cause.", "moving.", "bound.", "cut.", "format.", "measure."}
        == set()
    )
    named = {word for source in sources for word in re.findall(r"\bcolumns\(\"([a-z_ ]+)\"", source)}
    assert {f"column.{c}" for listed in named for c in listed.split()} <= set(ENGLISH.texts)


def test_figures_and_dates_in_german() -> None:
    assert GERMAN.number(1234567) == "1.234.567"
    assert [GERMAN.share(*s) for s in ((0, 5), (1, 32), (1, 5000), (4999, 5000), (1, 0))] == [
        "0 %", "3,1 %", "unter 0,1 %", "über 99,9 %", "k. A.",
    ]  # fmt: skip
    assert [GERMAN.duration(s) for s in (0.03, 0.58, 250)] == ["unter 0,1 s", "0,6 s", "4 min 10 s"]
    assert GERMAN.instant("2026-11-02T04:05:00+02:00") == "2.11.2026, 02:05"
    assert GERMAN.days(["2026-11-19", "2026-11-20", "2026-11-22"]) == "19.11. bis 20.11., 22.11."
    assert ENGLISH.days(["2026-11-19", "2026-11-20", "2026-11-22"]) == "Nov 19 to 20, Nov 22"


def test_marks_become_tags_and_what_is_filled_in_stays_text() -> None:
    shown = ENGLISH.marked("coverage.too_old", command="<b>`x`</b> --from")
    assert shown == "no night reaches back so far. Start <code>&lt;b&gt;`x`&lt;/b&gt; --from</code>"
    assert ENGLISH.marked("rows.some_wrong", wrong=1176, n=2) == "<b>1,176</b> of 2 lost or wrong"
    assert ENGLISH.say("people.records", n=1) == "1 record"
    assert GERMAN.say("people.records", n=2000) == "2.000 Datensätze"
