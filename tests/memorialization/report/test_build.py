"""The report closes its sums whatever became of the night, and names everything that failed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memorialization.ledger import Ledger
from memorialization.report.model import Report
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import EVENING, Night, configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

SETUP = configuration(
    section(
        "Contact",
        row("agent", "voice", "Agent Name"),
        row("last_id", "voice", "Recording URL"),  # no source
        row("transcript", "digital", "Transcription Text"),
        required=True,
    ),
    section(
        "Ticket",
        row("key", "voice", "Contact ID"),
        row("notes", "voice", "Disposition Notes"),
        key="Contact ID",
        on_unmatched="create",
    ),
)
TEXTS = {"fits": "Hello, Kim", "long": "Hello, Kim, how are you?"}


def _night(ledger: Ledger, folder: Path, **settings: Any) -> Night:
    """Kim has two calls, Lee a chat that fits and one that does not; nobody is known by the last call."""
    store = MemoryStore(schema(), now=EVENING)
    store.create(CONTACT, email="kim@example.com", agent="Agent 2")
    store.create(CONTACT, email="lee@example.com", transcript="Hello")
    chat = {"channel": "digital", "customer_email": "lee@example.com"}
    return night(
        SETUP, store, ledger, folder,
        interaction(1, disposition_notes="n"), interaction(2), interaction(3, transcript_ref="fits", **chat),
        interaction(4, customer_email=None), interaction(5, refused=True), interaction(6, end_time=None),
        texts=TEXTS, **settings,
    )  # fmt: skip


def _through(opened: Night, *steps: Callable[[], object]) -> Report:
    for step in steps:
        step()
    return opened.report()


def test_a_night_counts_each_thing_once(ledger: Ledger, tmp_path: Path) -> None:
    opened = _night(ledger, tmp_path)
    report = _through(opened, opened.prepare, opened.reconcile, opened.deliver, opened.judge)
    funnel = {name: n for name, n in report.funnel.model_dump().items() if n}
    assert funnel == {
        "pulled": 6, "due": 4, "provisional": 1, "never_due": 1,
        "targets": 8, "matched": 3, "to_create": 3, "parked": 1, "not_attempted": 1,
        "values": 9, "equal": 1, "missing": 4, "truncated": 1, "no_source": 1, "not_expected": 2, "superseded": 1,
        "planned": 5, "written": 5, "verified": 5,
    }  # fmt: skip
    assert report.reasons == {
        "matched": {"e-mail": 3},
        "never_due": {"refused": 1},
        "not_attempted": {"unmatched": 1},
        "parked": {"unmatched": 1},
        "provisional": {"still_assigned": 1},
    }
    assert (report.verdict.state, report.verdict.failures) == ("attention", ())
    assert report.verdict.sentence == (
        "5 values were lost or wrong in HubSpot; 5 are mended and proven by reading back. "
        "Waiting for a person: 1 parked targets."
    )
    (parked,) = report.parked
    assert (parked.interaction_key, parked.entity, parked.reason, parked.links) == ("v:4", "Contact", "unmatched", ())
    (lengths,) = report.truncation
    assert lengths.model_dump(exclude={"mapping", "entity", "external_crm_field"}) == {
        "limit": 20, "transcripts": 1, "over_limit": 0, "median": 10, "p99": 10, "longest": 10, "found_whole": 0,
        "found_truncated": 1, "found_missing": 0, "found_altered": 0, "whole_now": 1, "characters_lost": 5,
        "found_shortened": 0, "shortened_by_policy": 0, "format": "multi_line", "bound": "rule", "ambiguous": 0,
        "p95": 10, "p999": 10, "histogram": (*[0] * 10, 1, *[0] * 10), "by_unit": tuple(
            {"unit": unit, "over_limit": 0, "p99": 10, "longest": 10} for unit in ("code_points", "utf16", "bytes")
        ),
        "found_flattened": 0, "found_not_expected": 0, "flattened_by_design": 0, "turns_lost": 1, "words_lost": 2,
        "cut_by": {"live": 1}, "cut_inside": {}, "usual_cut": None, "advice": {"kind": "none", "holds": ()},
        "growth": None,
    }  # fmt: skip
    assert [(s.suite, s.rows, s.failing, s.state) for s in report.quality] == [
        ("mapped", 7, 0, "ok"),  # of four due interactions, two sections each, but one maps nothing of a chat
        ("source", 6, 0, "ok"),
        ("stored", 1, 0, "ok"),
    ]
    agent = next(r for r in report.mapping_rows if r.external_crm_field == "agent")
    assert (agent.verdicts, agent.written) == ({"equal": 1}, 0)


def test_an_empty_night_is_quiet_and_balanced(ledger: Ledger, tmp_path: Path) -> None:
    report = night(SETUP, MemoryStore(schema()), ledger, tmp_path).whole()
    assert set(report.funnel.model_dump().values()) == {0}
    assert (report.verdict.state, report.verdict.failures) == ("balanced", ())
    assert report.verdict.sentence == "A quiet night: no interaction ended in this window."
    assert (report.parked, report.rejected, report.truncation, report.reasons) == ((), (), (), {})


def test_a_night_that_ended_at_once_has_a_report(ledger: Ledger, tmp_path: Path) -> None:
    opened = _night(ledger, tmp_path)
    opened.fail("extract", "voice")
    report = opened.report()
    assert report.funnel.imbalances() == []
    assert report.verdict.failures == ("extract of voice failed: RuntimeError: see the task's log",)
    assert report.verdict.state == "failed"


def test_a_failed_apply_leaves_its_values_unaccounted(ledger: Ledger, tmp_path: Path) -> None:
    opened = _night(ledger, tmp_path)
    report = _through(opened, opened.prepare, opened.reconcile, opened.gate, lambda: opened.fail("apply", "Contact/0"))
    assert report.funnel.imbalances() == []
    assert (report.funnel.planned, report.funnel.written, report.funnel.unaccounted) == (5, 0, 5)
    assert report.verdict.failures == (
        "apply of Contact/0 failed: RuntimeError: see the task's log",
        "5 values are unaccounted: neither written nor rejected",
    )
    assert "secret text" not in report.model_dump_json()


def test_a_step_that_never_ended_is_failed(ledger: Ledger, tmp_path: Path) -> None:
    opened = _night(ledger, tmp_path)
    opened.prepare()
    ledger.start_step(opened.run.run_id, "reconcile", "Contact/0")
    report = opened.report()
    assert report.verdict.failures == ("reconcile of Contact/0 failed: ended without a word (killed?)",)
    assert report.funnel.imbalances() == []


def test_a_step_that_passed_at_its_second_try_is_no_failure(ledger: Ledger, tmp_path: Path) -> None:
    opened = _night(ledger, tmp_path)
    opened.fail("prepare", "voice-0")
    report = opened.whole()
    assert (report.verdict.failures, report.funnel.pulled) == ((), 6)


def test_a_suite_over_its_threshold_fails_the_run(ledger: Ledger, tmp_path: Path) -> None:
    strict = SETUP.model_copy(
        update={"crm": SETUP.crm.model_validate(SETUP.crm.model_dump() | {"quality": {"mapped": {"fail": 0.5}}})}
    )
    chat = interaction(1, channel="digital", transcript_ref="long")
    opened = night(strict, MemoryStore(schema()), ledger, tmp_path, chat, texts=TEXTS)
    report = _through(opened, opened.prepare, opened.reconcile, opened.deliver, opened.judge)
    assert report.verdict.failures == ("quality suite 'mapped': 1 of 1 fail",)
    assert report.quality[0].interaction_keys == ("d:1:0:1",)
    (lengths,) = report.truncation
    assert (lengths.transcripts, lengths.over_limit, lengths.found_whole) == (1, 1, 0)


_PERSON = st.sampled_from(["kim@example.com", "lee@example.com", "nobody@example.com", None])


@st.composite
def _interactions(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for number in range(draw(st.integers(0, 8))):
        channel = draw(st.sampled_from(["voice", "digital"]))
        facts: dict[str, Any] = {"channel": channel, "customer_email": draw(_PERSON)}
        if channel == "digital":
            facts["transcript_ref"] = draw(st.sampled_from([None, "fits", "long"]))
            facts["ended_by"] = draw(st.sampled_from(["agent", "contact", "unknown"]))
        facts["disposition_notes"] = draw(st.sampled_from([None, "n"]))
        facts |= draw(
            st.sampled_from([{}, {"refused": True}, {"agent_kind": None}, {"agent_kind": "bot"}, {"end_time": None}])
        )
        rows.append(interaction(number, **facts))
    return rows


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=_interactions(),
    refused=st.sets(st.sampled_from(["101", "102", "0", "1", "2"])),
    lost=st.sets(st.sampled_from(["101", "102", "3", "4"])),
    last=st.sampled_from(["prepare", "reconcile", "gate", "deliver"]),
    dry_run=st.booleans(),
)
def test_the_funnel_closes_whatever_happens_and_wherever_the_night_ends(
    rows: list[dict[str, Any]],
    refused: set[str],
    lost: set[str],
    last: str,
    dry_run: bool,
    ledger: Ledger,
    tmp_path: Path,
) -> None:
    store = MemoryStore(schema(), now=EVENING, refused=refused, lost=lost, respelled={"notes": "m"})
    store.create(CONTACT, email="kim@example.com", agent="AGENT 1", transcript="Hello")
    store.create(CONTACT, email="lee@example.com")
    opened = night(SETUP, store, ledger, tmp_path, *rows, texts=TEXTS, dry_run=dry_run)
    for step in ("prepare", "reconcile", "gate", "deliver"):
        getattr(opened, step)()
        if step == last:
            break
    report = opened.report()
    assert report.funnel.imbalances() == []
    assert report.funnel.pulled == len(rows)
    assert report.funnel.targets == 2 * report.funnel.due
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_texts_that_fit_in_one_unit_and_not_in_another_are_counted_by_row(ledger: Ledger, tmp_path: Path) -> None:
    store = MemoryStore(schema(), now=EVENING)
    store.create(CONTACT, email="lee@example.com")
    chat = {"channel": "digital", "customer_email": "lee@example.com"}
    texts = {"ascii": "a" * 20, "umlauts": "ä" * 20, "emoji": "😀" * 20, "long": "ä" * 21}
    opened = night(
        SETUP, store, ledger, tmp_path,
        *(interaction(n, transcript_ref=ref, **chat) for n, ref in enumerate(texts, 1)), texts=texts,
    )  # fmt: skip
    report = _through(opened, opened.prepare, opened.reconcile)
    assert {row.external_crm_field: row.ambiguous for row in report.mapping_rows if row.ambiguous} == {"transcript": 2}
    assert report.run.character_unit == "unknown"
    [fit] = report.truncation
    assert (fit.limit, fit.over_limit) == (20, 2)  # by UTF-16 units: the emoji and what is longer in every unit
