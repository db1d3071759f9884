"""What each page shows, gathered from the ledger, the configuration and the stored reports; nothing is written.

A configuration that cannot be read any more takes only what needs it: its runs and reports stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from app.connections import ledger_url
from app.coverage import LOOKS_BACK, coverage
from app.dag_facts import DagFacts, dag_facts
from app.settings import settings
from memorialization.compare import REPAIRABLE
from memorialization.configuration import Configuration, load
from memorialization.errors import ConfigurationError
from memorialization.ledger import Ledger, pages
from memorialization.ledger.nights import before
from memorialization.report.model import Coverage, Verdict
from memorialization.report.trend import NIGHTS, charts, nights_of
from memorialization.report.words import ENGLISH
from plugins.hubspot.schema import STANDARD

NIGHTLY: Final = "memorialize__"
REVERTS: Final = "revert__"

FILES: Final[Mapping[str, str]] = {
    "report.html": "text/html; charset=utf-8",
    "report.json": "application/json",
    "report.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What may be read of a report's folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which configuration a page is about, and through which of its DAGs it is read."""

    dag_id: str
    facts: DagFacts
    ledger: Ledger

    @property
    def name(self) -> str:
        return self.facts.name

    def configuration(self) -> Configuration:
        """Raises ConfigurationError if its files are wrong."""
        return load(settings().mappings, self.name)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar; `state` is coverage's word for it, or empty; `run_id`: whose report it leads to."""

    day: date
    state: str
    older: bool
    run_id: str | None


def configurations() -> list[tuple[str, DagFacts]]:
    """(id of the nightly DAG, facts) of every configuration."""
    return [(f"{NIGHTLY}{facts.label}", facts) for facts in dag_facts()]


def place(dag_id: str, *, reverts: bool = False) -> Place | None:
    """The configuration whose nightly DAG this is (or with `reverts`, also the DAG that reverts); None if of none."""
    for family in (NIGHTLY, REVERTS) if reverts else (NIGHTLY,):
        for facts in dag_facts(dag_id.removeprefix(family)) if dag_id.startswith(family) else ():
            return Place(dag_id, facts, _ledger(ledger_url()))
    return None


@lru_cache(maxsize=1)
def _ledger(url: str) -> Ledger:
    """One for all requests: a new one asks the server who it is before its first statement."""
    return Ledger(url)


def overview(here: Place, page: int, now: datetime) -> dict[str, Any]:
    """Newest verdict, calendar and trends (on the first page), and a page of the runs."""
    listed = pages.runs(here.ledger, here.name, page=page)
    shown: dict[str, Any] = {"rows": listed[: pages.ROWS], "more": len(listed) > pages.ROWS}
    if page > 1:
        return shown
    newest = pages.last_reported(here.ledger, here.name)
    return shown | {
        "newest": newest,
        "verdict": verdict(newest) if newest else None,
        "trends": charts(nights_of(before(here.ledger, here.name, now, NIGHTS)), ENGLISH),
    } | _calendar(here, now)  # fmt: skip


def _calendar(here: Place, now: datetime) -> dict[str, Any]:
    try:
        configuration = here.configuration()
        known = coverage(configuration, here.ledger, now)
    except ConfigurationError as error:
        return {"weeks": [], "known": None, "trouble": str(error)}
    zone = ZoneInfo(configuration.crm.timezone)
    found = pages.reported(here.ledger, here.name, now - LOOKS_BACK)
    reports = {row["window_start"].astimezone(zone).date(): row["run_id"] for row in found}
    return {"weeks": weeks(known, reports, (now.astimezone(zone) - timedelta(days=1)).date()), "known": known}


def weeks(known: Coverage, reports: Mapping[date, str], last: date) -> list[list[Day]]:
    """Five weeks or six up to the one of `last`, each from Monday; the days after `last` are left out."""
    states = {date.fromisoformat(day.day): day for day in known.days}
    first = last - LOOKS_BACK
    first -= timedelta(days=first.weekday())
    days = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        state = states.get(day)
        days.append(Day(day, state.state if state else "", bool(state and state.older_mapping), reports.get(day)))
    return [days[start : start + 7] for start in range(0, len(days), 7)]


