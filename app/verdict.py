"""The verdict on the terminal: funnel, truncated transcripts, what waits for a person, and where the report is."""

import sys
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.style import Style
from rich.table import Table
from rich.text import Text

from memorialization.errors import ConfigurationError
from memorialization.report.gaps import healed
from memorialization.report.model import Coverage
from memorialization.report.words import ENGLISH

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
        if run.get("reverts") and unit in ("interactions", "targets"):
            continue  # a revert is about values alone
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
    for row in report.get("additions", ()):
        if row["wanted"] != row["standing"]:
            names = ("standing", "edited", "held", "made", "rejected", "unaccounted")
            told = ", ".join(f"{row[name]:,} {name}" for name in names if row[name])
            console.print(f"   {row['kind']}s of {escape(row['entity'])} ({row['about']}): {told}")
    for what, cure in (("parked", "need a person"), ("rejected", "were refused by HubSpot"), ("held", "are held back")):
        if funnel[what]:
            reasons = ", ".join(f"{n:,} {reason}" for reason, n in report["reasons"].get(what, {}).items())
            console.print(f"   {funnel[what]:,} {what}: they {cure} ({reasons})")
    if (report.get("quota") or {}).get("short"):
        _short_of_calls(console, report["quota"])
    if report.get("plan") and (report["plan"]["exceeds"] or report["plan"]["decided_by"]):
        _plan(console, report["plan"])
    if report.get("coverage"):
        _coverage(console, report["coverage"])
    link = Text(f"{_short(folder)}/report.html", Style(link=f"file://{folder.resolve()}/report.html"))
    console.print(Text.assemble("\n   report  ", link, "\n"), soft_wrap=True)  # an address must stay in one piece


def _coverage(console: Console, coverage: dict[str, Any]) -> None:
    """The days that the run took along, and the gaps that are left with the command that heals each."""
    told = Coverage(**coverage)
    for sentence in healed(told):
        console.print(f"   {sentence}")
    for gap in told.gaps:
        how = "never covered, and no night reaches back so far" if gap.too_old else "not covered; the next night tries"
        console.print(Text(f"   {ENGLISH.days(gap.days)}: {how}", "yellow"))
        console.print(f"     {gap.command}", soft_wrap=True)


def _short_of_calls(console: Console, quota: dict[str, Any]) -> None:
    """The warning of a forecast that the day's calls did not suffice for."""
    told = (
        f"   the writing was forecast to take {quota['needed']:,} HubSpot calls, {quota['short']:,} more than the day "
        f"had: {quota['remaining']:,} of {quota['daily_limit']:,}, of which {quota['reserve']:.0%} are kept for others"
    )
    console.print(Text(told, "yellow"))


def _plan(console: Console, plan: dict[str, Any]) -> None:
    """The plan that a person had to decide about, or has to."""
    console.print(
        f"\n   plan {plan['plan_hash']}: {plan['values']:,} values in {plan['records']:,} records, "
        f"{plan['overwrites']:,} of them overwritten, {plan['creates']:,} new records"
    )
    for clause in plan["exceeds"]:
        console.print(Text(f"   above the limit: {clause}", "yellow"))
    if plan["decided_by"]:
        how = "refused" if plan["state"] == "refused" else "approved"
        console.print(Text(f"   {how} by {plan['decided_by']}, {plan['decided_at'][:16].replace('T', ' ')} UTC"))


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
