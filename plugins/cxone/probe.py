"""Sees by reading alone what no document says about a CXone tenant; no value of a customer is kept.

A question that the rows do not settle is answered with "unknown", never with a guess. Questions: cxone-api,
section 10; of the others there, `UNSETTLED` says why no reading can answer them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from memorialization.errors import ContractBroken, RequestRefused
from plugins.cxone.client import CxoneClient
from plugins.cxone.fields import number_of, rows_of, text_of, zulu
from plugins.cxone.history import events_of, legs_of_case, moment_of
from plugins.cxone.voice import PAGE, completed_pages, started

UNKNOWN: Final = "unknown"
DAYS: Final = 7
"""How far back is looked: far enough that what is late has come, near enough for every tenant to hold it."""

UNSETTLED: Final = (
    "which agent id and contact id the live system writes, and its spelling of values: read the first report of mode "
    "observe, where rows that disagree systematically name the difference (rendering)",
    'whether "contact ended first" also suppresses fields of calls: only values that the live system wrote can tell '
    "(contact_ended_first)",
    "a path for the field pairs of a data mapping: none is published, so the mapping files stay the source",
    "the longest window and the rate that completed contacts allow: finding them would burden the tenant",
)

_VOICE: Final = ("4", "5", "6")
_FEWEST: Final = 20  # rows from which a pattern counts
_SLACK: Final = 2.0  # seconds by which rounded durations may miss each other
_MOST_CASES: Final = 20
_LONGEST_REASON: Final = 60

Progress = Callable[[str], None]


def probe(
    client: CxoneClient, script_variables: Collection[str], progress: Progress = lambda _: None
) -> dict[str, Any]:
    """The answers, as `crm.ProbedCxone` names them, without time. Some 30 calls; raises what the client raises."""
    now = client.server_time()
    since = now - timedelta(days=DAYS)
    progress("completed contacts")
    rows = [row for row in next(completed_pages(client, started(since, now)), []) if isinstance(row, dict)]
    answers: dict[str, Any] = {
        "api_version": client.api_version,
        "contacts": len(rows),
        "field_names": field_names(rows),
        "end_reasons": end_reasons(rows),
        "total_duration_includes_acw": includes_acw(rows),
        "acw_closes_within_hours": acw_hours(rows),
    }
    progress("windows")
    answers["end_date_inclusive"] = _end_inclusive(client, rows)
    answers["updated_since"] = _updated_since(client, rows)
    progress("digital cases")
    cases = {i: _cases_of(client, now.date() - timedelta(days=i)) for i in range(1, DAYS + 1)}
    days = {f"{now.date() - timedelta(days=i):%Y-%m-%d}": found for i, found in cases.items()}
    answers["case_dates"] = case_dates(days)
    progress("histories of cases")
    answers |= _histories(client, [case for found in days.values() for case in found][:_MOST_CASES])
    progress("script variables")
    answers["script_variables"] = _variables(client, script_variables, since, now)
    return answers


def field_names(rows: Sequence[Mapping[str, Any]]) -> str:
    """new (from v27 on) or old (up to v24), by what the rows hold (cxone-api, section 3.1)."""
    new, old = (sum(name in row for row in rows) for name in ("contactStartDate", "contactStart"))
    return "new" if new and not old else "old" if old and not new else UNKNOWN


def end_reasons(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """CXone's words for who ended a call, the most frequent first; texts as long as sentences are left out."""
    told = Counter(text for row in rows if _voice(row) and (text := text_of(row, "endReason")))
    return [text for text, _ in told.most_common() if len(text) <= _LONGEST_REASON]


def includes_acw(rows: Sequence[Mapping[str, Any]]) -> bool | str:
    """Whether totalDurationSeconds holds after-call work, by its sum: queue times and agentSeconds, with or without.

    Where the sum needs no after-call work, agentSeconds itself may hold it: that is out of the question only where
    after-call work was longer than agentSeconds.
    """
    with_it = without = longer = legs = 0
    for row in rows:
        acw, agent = number_of(row, "acwSeconds", "ACWSeconds"), number_of(row, "agentSeconds")
        if not _voice(row) or not (acw > 2 * _SLACK and agent > 0):
            continue
        queues = [number_of(row, name) for name in ("preQueueSeconds", "inQueueSeconds", "postQueueSeconds")]
        rest = number_of(row, "totalDurationSeconds") - agent - sum(q for q in queues if q > 0)
        legs += 1
        with_it += abs(rest - acw) <= _SLACK
        without += abs(rest) <= _SLACK
        longer += abs(rest) <= _SLACK and acw > agent + _SLACK
    if legs < _FEWEST:
        return UNKNOWN
    if with_it >= 0.95 * legs:
        return True
    return False if without >= 0.95 * legs and longer >= 3 else UNKNOWN


