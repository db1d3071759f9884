"""The newest interaction holds each value, whatever order nights and backfills come in, also with an empty ledger.

Interactions of both channels meet on two contacts. The browser wrote some of them, some hours late, some without
their notes; people edited before and after; nights ran at any time, over any stretch of days, and at the end every
day runs once more, in any order. What HubSpot then holds is compared with what a reader of the domain expects
(memorialization reference, section 7), and every write of ours is looked at: none ever replaced a newer value.

What nobody can know is asserted as what it is: the value that stands, stays (docs/mapping.md, "Latest wins").
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from memorialization.configuration import Configuration
from memorialization.ledger import Ledger
from memorialization.ledger.tables import metadata
from memorialization.ports import Property, Window
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import configuration, interaction, night, row, schema, section

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAY, HOUR, MINUTE, SECOND = (timedelta(**{unit: 1}) for unit in ("days", "hours", "minutes", "seconds"))
LIVE, GRACE = 30 * SECOND, 120 * SECOND  # when the browser writes after the due moment; what the product allows it
PEOPLE = ("kim@example.com", "lee@example.com")
DAYS = [Window(MONDAY + i * DAY, MONDAY + (i + 1) * DAY) for i in range(3)]
STRETCHES = [*DAYS, *(Window(MONDAY + i * DAY, MONDAY + j * DAY) for i, j in ((0, 2), (1, 3), (0, 3)))]
OVER = MONDAY + 5 * DAY  # everything has happened by then, and the last sweep begins
PROPERTIES = ("agent", "notes", "ended")

EndTime = Literal["both", "voice", "none"]


@dataclass(frozen=True)
class Leg:
    """One interaction, and what became of it in the browser: lost, written whole, or written without its notes."""

    number: int
    channel: str
    person: str
    end: datetime
    wrap_up: timedelta
    note: str | None
    live: Literal["lost", "whole", "no notes"]

    @property
    def due(self) -> datetime:
        return self.end + self.wrap_up

    @property
    def key(self) -> str:
        return f"v:{self.number}" if self.channel == "voice" else f"d:{self.number}:0:1"

    @property
    def order(self) -> tuple[datetime, str]:
        return self.end, self.key

    def value(self, name: str) -> str | None:
        return {"agent": f"Agent {self.number}", "notes": self.note, "ended": f"{self.end:%Y-%m-%dT%H:%M:%SZ}"}[name]

    def row(self, now: datetime) -> dict[str, Any]:
        """As CXone tells it at this time."""
        wrapped = self.due <= now
        return interaction(
            self.number, channel=self.channel, interaction_key=self.key, end_time=self.end,
            start_time=self.end - HOUR, due_at=self.due if wrapped else None, wrap_up_closed=wrapped,
            customer_email=self.person, disposition_notes=self.note,
        )  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """What a person does in HubSpot."""

    at: datetime
    person: str
    name: str
    value: str


@dataclass(frozen=True)
class Story:
    """What happened, and which runs there were: (time, window, whether the ledger was lost just before)."""

    legs: tuple[Leg, ...]
    edits: tuple[Edit, ...]
    runs: tuple[tuple[datetime, Window, bool], ...]

    def of(self, person: str, name: str) -> list[Leg]:
        """The interactions that have something to say of this value, the newest first."""
        found = [leg for leg in self.legs if leg.person == person and leg.value(name) is not None]
        return sorted(found, key=lambda leg: leg.order, reverse=True)

    def plain(self) -> "Story":
        """Without edits that came after the newest interaction was due, but before an older one was wrapped up."""
        return replace(self, edits=tuple(e for e in self.edits if self._side(e) is not None))

    def expected(self, name: str, person: str, pipeline: bool) -> str | None:
        legs = self.of(person, name)
        stays = [e for e in self.edits if (e.person, e.name) == (person, name) and self._side(e) == "stays"]
        if stays and not pipeline:
            return sorted(stays, key=lambda e: e.at)[-1].value
        return legs[0].value(name) if legs else None

    def _side(self, edit: Edit) -> Literal["stays", "goes"] | None:
        legs = self.of(edit.person, edit.name)
        if not legs or edit.at > max(leg.due for leg in legs) + LIVE:
            return "stays"
        return "goes" if edit.at <= legs[0].due else None


@st.composite
def stories(
    draw: st.DrawFn,
    *,
    losses: bool,
    silent: bool,
    hours_late: bool,
    edited: tuple[str, ...],
    unique: bool = False,
    backwards: bool = False,
) -> Story:
    """`silent`: some have no note. `hours_late`: after-call work that takes long. `edited`: by people.

    `backwards`: the last sweep goes from the newest day to the oldest.
    """
    legs = []
    for number in range(draw(st.integers(2, 7))):
        day, slot = draw(st.integers(0, 2)), draw(st.integers(0, 6))
        notes = [f"note {number}"] if unique else ["note A", "note B"]
        legs.append(
            Leg(
                number,
                draw(st.sampled_from(["voice", "digital"])),
                draw(st.sampled_from(PEOPLE)),
                MONDAY + day * DAY + 22 * HOUR + slot * 10 * MINUTE,
                draw(st.sampled_from([MINUTE, MINUTE, 25 * MINUTE, 9 * HOUR] if hours_late else [MINUTE])),
                draw(st.sampled_from([*notes, None] if silent else notes)),
                draw(st.sampled_from(["lost", "whole", "no notes"])),
            )
        )
    edits = []
    for number in range(draw(st.integers(0, 3)) if edited else 0):
        at = MONDAY + 22 * HOUR + draw(st.integers(0, 3 * 144)) * 10 * MINUTE + 17 * SECOND
        name = draw(st.sampled_from(edited))
        value = "2031-01-01T00:00:00Z" if name == "ended" else f"by hand {number}"
        edits.append(Edit(at, draw(st.sampled_from(PEOPLE)), name, draw(st.sampled_from([value, value, ""]))))
    runs = []
    for window in draw(st.lists(st.sampled_from(STRETCHES), max_size=4)):
        runs.append((window.end + draw(st.integers(1, 60)) * HOUR, window))
    sweep = [
        (OVER + i * HOUR, window) for i, window in enumerate(DAYS[::-1] if backwards else draw(st.permutations(DAYS)))
    ]
    every = sorted(runs, key=lambda run: run[0]) + sweep
    return Story(
        tuple(legs), tuple(edits), tuple((at, window, losses and draw(st.booleans())) for at, window in every)
    ).plain()


@dataclass(frozen=True)
class Stage:
    ledger: Ledger
    forget: Callable[[], None]
    folder: Path

    def play(self, story: Story, setup: Configuration) -> tuple[MemoryStore, dict[str, str], Story]:
        """All in the order of time; the portal, its contacts, and the story without edits that changed nothing."""
        self.forget()
        store = MemoryStore(
            schema(ended=Property("ended", "ended", "datetime", "date")), now=MONDAY - DAY, source=("INTEGRATION", "x")
        )
        ids = {person: store.create(CONTACT, email=person) for person in PEOPLE}
        happened: list[tuple[datetime, str, Callable[[], None]]] = []
        for leg in story.legs:
            happened.append((leg.due + LIVE, leg.key, lambda leg=leg: _live(store, ids[leg.person], leg, setup)))
        made: list[Edit] = []
        for edit in story.edits:
            happened.append((edit.at, "", lambda edit=edit: made.extend(_edited(store, ids, edit))))
        happened.sort(key=lambda h: h[:2])
        for at, window, lost in story.runs:
            while happened and happened[0][0] < at:
                store.now, _, happens = happened.pop(0)
                happens()
            store.now = at
            if lost:
                self.forget()
            rows = [leg.row(at) for leg in story.legs if leg.end < at]
            opened = night(setup, _ours(store), self.ledger, self.folder, *rows, window=window)
            report = opened.whole()
            self.ledger.release_lease(opened.run.run_id)
            assert report.funnel.imbalances() == [] and report.funnel.unaccounted == 0
        assert not happened
        return store, ids, replace(story, edits=tuple(made))


def _ours(store: MemoryStore) -> MemoryStore:
    """The same portal, in which the source id tells our writes from the browser's; the product does not look at it."""
    return replace(store, source=("INTEGRATION", "ours"))


