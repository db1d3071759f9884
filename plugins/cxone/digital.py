"""Digital legs: cases found by the digital search and by completed contacts, split by their history.

One row per assignment of a case, keyed `d:{case id}:{assignment start, ms}:{agent id}`; a case whose
history shows no assignment has the one key `d:{case id}:0`. A leg is returned if it ended in the window, is
still open, or is among `wanted.again`. Final State is true for every ended leg: its agent was done with it
(cxone-api, section 1.4). Sources: cxone-api, section 4; memorialization, section 4.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain, islice
from typing import Any, Final

import pyarrow as pa

from memorialization.errors import ContractBroken, RequestRefused
from memorialization.interactions import INTERACTIONS, SCRIPT_PREFIX, TRANSCRIPTS
from memorialization.logs import threads
from memorialization.ports import Batch, Wanted, Window
from plugins.cxone.client import CxoneClient, Params
from plugins.cxone.fields import count_of, rows_of, text_of, zulu
from plugins.cxone.history import CLOSED, Event, Leg, events_of, leg_without_history, legs_of_case, moment_of
from plugins.cxone.identity import Agent, agent_of, customer_email, customer_phone
from plugins.cxone.lookups import Lookups
from plugins.cxone.options import CxoneOptions, Tally
from plugins.cxone.search import cases_of
from plugins.cxone.transcript import full_name, lines_of_case, transcript_until
from plugins.cxone.voice import DIGITAL_MEDIA, LOOK_BACK, SKEW, completed_pages, started

log = logging.getLogger(__name__)

Row = dict[str, Any]

CASES_PER_BATCH: Final = 1_000
_HISTORY_PAGE: Final = 50
_DISMISS_LAG: Final = timedelta(days=4)  # over a long weekend
"""A case may be closed first and dismissed later, and only its history tells when: look that far behind."""
_LONGEST_OPEN: Final = timedelta(days=90)
"""Cases of before `wanted.since` are looked through as long as they are not closed: that far back."""
_UNCLOSED: Final = ["new", "open", "pending", "escalated", "resolved"]  # cxone-api, section 4.1
_GONE: Final = "digital: case not found"
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Found:
    """What one case yields; `texts` by transcript_ref."""

    rows: list[Row] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    skipped: str | None = None
    left_out: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What an agent said under Outcomes: the disposition's id and name, and the note."""

    chosen: str | None = None
    name: str | None = None
    notes: str | None = None


