"""Only what HubSpot itself made of our own write is taken for our value; nobody's change hides behind it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memorialization.echo import substance
from memorialization.ledger import Ledger
from memorialization.ledger.erasure import erase
from memorialization.ports import Entity, Property
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import Night, configuration, interaction, night, row, schema, section

SETUP = configuration(
    section("Contact", row("agent", "voice", "Agent Name"), row("notes", "voice", "Disposition Notes")),
    systematic={"share": 1.0},
)
SENT, ECHO = "  Zoe\u00a0Krause", "Zoe Krause"


@dataclass
class Respelling(MemoryStore):
    """`spell` is what HubSpot makes of each text; `meanwhile` happens right after a write, before anybody reads."""

    spell: Callable[[str], str] = lambda text: " ".join(text.split())
    meanwhile: Callable[[], None] = lambda: None

    def set(self, entity: Entity, record_id: str, name: str, value: str) -> None:
        super().set(entity, record_id, name, self.spell(value))

    def write(self, *arguments, **options):  # type: ignore[no-untyped-def]
        receipts = super().write(*arguments, **options)
        self.meanwhile()
        return receipts


@pytest.fixture
def store() -> Respelling:
    return Respelling(schema())


def _night(store: MemoryStore, ledger: Ledger, folder: Path, agent: str = SENT, number: int = 1) -> Night:
    return night(SETUP, store, ledger, folder, interaction(number, agent_name=agent))


def _funnel(report: object) -> tuple[int, int, int, int]:
    funnel = report.funnel  # type: ignore[attr-defined]
    assert funnel.imbalances() == []
    return funnel.equal, funnel.planned, funnel.verified, funnel.verify_failed


pytestmark = pytest.mark.slow


def test_an_echo_is_verified_learned_and_never_written_again(store: Respelling, ledger: Ledger, tmp_path: Path) -> None:
    kim = store.create(CONTACT, email="kim@example.com")
    assert _funnel(_night(store, ledger, tmp_path).whole()) == (0, 1, 1, 0)
    assert store.value(CONTACT, kim, "agent") == ECHO
    written = len(store.written)
    second = _night(store, ledger, tmp_path).whole()
    assert _funnel(second) == (1, 0, 0, 0)
    assert second.reasons["equal"] == {"echo": 1}
    assert len(store.written) == written


def test_the_value_stays_known_as_ours(store: Respelling, ledger: Ledger, tmp_path: Path) -> None:
    """The holder's hash is of what stands there, so that a correction of the same interaction still gets through."""
    kim = store.create(CONTACT, email="kim@example.com")
    _night(store, ledger, tmp_path).whole()
    store.now += timedelta(days=1)
    assert _funnel(_night(store, ledger, tmp_path, agent="Ada").whole()) == (0, 1, 1, 0)
    assert store.value(CONTACT, kim, "agent") == "Ada"


def test_what_hubspot_had_made_of_the_live_write_is_learned_too(
    store: Respelling, ledger: Ledger, tmp_path: Path
) -> None:
    """Our write changes nothing there, so it leaves no history entry."""
    kim = store.create(CONTACT, email="kim@example.com")
    live = interaction(1)["due_at"] + timedelta(seconds=5)
    store.now, now = live, store.now
    store.set(CONTACT, kim, "agent", SENT)
    store.now = now
    assert _funnel(_night(store, ledger, tmp_path).whole()) == (0, 1, 1, 0)
    assert _funnel(_night(store, ledger, tmp_path).whole()) == (1, 0, 0, 0)


def test_a_persons_later_edit_is_no_echo_however_like_it_is(store: Respelling, ledger: Ledger, tmp_path: Path) -> None:
    kim = store.create(CONTACT, email="kim@example.com")
    _night(store, ledger, tmp_path).whole()
    store.now += timedelta(hours=1)
    store.person(CONTACT, kim, "agent", "ZOE KRAUSE")
    report = _night(store, ledger, tmp_path).whole()
    assert (report.funnel.edited, report.funnel.equal) == (1, 0)
    assert store.value(CONTACT, kim, "agent") == "ZOE KRAUSE"


def test_a_pair_is_exact_and_of_one_property_and_configuration(
    store: Respelling, ledger: Ledger, tmp_path: Path
) -> None:
    store.create(CONTACT, email="kim@example.com")
    _night(store, ledger, tmp_path).whole()
    frame = pd.read_sql("select * from echoes", ledger._engine)
    (pair,) = frame.to_dict("records")
    assert (pair["configuration"], pair["type_id"], pair["property"]) == ("acme", "0-1", "agent")
    assert pair["sent_hash"] != pair["echoed_hash"]
    sent = [pair["sent_hash"]]
    assert ledger.echoes("acme", "0-1", sent) == {("agent", pair["sent_hash"], pair["echoed_hash"])}
    assert ledger.echoes("other", "0-1", sent) == ledger.echoes("acme", "0-2", sent) == frozenset()
    assert ledger.echoes("acme", "0-1", [pair["echoed_hash"]]) == frozenset()


