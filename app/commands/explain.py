"""`memorialize explain`: the whole story of one CXone contact, on one screen."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from memorialization.explain import Story, TargetStory, ValueStory

_WIDE = 100
_MARK = {"calm": ("·", "dim"), "wait": ("●", "yellow"), "bad": ("✘", "red")}


@click.command()
@click.option("--configuration", "-c", "name", required=True, help="Folder of the CRM configuration, such as acme.")
@click.argument("contact", metavar="CXONE_CONTACT_ID")
@click.option("--reveal", is_flag=True, help="Show values as they are: customer data on your screen.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every leg, value and receipt.")
def explain(name: str, contact: str, reveal: bool, as_json: bool) -> None:
    """What CXone said, what was due, which record and why, what HubSpot holds, who wrote it, what is next.

    CXONE_CONTACT_ID is CXone's Contact ID (a digital one's GUID, too) or the interaction key of a report. Values are
    masked. Writes nothing.
    """
    from app.explain import gather
    from memorialization.explain import tell

    stories = [tell(facts, reveal=reveal) for facts in gather(name, contact)]
    if as_json:
        import orjson

        data = [story.as_dict() for story in stories]
        click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    from rich.console import Console

    console = Console(highlight=False)
    for story in stories:
        _show(console, story)


def _show(console: "Console", story: "Story") -> None:
    from rich.table import Table
    from rich.text import Text

    from memorialization.explain import runs_of

    console.print(Text.assemble("\n ", (story.interaction_key, "bold"), f"  {story.channel}, {story.configuration}\n"))
    facts = Table(box=None, padding=(0, 2, 0, 1), show_header=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    said = story.cxone
    facts.add_row("CXone", _joined(said, ("direction", "media", "skill", "agent")))
    facts.add_row("", Text(story.origin, "dim"))
    facts.add_row(
        "times", f"{said.get('start', '?')} to {said.get('end', 'still open')}, due {said.get('due', 'not yet')}"
    )
    ended = _joined(said, ("end reason", "ended by", "disposition"), named=True)
    customer = _joined(said, ("e-mail", "phone"), named=True)
    facts.add_row("ended", ended or "not known")
    facts.add_row("customer", customer or "not known")
    mapping = f", mapping {story.mapping}" if story.mapping else ""
    facts.add_row("verdict", f"{story.state.replace('_', ' ')}: {story.why}{mapping}")
    if story.next not in ("", "see each record below"):
        facts.add_row("next", story.next)
    console.print(facts)
    for target in story.targets:
        _record(console, target)
    runs = runs_of(story)
    if runs:
        console.print(Text("\n runs that wrote here", "bold"))
        for run in runs:
            undo = f"  undo of {run.reverts}" if run.reverts else ""
            console.print(Text(f"   {run.at:%Y-%m-%d %H:%M}  {run.run_id}{undo}"), soft_wrap=True)
    console.print()


def _record(console: "Console", target: "TargetStory") -> None:
    from itertools import groupby

    from rich.style import Style
    from rich.table import Table
    from rich.text import Text

    record = Text(target.record_id or "", Style(link=target.link, bold=True))
    outcome = target.outcome.replace("_", " ")
    console.print(Text.assemble("\n ", (target.entity, "bold"), " ", record, f"  {outcome}: {target.why}"))
    if target.candidates:
        console.print(Text(f"   could be {', '.join(target.candidates)}", "yellow"))
    if target.next:
        console.print(Text(f"   next: {target.next}"), soft_wrap=True)
    if not target.values:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=False)
    table.add_column("  ", no_wrap=True)
    table.add_column("property", no_wrap=True, overflow="ellipsis")
    table.add_column("verdict", no_wrap=True)
    table.add_column("HubSpot holds", overflow="fold", max_width=40)
    table.add_column("whose it is", overflow="fold", ratio=1)
    table.add_column("written", no_wrap=True)
    quiet = [v for v in target.values if v.verdict in ("not_expected", "no_source") and v.holds == "empty"]
    for value in target.values:
        if value not in quiet:
            table.add_row(*_row(value, hashes=console.width >= _WIDE))
    console.print(table)
    for verdict, group in groupby(sorted(quiet, key=lambda v: v.verdict), key=lambda v: v.verdict):
        names = ", ".join(v.property for v in group)
        console.print(Text(f" ·  {verdict.replace('_', ' ')}, and empty: {names}", "dim"))
    waiting = [v for v in target.values if v.next not in ("", "nothing")]
    for next_, group in groupby(sorted(waiting, key=lambda v: v.next), key=lambda v: v.next):
        names = ", ".join(v.property for v in group)
        console.print(Text.assemble(("   next: ", "bold"), f"{names}\n         {next_}"), soft_wrap=False)


def _row(value: "ValueStory", *, hashes: bool) -> tuple["Text | str", ...]:
    from rich.text import Text

    from memorialization.explain import tone

    mark, colour = _MARK[tone(value.verdict)]
    holds = Text(value.holds)
    if value.verdict in ("missing", "drifted", "truncated", "edited") and value.should != value.holds:
        holds.append(f"\nshould be {value.should}", "dim")
    return (
        Text(f" {mark}", colour),
        value.property,
        Text(value.verdict.replace("_", " "), colour if colour != "dim" else ""),
        holds,
        value.whose,
        _last(value, hashes=hashes),
    )


def _last(value: "ValueStory", *, hashes: bool) -> str:
    """The last receipt of ours: before and after, by length and, where there is room, by hash."""
    if not value.written:
        return ""
    last = value.written[-1]
    sides = [(last.before_length or 0, last.before_hash), (last.after_length, last.after_hash)]
    told = " → ".join(f"{n:,} #{h & 0xFFFFFFFF:08x}" if hashes and h and n else f"{n:,}" for n, h in sides)
    return told if last.verified else f"{told} {last.outcome if last.outcome != 'written' else 'not verified'}"


def _joined(said: object, words: tuple[str, ...], *, named: bool = False) -> str:
    assert isinstance(said, dict)
    return ", ".join(f"{word} {said[word]}" if named else said[word] for word in words if word in said)
