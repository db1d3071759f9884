"""Shows a report as one HTML page: no outside asset, no script, every value escaped by the engine.

What the page says in figures is counted here, the words stand in `words`, the look in `templates/`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from memorialization.compare import REPAIRABLE, VERDICTS
from memorialization.gate import OWNERSHIP
from memorialization.report import words
from memorialization.report.model import Funnel, MappingRow, Parked, Rejected, Report, Truncation

SHOWN_FIRST: Final = 25
"""Rows of a list that stand open; the rest is folded."""

LARGEST_TEXT: Final = 65_536
"""No text property of HubSpot holds more (hubspot-api, section 3)."""

_NO_CODE: Final = "unknown"  # as the funnel's reasons name it
_WORST: Final = 6
_NARROWEST: Final = 1.0  # per cent of a bar: what counts one value must still be seen


@dataclass(frozen=True, slots=True)
class Part:
    """One summand of a stage. `start` and `width` are its place in the bar, in per cent."""

    name: str
    count: int
    reasons: tuple[tuple[str, int], ...]
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One unit of the funnel: a total and the parts that add up to it.

    `opens`: where the parts that the next stage is about begin and end in the bar, in per cent.
    """

    title: str
    about: str
    total: str
    count: int
    parts: tuple[Part, ...]
    opens: tuple[float, float]

    @property
    def adds_up(self) -> bool:
        return self.count == sum(part.count for part in self.parts)


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits: how many of what, why, and who does what next."""

    count: int
    unit: str
    kind: str
    reason: str
    next: str


@dataclass(frozen=True, slots=True)
class Group:
    """Mapping rows of one section of a mapping, with the sum of their verdicts."""

    mapping: str
    entity: str
    rows: tuple[MappingRow, ...]
    verdicts: dict[str, int]

    @property
    def wrong(self) -> int:
        return wrong(self.verdicts)


def render(report: Report) -> str:
    """The page as text; deterministic for a given report."""
    environment = Environment(
        loader=PackageLoader("memorialization.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, instant=instant, duration=duration)
    environment.globals.update(
        words=words, share=share, parts=parts, wrong=wrong, advice=advice, first=SHOWN_FIRST, most=_most
    )
    return environment.get_template("report.html").render(
        report=report,
        run=report.run,
        funnel=report.funnel,
        units=units(report.funnel, report.reasons),
        outcomes=outcomes(report.funnel, report.reasons),
        tasks=tasks(report),
        parked=parked_groups(report.parked),
        rejected=rejected_groups(report.rejected),
        groups=scoreboard(report.mapping_rows),
        worst=worst(report.mapping_rows),
        verdicts=[v for v in VERDICTS if any(row.verdicts.get(v) for row in report.mapping_rows)],
        all_verdicts=VERDICTS,
    )


def number(count: int) -> str:
    """1176 -> "1,176"."""
    return f"{count:,}"


def share(count: float, whole: float) -> str:
    """A share for people: "3.1 %"; neither "0 %" nor "100 %" unless it is exactly so; "n/a" of nothing."""
    if not whole:
        return "n/a"
    percent = 100 * count / whole
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f}".removesuffix(".0") + " %"


def duration(seconds: float) -> str:
    """0.58 -> "0.6 s", 250 -> "4 min 10 s", 3900 -> "1 h 5 min"."""
    if 0 < seconds < 0.05:
        return "under 0.1 s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def instant(text: str) -> str:
    """An ISO 8601 time with its offset -> "22 Nov 2026, 02:00" in UTC."""
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M}"


def wrong(verdicts: dict[str, int]) -> int:
    """How many values of these verdicts are lost or wrong: missing, drifted and truncated."""
    return sum(verdicts.get(v, 0) for v in REPAIRABLE)


def parts(counts: Iterable[tuple[str, int]], reasons: dict[str, dict[str, int]] | None = None) -> tuple[Part, ...]:
    """Summands laid side by side in a bar; what is not zero is wide enough to be seen."""
    listed = list(counts)
    whole = sum(n for _, n in listed)
    widths = [max(100 * n / whole, _NARROWEST) if n else 0.0 for _, n in listed]
    scale = 100 / sum(widths) if whole else 0.0
    laid: list[Part] = []
    start = 0.0
    for (name, n), width in zip(listed, widths, strict=True):
        why = tuple((reasons or {}).get(name, {}).items())
        laid.append(Part(name, n, why, round(start, 2), round(width * scale, 2)))
        start += width * scale
    return tuple(laid)


def units(f: Funnel, reasons: dict[str, dict[str, int]]) -> list[Stage]:
    """The three closed units: interactions, targets, values."""
    return [
        _stage(
            "Interactions",
            "one agent leg each; what is due goes on",
            ("pulled", f.pulled),
            parts([("due", f.due), ("provisional", f.provisional), ("never_due", f.never_due)], reasons),
            ("due",),
        ),
        _stage(
            "Targets",
            "a due interaction and a section of its mapping; what has a record goes on",
            ("targets", f.targets),
            parts(
                [
                    ("matched", f.matched),
                    ("to_create", f.to_create),
                    ("parked", f.parked),
                    ("not_attempted", f.not_attempted),
                ],
                reasons,
            ),
            ("matched", "to_create"),
        ),
        _stage(
            "Values",
            "one property of one record; what is lost or wrong goes on",
            ("values", f.values),
            parts([(v, getattr(f, v)) for v in VERDICTS], reasons),
            REPAIRABLE,
        ),
    ]


def outcomes(f: Funnel, reasons: dict[str, dict[str, int]]) -> list[Stage]:
    """What became of the values that were lost or wrong."""
    return [
        _stage(
            "Lost or wrong",
            "missing + drifted + truncated",
            ("lost or wrong", f.missing + f.drifted + f.truncated),
            parts([("planned", f.planned), ("held", f.held)], reasons),
            ("planned",),
        ),
        _stage(
            "Planned",
            "sent to HubSpot",
            ("planned", f.planned),
            parts(
                [("written", f.written), ("rejected", f.rejected), ("unaccounted", f.unaccounted)],
                reasons,
            ),
            ("written",),
        ),
        _stage(
            "Written",
            "read back to prove it",
            ("written", f.written),
            parts([("verified", f.verified), ("verify_failed", f.verify_failed)], reasons),
            ("verified",),
        ),
    ]


def _stage(title: str, about: str, total: tuple[str, int], laid: tuple[Part, ...], onward: Sequence[str]) -> Stage:
    going = [p for p in laid if p.name in onward]
    opens = (going[0].start, round(going[-1].start + going[-1].width, 2))
    return Stage(title, about, total[0], total[1], laid, opens)


def tasks(report: Report) -> list[Task]:
    """What waits for somebody, the gravest first."""
    f, reasons = report.funnel, report.reasons
    cures = {row.code or _NO_CODE: words.cure(row.code, row.category) for row in report.rejected}
    listed = [
        Task(f.unaccounted, "values", "unaccounted", "", words.UNACCOUNTED),
        Task(f.verify_failed, "values", "verify_failed", "", words.VERIFY_FAILED),
        *_by_reason("rejected", "values", reasons, cures),
        *_by_reason("parked", "targets", reasons, words.PARKED),
        *(task for task in _by_reason("held", "values", reasons, words.HELD) if task.reason != OWNERSHIP),
        *_by_reason("withheld", "values", reasons, words.WITHHELD),
        Task(f.unreadable, "values", "unreadable", "", words.UNREADABLE),
    ]
    return [task for task in listed if task.count]


def _by_reason(kind: str, unit: str, reasons: dict[str, dict[str, int]], advices: Mapping[str, str]) -> list[Task]:
    return [
        Task(n, unit, kind, reason, advices.get(reason, words.UNKNOWN_REASON))
        for reason, n in reasons.get(kind, {}).items()
    ]


def parked_groups(parked: Sequence[Parked]) -> list[tuple[tuple[str, str, str], list[Parked]]]:
    """((reason, mapping, entity), rows); first what has candidates to choose from."""

    def kind(row: Parked) -> tuple[str, str, str]:
        return row.reason, row.mapping, row.entity

    return [(key, list(rows)) for key, rows in groupby(sorted(parked, key=kind), key=kind)]


def rejected_groups(rejected: Sequence[Rejected]) -> list[tuple[tuple[str, str], str, list[Rejected]]]:
    """((code, category), cure, rows), most rows first."""

    def kind(row: Rejected) -> tuple[str, str]:
        return row.code or _NO_CODE, row.category or ""

    grouped = [(key, list(rows)) for key, rows in groupby(sorted(rejected, key=kind), key=kind)]
    grouped.sort(key=lambda group: -len(group[1]))
    return [(key, words.cure(*key), rows) for key, rows in grouped]


def scoreboard(rows: Sequence[MappingRow]) -> list[Group]:
    """Mapping rows by mapping and entity, in the order of the mapping files."""
    grouped: dict[tuple[str, str], list[MappingRow]] = {}
    for row in rows:
        grouped.setdefault((row.mapping, row.entity), []).append(row)
    return [
        Group(
            mapping,
            entity,
            tuple(members),
            {v: sum(m.verdicts.get(v, 0) for m in members) for v in VERDICTS},
        )
        for (mapping, entity), members in grouped.items()
    ]


def worst(rows: Sequence[MappingRow]) -> list[MappingRow]:
    """The few rows with most values lost or wrong; rows with none are not among them."""
    return sorted((r for r in rows if wrong(r.verdicts)), key=lambda r: -wrong(r.verdicts))[:_WORST]


def advice(t: Truncation) -> str:
    """What the lengths of one target field say, and what to do about it."""
    if not t.transcripts:
        return "No transcript in this window."
    if not t.over_limit:
        return f"All {t.transcripts:,} fit; the longest fills {share(t.longest, t.limit)} of the limit."
    fit = f"{t.over_limit:,} of {t.transcripts:,} do not fit into {t.limit:,} characters: "
    if t.shortened_by_policy:
        return fit + f"{t.shortened_by_policy:,} stand there shortened, as their row says (on_overflow: cut)."
    if t.limit >= LARGEST_TEXT:
        return fit + "HubSpot has no longer field; map the Transcript URL beside it."
    return fit + "raise the property's limit in HubSpot or map to a longer field."


def _most(*lengths: int) -> int:
    return max(1, *lengths)