def _edited(store: MemoryStore, ids: dict[str, str], edit: Edit) -> list[Edit]:
    before = store.value(CONTACT, ids[edit.person], edit.name)
    store.person(CONTACT, ids[edit.person], edit.name, edit.value)
    return [edit] if (before or "") != edit.value else []


def _live(store: MemoryStore, record: str, leg: Leg, setup: Configuration) -> None:
    if leg.live == "lost":
        return
    mapped = {
        r.external_crm_field
        for r in setup.mappings["All"].sections[0].rows("voice" if leg.channel == "voice" else "digital")
    }
    for name in mapped - ({"notes"} if leg.live == "no notes" else set()):
        if (value := leg.value(name)) is not None:
            store.set(CONTACT, record, name, value)


def mapping(end_time: EndTime, pipeline: bool = False) -> Configuration:
    """One section for both channels; which of them map End Time."""
    channels = {"both": ("voice", "digital"), "voice": ("voice",), "none": ()}[end_time]
    owner: dict[str, Any] = {"ownership": "pipeline"} if pipeline else {}
    return configuration(
        section(
            "Contact",
            *(row("agent", channel, "Agent Name", **owner) for channel in ("voice", "digital")),
            *(row("notes", channel, "Disposition Notes") for channel in ("voice", "digital")),
            *(row("ended", channel, "End Time") for channel in channels),
        )
    )


