"""An extraction that ends in the middle loses nothing that it has read: tried again, it goes on where it ended.

What is read case by case is the slow part (cxone-api, section 6: 120,000 reads an hour). Each batch of cases is kept
below `interactions/` and `transcripts/` of the run's staging, where erasure and retention find it as any other.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from memorialization.ports import Batch, Channel, InteractionSource, Wanted, Window
from memorialization.staging import Staging


class ResumedSource:
    """A source that first gives what earlier tries of the same reading have kept, and then reads the rest.

    `skipped` and `assumed` are those of all tries together; what is found out while cases are looked for, each try
    finds out anew.
    """

    def __init__(self, source: InteractionSource, files: Staging) -> None:
        self._source, self._files = source, files
        self._before: dict[str, Counter[str]] = {"skipped": Counter(), "assumed": Counter()}

    @property
    def skipped(self) -> Mapping[str, int]:
        return self._before["skipped"] + Counter(self._source.skipped)

    @property
    def assumed(self) -> Mapping[str, int]:
        return self._before["assumed"] + Counter(self._source.assumed)

    def interactions(self, channel: Channel, window: Window, wanted: Wanted) -> Iterator[Batch]:
        index = f"read/{channel}.json"
        kept = self._files.read_json(index) if self._files.exists(index) else []
        for one in kept:
            for what, counts in self._before.items():
                counts.update(one[what])
            yield Batch(
                self._files.read_table(f"interactions/{one['name']}.parquet"),
                self._files.read_table(f"transcripts/{one['name']}.parquet"),
                tuple(one["cases"]),
            )
        read = frozenset(case for one in kept for case in one["cases"])
        told = self._told()
        for batch in self._source.interactions(channel, window, replace(wanted, read=read)):
            counted, told = told, self._told()
            if batch.cases:
                name = f"read-{channel}-{len(kept)}"
                self._files.write_table(f"interactions/{name}.parquet", batch.interactions)
                self._files.write_table(f"transcripts/{name}.parquet", batch.transcripts)
                new = {what: dict(told[what] - counted[what]) for what in told}
                kept.append({"name": name, "cases": list(batch.cases), **new})
                self._files.write_json(index, kept)
            yield batch

    def _told(self) -> dict[str, Counter[str]]:
        return {"skipped": Counter(self._source.skipped), "assumed": Counter(self._source.assumed)}
