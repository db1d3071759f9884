"""The page says what the report says: every figure, each state, all escaped, nothing from outside."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from memorialization.report.html import parts, render
from memorialization.report.model import (
    Card,
    CardField,
    Cause,
    Edited,
    Funnel,
    Parked,
    Rejected,
    Report,
    Step,
    SystematicRow,
    Verdict,
)
from memorialization.report.words import ENGLISH
from tests.corpora import corpus
from tests.markup import Page
from tests.memorialization.report.filled import filled

SAMPLE = Report.model_validate_json((Path(__file__).parent / "report.json").read_text(encoding="utf-8"))
HOSTILE = """<script>alert("x")</script>'"><img src=https://evil.example/x>"""
QUIET_FUNNEL = Funnel()


def page(report: Report) -> Page:
    return Page(render(report))


def changed(**changes: Any) -> Report:
    return SAMPLE.model_copy(update=changes)


def funnel(**changes: int) -> Funnel:
    return SAMPLE.funnel.model_copy(update=changes)


def verdict(state: str, sentence: str, *failures: str) -> Verdict:
    return Verdict.model_validate({"state": state, "sentence": sentence, "failures": failures})


def quiet() -> Report:
    return changed(
        verdict=verdict("balanced", "A quiet night: no interaction ended in this window."),
        funnel=QUIET_FUNNEL,
        reasons={},
        mapping_rows=tuple(row.model_copy(update={"verdicts": {}, "written": 0}) for row in SAMPLE.mapping_rows),
        truncation=(),
        quality=(),
        parked=(),
    )


def failed() -> Report:
    died = "apply of Ticket/0 failed: HubSpotUnavailable: five answers of 503 in a row"
    return changed(
        verdict=verdict(
            "failed",
            f"Not all is settled: {died}.",
            died,
            "788 values are unaccounted: neither written nor rejected",
        ),
        funnel=funnel(written=388, unaccounted=788, verified=380, verify_failed=8),
        steps=(
            *SAMPLE.steps[:8],
            Step(step="apply", partition="Ticket/0", state="failed", seconds=312.0, error=died[26:]),
        ),
    )


def observed() -> Report:
    return changed(
        run=SAMPLE.run.model_copy(update={"mode": "observe"}),
        verdict=verdict(
            "attention",
            "31,685 of 37,375 values stand in HubSpot; 1,176 would be mended, nothing was written.",
        ),
        funnel=funnel(planned=0, held=1176, written=0, verified=0),
        reasons=SAMPLE.reasons | {"held": {"observe": 1176}},
        mapping_rows=tuple(row.model_copy(update={"held": row.written, "written": 0}) for row in SAMPLE.mapping_rows),
    )


def refused(records: int) -> Report:
    """Two values of each record refused: of five records one says option, one property, three nothing."""
    codes = ("INVALID_OPTION", "PROPERTY_DOESNT_EXIST", None, None, None)
    rows = tuple(
        Rejected(
            interaction_key=f"d:1700002517{i:06}:1795332705189:20786525",
            entity="Ticket",
            record=str(130000000000 + i),
            link=f"https://ven12345.hubspot.com/contacts/4711001/record/0-5/{130000000000 + i}",
            properties=("cxone_disposition", "cxone_status"),
            category="VALIDATION_ERROR",
            code=codes[i % 5],
            correlation_id=f"5b0c1f6e-1f0d-4c9a-9a53-{i:012}",
        )
        for i in range(records)
    )
    mended = 1176 - 2 * records
    return changed(
        verdict=verdict(
            "attention",
            f"1,176 values were lost or wrong in HubSpot; {mended:,} are mended and proven by reading back.",
        ),
        funnel=funnel(written=mended, rejected=2 * records, verified=mended),
        reasons=SAMPLE.reasons
        | {"rejected": dict(Counter(r.code or "unknown" for r in rows for _ in r.properties).most_common())},
        rejected=rows,
    )


def systematic() -> Report:
    row = {"mapping": "Acme voice", "entity": "Contact", "external_crm_field": "cxone_last_interaction_at"}
    return changed(
        verdict=verdict(
            "attention",
            "1,176 values were lost or wrong in HubSpot; 1,117 are mended and proven by reading back.",
        ),
        funnel=funnel(planned=1117, held=59, written=1117, verified=1117),
        reasons=SAMPLE.reasons | {"held": {"systematic": 59}},
        systematic=(SystematicRow(**row, pattern="times +1 h apart", disagree=59, comparable=72),),
    )


