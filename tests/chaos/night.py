"""One night of a plan, carried out with real processes against the twin and a real PostgreSQL, and judged.

Each night has a world, a ledger and folders of its own, and is told by its seed and number alone, so that it can be
repeated alone. Two nights of trouble, then two calm ones, then all of it once more, which must write nothing.
"""

import json
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import pytest
from uuid6 import uuid7

from app.coverage import coverage
from local.stage import environment, twin
from memorialization.configuration import load
from memorialization.ledger import Ledger
from tests.app import processes
from tests.app.command import CONTACT, TICKET, change_connection, mappings, replace
from tests.app.world import World
from tests.chaos import plans, troubles
from tests.chaos.child import Body
from tests.chaos.database import Database
from tests.chaos.judge import Judgement, judged
from tests.chaos.plans import Plan, Try

BERLIN: Final = ZoneInfo("Europe/Berlin")
PATIENCE: Final = 300.0
SILENCE: Final = timedelta(minutes=20)
"""Longer than a dead run keeps its lease."""
CALM: Final = (4, 5)
"""The nights that nothing happens in; by the first all after-call work is done, the second looks again at what an older
interaction was written over meanwhile."""

_MESSAGE: Final = re.compile(r"^[A-Z]\w*[a-z]\w*: .+|^Aborted!", re.MULTILINE)


@dataclass
class Outcome:
    """What a night met and what is wrong after it; `times`: kind of trouble -> how often it really came."""

    number: int
    first: date
    times: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    failed: Counter[str] = field(default_factory=Counter)  # how runs under trouble ended, where not well
    judgement: Judgement = field(default_factory=Judgement)
    unclear: list[str] = field(default_factory=list)  # runs that failed without a message of the product's
    unsettled: list[str] = field(default_factory=list)  # calm runs that failed, days not covered, values written again
    seconds: float = 0.0

    @property
    def wrong(self) -> dict[str, list[str]]:
        found = {name: what for name, what in asdict(self.judgement).items() if name != "values"}
        found |= {"unclear": self.unclear, "unsettled": self.unsettled}
        return {name: what for name, what in found.items() if what}


