"""The verdict on the terminal: funnel, truncated transcripts, what waits for a person, and where the report is."""

import sys
from pathlib import Path

import orjson
from rich.console import Console
from rich.markup import escape
from rich.style import Style
from rich.table import Table
from rich.text import Text

from memorialization.errors import ConfigurationError

_STYLE = {"balanced": ("✔", "green"), "attention": ("●", "yellow"), "failed": ("✘", "red")}
_UNITS = {
    "interactions": ("pulled", ("due", "provisional", "never_due")),
    "targets": ("targets", ("matched", "to_create", "parked", "not_attempted")),
    "values": (
        "values",
        (
            "equal", "missing", "drifted", "truncated", "edited", "not_expected", "no_source", "withheld",
            "unreadable",
        ),
    ),
    "delivery": ("planned", ("written", "rejected", "unaccounted")),
    "proof": ("written", ("verified", "verify_failed")),
}  # fmt: skip


def show(folder: Path, *, as_json: bool) -> None:
    """Print a run's report from its folder; raises ConfigurationError if it is gone."""
    try:
        raw = (folder / "report.json").read_bytes()
    except OSError:
        raise ConfigurationError(f"{folder}: the report is not there any more; run the window again") from None
    if as_json:
        sys.stdout.write(raw.decode() + "\n")
        return
    report = orjson.loads(raw)
    console = Console(highlight=False)
    run, verdict, funnel = report["run"], report["verdict"], report["funnel"]
    mark, colour = _STYLE[verdict["state"]]
    console.print()
    console.print(Text.assemble((f" {mark} ", colour), (verdict["sentence"], "bold")))
    start, end = run["window_start"][:16].replace("T", " "), run["window_end"][:16].replace("T", " ")
    console.print(f"   [dim]{escape(run['configuration_name'])}, {start} to {end} UTC[/dim]\n")
    for failure in verdict["failures"]:
        console.print(Text(f"   ✘ {failure}", "red"))
    table = Table(box=None, padding=(0, 2, 0, 3), show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column()
    for unit, (total, parts) in _UNITS.items():
        shown = [f"[{_tone(p)}]{funnel[p]:,} {p.replace('_', ' ')}[/]" for p in parts if funnel[p]]
        table.add_row(unit, f"{funnel[total]:,}", "= " + " + ".join(shown) if shown else "")
    if funnel["superseded"]:
        table.add_row("beside", f"{funnel['superseded']:,}", "superseded: a newer interaction holds the value")
    console.print(table)
    console.print()
    for row in report["truncation"]:
        if row["over_limit"] or row["whole_now"] < row["found_whole"] + row["found_truncated"]:
            console.print(
                f"   transcripts in {escape(row['entity'])}.{row['external_crm_field']}: {row['over_limit']:,} of "
                f"{row['transcripts']:,} are longer than its {row['limit']:,} characters; "
                f"found cut {row['found_truncated']:,}, missing {row['found_missing']:,}; "
                f"whole now {row['whole_now']:,}"
                + (f", cut as configured {row['shortened_by_policy']:,}" if row.get("shortened_by_policy") else "")
            )
    for what, cure in (("parked", "need a person"), ("rejected", "were refused by HubSpot"), ("held", "are held back")):
        if funnel[what]:
            reasons = ", ".join(f"{n:,} {reason}" for reason, n in report["reasons"].get(what, {}).items())
            console.print(f"   {funnel[what]:,} {what}: they {cure} ({reasons})")
    link = Text(f"{_short(folder)}/report.html", Style(link=f"file://{folder.resolve()}/report.html"))
    console.print(Text.assemble("\n   report  ", link, "\n"), soft_wrap=True)  # an address must stay in one piece


def _tone(part: str) -> str:
    if part in ("missing", "drifted", "truncated", "parked", "rejected"):
        return "yellow"
    if part in ("unaccounted", "unreadable", "verify_failed"):
        return "red"
    return "green" if part in ("equal", "verified", "matched", "written") else "default"


def _short(folder: Path) -> Path:
    try:
        return folder.resolve().relative_to(Path.cwd())
    except ValueError:
        return folder