class DigitalReader:
    """Reads the digital legs of one window; one reader per call of `interactions`."""

    def __init__(
        self,
        client: CxoneClient,
        lookups: Lookups,
        window: Window,
        wanted: Wanted,
        options: CxoneOptions,
        phone_regions: Sequence[str],
        tally: Tally,
    ) -> None:
        self._client, self._lookups, self._options, self._tally = client, lookups, options, tally
        self._window, self._wanted, self._regions = window, wanted, phone_regions
        self._again_cases = {key.split(":")[1] for key in wanted.again if key.startswith("d:")}
        self._known_cases: dict[str, datetime] = {}  # case id -> its last change that was seen
        for key, at in wanted.known.items():
            if key.startswith("d:"):
                case_id = key.split(":")[1]
                self._known_cases[case_id] = max(at, self._known_cases.get(case_id, at))
        self._outcomes: dict[str, Mapping[str, Any]] = {}  # case id -> its row of completed contacts
        self._now = window.end  # by CXone's clock

    def batches(self) -> Iterator[Batch]:
        """A batch per 1,000 cases, in the order of their case ids; legs of a case oldest first.

        Before them one without cases: by then `tally` holds what was left out while they were looked for.
        A case that cannot be read is counted and left out; ContractBroken if that is every one of them.
        """
        self._now = self._client.server_time()
        self._outcomes = self._completed()
        cases = self._cases()
        # the threads below only read these
        _ = self._lookups.queues, self._lookups.channels, self._lookups.skills, self._lookups.agent_ids
        yield self._batch([], ())
        left = sorted(cases.keys() - self._wanted.read, key=lambda i: (len(i), i))
        unread, ids = 0, iter(left)
        with threads(self._options.concurrency, "cxone") as pool:
            while part := list(islice(ids, CASES_PER_BATCH)):
                found = list(pool.map(lambda i: self._read(i, cases[i]), part))
                for one in found:
                    self._tally.assumed.update(one.assumed)
                    self._tally.skipped.update(one.left_out)
                    if one.skipped:
                        unread += one.skipped != _GONE
                        self._tally.skipped[one.skipped] += 1
                yield self._batch(found, tuple(part))
        if left and unread == len(cases):
            raise ContractBroken(f"none of {unread} digital cases could be read; the log names the first reasons")

    def _completed(self) -> dict[str, Mapping[str, Any]]:
        """Rows of media type 9: they discover cases, and hold the outcome that the last agent chose."""
        found: dict[str, Mapping[str, Any]] = {}
        since = min(self._window.start - _DISMISS_LAG, self._wanted.changed_since or self._window.start)
        if self._now - since < LOOK_BACK:
            asked = {"updatedSince": zulu(since)}  # also cases that were opened before `wanted.since`
        else:
            asked = started(self._wanted.since, self._window.end)
        for rows in completed_pages(self._client, {**asked, "mediaTypeId": DIGITAL_MEDIA}):
            for row in rows:
                case_id = text_of(row, "contactId") if isinstance(row, dict) else None
                if case_id is None:
                    self._tally.skipped["digital: unreadable completed contact"] += 1
                # text in one spelling and zone: the later one is the greater one
                elif str(row.get("lastUpdateTime")) >= str(found.get(case_id, {}).get("lastUpdateTime", "")):
                    found[case_id] = row
        return found

    def _cases(self) -> dict[str, Mapping[str, Any] | None]:
        """Case id -> the case as found; None = known from completed contacts or earlier nights, to be fetched."""
        cases: dict[str, Mapping[str, Any] | None] = {}
        seen: set[str] = set()
        since, end = self._wanted.since, self._window.end
        older: Params = {"status[]": _UNCLOSED, **_created(since - _LONGEST_OPEN, since)}
        searches = (cases_of(self._client, asked, self._tally) for asked in (_created(since, end), older))
        for rows in chain.from_iterable(searches):
            for case in rows:
                case_id = text_of(case, "id") if isinstance(case, dict) else None
                if case_id is None:
                    self._tally.skipped["digital: unreadable case"] += 1
                elif case_id not in seen:
                    seen.add(case_id)
                    if self._concerns(case_id, case):
                        cases[case_id] = case
        return cases | dict.fromkeys({*self._outcomes, *self._again_cases} - seen)

    def _concerns(self, case_id: str, case: Mapping[str, Any]) -> bool:
        """Whether a leg of the case can lie in the window, or has changed since; an unreadable time says yes."""
        try:
            created = moment_of(case, "createdAtWithMilliseconds", "createdAt")
            if created >= self._window.end:
                if created > self._now + SKEW:
                    self._tally.skipped["digital: created in the future"] += 1
                return False
            if case_id in self._again_cases or case.get("inboxAssigneeUser") or self._moved(case_id):
                return True
            # an older one that nobody has: only a change of its status tells that somebody had it lately
            if case.get("status") not in CLOSED and created >= self._wanted.since:
                return True
            changed = moment_of(case, "statusUpdatedAtWithMilliseconds", "statusUpdatedAt")
            return changed >= self._window.start - _DISMISS_LAG
        except ValueError:
            return True

    def _moved(self, case_id: str) -> bool:
        """Whether CXone changed the case's row of completed contacts since it was seen."""
        if self._wanted.changed_since is None:
            return False
        at = _updated(self._outcomes.get(case_id))
        return at >= self._wanted.changed_since and at > self._known_cases.get(case_id, _NEVER)

    def _read(self, case_id: str, case: Mapping[str, Any] | None) -> _Found:
        """The legs of one case. One bad case must not lose the night: what is wrong with it is counted."""
        try:
            if case is None:
                case = self._client.dfo(f"contacts/{case_id}", missing_ok=True)
                if not isinstance(case, dict):
                    return _Found(skipped=_GONE)
                if not self._concerns(case_id, case):
                    return _Found()
            return self._legs(case_id, case)
        except (RequestRefused, ContractBroken) as refused:
            log.warning("digital case %s left out: %s", case_id, refused)
            return _Found(skipped="digital: case refused")
        except (KeyError, TypeError, ValueError, AttributeError) as malformed:
            log.warning("digital case %s left out: malformed (%s)", case_id, type(malformed).__name__)
            return _Found(skipped="digital: malformed case")

    def _legs(self, case_id: str, case: Mapping[str, Any]) -> _Found:
        found = _Found()
        events = self._history(case_id)
        legs = legs_of_case(case, events)
        if not legs:
            fallback = leg_without_history(case)
            if fallback is None:
                return found
            if fallback.user:
                found.assumed.append("digital: leg without history")
            if fallback.end == fallback.start:
                found.assumed.append("digital: leg that ended when or before it began")
            keyed = [
                (
                    f"d:{case_id}:0",
                    fallback,
                    agent_of(fallback.user, self._lookups) if fallback.user else None,
                )
            ]
        else:
            keyed = [(_key(case_id, leg, agent), leg, agent) for leg, agent in self._with_agents(legs)]
        ahead = sum(leg.end is not None and leg.end > self._now + SKEW for _, leg, _ in keyed)
        found.left_out += ["digital: leg that ends in the future"] * ahead
        moved = self._moved(case_id)
        picked = {key: (leg, agent) for key, leg, agent in keyed if self._picked(key, leg, moved=moved)}
        if not picked:
            return found
        outcome_key = next((key for key, _, agent in reversed(keyed) if agent and agent.kind == "human"), None)
        shared = self._shared(case_id, case, events)
        for key, (leg, agent) in picked.items():
            outcome = self._outcome(case_id) if key == outcome_key and leg.end else _Outcome()
            found.rows.append(shared | self._of_leg(key, leg, agent, outcome, case))
        if self._wanted.transcripts:
            self._add_transcripts(case_id, found)
        return found

    def _with_agents(self, legs: list[Leg]) -> Iterator[tuple[Leg, Agent]]:
        for leg in legs:
            if leg.user:
                yield leg, agent_of(leg.user, self._lookups)

    def _picked(self, key: str, leg: Leg, *, moved: bool) -> bool:
        if leg.end is None:
            return leg.start < self._window.end
        earlier = leg.end < self._window.start and moved
        return self._window.start <= leg.end < self._window.end or key in self._wanted.again or earlier

    def _history(self, case_id: str) -> list[Event]:
        rows: list[Any] = []
        page, hits = 1, None
        while True:
            params = {"page": page, "size": _HISTORY_PAGE, "withContext": 1}
            body = self._client.dfo(f"contacts/{case_id}/history", params, missing_ok=True)
            more, envelope = ([], {}) if body is None else rows_of(body, "data", "the history of a digital contact")
            if not more and hits is not None and len(rows) < hits:  # who had the case would be told wrongly
                raise ContractBroken(f"its history ends after {len(rows)} of {hits} events")
            hits = count_of(envelope, "hits")
            if not more or more == rows[-len(more) :]:  # a history without pages repeats itself
                break
            rows += more
            if hits is not None and len(rows) >= hits:
                break
            page += 1
        # a page that moved while it was read repeats rows: their ids tell
        return events_of(list({str(row.get("id") or n): row for n, row in enumerate(rows)}.values()))

    def _outcome(self, case_id: str) -> _Outcome:
        """What the case's last agent leg alone has."""
        if row := self._outcomes.get(case_id):
            chosen = text_of(row, "primaryDispositionId")
            return _Outcome(chosen, self._lookups.disposition(chosen), text_of(row, "dispositionNotes"))
        row = self._client.acd(f"contacts/{case_id}/disposition", missing_ok=True) or {}
        chosen = text_of(row, "dispositionId")
        name = text_of(row, "dispositionName") or self._lookups.disposition(chosen)
        return _Outcome(chosen, name, text_of(row, "notes"))

    def _shared(self, case_id: str, case: Mapping[str, Any], events: list[Event]) -> Row:
        """The columns that all legs of a case share."""
        channel_id = text_of(case, "channelId") or ""
        channel = self._lookups.channels.get(channel_id)
        name = full_name(case.get("endUser") or {}) or full_name(case.get("authorEndUserIdentity") or {})
        changed = moment_of(case, "statusUpdatedAtWithMilliseconds", "statusUpdatedAt", "createdAt")
        guid = text_of(case, "contactId")
        wanted = self._wanted.script_variables
        scripts = {
            SCRIPT_PREFIX + ident.lower(): text_of(custom, "value")
            for custom in case.get("customFields") or []
            if (ident := text_of(custom, "ident")) and ident.lower() in wanted
        }
        return scripts | {
            "channel": "digital",
            "contact_id": case_id,
            "contact_guid": guid,
            "interaction_id": text_of(case, "interactionId"),
            "updated_at": max([changed, _updated(self._outcomes.get(case_id)), *(event.at for event in events)]),
            "media_type_id": DIGITAL_MEDIA,
            "refused": False,
            "abandoned": bool(case.get("abandon")),
            "customer_email": customer_email(case),
            "customer_phone": customer_phone(case, self._regions),
            "from_name": name,
            "customer_name": name,
            "channel_name": channel.name if channel else None,
            "channel_type": (channel.kind if channel else None) or channel_id.partition("_")[0] or None,
            "contact_type": "digital",
            "direction": text_of(case, "direction"),
            "media_type": "Digital",
            "transcript_url": text_of(case, "detailUrl"),
        }

    def _of_leg(
        self,
        key: str,
        leg: Leg,
        agent: Agent | None,
        outcome: _Outcome,
        case: Mapping[str, Any],
    ) -> Row:
        queue = self._lookups.queues.get(leg.queue_id or text_of(case, "routingQueueId") or "")
        skill = self._lookups.skills.get(queue.skill_id) if queue and queue.skill_id else None
        status = leg.status or text_of(case, "status")
        return {
            "interaction_key": key,
            "start_time": leg.start,
            "end_time": leg.end,
            "due_at": leg.end,
            "agent_kind": agent.kind if agent else None,
            "wrap_up_closed": leg.end is not None,
            "ended_by": leg.ended_by,
            "agent_id": agent.number if agent else None,
            "agent_uuid": agent.uuid if agent else None,
            "agent_name": agent.name if agent else None,
            "to_name": agent.name if agent else None,
            "disposition_id": outcome.chosen if outcome.chosen != "0" else None,
            "disposition_name": outcome.name,
            "disposition_notes": outcome.notes,
            "event_type": leg.event_type,
            "final_state": leg.end is not None,
            "skill_id": queue.skill_id if queue else None,
            "skill_name": (skill.name if skill else None) or (queue.name if queue else None),
            "status": status[:1].upper() + status[1:] if status else None,
        }

    def _add_transcripts(self, case_id: str, found: _Found) -> None:
        """Each ended leg of a person gets the transcript as it was when it ended."""
        ended = [row for row in found.rows if row["end_time"] and row["agent_kind"] == "human"]
        if not ended:
            return
        until = max(row["end_time"] for row in ended)
        lines = lines_of_case(self._client, case_id, until, ended[0]["customer_name"], self._options)
        if lines is None:
            found.assumed.append("digital: transcript withheld, messages missing")
            for row in ended:
                row["transcript_withheld"] = True
            return
        for row in ended:
            if text := transcript_until(lines, row["end_time"]):
                row["transcript_ref"] = sha256(text.encode()).hexdigest()
                found.texts[row["transcript_ref"]] = text

    def _batch(self, found: list[_Found], cases: tuple[str, ...]) -> Batch:
        scripts = [pa.field(SCRIPT_PREFIX + name, pa.large_string()) for name in sorted(self._wanted.script_variables)]
        rows = [row for one in found for row in one.rows]
        texts = {ref: text for one in found for ref, text in one.texts.items()}
        return Batch(
            pa.Table.from_pylist(rows, schema=pa.schema([*INTERACTIONS, *scripts])),
            pa.table({"transcript_ref": list(texts), "text": list(texts.values())}, schema=TRANSCRIPTS),
            cases,
        )


def _created(first: datetime, last: datetime) -> dict[str, str]:
    """The parameters for cases that were created on these days or between them."""
    return {"date[from]": f"{first:%Y-%m-%d}", "date[to]": f"{last:%Y-%m-%d}"}


def _updated(row: Mapping[str, Any] | None) -> datetime:
    """When CXone changed a row of completed contacts last; long ago where it does not tell."""
    try:
        return moment_of(row, "lastUpdateTime") if row else _NEVER
    except ValueError:
        return _NEVER


def _key(case_id: str, leg: Leg, agent: Agent) -> str:
    return f"d:{case_id}:{_epoch_ms(leg.start)}:{agent.number}"


def _epoch_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
