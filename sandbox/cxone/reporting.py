"""The reporting and admin API (cxone-api, section 3): reads only, `Z` timestamps only, 204 for nothing.

Every handler takes the lower-cased path's parts and the request, and looks at the world as of one moment.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.cxone.answers import Refused, answer, flag, instant, no_content, whole
from sandbox.cxone.behaviour import Behaviour
from sandbox.cxone.faults import Fault
from sandbox.cxone.rows import (
    LAST_OLD_VERSION,
    OLD_NAMES,
    agent_leg,
    case_closing,
    case_row,
    case_warehoused,
    shaper,
    voice_known,
    voice_row,
    voice_updated,
)
from sandbox.interactions import DigitalCase, VoiceLeg
from sandbox.times import DAY, parse, zulu
from sandbox.world import World

MAX_TOP = 10_000
CUSTOM_DATA_DAYS = 15
_ORDERS = {"contactstartdate": 0, "lastupdatetime": 1, "contactid": 2}

Found = tuple[int, int, int, Callable[[], dict[str, Any]]]
"""(start, lastUpdateTime, contact id, how to make the row)."""


class Reporting:
    """Handlers over one world."""

    def __init__(self, world: World, behaviour: Behaviour) -> None:
        self._world, self._behaviour = world, behaviour
        self._legs = sorted(world.legs.values(), key=lambda leg: (leg.start, leg.contact_id))
        self._starts = [leg.start for leg in self._legs]
        self._cases = sorted(world.cases.values(), key=lambda case: (case.created, case.case_id))
        self._opened = [case.created for case in self._cases]
        self._corrections: dict[int, dict[str, Any]] = {}

    def correct(self, rows: dict[str, dict[str, Any]]) -> None:
        """From now on these contacts' rows of completed contacts say this: {contact id: {new field name: value}}.

        CXone changed them just now, unless `lastUpdateTime` is among the fields: late corrections and faulty clocks.
        """
        changed = {"lastUpdateTime": zulu(self._world.clock.ms())}
        for contact_id, fields in rows.items():
            self._corrections[int(contact_id)] = self._corrections.get(int(contact_id), {}) | changed | fields

    def completed(self, request: Request, version: int, fault: Fault) -> Response:
        """GET /contacts/completed."""
        now, query, corrected = self._world.clock.ms(), request.query_params, self._corrections
        since, start, end = (self._instant(request, name) for name in ("updatedSince", "startDate", "endDate"))
        if since is None and start is None:
            raise Refused(400, "give startDate or updatedSince")
        found = list(self._found(request, version, now, start, now if end is None else end, since))
        column = self._order(found, query.get("orderBy") or query.get("orderby") or "contactStartDate asc", version)
        if fault.moved and column == _ORDERS["lastupdatetime"]:
            found = found[1:] + found[:1]
        top, skip = whole(request, "top", MAX_TOP, MAX_TOP), whole(request, "skip", 0)
        page = found[max(0, skip - 1) if fault.duplicate else skip : skip + top]
        if not page or (fault.empty and skip):
            return no_content()
        old = (version <= LAST_OLD_VERSION) is not fault.renamed
        shape = shaper(LAST_OLD_VERSION if old else version, query.get("fields"), flag(request, "tags") is True)
        return answer(
            self._envelope(now)
            | {
                "totalRecords": len(found),
                "_links": links(request, skip, top, len(found)),
                "completedContacts": [shape(make() | corrected.get(contact_id, {})) for *_, contact_id, make in page],
            }
        )

    def contacts(self, request: Request) -> Response:
        """GET /contacts: active and completed ones mixed, by contact start."""
        now, start, end = self._world.clock.ms(), self._instant(request, "startDate"), self._instant(request, "endDate")
        end = now if end is None else min(end, now)
        ids = [(leg.start, str(leg.contact_id)) for leg in self._between(start, end)]
        ids += [(case.created, case.case_id) for case in self._opened_between(start, end)]
        ids.sort()
        top, skip = whole(request, "top", MAX_TOP, MAX_TOP), whole(request, "skip", 0)
        rows = [self._record(contact_id, now) for _, contact_id in ids[skip : skip + top]]
        if not rows:
            return no_content()
        return answer(self._envelope(now) | {"_links": links(request, skip, top, len(ids)), "contacts": rows})

    def contact(self, contact_id: str) -> Response:
        """GET /contacts/{id}: the record sits under a key called contactId (cxone-api, section 3.3)."""
        now = self._world.clock.ms()
        return answer(self._envelope(now) | {"contactId": self._record(contact_id, now)})

    def _record(self, contact_id: str, now: int) -> dict[str, Any]:
        """A contact as it stands, active or completed."""
        leg, case = self._world.legs.get(int(contact_id)), self._world.cases.get(contact_id)
        if leg and leg.start <= now:
            warehoused, row = now >= leg.contact_warehoused, voice_row(leg, now)
            if not warehoused:
                row |= {"totalDurationSeconds": (min(now, leg.end) - leg.start) / 1000, "endReason": ""}
                row |= {"dateContactWarehoused": None, "lastUpdateTime": zulu(min(now, leg.end))}
        elif case and case.created <= now:
            closed = case_closing(case, now)
            warehoused, row = closed is not None, case_row(case, closed or now, now)
        else:
            raise Refused(404, f"contact {contact_id} not found")
        row |= {"isActive": not warehoused, "isWarehoused": warehoused, "stateId": 5 if warehoused else 4}
        return row | {"stateName": "EndContact" if warehoused else "Active"}

    def disposition(self, contact_id: str) -> Response:
        """GET /contacts/{id}/disposition, digital or ACD; nulls while there is none."""
        now = self._world.clock.ms()
        leg, case = self._world.legs.get(int(contact_id)), self._world.cases.get(contact_id)
        outcome, notes, agent, at = None, "", None, 0
        if leg and leg.contact_warehoused <= now:
            if voice_known(leg, now):
                outcome, notes, agent, at = leg.disposition, leg.notes, leg.agent, leg.acw_closed
        elif case and case.created <= now:
            part = agent_leg(case, now)
            if part and part.end and part.end <= now:
                outcome, notes, agent, at = part.disposition, part.notes, part.agent, part.end
        else:
            raise Refused(404, f"contact {contact_id} not found")
        return answer(
            {
                "dispositionId": outcome.disposition_id if outcome else None,
                "dispositionName": outcome.name if outcome else None,
                "dispositionByAgendId": agent.agent_id if agent and outcome else None,
                "notes": notes or None,
                "lastUpdated": zulu(at) if outcome else None,
            }
        )

    def custom_data(self, request: Request) -> Response:
        """GET /contacts/custom-data: capital C, at most 15 days, no totalRecords (cxone-api, section 3.4)."""
        now, start, end = self._world.clock.ms(), self._instant(request, "startDate"), self._instant(request, "endDate")
        if start is None:
            raise Refused(400, "startDate is required")
        end = now if end is None else end
        if end - start > CUSTOM_DATA_DAYS * DAY:
            raise Refused(400, f"the window must not exceed {CUSTOM_DATA_DAYS} days")
        rows = [
            {"contactId": leg.contact_id, "name": name, "value": value}
            for leg in self._between(start, end)
            if leg.contact_warehoused <= now
            for name, value in leg.variables
        ]
        top, skip = whole(request, "top", MAX_TOP, MAX_TOP), whole(request, "skip", 0)
        page = rows[skip : skip + top]
        if not page:
            return no_content()
        where = links(request, skip, top, len(rows))
        return answer(self._envelope(now) | {"_links": where, "ContactCustomData": page})

    def contact_custom_data(self, contact_id: str) -> Response:
        """GET /contacts/{id}/custom-data."""
        leg = self._world.legs.get(int(contact_id))
        if leg is None or leg.start > self._world.clock.ms():
            raise Refused(404, f"contact {contact_id} not found")
        return answer({"contactCustomData": [{"name": n, "value": v} for n, v in leg.variables]})

    def _found(
        self, request: Request, version: int, now: int, start: int | None, end: int, since: int | None
    ) -> Iterable[Found]:
        """What a query finds: by start, by change, and by what a row says."""
        wanted = _wanted(request, version)
        media = request.query_params.get("mediaTypeId")
        of_case = {name: value for name, value in wanted.items() if name != "mediaTypeId"}  # it was looked at already
        if media != "9":
            for leg in self._between(start, end):
                updated = self._corrected(leg.contact_id, voice_updated(leg, now))
                if leg.contact_warehoused > now or (since is not None and updated < since):
                    continue
                row = _Row(voice_row, leg, now)
                if all(_says(row, name, value) for name, value in wanted.items()):
                    yield leg.start, updated, leg.contact_id, row
        if media in (None, "9"):
            for case in self._opened_between(start, end):
                closed = case_closing(case, now)
                if closed is None or case_warehoused(closed) > now:
                    continue
                updated = self._corrected(int(case.case_id), case_warehoused(closed))
                if since is not None and updated < since:
                    continue
                row = _Row(case_row, case, closed, now)
                if all(_says(row, name, value) for name, value in of_case.items()):
                    yield case.created, updated, int(case.case_id), row

    def _corrected(self, contact_id: int, updated: int) -> int:
        """lastUpdateTime of a row, as it was or as it was corrected."""
        told = self._corrections.get(contact_id, {}).get("lastUpdateTime")
        return parse(told) if told else updated

    def _between(self, start: int | None, end: int) -> list[VoiceLeg]:
        """Legs by contact start, both ends inclusive."""
        first = 0 if start is None else bisect_left(self._starts, start)
        return self._legs[first : bisect_right(self._starts, end)]

    def _opened_between(self, start: int | None, end: int) -> list[DigitalCase]:
        first = 0 if start is None else bisect_left(self._opened, start)
        return self._cases[first : bisect_right(self._opened, end)]

    def _instant(self, request: Request, name: str) -> int | None:
        return instant(request, name, self._behaviour.offset_times)

    @staticmethod
    def _order(found: list[Found], order: str, version: int) -> int:
        """Put them in order; the column they are ordered by."""
        name, _, direction = order.partition(" ")
        old = {alias: new for new, alias in OLD_NAMES.items()} if version <= LAST_OLD_VERSION else {}
        column = _ORDERS.get(old.get(name, name).lower())
        if column is None or direction.lower() not in ("", "asc", "desc"):
            raise Refused(400, f"orderBy {order!r} is not supported")
        found.sort(key=itemgetter(2))
        found.sort(key=itemgetter(column), reverse=direction.lower() == "desc")
        return column

    def _envelope(self, now: int) -> dict[str, Any]:
        return {"businessUnitId": self._world.catalogue.business_unit, "lastPollTime": zulu(now)}


class _Row:
    """A row not yet rendered: only the rows of the page asked for are."""

    __slots__ = ("_arguments", "_render")

    def __init__(self, render: Callable[..., dict[str, Any]], *arguments: object) -> None:
        self._render, self._arguments = render, arguments

    def __call__(self) -> dict[str, Any]:
        return self._render(*self._arguments)


def links(request: Request, skip: int, top: int, total: int) -> dict[str, str]:
    """The `_links` of a page: whole addresses, empty where there is no such page."""

    def at(place: int) -> str:
        return str(request.url.include_query_params(skip=place, top=top))

    return {
        "self": str(request.url),
        "next": at(skip + top) if skip + top < total else "",
        "previous": at(max(0, skip - top)) if skip else "",
    }


_FLAGS = ("isOutbound", "isLogged", "isRefused", "isTakeover")
_SAME = ("mediaTypeId", "mediaSubTypeId", "mediaSubTypeName", "skillId", "campaignId", "agentId", "teamId")
_ADDRESSES = {"toAddress": "toAddr", "fromAddress": "fromAddr"}


def _wanted(request: Request, version: int) -> dict[str, str]:
    """The filters of a query by what a row says, {new field name: text as `str` shows it}."""
    query = request.query_params
    wanted = {name: query[name] for name in _SAME if name in query}
    for new, old in _ADDRESSES.items():
        name = old if version <= LAST_OLD_VERSION else new
        if name in query:
            wanted[new] = query[name]
    wanted |= {name: str(value) for name in _FLAGS if (value := flag(request, name)) is not None}
    analysed = flag(request, "analyticsProcessed")
    return wanted | ({} if analysed is None else {"isAnalyticsProcessed": str(analysed)})


def _says(row: "_Row", name: str, value: str) -> bool:
    return str(row()[name]) == value