def worst_case() -> Report:
    ids = ("120000005610", "120000005627", "120000005644")
    parked = tuple(
        Parked(
            interaction_key=f"d:1700002517{i:06}:1795332705189:20786525",
            mapping="Acme digital",
            entity="Contact",
            reason="ambiguous",
            candidates=ids,
            links=tuple(f"https://ven12345.hubspot.com/contacts/4711001/record/0-1/{c}" for c in ids),
        )
        for i in range(500)
    )
    return refused(500).model_copy(update={"parked": parked})


STATES = {
    "sample": SAMPLE,
    "quiet": quiet(),
    "failed": failed(),
    "observed": observed(),
    "refused": refused(37),
    "systematic": systematic(),
    "worst_case": worst_case(),
}


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_a_whole_page_with_its_sentence_and_its_badge(name: str) -> None:
    report = STATES[name]
    shown = page(report)
    assert report.verdict.sentence in shown.text
    assert f"{report.verdict.state} {report.verdict.sentence}" in shown.text
    assert shown.count("h1") == 1
    assert ("html", {"lang": "en"}) in shown.elements


@pytest.mark.parametrize("name", STATES)
def test_every_figure_of_the_funnel_stands_beside_its_word(name: str) -> None:
    report = STATES[name]
    text = page(report).text
    for word, count in report.funnel.model_dump().items():
        beside = f"{count:,} {word}" if word == "superseded" else rf"{word} ([=+] )?{count:,}\b"
        assert re.search(beside, text), f"{word} {count:,}"


def test_the_sums_are_said_to_add_up_and_a_wrong_one_is_named() -> None:
    assert page(SAMPLE).text.count("✓ adds up") == 6
    text = page(changed(funnel=funnel(due=1540))).text
    assert text.count("✓ adds up") == 5
    assert text.count("✕ does not add up") == 1


def test_key_figures_of_the_sample() -> None:
    text = page(SAMPLE).text
    assert "Lost or wrong 1,176 3.1 % of 37,375 values" in text
    assert "Mended and proven 1,176 all of them, by reading back" in text
    assert "Waiting 176 targets parked" in text
    assert "Transcripts whole now 936 of 958; 22 not whole" in text


def test_a_quiet_night_asks_for_nobody() -> None:
    text = page(quiet()).text
    assert "Lost or wrong 0 no value was due" in text
    assert "Nothing waits for a person." in text
    assert "No transcript was judged in this run." in text


def test_a_failed_run_lists_every_failure_and_the_error_of_the_step() -> None:
    text = page(failed()).text
    assert "788 values are unaccounted: neither written nor rejected" in text
    assert "✕ failed HubSpotUnavailable: five answers of 503 in a row 5 min 12 s" in text
    assert "788 unaccounted values" in text
    assert "Run the window again: it settles each of them by reading the record." in text
    assert "8 verify_failed values" in text


def test_a_single_failure_that_the_sentence_already_tells_is_not_told_twice() -> None:
    once = changed(verdict=verdict("failed", "Not all is settled: the gate failed.", "the gate failed"))
    assert page(once).text.count("the gate failed") == 1


def test_observe_mode_says_that_nothing_is_written_and_how_to_adopt() -> None:
    text = page(observed()).text
    assert "observe: nothing is written" in text
    assert "1,176 held values observe Read this report. If it is right, adopt the configuration" in text
    assert "all held, nothing was written" in text


def test_rejected_rows_are_grouped_by_code_with_the_cure_and_a_link() -> None:
    shown = page(refused(37))
    assert "PROPERTY_DOESNT_EXIST (VALIDATION_ERROR): 8 records Make the property in HubSpot" in shown.text
    assert "INVALID_OPTION (VALIDATION_ERROR): 8 records Add the option to the property in HubSpot" in shown.text
    assert "unknown (VALIDATION_ERROR): 21 records A value breaks a rule of its property" in shown.text
    assert "42 rejected values unknown A value breaks a rule of its property" in shown.text
    assert "Rejected: 74 values of 37 listed records" in shown.text
    links = [a["href"] for tag, a in shown.elements if tag == "a"]
    assert "https://ven12345.hubspot.com/contacts/4711001/record/0-5/130000000036" in links