@pytest.fixture
def stage(ledger: Ledger, tmp_path: Path, postgres_socket: str, ledger_database: str) -> Iterator[Stage]:
    engine = create_engine(f"postgresql+psycopg2://postgres@/{ledger_database}?host={postgres_socket}")

    def forget() -> None:
        with engine.begin() as connection:
            for table in metadata.tables:  # a few rows each: faster than truncate
                connection.execute(sql(f"delete from {table}"))

    yield Stage(ledger, forget, tmp_path)
    engine.dispose()


def _held(story: Story, store: MemoryStore, ids: dict[str, str], names: tuple[str, ...]) -> dict[str, Any]:
    return {f"{person} {name}": store.value(CONTACT, ids[person], name) for person in PEOPLE for name in names}


def _wanted(story: Story, names: tuple[str, ...], pipeline: bool) -> dict[str, Any]:
    return {
        f"{person} {name}": story.expected(name, person, pipeline and name == "agent") or None
        for person in PEOPLE
        for name in names
    }


few = settings(  # seconds each; HYPOTHESIS_PROFILE=search tries fifty
    max_examples=settings.default.max_examples // 20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@few
@given(
    story=stories(losses=True, silent=False, hours_late=True, edited=("agent", "notes")),
    pipeline=st.booleans(),
)
def test_end_time_tells_the_order_although_the_ledger_is_lost(story: Story, pipeline: bool, stage: Stage) -> None:
    """Every interaction speaks of every value: HubSpot's own history is enough."""
    store, ids, story = stage.play(story, mapping("both", pipeline))
    assert _held(story, store, ids, PROPERTIES) == _wanted(story, PROPERTIES, pipeline)


@few
@given(
    story=stories(losses=False, silent=True, hours_late=True, backwards=True, edited=("agent", "notes")),
    pipeline=st.booleans(),
)
def test_the_ledger_tells_that_newer_interactions_have_nothing_to_say(
    story: Story, pipeline: bool, stage: Stage
) -> None:
    """Once they were looked at: an older one's note then stands, whatever order the runs before came in."""
    store, ids, story = stage.play(story, mapping("both", pipeline))
    assert _held(story, store, ids, PROPERTIES) == _wanted(story, PROPERTIES, pipeline)


@few
@given(
    story=stories(losses=False, silent=True, hours_late=False, edited=("agent", "notes")),
    end_time=st.sampled_from(["voice", "none"]),
    pipeline=st.booleans(),
)
def test_without_end_time_the_ledger_and_the_clock_tell_the_order(
    story: Story, end_time: EndTime, pipeline: bool, stage: Stage
) -> None:
    """Where agents wrap up at once, so that the browser writes in the order in which interactions end."""
    names = ("agent", "notes")
    store, ids, story = stage.play(story, mapping(end_time, pipeline))
    assert _held(story, store, ids, names) == _wanted(story, names, pipeline)


@few
@given(
    story=stories(losses=True, silent=True, hours_late=True, unique=True, edited=PROPERTIES),
    end_time=st.sampled_from(["both", "voice", "none"]),
)
def test_no_write_of_ours_ever_replaces_what_is_newer(story: Story, end_time: EndTime, stage: Stage) -> None:
    """The cautious side, also where the order cannot be known: what stands, stays.

    With End Time in every row and unedited, newer means the later end; else a write that came after the
    interaction was due, and the browser's time to write it was over.
    """
    store, ids, story = stage.play(story, mapping(end_time))
    told = {person: end_time == "both" and not _touched(story, person) for person in PEOPLE}
    for person in PEOPLE:
        for name in ("agent", "notes"):
            owner = {leg.value(name): leg for leg in story.legs if leg.person == person}
            changes = store.records[CONTACT.type_id][ids[person]].get(name, [])
            for change, before in pairwise(changes):
                if change.source_id != "ours":
                    continue
                leg = owner[change.value]
                if before.source_type == "CRM_UI":
                    assert before.at <= leg.due, (change, before)
                elif before.value and owner[before.value].order > leg.order:
                    assert not told[person] and before.at <= leg.due + GRACE, (change, before)
            stands = changes[0].value if changes else None
            wanted = story.expected(name, person, False)
            event(
                f"{end_time}: {name} {'as expected' if (stands or None) == (wanted or None) else 'older, or an edit'}"
            )


def _touched(story: Story, person: str) -> bool:
    return any(edit.name == "ended" and edit.person == person for edit in story.edits)
