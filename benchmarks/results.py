"""The figures of a run as data, as one table, and as benchmarks/RESULTS.md; the page holds what the data hold."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, load, machine

_COLUMNS: Final = ("", "limit or baseline", "", "measured", "ratio", "target", "")
_RIGHT: Final = (2, 3, 4)
_BAR: Final = 40


def as_data(figures: Mapping[str, Sequence[Figure]], load_before: float) -> dict[str, Any]:
    """Everything a reader may want to judge the figures by; `figures`: by benchmark."""
    told = [
        {"benchmark": name} | asdict(figure) | {"ratio": round(figure.ratio, 4), "met": figure.met}
        for name, measured in figures.items()
        for figure in measured
    ]
    return {"machine": machine() | {"load_before": load_before, "load_after": load()}, "figures": told}


def beside(data: Mapping[str, Any], earlier: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    """`data`, and of each benchmark that is not in it the figures of `earlier`."""
    new = {figure["benchmark"] for figure in data["figures"]}
    kept = [figure for figure in earlier["figures"] if figure["benchmark"] not in new]
    figures = sorted([*kept, *data["figures"]], key=lambda figure: order.index(figure["benchmark"]))
    return {**data, "figures": figures}


def show(data: Mapping[str, Any], console: Console) -> None:
    """The table, and under it the machine."""
    table = Table(box=None, padding=(0, 2, 0, 1))
    for number, title in enumerate(_COLUMNS):
        table.add_column(title, justify="right" if number in _RIGHT else "left")
    for figure in data["figures"]:
        table.add_row(*_cells(figure), style=None if figure["met"] else "yellow")
    console.print(table)
    console.print(f" {_about(data['machine'])}")


def markdown(data: Mapping[str, Any]) -> str:
    """RESULTS.md."""
    lines = [
        "# Results of `make bench`",
        "",
        "Generated; do not edit. A ratio is to a limit that is set, or to a baseline of the same run, on this machine",
        "(its load: around the newest of them):",
        _about(data["machine"]) + ".",
        "",
        _row([title or " " for title in _COLUMNS]),
        _row(["---:" if number in _RIGHT else "---" for number in range(len(_COLUMNS))]),
        *(_row(_cells(figure)) for figure in data["figures"]),
        "",
        *_missed(data["figures"]),
        *_growth(data["figures"]),
        "The details of every figure: `results.json`, beside this file.",
    ]
    return "\n".join(lines) + "\n"


def _cells(figure: Mapping[str, Any]) -> list[str]:
    limit, measured = (f"{figure[name]:,.4g} {figure['unit']}" for name in ("limit", "measured"))
    if figure["limit"] >= 1000 or figure["measured"] >= 1000:
        limit, measured = (f"{figure[name]:,.0f} {figure['unit']}" for name in ("limit", "measured"))
    target = f"{figure['sense']} {figure['target']:g}"
    return [figure["name"], figure["limit_is"], limit, measured, f"{figure['ratio']:.2f}", target,
            "met" if figure["met"] else "missed"]  # fmt: skip


def _missed(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the missed ones consist of."""
    reasons = [f"* {figure['name']}: {figure['why']}" for figure in figures if figure["why"] and not figure["met"]]
    return ["## Missed", "", *reasons, ""] if reasons else []


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _about(facts: Mapping[str, Any]) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in facts["libraries"].items())
    return (
        f"{facts['cores']} cores, {facts['memory_gib']} GiB, {facts['system']}, Python {facts['python']}, {libraries}; "
        f"load {facts['load_before']} before and {facts['load_after']} after"
    )


def _growth(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    """How the cost of one interaction grows with their number, as a chart of text."""
    sizes = [figure["details"] for figure in figures if "interactions" in figure["details"]]
    if not sizes:
        return []
    rows = []
    for one in sizes:
        costs = {name: one[name] / one["interactions"] * 1e6 for name in ("plain", "seconds", "ledger")}
        rows.append((one["interactions"], costs, one["peak"]))
    most = max(cost for _, costs, _ in rows for cost in costs.values())
    called = {"plain": "plain pandas", "seconds": "this product", "ledger": "its ledger"}
    lines = [
        "## Growth",
        "",
        "Microseconds an interaction (of the processor; the ledger's by the clock, the database's work included), and",
        "the peak of memory of one process that takes all steps. The targets are for 1,000,000 interactions (memory:",
        "flat up to 5,000,000); what is larger than here was not measured.",
        "",
    ]
    lines.append("```text")
    for number, costs, memory in rows:
        lines.append(f"{number:>9,} interactions, {memory:,} MiB")
        lines += [f"  {called[n]:<14}{c:>7,.0f}  {'█' * max(1, round(c / most * _BAR))}" for n, c in costs.items()]
    lines += ["```", ""]
    steps = [[f"{one['interactions']:,}", *(f"{own:,} s" for own, _, _ in one["phases"].values())] for one in sizes]
    names = list(sizes[0]["phases"])
    lines += [_row(["interactions", *names]), _row(["---:"] * (len(names) + 1)), *(_row(step) for step in steps), ""]
    return lines