def test_systematic_rows_name_pattern_share_and_likely_cause() -> None:
    text = page(systematic()).text
    assert "cxone_last_interaction_at Acme voice, Contact times +1 h apart 59 72 81.9 %" in text
    assert "a time zone is taken for another" in text
    assert "59 held values systematic" in text


def test_lists_show_25_rows_and_fold_the_rest() -> None:
    text = page(SAMPLE).text
    assert "Acme voice, Contact: 30 ambiguous" in text
    assert "The other 5 " in text
    assert "Acme voice, Ticket: 99 unmatched" in text
    assert "The other 74 " in text
    listed_less = changed(funnel=funnel(parked=1200))
    assert "Parked: 1,200 targets, 176 of them listed" in page(listed_less).text


def test_truncation_says_what_to_do() -> None:
    text = page(SAMPLE).text
    assert (
        "23 of 627 do not fit into 4,000 characters: raise the property's limit in HubSpot or map to a "
        "longer field. 22 of the 553 that have a record are not whole now." in text
    )
    assert "All 627 fit; the longest fills 19.8 % of the limit. All 405 that have a record are whole now." in text
    full = SAMPLE.truncation[0].model_copy(update={"over_limit": 2, "longest": 70_000})
    assert (
        "2 of 627 do not fit into 65,536 characters: HubSpot has no longer field"
        in page(changed(truncation=(full,))).text
    )


def test_what_is_cut_by_policy_is_told_from_what_is_lost() -> None:
    counts = {"found_whole": 600, "found_truncated": 2, "found_missing": 0, "found_altered": 0, "found_shortened": 20}
    asked = counts | {"over_limit": 23, "whole_now": 600, "shortened_by_policy": 22}
    text = page(changed(truncation=(SAMPLE.truncation[0].model_copy(update=asked),))).text
    assert "do not fit into 65,536 characters: 22 stand there shortened, as their row says (on_overflow: cut)." in text
    assert "All 622 that have a record are as they should be now." in text
    assert "Transcripts whole or cut as configured now" in text and "Shortened by policy now" in text
    assert "Shortened by policy now" not in page(SAMPLE).text


def test_what_a_row_leaves_alone_waits_for_nobody() -> None:
    left = {"held": {"ownership": 7}}
    nothing = dict.fromkeys(("parked", "rejected", "verify_failed", "withheld", "unreadable"), 0)
    text = page(changed(funnel=funnel(held=7, **nothing), reasons=left)).text
    assert "nothing waits for a person" in text and "fill_if_empty" not in text


def covered(**changes: int) -> Report:
    fields = (CardField(field="firstname", empty=3), CardField(field="cxone_last_disposition", empty=400))
    counts = {"interactions": 500, "cards": 400, "without_record": 100, "unreadable": 0} | changes
    card = Card(dynamic_data_mapping="Customer card", entity="Contact", fields=fields, **counts)
    nobody = Card(
        dynamic_data_mapping="Customer card", entity="Company", interactions=500, cards=0, without_record=500,
        unreadable=0, fields=(CardField(field="name", empty=0),),
    )  # fmt: skip
    return changed(cards=(card, nobody))


def test_card_coverage_names_each_field_with_its_share_of_the_cards_that_were_read() -> None:
    text = page(covered()).text
    assert "500 due interactions: 400 with a card, 100 without a matched record." in text
    assert "firstname 400 3 0.8 % cxone_last_disposition 400 400 100 %" in text
    assert "Company Customer card 500 due interactions: 0 with a card, 500 without a matched record." in text
    unread = page(covered(unreadable=100)).text
    assert "100 without a matched record; 100 cards unreadable." in unread
    assert "firstname 300 3 1 %" in unread


def test_without_cards_the_page_says_so() -> None:
    assert "No assignment of this run's interactions names a dynamic data mapping." in page(changed(cards=())).text


def test_a_row_with_nothing_lost_or_wrong_is_quiet() -> None:
    rows = [r for r in SAMPLE.mapping_rows if set(r.verdicts) <= {"equal", "edited", "not_expected", "no_source"}]
    quiet_rows = [a for tag, a in page(SAMPLE).elements if tag == "tr" and a.get("class") == "quiet"]
    assert len(rows) == len(quiet_rows) == 3