@pytest.mark.parametrize("source", [("CRM_UI", "userId:7"), ("INTEGRATION", "another app")])
def test_a_change_that_came_between_write_and_reading_back_is_not_learned(
    store: Respelling, ledger: Ledger, tmp_path: Path, source: tuple[str, str]
) -> None:
    kim = store.create(CONTACT, email="kim@example.com", agent="Before")
    store.records[CONTACT.type_id][kim]["agent"][0] = store.records[CONTACT.type_id][kim]["agent"][0].__class__(
        "Before", interaction(1)["start_time"], "INTEGRATION", "cxone"
    )

    def somebody() -> None:
        store.source, ours = source, store.source
        store.set(CONTACT, kim, "agent", "zoe krause")
        store.source = ours

    store.meanwhile = somebody
    assert _funnel(_night(store, ledger, tmp_path).whole()) == (0, 1, 0, 1)
    assert pd.read_sql("select * from echoes", ledger._engine).empty


@pytest.mark.parametrize(
    ("spell", "sent"),
    [
        (lambda text: text[:6], "Zoe Krause"),  # cut
        (lambda text: text.replace("\U0001f600", ""), "Zoe \U0001f600"),
        (lambda text: text.replace("Krause", "K."), "Zoe Krause"),
    ],
)
def test_an_echo_that_loses_text_is_not_learned(
    store: Respelling, ledger: Ledger, tmp_path: Path, spell: Callable[[str], str], sent: str
) -> None:
    store.create(CONTACT, email="kim@example.com")
    store.spell = spell
    assert _funnel(_night(store, ledger, tmp_path, agent=sent).whole()) == (0, 1, 0, 1)
    assert pd.read_sql("select * from echoes", ledger._engine).empty


def test_a_number_is_never_another_number(ledger: Ledger, tmp_path: Path) -> None:
    store = Respelling(schema(agent=Property("agent", "agent", "number", "number")))
    store.spell = lambda text: "\uff11\uff12" if text == "12" else text  # another way to write 12
    store.create(CONTACT, email="kim@example.com")
    assert _funnel(_night(store, ledger, tmp_path, agent="12").whole()) == (0, 1, 0, 1)


def test_prose_that_lost_its_line_breaks_in_a_single_line_text_is_equal_and_counted(
    ledger: Ledger, tmp_path: Path
) -> None:
    said = "first line\nsecond line"
    for area, equal, drifted in ((False, 1, 0), (True, 0, 1)):
        store = MemoryStore(schema(notes=Property("notes", "notes", "string", "textarea" if area else "text")))
        setup = configuration(section("Contact", row("notes", "voice", "Disposition Notes")), mode="observe")
        store.now, now = interaction(1)["due_at"], store.now
        store.create(CONTACT, email="kim@example.com", notes="first line second line")
        store.now = now
        call = interaction(1, disposition_notes=said)
        report = night(setup, store, ledger, tmp_path, call).whole()
        assert (report.funnel.equal, report.funnel.drifted) == (equal, drifted)
        assert report.reasons.get("equal") == ({"flattened": 1} if equal else None)
        assert report.funnel.imbalances() == []


INVISIBLE = st.sampled_from(["\u200b", "\u200d", "\ufeff", "\u00ad", " ", "\u00a0", "\r\n", "\n", "\t"])
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(TEXT, INVISIBLE), max_size=6))
def test_the_substance_of_a_text_is_without_spaces_and_what_is_not_seen(parts: list[tuple[str, str]]) -> None:
    plain = "".join(text for text, _ in parts)
    spaced = "".join(text + space for text, space in parts)
    assert substance(plain).casefold() == substance(plain)
    if plain.isascii():
        assert substance(spaced) == substance(plain)


@pytest.mark.parametrize(
    ("first", "second"),
    [("1.5", "15"), ("a", "\u00e4"), ("yes\U0001f600", "yes"), ("-5", "5"), ("ab", "a"), ("a!", "a?")],
)
def test_texts_of_other_substance(first: str, second: str) -> None:
    assert substance(first) != substance(second)


def test_under_another_key_it_is_the_same_text_that_stands(store: Respelling, ledger: Ledger, tmp_path: Path) -> None:
    kim = store.create(CONTACT, email="kim@example.com")
    store.now = interaction(1)["due_at"]
    _night(store, ledger, tmp_path).whole()
    planned = []
    for _ in range(2):
        opened = _night(store, ledger, tmp_path)
        opened = replace(opened, ports=replace(opened.ports, address_secret="another-secret-of-32-characters-"))
        planned.append(opened.whole().funnel.planned)
        assert store.value(CONTACT, kim, "agent") == ECHO
    assert planned == [1, 0]


def test_nothing_is_kept_of_an_echo_of_values_that_were_erased(
    store: Respelling, ledger: Ledger, tmp_path: Path
) -> None:
    store.create(CONTACT, email="kim@example.com")
    _night(store, ledger, tmp_path).whole()
    assert erase(ledger, "acme", ["v:1"], [], dry_run=False)["echoes"] == 1
    assert pd.read_sql("select * from echoes", ledger._engine).empty