def zulu(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def tick(first: date, night: int) -> datetime:
    """When a night's schedule comes: at 2:30 in Berlin; of a time that comes twice, the second, and as long after the
    change as it lies in the gap where it does not come."""
    day = first + timedelta(days=night)
    wall = datetime(day.year, day.month, day.day, 2, 30, tzinfo=BERLIN)
    return max(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def carried_out(plan: Plan, database: Database, folder: Path) -> Outcome:
    """Let the night happen and judge it; whatever its runs said stays in `folder`."""
    began = time.monotonic()
    with _night(plan, database, folder) as night:
        for number, tries in enumerate(plan.nights, 1):
            for turn, one in enumerate(tries):
                night.sleep_until(tick(plan.first, number) + timedelta(minutes=3) + turn * SILENCE)
                night.meet(one, (number, turn))
        for number in CALM:
            night.sleep_until(tick(plan.first, number) + timedelta(minutes=3))
            night.calm("run", "-c", "acme", "--json")
        night.judge()
    night.outcome.seconds = round(time.monotonic() - began, 1)
    return night.outcome


@contextmanager
def _night(plan: Plan, database: Database, folder: Path) -> Iterator["_Night"]:
    chance = plan.random("world")
    size = 20 if plan.outage else 32
    options = [
        "--start", str(plan.first), "--days", "2", "--interactions", str(size), "--seed", str(chance.randrange(1000)),
        "--clock", f"{plan.first}T00:00:00Z", "--burst", "100000", "--search-per-second", "1000",
    ]  # fmt: skip
    if plan.outage:
        options += ["--live-stops-on", str(plan.first)]
    with ExitStack() as stack:
        services = stack.enter_context(twin(folder / "twin", *options))
        ledger = stack.enter_context(database.ledger(f"night_{plan.number}"))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in environment(folder, database.socket, services).items():
            patch.setenv(name, value)
        change_connection(patch, "MEMORIALIZATION_LEDGER", schema=f"night_{plan.number}")
        crm = mappings(folder, patch) / "crm.yaml"
        replace(crm, 'schedule: "0 2 * * *"', 'timezone: Europe/Berlin\nschedule: "30 2 * * *"')
        replace(crm, "stored: {warn: 0.0, fail: 0.15}", "stored: {warn: 0.0}")  # of a night so small 15 % are one text
        replace(crm, "mode: adopted", "mode: adopted\napproval: {max_changed_share: 1.0}")  # likewise
        _has_run_before(ledger, folder, plan)
        outcome = Outcome(plan.number, plan.first)
        hubspot = stack.enter_context(httpx.Client(base_url=f"{services.hubspot}/_twin", timeout=60))
        yield _Night(plan, World(services), database, ledger, folder, outcome, hubspot)


def _has_run_before(ledger: Ledger, folder: Path, plan: Plan) -> None:
    """The night before the first is covered, so that whatever the first run's clock says, its night is a gap."""
    window: dict[str, Any] = {
        "run": str(uuid7()), "start": tick(plan.first, -1), "end": tick(plan.first, 0),
        "mapping": load(folder / "mappings", "acme").mapping_hash,
    }  # fmt: skip
    ran = (
        "insert into runs (run_id, configuration, try_number, window_start, window_end, mode, dry_run, nightly, "
        "mapping_hash, staging, state, started_at) values (cast(:run as uuid), 'acme', 1, :start, :end, 'adopted', "
        "false, true, :mapping, '', 'done', :end)"
    )
    covered = "insert into coverage values ('acme', :start, :end, cast(:run as uuid), :mapping)"
    ledger.carry_out({"runs": ran, "coverage": covered}, **window)


@dataclass
class _Night:
    plan: Plan
    world: World
    database: Database
    ledger: Ledger
    folder: Path
    outcome: Outcome
    hubspot: httpx.Client  # the twin's control paths
    now: datetime = datetime.min
    edits: list[dict[str, Any]] = field(default_factory=list)

    def sleep_until(self, moment: datetime) -> None:
        answer = httpx.post(f"{self.world.services.cxone}/_twin/clock", json={"now": zulu(moment)})
        self.now = datetime.fromisoformat(answer.raise_for_status().json()["now"])

    def start(self, *command: str, **how: Any) -> "_Run":
        """`how`: as in processes.memorialize, where it differs from a calm run."""
        self.outcome.runs += 1
        log = self.folder / f"run-{self.outcome.runs}"
        calm: dict[str, Any] = {"now": self.now, "prepare": Body().prepare}
        return _Run(processes.memorialize(*command, log=log, **(calm | how)), log)

    # ---- a run under trouble

    def meet(self, one: Try, place: tuple[int, int]) -> None:
        """One run and what it meets; after it nothing is left of the trouble but what it has done."""
        chance = self.plan.random(place)
        for order in troubles.hubspot_orders(one.around, chance):
            self.hubspot.post("/faults", json=order).raise_for_status()
        self.world.faults("cxone", *troubles.cxone_orders(one.around, chance))
        wrong, jump = troubles.clock(one.around, chance)
        room = troubles.room(one.around, chance)
        body = Body(batch=chance.choice([2, 5, 20, 100]), page=chance.choice([10, 1000]), room=room)
        met, failed = len(self._met()), self._failures_of_cxone()

        ill: dict[str, Any] = {"now": self.now + wrong, "jump": jump, "prepare": body.prepare}
        runs = [self.start("run", "-c", "acme", "--json", **ill)]
        for kind in (plans.CLOCK, plans.JUMP, plans.DISK):
            self.outcome.times[kind] += kind in one.around
        if plans.SECOND in one.around:
            time.sleep(chance.uniform(0, 1.5))
            runs.append(self.start("run", "-c", "acme", "--json", prepare=body.prepare))
            self.outcome.times[plans.SECOND] += 1
        self._watch(runs[0], one, chance)
        for run in runs:
            run.process.join(PATIENCE)
            if run.process.is_alive():
                run.process.kill()
                self.outcome.unsettled.append(f"{run.log.name} did not end within {PATIENCE:g} s")
            self._ended(run)
        if plans.KILLED_AT_CALL in one.around or plans.KILLED in one.kinds:
            time.sleep(troubles.HELD + 0.3)  # what was under way arrives

        by_call = self._met()[met:]
        held = sum(f"delay={troubles.HELD}" in fault for fault in by_call)
        ordered = sum("=" in fault for fault in by_call) - held
        self.outcome.times += Counter({
            plans.HUBSPOT: ordered, plans.BY_SHARE: len(by_call) - ordered - held,
            plans.CXONE: self._failures_of_cxone() - failed,
        })  # fmt: skip
        self.world.faults("hubspot")
        self.world.faults("cxone")
        dead = [run for run in runs if run.killed or plans.POSTGRES in one.kinds]
        for run in dead:  # a quarter of an hour goes by
            whose = f"holder like '%, process {run.process.pid}'"
            self.ledger.carry_out({"leases": f"update leases set expires_at = clock_timestamp() where {whose}"})
        if self.plan.first in plans.CHANGES and place == (1, 0):
            self.outcome.times[plans.SUMMER_TIME] += 1

    def _watch(self, run: "_Run", one: Try, chance: Random) -> None:
        """Follow a run and do what is planned for its middle; what comes too late does not come."""
        acts: dict[str, Callable[[_Run, Random], None]] = {
            plans.KILLED: self._kill, plans.INTERRUPTED: self._interrupt, plans.POSTGRES: self._restart,
            plans.CUT: self._cut,
        }  # fmt: skip
        pending = [(line, kind) for line, kind in one.middle if kind != plans.PERSON]
        person = plans.PERSON in one.kinds
        while run.process.is_alive():
            said = run.said()
            if person and "  gate " in said:
                run.signal(signal.SIGSTOP)
                if "  apply " not in run.said():  # else it is on its way, and HubSpot takes what comes last
                    self._edit(chance)
                    person = False
                run.signal(signal.SIGCONT)
            while pending and said.count("\n") > pending[0][0]:
                kind = pending.pop(0)[1]
                acts[kind](run, chance)
                self.outcome.times[kind] += 1
            if plans.KILLED_AT_CALL in one.around and f"delay={troubles.HELD}" in " ".join(self._met()):
                run.kill()
                self.outcome.times[plans.KILLED_AT_CALL] += 1
                break
            time.sleep(0.01)
        if person:
            self._edit(chance)

    def _kill(self, run: "_Run", chance: Random) -> None:
        time.sleep(chance.uniform(0, 0.15))
        run.kill()

    def _interrupt(self, run: "_Run", chance: Random) -> None:
        time.sleep(chance.uniform(0, 0.15))
        run.signal(signal.SIGINT)

    def _restart(self, run: "_Run", chance: Random) -> None:
        self.database.kill()
        time.sleep(chance.choice([0.0, 0.5, 2.0]))
        self.database.start()

    def _cut(self, run: "_Run", chance: Random) -> None:
        """One of the files that the run has staged so far loses its second half."""
        run.signal(signal.SIGSTOP)
        files = sorted(path for path in (self.folder / "staging").rglob("*") if path.is_file())
        if files:
            chosen = chance.choice(files)
            os.truncate(chosen, chosen.stat().st_size // 2)
        run.signal(signal.SIGCONT)

    def _edit(self, chance: Random) -> None:
        """A person changes what the run is about to write, where it can be: values that the browser lost."""
        truth = self.world.truth(zulu(tick(self.plan.first, 0)), zulu(self.now))
        due = [leg for leg in truth["legs"] if leg["fate"] and leg["due_at"] <= zulu(self.now)]
        lost = [leg for leg in due if leg["fate"]["write"] != "whole"] or due
        for leg in chance.sample(lost, min(3, len(lost))):
            for record_type, record, name in (
                (TICKET, leg["ticket_id"], "cxone_agent_name"),
                (CONTACT, leg["contact_record_id"], "cxone_last_agent"),
            ):
                if record is None:
                    continue
                at = httpx.get(f"{self.world.services.cxone}/_twin/clock").json()["now"]
                value = f"By hand {len(self.edits) + 1}"
                self.world.by_hand(record_type, record, **{name: value})
                self.edits.append(
                    {"at": at, "type_id": record_type, "record_id": record, "property": name, "value": value}
                )
                self.outcome.times[plans.PERSON] += 1

    def _met(self) -> list[str]:
        """HubSpot's faults that happened so far, by what the twin calls them."""
        return [fault["fault"] for fault in self.hubspot.get("/faults").json()]

    def _failures_of_cxone(self) -> int:
        return sum(n for call, n in self.world.requests("cxone").items() if not call.endswith((" 200", " 204")))

    def _ended(self, run: "_Run") -> None:
        code = run.process.exitcode
        if run.killed or code == 0:
            return
        said = run.said()
        found = _MESSAGE.search(said)
        if "Traceback" in said or not found:
            self.outcome.unclear.append(f"{run.log.name} ended with {code}: {said.splitlines()[-1:]}")
        else:
            self.outcome.failed[found[0].partition(":")[0]] += 1

    # ---- calm again

    def calm(self, *command: str) -> dict[str, Any]:
        """A run that nothing happens to; its report. It must end well."""
        run = self.start(*command)
        run.process.join(PATIENCE)
        if run.process.exitcode != 0:
            self.outcome.unsettled.append(f"{run.log.name}, calm, ended with {run.process.exitcode}: "
                                          f"{run.said().splitlines()[-1:]}")  # fmt: skip
            return {}
        report: dict[str, Any] = json.loads(run.log.with_suffix(".out").read_text())
        if report["funnel"]["unaccounted"]:
            self.outcome.unsettled.append(f"{run.log.name}, calm, left values unaccounted")
        return report

    def judge(self) -> None:
        start, end = tick(self.plan.first, 0), tick(self.plan.first, CALM[-1])
        days = coverage(load(self.folder / "mappings", "acme"), self.ledger, self.now, start).days
        self.outcome.unsettled += [f"{day.day} is {day.state}" for day in days if day.state != "covered"]
        written = self.world.writes()
        again = self.calm("run", "-c", "acme", "--json", "--from", zulu(start), "--to", zulu(end))
        planned, writes = again.get("funnel", {}).get("planned"), self.world.writes() - written
        if planned or writes:
            self.outcome.unsettled.append(f"the second run planned {planned} values and wrote in {writes} calls")
        truth = self.world.truth(f"{self.plan.first}T00:00:00Z", zulu(self.now))
        truth["edits"] += [edit | {"append": ""} for edit in self.edits]
        journal = self.folder / "twin" / "journal.jsonl"
        self.outcome.judgement = judged(self.world, truth, self.ledger, journal, (zulu(start), zulu(self.now)))


@dataclass
class _Run:
    """A run of the product in its own process, and what it has said."""

    process: ForkServerProcess
    log: Path
    killed: bool = False

    def said(self) -> str:
        told = self.log.with_suffix(".err")
        return told.read_text() if told.exists() else ""

    def signal(self, number: int) -> None:
        if self.process.is_alive() and self.process.pid:
            os.kill(self.process.pid, number)

    def kill(self) -> None:
        self.killed = self.process.is_alive()
        self.process.kill()