@pytest.mark.parametrize("name", STATES)
def test_nothing_comes_from_outside_and_no_script_runs(name: str) -> None:
    shown = page(STATES[name])
    policies = [a["content"] for tag, a in shown.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    for tag, attributes in shown.elements:
        assert tag not in {"script", "iframe", "object", "embed", "form"}
        assert not [a for a in attributes if a.startswith("on")]
        for target in (attributes.get("src"), attributes.get("href")):
            assert target is None or target.startswith(("#", "data:,", "https://ven12345.hubspot.com/contacts/"))
    assert not re.search(r"url\(|@import", render(STATES[name]))


@pytest.mark.parametrize("name", STATES)
def test_tables_have_scoped_headers_and_links_in_the_page_have_targets(name: str) -> None:
    elements = page(STATES[name]).elements
    assert all(a.get("scope") in {"col", "row"} for tag, a in elements if tag == "th")
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(ids) == len(set(ids))
    anchors = {str(a["href"])[1:] for tag, a in elements if tag == "a" and str(a["href"]).startswith("#")}
    assert anchors <= set(ids)


def test_hostile_values_are_text() -> None:
    row = SAMPLE.mapping_rows[0].model_copy(
        update={"mapping": HOSTILE, "entity": HOSTILE, "external_crm_field": HOSTILE, "cxone_data": HOSTILE}
    )
    report = refused(1).model_copy(
        update={
            "run": SAMPLE.run.model_copy(update={"configuration_name": HOSTILE, "versions": {HOSTILE: HOSTILE}}),
            "verdict": verdict("failed", HOSTILE, HOSTILE),
            "reasons": {"never_due": {HOSTILE: 3}, "parked": {HOSTILE: 3}, "rejected": {HOSTILE: 1}},
            "mapping_rows": (row,),
            "truncation": (SAMPLE.truncation[1].model_copy(update={"external_crm_field": HOSTILE}),),
            "quality": (SAMPLE.quality[0].model_copy(update={"about": HOSTILE, "interaction_keys": (HOSTILE,)}),),
            "systematic": (
                SystematicRow(
                    mapping=HOSTILE,
                    entity=HOSTILE,
                    external_crm_field=HOSTILE,
                    pattern=HOSTILE,
                    disagree=9,
                    comparable=10,
                ),
            ),
            "parked": (
                Parked(
                    interaction_key=HOSTILE,
                    mapping=HOSTILE,
                    entity=HOSTILE,
                    reason=HOSTILE,
                    candidates=(HOSTILE, "7"),
                    links=("javascript:alert(1)", 'https://ven12345.hubspot.com/contacts/1" onclick="x'),
                ),
            ),
            "steps": (Step(step=HOSTILE, partition=HOSTILE, state="failed", seconds=1.0, error=HOSTILE),),
        }
    )
    text = render(report)
    assert "<script" not in text
    assert "javascript:" not in text
    shown = Page(text)
    assert shown.count("img") == 0
    assert not [a for _, attributes in shown.elements for a in attributes if a.startswith("on")]
    assert shown.text.count("<script>") > 20


@pytest.fixture(scope="module")
def plain() -> dict[bool, Page]:
    """Pages of harmless strings: of a web address, which becomes a link, and of another."""
    return {text.startswith("https://"): page(filled(refused(3), text)) for text in ("x", "https://x.example/")}


@pytest.mark.parametrize("evil", corpus("pages"))
def test_no_string_of_a_report_becomes_a_part_of_the_page(plain: dict[bool, Page], evil: str) -> None:
    found = page(filled(refused(3), evil))
    linked = evil.startswith("https://")
    assert found.shape() == plain[linked].shape()
    inside = {name for _, attributes in found.elements for name, value in attributes.items() if evil in (value or "")}
    assert inside == {"aria-label", "class"} | ({"href"} if linked else set())
    assert " ".join(evil.split()) in found.text


def test_sizes() -> None:
    assert len(render(SAMPLE).encode()) < 150_000
    assert len(render(worst_case()).encode()) < 1_000_000


def test_the_page_stays_small_and_says_where_the_rest_is() -> None:
    found = worst_case()
    edits = Edited(
        interaction_key="v:502517000049", mapping="Acme voice", entity="Contact", record_id="120000007310",
        external_crm_field="cxone_last_disposition", link="https://ven12345.hubspot.com/contacts/4711001/record/0-1/1",
        changed_at="2026-11-22T04:00:00+00:00", source="CRM_UI", cxone="https://cxone.example/player/502517000049",
    )  # fmt: skip
    large = found.model_copy(
        update={"parked": found.parked * 20, "rejected": found.rejected * 20, "edited": (edits,) * 10_000}
    )
    text = render(large)
    assert len(text.encode()) < 2_000_000
    assert text.count("The first 500 are listed here; report.json and report.xlsx hold 10,000.") == 3


def test_likely_causes_are_told_as_inferred() -> None:
    outage = Cause(
        kind="outage", subject=None, start="2026-11-22T14:01:00+00:00", end="2026-11-22T15:58:00+00:00", values=1234,
        interactions=98, of=100, elsewhere=20, elsewhere_of=1400, interaction_keys=("v:1", "v:2"),
    )  # fmt: skip
    agent = outage.model_copy(update={"kind": "agent", "subject": "1842"})
    text = page(changed(causes=(outage, agent))).text
    assert "This is inferred from who lost what and when, not known" in text
    assert (
        "1,234 values An outage: everything for a while 22 Nov 2026, 14:01 to 22 Nov 2026, 15:58 UTC; "
        "98 of 100 interactions ( 98 % ) elsewhere 20 of 1,400 ( 1.4 % )"
    ).replace("( ", "(").replace(" )", ")") in text
    assert "Agent 1842" in text
    assert "No value was lost without a known reason." in page(changed(causes=())).text


def test_keys_lead_to_cxone_where_it_names_a_place() -> None:
    first, *rest = SAMPLE.parked
    there = first.model_copy(update={"cxone": "https://cxone.example/player/1"})
    unsafe = first.model_copy(update={"cxone": "javascript:alert(1)"})
    links = [a.get("href") for tag, a in page(changed(parked=(there, unsafe, *rest))).elements if tag == "a"]
    assert links.count("https://cxone.example/player/1") == 1
    assert "javascript:alert(1)" not in links


def test_a_german_page_is_german() -> None:
    german = worst_case().model_copy(update={"run": SAMPLE.run.model_copy(update={"language": "de"})})
    shown = page(german)
    assert ("html", {"lang": "de"}) in shown.elements
    for words in ("Verloren oder falsch 1.176 3,1 % von 37.375 Werten", "22.11.2026, 02:00 bis 23.11.2026, 02:00 UTC",
                  "geholt 1.849", "Zuordnungszeilen", "Braucht einen Menschen", "Anhang"):  # fmt: skip
        assert words in shown.text
    for word in ("Lost or wrong", "Needs a person", "Mapping rows", "to_create", "adds up", "Likely", "Appendix"):
        assert word not in shown.text.replace(german.verdict.sentence, "")


def test_the_page_is_the_same_for_the_same_report() -> None:
    assert render(SAMPLE) == render(SAMPLE)


def test_figures_for_people() -> None:
    assert ENGLISH.number(1234567) == "1,234,567"
    assert [ENGLISH.share(*s) for s in ((0, 5), (5, 5), (1, 32), (1, 5000), (4999, 5000), (1, 0))] == [
        "0 %", "100 %", "3.1 %", "under 0.1 %", "over 99.9 %", "n/a",
    ]  # fmt: skip
    assert [ENGLISH.duration(s) for s in (0.03, 0.58, 59.96, 250, 3900)] == [
        "under 0.1 s",
        "0.6 s",
        "1 min 0 s",
        "4 min 10 s",
        "1 h 5 min",
    ]
    assert ENGLISH.instant("2026-11-22T04:00:00+02:00") == "22 Nov 2026, 02:00"


def test_a_single_value_in_a_million_is_still_seen_in_the_bar() -> None:
    equal, missing, drifted = parts([("equal", 999_999), ("missing", 1), ("drifted", 0)])
    assert (equal.start, missing.width, drifted.width) == (0.0, 0.99, 0.0)
    assert (equal.width, missing.start) == (99.01, 99.01)


def test_it_says_where_a_decision_is_not_kept_for_the_customer() -> None:
    told = "A decision holds for its interaction alone: the CXone connection has no address_secret"
    assert told in page(changed(knows_customers=False)).text
    assert told not in page(changed(knows_customers=True)).text
