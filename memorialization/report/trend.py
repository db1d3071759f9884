"""How the last nights went, from the funnels that the ledger keeps; and their charts, as places in a drawing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from memorialization.report.model import Night, Report
from memorialization.report.words import Language

NIGHTS: Final = 30

_WIDTH, _HEIGHT, _GAP = 300.0, 64.0, 2.0
_LOWEST: Final = 1.5  # what is not zero must be seen


def night(report: Report) -> Night:
    """What a report's own run says of itself."""
    state = "failed" if report.verdict.failures else "done"
    return night_of(report.run.run_id, report.run.window_end, state, report.funnel.model_dump())


def night_of(run_id: str, window_end: str, state: str, funnel: Mapping[str, int]) -> Night:
    """`funnel`: as `Funnel` dumps it; `window_end`: ISO 8601, UTC."""
    wrong = sum(funnel.get(name, 0) for name in ("missing", "drifted", "truncated"))
    counts = {name: funnel.get(name, 0) for name in ("pulled", "values", "parked")}
    mended = funnel.get("verified", 0)
    return Night.model_validate(
        {"run_id": run_id, "window_end": window_end, "state": state, "wrong": wrong, "mended": mended, **counts}
    )


def with_trend(report: Report, earlier: Iterable[dict[str, Any]]) -> Report:
    """The report with the nights before it and its own at the end. `earlier`: as `ledger.nights.before` gives them."""
    return report.model_copy(update={"trend": (*nights_of(earlier), night(report))})


def nights_of(rows: Iterable[dict[str, Any]]) -> tuple[Night, ...]:
    """`rows`: as `ledger.nights.before` gives them."""
    return tuple(
        night_of(str(r["run_id"]), r["window_end"].isoformat(timespec="seconds"), r["state"], r["funnel"]) for r in rows
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """One night in a chart of 300 by 64: where it stands, and what it says. `kind`: good, failed or now."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure over the nights. `shown`: the figure of each night as people read it."""

    name: str
    bars: tuple[Bar, ...]
    shown: tuple[str, ...]
    highest: str

    @property
    def now(self) -> str:
        return self.shown[-1]


def charts(nights: tuple[Night, ...], words: Language) -> list[Chart]:
    """Of two nights or more; else there is no trend."""
    if len(nights) < 2:
        return []
    return [
        _chart("pulled", nights, words, lambda n: n.pulled, lambda n: words.number(n.pulled)),
        _chart(
            "wrong", nights, words,
            lambda n: n.wrong / n.values if n.values else 0.0, lambda n: words.share(n.wrong, n.values),
        ),
        _chart("open", nights, words, _open, lambda n: words.number(_open(n))),
        _chart("parked", nights, words, lambda n: n.parked, lambda n: words.number(n.parked)),
    ]  # fmt: skip


def _open(of: Night) -> int:
    return max(0, of.wrong - of.mended)


def _chart(
    name: str, nights: tuple[Night, ...], words: Language, height: Callable[[Night], float], say: Callable[[Night], str]
) -> Chart:
    heights, shown = [height(n) for n in nights], tuple(say(n) for n in nights)
    most = max(heights)
    width = (_WIDTH + _GAP) / max(len(nights), 10) - _GAP
    bars = []
    for i, (each, tall, told) in enumerate(zip(nights, heights, shown, strict=True)):
        high = max(_HEIGHT * tall / most, _LOWEST) if tall else 0.4
        kind = "failed" if each.state == "failed" else "now" if i == len(nights) - 1 else "good"
        x = _WIDTH - (len(nights) - i) * (width + _GAP) + _GAP
        title = f"{words.instant(each.window_end)} UTC: {told}"
        bars.append(Bar(kind, round(x, 1), round(_HEIGHT - high, 1), round(width, 1), round(high, 1), title))
    return Chart(name, tuple(bars), shown, shown[heights.index(most)])
