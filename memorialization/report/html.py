"""Shows a report as one HTML page: no outside asset, no script, every value escaped by the engine.

What the page says in figures is counted here, the words stand in `words`, the look in `templates/`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from itertools import groupby
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from memorialization.compare import REPAIRABLE, VERDICTS
from memorialization.gate import LEFT_ALONE
from memorialization.report.advice import advice
from memorialization.report.gaps import healed
from memorialization.report.model import Funnel, MappingRow, Parked, Rejected, Report
from memorialization.report.trend import charts
from memorialization.report.words import Code, Language, language

SHOWN_FIRST: Final = 25
"""Rows of a list that stand open; the rest is folded."""

MOST_SHOWN: Final = 500
"""Rows of a list on the page, which stays under 2 MB; report.json and report.xlsx hold more."""

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
    words = language(report.run.language)
    page = _environment(words.code).get_template("revert.html" if report.run.reverts else "report.html")
    return page.render(
        report=report,
        run=report.run,
        funnel=report.funnel,
        units=units(report.funnel, report.reasons, words),
        outcomes=outcomes(report.funnel, report.reasons, words),
        tasks=tasks(report, words),
        parked=parked_groups(report.parked[:MOST_SHOWN]),
        rejected=rejected_groups(report.rejected[:MOST_SHOWN], words),
        groups=scoreboard(report.mapping_rows),
        worst=worst(report.mapping_rows),
        trends=charts(report.trend, words),
        verdicts=[v for v in VERDICTS if any(row.verdicts.get(v) for row in report.mapping_rows)],
        all_verdicts=VERDICTS,
    )


@lru_cache
def _environment(code: Code) -> Environment:
    words = language(code)
    environment = Environment(
        loader=PackageLoader("memorialization.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=words.number, instant=words.instant, duration=words.duration, figure=partial(_figure, words)
    )
    environment.globals.update(
        words=words,
        t=words.marked,
        say=words.say,
        name=words.name,
        days=words.days,
        share=words.share,
        parts=parts,
        wrong=wrong,
        advice=partial(advice, words=words),
        first=SHOWN_FIRST,
        most_shown=MOST_SHOWN,
        most=_most,
        healed=partial(healed, words=words),
        weekday=_weekday,
    )
    return environment


def _figure(words: Language, value: float | str | None) -> str:
    """A number or a word as it stands in a table of facts; what there is none of is a dash."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return words.number(value) if isinstance(value, int) else words.decimal(value, 2)


def _weekday(day: str) -> int:
    """1 is Monday."""
    return date.fromisoformat(day).isoweekday()


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


def units(f: Funnel, reasons: dict[str, dict[str, int]], words: Language) -> list[Stage]:
    """The three closed units: interactions, targets, values."""
    counts = {
        "interactions": ("pulled", ("due", "provisional", "never_due"), ("due",)),
        "targets": ("targets", ("matched", "to_create", "parked", "not_attempted"), ("matched", "to_create")),
        "values": ("values", VERDICTS, REPAIRABLE),
    }
    return [
        _stage(words, unit, (total, getattr(f, total)), parts(((p, getattr(f, p)) for p in of), reasons), onward)
        for unit, (total, of, onward) in counts.items()
    ]


def outcomes(f: Funnel, reasons: dict[str, dict[str, int]], words: Language) -> list[Stage]:
    """What became of the values that were lost or wrong."""
    bad = ("lost or wrong", f.missing + f.drifted + f.truncated)
    counts = {
        "wrong": (bad, ("planned", "held"), ("planned",)),
        "planned": (("planned", f.planned), ("written", "rejected", "unaccounted"), ("written",)),
        "written": (("written", f.written), ("verified", "verify_failed"), ("verified",)),
    }
    return [
        _stage(words, unit, total, parts(((p, getattr(f, p)) for p in of), reasons), onward)
        for unit, (total, of, onward) in counts.items()
    ]


def _stage(words: Language, unit: str, total: tuple[str, int], laid: tuple[Part, ...], onward: Sequence[str]) -> Stage:
    going = [p for p in laid if p.name in onward]
    opens = (going[0].start, round(going[-1].start + going[-1].width, 2))
    title, about = words.texts[f"funnel.{unit}"], words.texts[f"funnel.{unit}_about"]
    return Stage(title, about, total[0], total[1], laid, opens)


def tasks(report: Report, words: Language) -> list[Task]:
    """What waits for somebody, the gravest first."""
    f, reasons, general = report.funnel, report.reasons, words.general
    cures = {row.code or _NO_CODE: words.cure(row.code, row.category) for row in report.rejected}

    def by_reason(kind: str, unit: str, advices: Mapping[str, str]) -> list[Task]:
        return [
            Task(n, unit, kind, why, advices.get(why, general["reason"])) for why, n in reasons.get(kind, {}).items()
        ]

    listed = [
        Task(f.unaccounted, "values", "unaccounted", "", general["unaccounted"]),
        Task(f.verify_failed, "values", "verify_failed", "", general["verify_failed"]),
        *by_reason("rejected", "values", cures),
        *by_reason("parked", "targets", words.parked),
        *(task for task in by_reason("held", "values", words.held) if task.reason not in LEFT_ALONE),
        *by_reason("withheld", "values", words.withheld),
        Task(f.unreadable, "values", "unreadable", "", general["unreadable"]),
    ]
    return [task for task in listed if task.count]


def parked_groups(parked: Sequence[Parked]) -> list[tuple[tuple[str, str, str], list[Parked]]]:
    """((reason, mapping, entity), rows); first what has candidates to choose from."""

    def kind(row: Parked) -> tuple[str, str, str]:
        return row.reason, row.mapping, row.entity

    return [(key, list(rows)) for key, rows in groupby(sorted(parked, key=kind), key=kind)]


def rejected_groups(rejected: Sequence[Rejected], words: Language) -> list[tuple[tuple[str, str], str, list[Rejected]]]:
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


def _most(*lengths: int) -> int:
    return max(1, *lengths)
