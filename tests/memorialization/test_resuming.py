"""A reading that ends in the middle goes on where it ended, and tells all that it would have told at once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from memorialization.errors import ServiceUnavailable
from memorialization.interactions import TRANSCRIPTS
from memorialization.ports import Batch, Channel, Wanted, Window
from memorialization.resuming import ResumedSource
from memorialization.staging import Staging

WINDOW = Window(datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC))
WANTED = Wanted(since=WINDOW.start, transcripts=True, script_variables=frozenset())
CASES = ("1", "2", "3", "4", "5", "6")


def batch_of(legs: list[str], cases: tuple[str, ...]) -> Batch:
    rows = pa.table({"interaction_key": pa.array([f"d:{case}" for case in legs], pa.large_string())})
    texts = [{"transcript_ref": case, "text": f"text of {case}"} for case in legs]
    return Batch(rows, pa.Table.from_pylist(texts, schema=TRANSCRIPTS), cases)


class Cases:
    """Six cases, two a batch; case 4 has no leg, each reading of one is noted; it breaks before the case given."""

    def __init__(self, breaks_before: str | None = None) -> None:
        self.breaks_before = breaks_before
        self.asked: list[str] = []
        self.skipped: dict[str, int] = {}
        self.assumed: dict[str, int] = {}

    def interactions(self, channel: Channel, window: Window, wanted: Wanted) -> Iterator[Batch]:
        self.skipped["unreadable case"] = 1  # found while cases are looked for
        yield batch_of([], ())
        left = [case for case in CASES if case not in wanted.read]
        for pair in (left[n : n + 2] for n in range(0, len(left), 2)):
            if self.breaks_before in pair:
                raise ServiceUnavailable("CXone answered HTTP 503")
            self.asked += pair
            if "4" in pair:
                self.skipped["case refused"] = 1
            self.assumed["no history"] = self.assumed.get("no history", 0) + 1
            yield batch_of([case for case in pair if case != "4"], tuple(pair))


def read(source: ResumedSource) -> tuple[list[str], list[str]]:
    """(interaction keys, texts) of all batches, in their order."""
    found = list(source.interactions("digital", WINDOW, WANTED))
    keys = [key for batch in found for key in batch.interactions["interaction_key"].to_pylist()]
    return keys, [text for batch in found for text in batch.transcripts["text"].to_pylist()]


def test_the_second_try_reads_only_what_the_first_did_not_come_to(tmp_path: Path) -> None:
    files = Staging(str(tmp_path / "run"))
    first, second = Cases(breaks_before="5"), Cases()
    with pytest.raises(ServiceUnavailable):
        read(ResumedSource(first, files))
    source = ResumedSource(second, files)
    keys, texts = read(source)
    assert (first.asked, second.asked) == (["1", "2", "3", "4"], ["5", "6"])
    assert keys == ["d:1", "d:2", "d:3", "d:5", "d:6"]
    assert texts == ["text of 1", "text of 2", "text of 3", "text of 5", "text of 6"]
    assert source.skipped == {"unreadable case": 1, "case refused": 1}
    assert source.assumed == {"no history": 3}


def test_a_third_try_reads_nothing_and_tells_the_same(tmp_path: Path) -> None:
    files = Staging(str(tmp_path / "run"))
    whole = read(ResumedSource(Cases(), files))
    third = Cases()
    again = ResumedSource(third, files)
    assert read(again) == whole
    assert third.asked == []
    assert again.skipped == {"unreadable case": 1, "case refused": 1}


def test_a_broken_try_that_kept_nothing_begins_anew(tmp_path: Path) -> None:
    files = Staging(str(tmp_path / "run"))
    with pytest.raises(ServiceUnavailable):
        read(ResumedSource(Cases(breaks_before="1"), files))
    assert read(ResumedSource(Cases(), files))[0] == ["d:1", "d:2", "d:3", "d:5", "d:6"]
