"""The source as the domain sees it: one contract for both channels."""

from collections.abc import Callable
from datetime import UTC, datetime

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
    keys = []
    for batch in source.interactions(channel, WINDOW, wanted):
        assert batch.interactions.schema.names == [
            *INTERACTIONS.names,
            "script.callbackdate",
            "script.ordernumber",
        ]
        assert batch.interactions.select(INTERACTIONS.names).schema.equals(INTERACTIONS)
        assert batch.transcripts.schema.equals(TRANSCRIPTS)
        assert set(batch.interactions["channel"].to_pylist()) == {channel}
        assert batch.interactions["script.ordernumber"].null_count < batch.interactions.num_rows
        keys += batch.interactions["interaction_key"].to_pylist()
    assert len(keys) == len(set(keys)) > 50


def test_reading_twice_gives_the_same(twin_client: Callable[..., CxoneClient]) -> None:
    wanted = Wanted(datetime(2026, 11, 16, tzinfo=UTC), True, frozenset())
    window = Window(datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 17, 12, tzinfo=UTC))
    once, twice = (list(CxoneSource(twin_client()).interactions("digital", window, wanted)) for _ in range(2))
    assert [batch.interactions.equals(other.interactions) for batch, other in zip(once, twice, strict=True)] == [True]
    assert once[0].transcripts.equals(twice[0].transcripts)


def test_a_window_without_a_time_zone_is_refused(twin_client: Callable[..., CxoneClient]) -> None:
    window = Window(datetime(2026, 11, 18), datetime(2026, 11, 19))
    wanted = Wanted(datetime(2026, 11, 12, tzinfo=UTC), False, frozenset())
    with pytest.raises(ConfigurationError, match="time zone"):
        list(CxoneSource(twin_client()).interactions("voice", window, wanted))
