"""What a run of a window would write, and nothing of it is written: neither HubSpot nor the ledger changes.

The preview goes through the very steps of a run up to its plan. Every write to the ledger is rolled back at
once, files live in a folder of the caller's, and samples are masked: first and last character and the length,
digits never, of a transcript its length only.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection

from memorialization import gate, intake, prepare, reconcile
from memorialization.compare import NEW
from memorialization.configuration import Configuration
from memorialization.interactions import channel_of
from memorialization.ledger import Ledger
from memorialization.mappings import FieldRow
from memorialization.ports import Batch, Channel, InteractionSource, Usage, Wanted, Window
from memorialization.report.quota import short
from memorialization.run import Frozen, Ports, Run, thaw
from memorialization.text import utf16_length

BATCH: Final = 100  # records a call
_SEARCHES_A_SECOND: Final = 4
_FEWEST_A_SECOND: Final = 7.5  # of the smallest account, a quarter left to others (hubspot-api, section 5)
_SAMPLES: Final = 3
_SHORT: Final = 4

Progress = Callable[[str, str], None]


class Onlooker(Ledger):
    """The ledger as it is, for reading: whatever is written through it is rolled back at the end of its call."""

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with super()._transaction() as connection:
            point = connection.begin_nested()
            try:
                yield connection
            finally:
                point.rollback()

    def _merge(self, *rows: Any, **how: Any) -> None:
        """What is rolled back at once need not be copied."""

    def start_step(self, run_id: str, step: str, partition: str) -> None:
        """Steps of a preview are not entered: its run does not exist."""

    def finish_step(self, run_id: str, step: str, partition: str, *, state: str, summary: Any) -> None:
        """See `start_step`."""

    def take_lease(self, *window: Any, **whose: Any) -> None:
        """A preview looks on while others work."""

    def renew_lease(self, run_id: str) -> None:
        """See `take_lease`."""


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What would be written because of one mapping row, `values`, and what the gate holds of it; samples masked."""

    mapping: str
    entity: str
    property: str
    channel: str
    cxone_data: str
    values: int
    missing: int
    drifted: int
    truncated: int
    held: int
    records: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Values of one property that two mappings plan differently."""

    entity: str
    property: str
    added: int
    removed: int
    changed: int
    values: int  # their sum


@dataclass(frozen=True, slots=True)
class Preview:
    """The plan of one window. `calls` and `minutes` are those of a whole run, reading included."""

    rows: tuple[RowPlan, ...]
    targets: dict[str, int]
    values: int
    held: dict[str, int]
    records: int
    creates: int
    calls: int
    searches: int
    minutes: float
    daily_limit: int | None = None  # of the account, and what is left of it after the preview
    daily_remaining: int | None = None
    short: int = 0  # calls of the run that the day does not have, the reserve left alone
    difference: tuple[Difference, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Wider:
    """A source that is asked for what two configurations want."""

    source: InteractionSource
    other: Configuration

    @property
    def skipped(self) -> Any:
        return self.source.skipped

    @property
    def assumed(self) -> Any:
        return self.source.assumed

    def interactions(self, channel: Channel, window: Window, wanted: Wanted) -> Iterator[Batch]:
        both = replace(
            wanted,
            transcripts=wanted.transcripts or self.other.wants_transcripts,
            script_variables=wanted.script_variables | self.other.script_variables,
        )
        yield from self.source.interactions(channel, window, both)


def reads_alike(one: Configuration, other: Configuration) -> bool:
    """Whether two configurations take the same from CXone, so that one extraction serves both plans."""
    ours, theirs = one.crm, other.crm
    return (ours.extraction, ours.rendering.transcript_template, ours.phone_regions) == (
        theirs.extraction, theirs.rendering.transcript_template, theirs.phone_regions
    )  # fmt: skip


def preview(
    configuration: Configuration,
    span: Window,
    ports: Ports,
    *,
    folder: str,
    against: Configuration | None = None,
    apart: InteractionSource | None = None,
    progress: Progress = lambda step, part: None,
) -> Preview:
    """The plan of `span` under `configuration`, and how it differs from that of `against` on the same data.

    `apart`: where the two do not read CXone alike (`reads_alike`), the source that reads for `against`.
    `folder`, where customer text is kept meanwhile, is the caller's to remove. `ports.ledger` must be an
    `Onlooker`. Raises what the steps raise.
    """
    if against is not None and apart is None:
        ports = replace(ports, source=_Wider(ports.source, against))
    run = intake.open_run(configuration, span, ports, staging_root=f"{folder}/new", dry_run=True)
    extracted = []
    for channel in intake.CHANNELS:
        progress("extract", channel)
        extracted.append(intake.extract(run, channel, ports))
    changes = _planned(run, extracted, ports, progress)
    result = _summed(run, changes, ports.store.usage())
    if against is None:
        return result
    other = intake.open_run(against, span, ports, staging_root=f"{folder}/old", dry_run=True)
    if apart is not None:
        extracted = []
        for channel in intake.CHANNELS:
            progress("extract", f"{channel}, as it was")
            extracted.append(intake.extract(other, channel, replace(ports, source=apart)))
    else:
        for name in (n for e in extracted for n in e["partitions"]):
            for kind in ("interactions", "transcripts"):
                file = f"{kind}/{name}.parquet"
                other.files.write_table(file, run.files.read_table(file))
    return replace(result, difference=_difference(changes, _planned(other, extracted, ports, progress)))


def _planned(run: Run, extracted: list[dict[str, Any]], ports: Ports, progress: Progress) -> pd.DataFrame:
    """All changes that the plan holds, with `entity` and `reason` (the reason they are held for, "" for none)."""
    for item in intake.partition(run, extracted):
        progress("prepare", item["partition"])
        prepare.prepare(run, item["partition"], item["buckets"], ports)
    pairs = intake.buckets_of(run)
    for pair in pairs:
        progress("reconcile", f"{pair['entity']}/{pair['bucket']}")
        reconcile.reconcile(run, pair["entity"], pair["bucket"], ports)
    gate.gate(run, pairs, ports)
    systematic = run.files.read_json("gate.json")["systematic"]
    frames = []
    for pair in pairs:
        frame = run.files.read_frame(f"changes/{pair['entity']}/{pair['bucket']}.parquet")
        frames.append(frame.assign(entity=pair["entity"], reason=gate.released(frame, None, systematic)))
    return pd.concat(frames, ignore_index=True)


def _summed(run: Run, changes: pd.DataFrame, usage: Usage) -> Preview:
    frozen = thaw(run)
    free = changes[changes["reason"].eq("")]
    records = free.drop_duplicates(["entity", "record"])
    new = records["record"].astype("str").str.startswith(NEW)
    writes = sum(
        2 * -(-len(group) // BATCH)  # each batch is read back
        for _, group in records.assign(new=new).groupby(["entity", "new"])
    )
    searches = usage.calls.get("search", 0)
    reads = sum(usage.calls.values()) - searches
    seconds = (reads + writes) / (usage.per_second or _FEWEST_A_SECOND) + searches / _SEARCHES_A_SECOND
    names = run.files.read_json("partitions.json")["partitions"]
    targets = pd.concat([run.files.read_frame(f"targets/{name}.parquet", ["outcome"]) for name in names])
    held = changes[changes["reason"].ne("")]
    return Preview(
        rows=tuple(_rows(frozen, changes)),
        targets={str(k): int(n) for k, n in targets["outcome"].value_counts().sort_index().items()},
        values=len(free),
        held={str(k): int(n) for k, n in held["reason"].value_counts().sort_index().items()},
        records=len(records),
        creates=int(new.sum()),
        calls=reads + searches + writes,
        searches=searches,
        minutes=round(seconds / 60, 2),
        daily_limit=usage.daily_limit,
        daily_remaining=usage.daily_remaining,
        short=0
        if usage.daily_limit is None or usage.daily_remaining is None
        else short(
            reads + searches + writes, usage.daily_limit, usage.daily_remaining, frozen.configuration.crm.quota.share
        ),
    )


def _rows(frozen: Frozen, changes: pd.DataFrame) -> Iterator[RowPlan]:
    sections = {s.number: s for s in frozen.sections}
    labelled = changes.assign(from_channel=channel_of(changes["interaction_key"]))
    for (number, name, channel), group in labelled.groupby(["section", "property", "from_channel"], sort=True):
        numbered = sections[int(number)]
        row = _row(numbered.section.rows("voice" if channel == "voice" else "digital"), str(name))
        free = group[group["reason"].eq("")]
        verdicts = free["verdict"].value_counts()
        yield RowPlan(
            mapping=numbered.mapping.name,
            entity=numbered.section.entity,
            property=str(name),
            channel=str(channel),
            cxone_data=row.cxone_data if row else "",
            values=len(free),
            **{verdict: int(verdicts.get(verdict, 0)) for verdict in ("missing", "drifted", "truncated")},
            held=len(group) - len(free),
            records=free["record"].nunique(),
            samples=tuple(_samples(free, is_transcript=row is None or row.is_transcript)),
        )


def _row(rows: tuple[FieldRow, ...], name: str) -> FieldRow | None:
    return next((row for row in rows if row.external_crm_field == name), None)


def _samples(group: pd.DataFrame, *, is_transcript: bool) -> list[str]:
    some = group.sort_values(["record", "interaction_key"]).head(_SAMPLES)
    return [
        f"{masked(held, whole=is_transcript)} -> {masked(desired, whole=is_transcript)}"
        for held, desired in zip(some["current"], some["desired"], strict=True)
    ]


def masked(value: object, *, whole: bool = False) -> str:
    """A value that may be shown: "M…r (9)"; with `whole`, and of short values, the length only; digits are #."""
    if not isinstance(value, str) or not value:
        return "empty"
    length = f"{int(utf16_length(pd.Series([value], dtype='str')).iloc[0]):,}"
    if whole or len(value) < _SHORT:
        return f"({length})"
    first, last = ("#" if c.isdigit() else c if c.isprintable() else "?" for c in (value[0], value[-1]))
    return f"{first}…{last} ({length})"


def _difference(new: pd.DataFrame, old: pd.DataFrame) -> tuple[Difference, ...]:
    """By property, what only one of two plans writes and what both write differently."""
    keys = ["entity", "record", "property"]
    mine, theirs = (frame[frame["reason"].eq("")][[*keys, "desired"]] for frame in (new, old))
    both = mine.merge(theirs, on=keys, how="outer", suffixes=("", "_old"), indicator=True)
    both["added"] = both["_merge"].eq("left_only")
    both["removed"] = both["_merge"].eq("right_only")
    both["changed"] = both["_merge"].eq("both") & both["desired"].ne(both["desired_old"])
    counted = both.groupby(["entity", "property"], sort=True)[["added", "removed", "changed"]].sum()
    found = []
    for (entity, name), row in zip(counted.index, counted.to_numpy(), strict=True):
        added, removed, changed = map(int, row)
        if added + removed + changed:
            found.append(Difference(str(entity), str(name), added, removed, changed, added + removed + changed))
    return tuple(found)
