"""What came out of `make chaos`: data, a line a night, and docs/reliability.md, which holds what the data hold.

`python -m tests.chaos.results` writes the document anew from the data.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from benchmarks.figures import machine
from local.stage import PROJECT
from tests.chaos.night import Outcome
from tests.chaos.plans import KINDS
from tests.proofs import link

DATA: Final = Path(__file__).with_name("results.json")
DOCUMENT: Final = PROJECT / "docs" / "reliability.md"

MEANS: Final = {
    "killed at a moment": "`kill -9` of the run after a drawn line of its progress",
    "killed at a call": "`kill -9` while HubSpot works on a drawn call, carried out or not",
    "interrupted": "Ctrl-C at a drawn moment",
    "HubSpot fails by share": "3 to 30 % of all calls meet one of 22 faults (`python -m sandbox --help`)",
    "HubSpot fails as ordered": "away for good, token refused, right missing, the day's calls used up, "
    '"COMPLETE" without doing it, answers lost or too late, results swapped',
    "CXone fails as ordered": "401, 408, 429 without Retry-After, 503, away for good, cut connections, slow, "
    "a row on two pages",
    "clock is wrong": "the machine's clock is up to 30 hours before or behind",
    "clock jumps": "in the middle of a run, by up to 30 hours, in either direction",
    "summer time begins or ends": "the night of 23 or 25 hours",
    "PostgreSQL restarted": "all of its processes killed, started again up to two seconds later",
    "staging file cut in half": "any file of a run or of an earlier one, in the middle of a run",
    "disk full": "no file grows beyond 6 to 90 kB (RLIMIT_FSIZE)",
    "second run beside it": "the same night started twice, at most 1.5 seconds apart",
    "person edits before the write": "in up to three records, between the plan and the write",
}
OWN: Final = (
    (
        "PostgreSQL dies in the middle of a run",
        "`LedgerUnavailable`, naming the connection. Airflow tries the task again; else the next run goes on once the "
        "lease of the dead one has run out (15 minutes).",
        "app/test_machine_faults::test_a_database_that_is_killed_and_comes_back",
    ),
    (
        "The disk is full",
        "The file it happened to is named. No half a file is ever left: each appears under its name when it is whole.",
        "app/test_machine_faults::test_a_full_disk",
    ),
    (
        "A staging file is cut in half",
        "`StagingDamaged`, naming the file: never half of the rows. A new run fetches everything anew.",
        "app/test_machine_faults::test_a_staging_file_cut_in_half",
    ),
    (
        "The clock jumps by 30 hours in the middle of a run",
        "The run goes on: its window was fixed when it opened, and leases go by the database's clock.",
        "app/test_machine_faults::test_a_clock_that_jumps_in_the_middle",
    ),
)
"""What goes wrong on our own machines, what a run does then, and the test of that alone."""

FOUND: Final = (
    (
        "The browser wrote an older interaction over a newer one, because its after-call work ended later, after "
        "the night: it stayed there. Now the later one is asked for again by the next run and put right.",
        "memorialization/test_reconcile::"
        "test_what_an_older_interaction_was_written_over_late_is_looked_at_again_and_mended",
    ),
    (
        "A national number of a messenger customer, of the second of `phone_regions`, was not taken for one: the "
        "contact was not found.",
        "plugins/cxone/test_identity::test_a_national_number_of_any_of_the_regions_is_one",
    ),
    (
        "A staging file cut in half ended a run with a traceback.",
        "memorialization/test_staging::test_a_file_that_is_cut_short_is_named_with_its_cure",
    ),
    (
        "A full disk ended a run with a traceback that did not name the file, and could leave half a file behind.",
        "memorialization/test_whole_files::test_a_full_disk_leaves_the_file_as_it_was_and_names_it",
    ),
)
"""What was wrong with the product and is mended."""

NOT_COVERED: Final = (
    "A person who edits a value in the moment between the last look at it and the write: HubSpot has no write that is "
    "made only if nothing changed. The look comes just before each slice of at most 400 records.",
    "A call that HubSpot carries out only after our client has given up waiting for it: its values may be sent a "
    "second time. They are the same values in the same records; new records are made by unique key, so none twice. "
    "Here, late calls are carried out at once and answered too late.",
    "What an agent said under Outcomes of a case, if another agent took the case before the night that was to read it, "
    "as where that night failed: CXone hands out the last agent's alone. The oracle leaves these out.",
    "A full disk of PostgreSQL, and ENOSPC itself: a limit on the size of files stands for it, which needs no rights.",
    "A clock of the database's machine that jumps: leases and the account's quota go by it.",
    "A machine that loses power while its disk lies about what it has kept; two machines that do not see each other.",
    "The real HubSpot and the real CXone: all of this is against the twin, which misbehaves as they are documented "
    "and known to.",
)
_FLAWS: Final = ("lost", "doubled", "clobbered")


def as_data(outcome: Outcome) -> dict[str, Any]:
    """What of a night is kept."""
    return {
        "number": outcome.number,
        "first": str(outcome.first),
        "times": {kind: n for kind in KINDS if (n := outcome.times[kind])},
        "runs": outcome.runs,
        "failed": dict(sorted(outcome.failed.items())),
        "values": outcome.judgement.values,
        "seconds": outcome.seconds,
        "wrong": outcome.wrong,
    }


def line(night: Mapping[str, Any]) -> str:
    """A night as the terminal shows it."""
    sign = "[red]✘[/]" if night["wrong"] else "[green]✔[/]"
    return f" {sign} {night['number']:>3}  {night['first']}  {night['runs']:>2} runs  {night['values']:>5,} values  " \
        f"{night['seconds']:>5.0f} s   {_met(night)}"  # fmt: skip


def keep(part: str, found: Mapping[str, Any], console: Console) -> None:
    """Replace a part of the data, and the document."""
    data = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    data[part] = {"date": str(datetime.now(UTC).date()), "machine": machine(), **found}
    DATA.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    DOCUMENT.write_text(markdown(data), encoding="utf-8")
    console.print(f" {DATA.relative_to(PROJECT)}, {DOCUMENT.relative_to(PROJECT)}")


def markdown(data: Mapping[str, Any]) -> str:
    """docs/reliability.md."""
    parts = [
        "# Reliability",
        "",
        "A nightly writer into a CRM is trusted only if it has been tried against everything that goes wrong. "
        "Generated from `tests/chaos/results.json`, which `make chaos` writes; do not edit.",
        "",
    ]
    if "nights" in data:
        parts += _fifty(data["nights"])
    if "airflow" in data:
        parts += _airflow(data["airflow"])
    parts += ["## Our own machines, one at a time", "", "| fault | what a run does | shown by |", "| --- | --- | --- |"]
    parts += [f"| {fault} | {does} | {link(test)} |" for fault, does, test in OWN]
    parts += ["", "## What it found", "", "In the product, mended since; the nights above are of the mended one:", ""]
    parts += [f"* {what} {link(test)}" for what, test in FOUND]
    parts += ["", "## What this does not cover", "", *(f"* {text}" for text in NOT_COVERED), ""]
    parts += [
        "Each single way in which HubSpot fails and what is done about it, with its tests: "
        "[delivery.md](delivery.md#how-hubspot-fails). What others suffered: [pains.md](pains.md).",
        "",
    ]
    return "\n".join(parts)


def _fifty(found: Mapping[str, Any]) -> list[str]:
    nights, seed = found["nights"], found["seed"]
    bad = [night for night in nights if night["wrong"]]
    summed = {flaw: sum(len(night["wrong"].get(flaw, ())) for night in nights) for flaw in _FLAWS}
    times = sum(n for night in nights for n in night["times"].values())
    return [
        f"## {len(nights)} seeded nights",
        "",
        "| injected | survived | lost | doubled | clobbered |",
        "| ---: | ---: | ---: | ---: | ---: |",
        f"| **{times:,}** faults in {len(nights)} nights | **{len(nights) - len(bad)}** of {len(nights)} nights | "
        + " | ".join(f"**{summed[flaw]}**" for flaw in _FLAWS) + " |",
        "",
        f"{sum(night['values'] for night in nights):,} values that HubSpot must hold in the end, told by an oracle "
        f"that knows only what happened, not the product's rules; {sum(night['runs'] for night in nights):,} runs, "
        "each a process of its own, against the twin over HTTP and a real PostgreSQL.",
        "",
        "| fault | what is done | nights | injected | survived | lost | doubled | clobbered |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_row(kind, nights) for kind in KINDS),
        "",
        "A night meets three kinds of trouble, drawn by the seed, over two nights of the schedule and up to three "
        "runs; then come two calm nights, and the whole range once more by hand. *Injected* counts what really came: a "
        "call that failed, a process that died. *Survived*: nights with that fault after which all of this held:",
        "",
        "* **Nothing lost**: HubSpot holds, value by value, what the oracle says.",
        "* **Nothing doubled**: no record twice, and no value sent again that HubSpot still held from us.",
        "* **Nobody's work clobbered**: what a person entered after the interaction was due stands as entered.",
        "* **The receipts balance**: every funnel adds up and is borne out by the ledger's receipts.",
        "* **No lease is stuck**, every day is covered, and the second run plans nothing and writes nothing.",
        "* **Said clearly**: every run that failed ended with one message of the product's, never a traceback.",
        "",
        *_ends(nights),
        *([f"This start was ended early, after {len(nights)} of {found['planned']} nights.", ""]
          if len(nights) < found["planned"] else []),
        f"Seed {seed}, {found['date']}; {_about(found['machine'])}; "
        f"{sum(night['seconds'] for night in nights) / 60:.0f} minutes of nights, some side by side. Repeat all with "
        f"`make chaos SEED={seed}`, one night with `make chaos SEED={seed} NIGHT=12`; a night that fails prints that "
        "command itself. The plan of a night is the seed's; how processes take turns is the machine's.",
        "",
        "<details><summary>Night by night</summary>",
        "",
        "| night | world begins | met | runs | values | |",
        "| ---: | --- | --- | ---: | ---: | --- |",
        *(f"| {n['number']} | {date.fromisoformat(n['first']):%-d %b %Y} | {_met(n)} | {n['runs']} | {n['values']:,} | "
          f"{'; '.join(n['wrong']) or '✔'} |" for n in nights),
        "",
        "</details>",
        "",
    ]  # fmt: skip


def _row(kind: str, nights: Sequence[Mapping[str, Any]]) -> str:
    met = [night for night in nights if kind in night["times"]]
    flaws = [sum(len(night["wrong"].get(flaw, ())) for night in met) for flaw in _FLAWS]
    survived = sum(not night["wrong"] for night in met)
    cells = [len(met), sum(night["times"][kind] for night in met), survived, *flaws]
    return f"| {kind} | {MEANS[kind]} | " + " | ".join(f"{cell:,}" for cell in cells) + " |"


def _ends(nights: Sequence[Mapping[str, Any]]) -> list[str]:
    """How the runs under trouble ended that did not end well."""
    ends: Counter[str] = sum((Counter(night["failed"]) for night in nights), Counter())
    told = ", ".join(f"{n} `{name}`" for name, n in ends.most_common())
    return [f"Runs under trouble that failed, and said so: {told}.", ""] if ends else []


def _airflow(found: Mapping[str, Any]) -> list[str]:
    nights = found["nights"]
    return [
        "## Three nights under Airflow",
        "",
        "Airflow's own scheduler, api-server, dag-processor and triggerer with LocalExecutor, each a process, as `make "
        "up` starts them, with shortened heartbeats. What ends by itself is started again, as a service manager does. "
        "Each night ends in the oracle's state; every run of Airflow's reaches an end, and no lease is stuck.",
        "",
        "| night | killed with `kill -9` | while | then | tries | seconds | lost | doubled | clobbered |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
        *(f"| {n['number']} | {n['killed']} | {n['moment']} | {n['then']} | {n['tries']} | {n['seconds']:.0f} | "
          + " | ".join(str(len(n["wrong"].get(flaw, ()))) for flaw in _FLAWS) + " |" for n in nights),
        "",
        f"{found['date']}; {_about(found['machine'])}. Repeat it with `make chaos ONLY=airflow`. *Tries*: how often "
        "Airflow began the task that was hit, or the one that ran. *Seconds*: from the kill until the run had ended.",
        "",
    ]  # fmt: skip


def _met(night: Mapping[str, Any]) -> str:
    return ", ".join(f"{kind} ×{n}" if n > 1 else kind for kind, n in night.get("times", {}).items()) or "nothing"


def _about(facts: Mapping[str, Any]) -> str:
    return f"{facts['cores']} cores, {facts['memory_gib']} GiB, {facts['system']}, Python {facts['python']}"


if __name__ == "__main__":
    DOCUMENT.write_text(markdown(json.loads(DATA.read_text(encoding="utf-8"))), encoding="utf-8")
