"""The source as the domain sees it: one contract for both channels."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pyarrow as pa
import pytest

from memorialization.errors import ConfigurationError
from memorialization.interactions import INTERACTIONS, TRANSCRIPTS
from memorialization.ports import Channel, InteractionSource, Wanted, Window
from plugins.cxone.client import CxoneClient
from plugins.cxone.source import CxoneSource

WINDOW = Window(datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC))


@pytest.mark.parametrize("channel", ["voice", "digital"])
def test_batches_have_the_schema_and_each_key_once(twin_client: Callable[..., CxoneClient], channel: Channel) -> None:
    source: InteractionSource = CxoneSource(twin_client())
    wanted = Wanted(datetime(2026, 11, 12, tzinfo=UTC), False, frozenset({"ordernumber", "callbackdate"}))
    found = list(source.interactions(channel, WINDOW, wanted))
    for batch in found:
        assert batch.interactions.schema.names == [
            *INTERACTIONS.names,
            "script.callbackdate",
            "script.ordernumber",
        ]
        assert batch.interactions.select(INTERACTIONS.names).schema.equals(INTERACTIONS)
        assert batch.transcripts.schema.equals(TRANSCRIPTS)
    told = pa.concat_tables(batch.interactions for batch in found)
    assert set(told["channel"].to_pylist()) == {channel}
    assert told["script.ordernumber"].null_count < told.num_rows
    keys = told["interaction_key"].to_pylist()
    assert len(keys) == len(set(keys)) > 50


def test_reading_twice_gives_the_same(twin_client: Callable[..., CxoneClient]) -> None:
    wanted = Wanted(datetime(2026, 11, 16, tzinfo=UTC), True, frozenset())
    window = Window(datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 17, 12, tzinfo=UTC))
    once, twice = (list(CxoneSource(twin_client()).interactions("digital", window, wanted)) for _ in range(2))
    assert [batch.interactions.equals(other.interactions) for batch, other in zip(once, twice, strict=True)] == [
        True
    ] * 2
    assert once[1].transcripts.equals(twice[1].transcripts)
    assert once[1].transcripts.num_rows > 0


def test_a_window_without_a_time_zone_is_refused(twin_client: Callable[..., CxoneClient]) -> None:
    window = Window(datetime(2026, 11, 18), datetime(2026, 11, 19))
    wanted = Wanted(datetime(2026, 11, 12, tzinfo=UTC), False, frozenset())
    with pytest.raises(ConfigurationError, match="time zone"):
        list(CxoneSource(twin_client()).interactions("voice", window, wanted))


# ---- the same legs and texts, whatever CXone's fault


MORNING = Window(datetime(2026, 11, 18, 9, tzinfo=UTC), datetime(2026, 11, 18, 11, tzinfo=UTC))
COMPLETED, SECOND_PAGE, MESSAGES = "contacts/completed", "skip=20", "/messages"


def told(client: CxoneClient) -> dict[str, pa.Table]:
    """Interactions of both channels, texts of digital ones, and what was left out."""
    source = CxoneSource(client)
    wanted = Wanted(datetime(2026, 11, 18, tzinfo=UTC), True, frozenset({"ordernumber"}), changed_since=MORNING.start)
    channels: tuple[Channel, ...] = ("voice", "digital")
    batches = {channel: list(source.interactions(channel, MORNING, wanted)) for channel in channels}
    found = {channel: pa.concat_tables(batch.interactions for batch in made) for channel, made in batches.items()}
    texts = pa.concat_tables(batch.transcripts for batch in batches["digital"]).sort_by("transcript_ref")
    assert source.skipped == {}
    return {**found, "texts": texts}


@pytest.fixture
def paged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.cxone.voice.PAGE", 20)


@pytest.fixture(scope="module")
def undisturbed(twin: str) -> dict[str, pa.Table]:
    with CxoneClient(twin, "acme-access-key", "acme-access-secret") as client:
        found = told(client)
    assert found["voice"].num_rows > 20 and found["digital"].num_rows > 10 and found["texts"].num_rows > 10
    return found


REFUSED = [
    {"match": COMPLETED, "skip": 1, "status": 401},
    {"match": COMPLETED, "skip": 1, "status": 429},
    {"match": COMPLETED, "status": 503},
    {"match": COMPLETED, "status": 408},
    {"match": COMPLETED, "status": 502, "html": True},
    {"match": MESSAGES, "status": 200, "html": True},
    {"match": MESSAGES, "delay": 0.3},
    {"match": MESSAGES, "drop": True},
]
MISLEADING = [
    {"match": SECOND_PAGE, "duplicate": True},
    {"match": SECOND_PAGE, "moved": True},
    {"match": COMPLETED, "skip": 3, "empty": True},
    {"match": COMPLETED, "renamed": True, "times": 2},
    {"match": "scrolltoken", "status": 204},
]
STRANGE = [
    {"match": "incontactapi", "texts": True, "until": "2026-12-01"},
    {"match": MESSAGES, "shortened": True, "until": "2026-12-01"},
]


@pytest.mark.parametrize("rules", [REFUSED, MISLEADING, STRANGE], ids=["refused", "misleading", "strange"])
@pytest.mark.usefixtures("paged")
def test_faults_leave_everything_as_it_was(
    twin: str, twin_client: Callable[..., CxoneClient], undisturbed: dict[str, pa.Table], rules: list[dict[str, object]]
) -> None:
    names = [f"{number}" for number, _ in enumerate(rules)]
    happened = disturbed(twin, [{**rule, "name": name} for rule, name in zip(rules, names, strict=True)])
    with happened as faults:
        found = told(twin_client())
    assert set(faults) == set(names), "each of them must have happened"
    assert {name: table.equals(undisturbed[name]) for name, table in found.items()} == dict.fromkeys(found, True)


@pytest.mark.usefixtures("paged")
def test_all_faults_by_share_leave_everything_as_it_was(
    twin: str, twin_client: Callable[..., CxoneClient], undisturbed: dict[str, pa.Table]
) -> None:
    with disturbed(twin, {"share": 0.15}) as faults:
        found = told(twin_client())
    assert len(set(faults)) > 8
    assert {name: table.equals(undisturbed[name]) for name, table in found.items()} == dict.fromkeys(found, True)


def test_what_was_withdrawn_for_privacy_is_gone_and_nothing_else_changes(
    twin: str, twin_client: Callable[..., CxoneClient], undisturbed: dict[str, pa.Table]
) -> None:
    legs = undisturbed["digital"].to_pylist()
    case = next(leg["contact_id"] for leg in legs if leg["transcript_ref"])
    with disturbed(twin, [{"match": f"contacts/{case}/messages", "removed": True}]):
        found = told(twin_client())["digital"].to_pylist()
    assert {leg["transcript_ref"] for leg in found if leg["contact_id"] == case} == {None}
    assert {leg["transcript_withheld"] for leg in found if leg["contact_id"] == case} == {None}
    assert [leg for leg in found if leg["contact_id"] != case] == [leg for leg in legs if leg["contact_id"] != case]


def test_what_a_falsely_empty_night_lacks_the_next_one_brings(
    twin: str, twin_client: Callable[..., CxoneClient], undisturbed: dict[str, pa.Table]
) -> None:
    """A first page of 204 is how CXone says that there was no call: nothing else can tell it from a lie."""
    wanted = Wanted(datetime(2026, 11, 18, tzinfo=UTC), False, frozenset(), changed_since=MORNING.start)
    with disturbed(twin, [{"match": COMPLETED, "status": 204, "times": 2}]):
        assert list(CxoneSource(twin_client()).interactions("voice", MORNING, wanted)) == []
    following = Window(MORNING.end, datetime(2026, 11, 18, 12, tzinfo=UTC))
    batches = CxoneSource(twin_client()).interactions("voice", following, wanted)
    keys = {key for batch in batches for key in batch.interactions["interaction_key"].to_pylist()}
    assert keys >= set(undisturbed["voice"]["interaction_key"].to_pylist())


@contextmanager
def disturbed(twin: str, wanted: object) -> Iterator[list[str]]:
    """Faults as ordered; afterwards the names of those that happened."""
    before, names = len(httpx.get(f"{twin}/_twin/faults").json()), []
    httpx.post(f"{twin}/_twin/faults", json=wanted).raise_for_status()
    try:
        yield names
    finally:
        names += [fault["fault"] for fault in httpx.get(f"{twin}/_twin/faults").json()[before:]]
        httpx.post(f"{twin}/_twin/faults", json=[]).raise_for_status()