def acw_hours(rows: Sequence[Mapping[str, Any]]) -> float | str:
    """Hours from the end of a call within which after-call work was closed and stored in 99 of 100 calls."""
    late = []
    for row in rows:
        start, closed = _moment(row, "contactStartDate", "contactStart"), _moment(row, "dateACWWarehoused")
        total = number_of(row, "totalDurationSeconds")
        if _voice(row) and start and closed and total >= 0:
            late.append((closed - start).total_seconds() - total)
    if len(late) < _FEWEST:
        return UNKNOWN
    return round(sorted(late)[int(0.99 * (len(late) - 1))] / 3600, 2)


def case_dates(days: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Whether a search by days means the day a case was created or last changed; `days`: what each found."""
    other_created = other_changed = False
    for day, cases in days.items():
        for case in cases:
            created, changed = (_moment(case, name) for name in ("createdAt", "statusUpdatedAt"))
            other_created |= created is not None and f"{created:%Y-%m-%d}" != day
            other_changed |= changed is not None and f"{changed:%Y-%m-%d}" != day
    if other_created == other_changed:
        return UNKNOWN
    return "created" if other_changed else "updated"


def _end_inclusive(client: CxoneClient, rows: Sequence[Mapping[str, Any]]) -> bool | str:
    """Whether a window that begins and ends at a contact's start holds that contact."""
    start = next((s for row in rows if (s := text_of(row, "contactStartDate", "contactStart"))), None)
    if start is None:
        return UNKNOWN
    try:
        return bool(next(completed_pages(client, {"startDate": start, "endDate": start}), []))
    except RequestRefused:
        return UNKNOWN


def _updated_since(client: CxoneClient, rows: Sequence[Mapping[str, Any]]) -> str:
    """Whether updatedSince finds the contact that changed last, long after its start: it asks for changes, then."""
    changed = [(at, row) for row in rows if (at := _moment(row, "lastUpdateTime"))]
    if not changed:
        return UNKNOWN
    at, last = max(changed, key=lambda pair: pair[0])
    start = _moment(last, "contactStartDate", "contactStart")
    if start is None or at - start < timedelta(minutes=1):
        return UNKNOWN
    asked = {"updatedSince": zulu(at - timedelta(seconds=1))}
    found = next(completed_pages(client, asked), [])  # by start: what began before stands first
    ids = {text_of(row, "contactId") for row in found if isinstance(row, dict)}
    return "updates" if text_of(last, "contactId") in ids else "starts"


def _cases_of(client: CxoneClient, day: Any) -> list[Mapping[str, Any]]:
    """One page of the cases that a search for one day finds."""
    body = client.dfo("contacts", {"date[from]": f"{day:%Y-%m-%d}", "date[to]": f"{day:%Y-%m-%d}"}, missing_ok=True)
    if body is None:
        return []
    found, _ = rows_of(body, "data", "the search for digital contacts")
    return [case for case in found if isinstance(case, dict)]


def _histories(client: CxoneClient, cases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of how many cases that a person had the history shows an assignment; and the kinds of events that there are."""
    read = understood = 0
    kinds: set[str] = set()
    for case in cases:
        case_id = text_of(case, "id")
        if case_id is None or not (case.get("ownerAssigneeUser") or case.get("inboxAssigneeUser")):
            continue
        body = client.dfo(f"contacts/{case_id}/history", {"page": 1, "size": 100}, missing_ok=True)
        if body is None:
            continue
        read += 1
        try:
            rows, _ = rows_of(body, "data", "the history of a case")
            events = events_of([row for row in rows if isinstance(row, dict)])
            understood += bool(legs_of_case(case, events))
            kinds |= {event.kind for event in events if event.kind.isalnum() and len(event.kind) <= _LONGEST_REASON}
        except (ContractBroken, ValueError, AttributeError, TypeError):  # another schema than the assumed one
            continue
    return {"case_histories": read, "case_histories_understood": understood, "case_events": sorted(kinds)}


def _variables(client: CxoneClient, wanted: Collection[str], since: datetime, now: datetime) -> list[str]:
    """Those of the mapped script variables that calls of the last days carry in their custom data."""
    if not wanted:
        return []
    pages = client.acd_pages("contacts/custom-data", "ContactCustomData", started(since, now), top=PAGE)
    rows, _ = next(pages, ([], {}))
    seen = {name.lower() for row in rows if isinstance(row, dict) and (name := text_of(row, "name"))}
    return sorted(seen & {name.lower() for name in wanted})


def _voice(row: Mapping[str, Any]) -> bool:
    return text_of(row, "mediaTypeId", "mediaType") in _VOICE


def _moment(row: Mapping[str, Any], *names: str) -> datetime | None:
    try:
        return moment_of(row, *names).astimezone(UTC)
    except ValueError:
        return None