def lost(funnel: Mapping[str, int]) -> int:
    """Values of a funnel that were missing, drifted or truncated."""
    return sum(funnel[verdict] for verdict in REPAIRABLE)


def run_of(here: Place, run_id: str) -> dict[str, Any] | None:
    """A run of the configuration; through the DAG that reverts, only one that does."""
    row = pages.run(here.ledger, here.name, run_id)
    return row if row and (row["reverts"] or here.dag_id.startswith(NIGHTLY)) else None


def tries_of(here: Place, dag_run_id: str) -> list[dict[str, Any]]:
    """What an Airflow run became, the newest try first."""
    return pages.tries(here.ledger, here.name, dag_run_id, reverts=here.dag_id.startswith(REVERTS))


def about_run(here: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    """The run's steps where it has no report, else its verdict and the files that are there."""
    there = files(row)
    steps = [] if there else here.ledger.steps(row["run_id"])
    return {"run": row, "files": there, "verdict": verdict(row), "steps": steps}


def files(row: Mapping[str, Any]) -> list[str]:
    """Names of the report's files; none where it was never written, or purged."""
    if not row["report"] or row["report_purged_at"]:
        return []
    return [name for name in FILES if (Path(row["report"]) / name).is_file()]


def verdict(row: Mapping[str, Any]) -> Verdict | None:
    """The verdict of the stored report; None where there is none that can be read."""
    if "report.json" not in files(row):
        return None
    try:
        data = orjson.loads((Path(row["report"]) / "report.json").read_bytes())  # the model would judge every row of it
        return Verdict.model_validate(data["verdict"])
    except (ValueError, LookupError, TypeError):  # written by another version of this product
        return None


def file_name(row: Mapping[str, Any], name: str) -> str:
    """What a downloaded file is called: configuration and start of the window."""
    return f"memorialize-{row['window_start'].astimezone(UTC):%Y-%m-%d-%H%M}.{name.rpartition('.')[2]}"


def waiting(here: Place) -> dict[str, int]:
    """How many targets are parked and how many values rejected."""
    return pages.waiting(here.ledger, here.name)


def parked(here: Place, page: int) -> dict[str, Any]:
    """A page of the targets that wait; `links`: of each candidate, where its record type has a known number."""
    listed = pages.parked(here.ledger, here.name, page=page)
    base = _records(here)
    rows = []
    for row in listed[: pages.ROWS]:
        kind = STANDARD.get(row["entity"])
        links = [(c, f"{base}/{kind}/{c}" if base and kind else None) for c in row["candidates"]]
        rows.append(row | {"links": links})
    return {"rows": rows, "more": len(listed) > pages.ROWS, "meanings": ENGLISH.parked}


def rejected(here: Place, page: int) -> dict[str, Any]:
    """A page of the values that HubSpot refused, each with its cure."""
    listed = pages.rejected(here.ledger, here.name, page=page)
    base = _records(here)
    rows = [
        row
        | {
            "cure": ENGLISH.cure(row["code"], row["category"]),
            "link": f"{base}/{row['type_id']}/{row['record']}" if base and row["record"].isdigit() else None,
        }
        for row in listed[: pages.ROWS]
    ]
    return {"rows": rows, "more": len(listed) > pages.ROWS}


def _records(here: Place) -> str | None:
    """Where HubSpot shows the account's records; None where the configuration cannot be read."""
    try:
        crm = here.configuration().crm
    except ConfigurationError:
        return None
    return f"{crm.external_screenpop_domain_hs}/contacts/{crm.account_id}/record"


def explain(here: Place, contact: str) -> dict[str, Any]:
    """The stories of a contact's legs, values masked; raises MemorializationError where they cannot be told."""
    from app.explain import gather
    from memorialization.explain import runs_of, tell, tone

    stories = [tell(facts, reveal=False) for facts in gather(here.name, contact)]
    return {"stories": stories, "tone": tone, "runs_of": runs_of}
