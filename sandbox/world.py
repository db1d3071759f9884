"""The twin's world: everything that happens is generated at start; what has happened by now is in the portal.

`advance` applies the events with time <= now, each once, in time order. What CXone shows is derived from the
same facts and the same clock (sandbox/cxone), so the two halves never disagree.
"""

import gc
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import itemgetter

from sandbox import live, schema
from sandbox.catalogue import Catalogue
from sandbox.digital import Digital
from sandbox.edits import day_edits
from sandbox.fates import Fates
from sandbox.hubspot.portal import Portal, Source, UnknownRecord
from sandbox.interactions import Day, DigitalCase, DigitalLeg, Edit, Fate, VoiceLeg
from sandbox.people import Customer, People
from sandbox.schema import COMPANY, CONTACT, CONTACT_TO_COMPANY, TICKET, TICKET_TO_CONTACT
from sandbox.times import DAY, SECOND, Clock, midnight, millis, moment
from sandbox.troubles import Trouble, befall
from sandbox.voice import Voice

LIVE = Source("INTEGRATION", "cxone-agent-integration", "NICE CXone")
IMPORT = Source("IMPORT", "import-2025", "CRM import")
WORKFLOW = Source("AUTOMATION_PLATFORM", "enrollmentId:880011;actionExecutionIndex:0", "Ticket routing")
VOICE_SHARE = 0.6
_PEOPLE_SINCE = midnight(date(2024, 1, 1))

Event = tuple[int, Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the world is a function of.

    `live_stops_on`: the system user is deleted on that UTC day. `flawless`: no live write is lost. `trouble`: what
    befalls the live writes of every day.
    """

    seed: int
    interactions: int
    days: int
    start: date
    live_stops_on: date | None = None
    flawless: bool = False
    trouble: Trouble | None = None


def generate_day(catalogue: Catalogue, people: People, settings: Settings, day: date) -> Day:
    """One day's facts, from (seed, day) alone."""
    rng = random.Random(f"{settings.seed}:{day}:roster")
    roster = rng.sample(catalogue.agents, catalogue.roster_size)
    fates = Fates(settings.seed, day, settings.live_stops_on, flawless=settings.flawless)
    masters = round(settings.interactions * VOICE_SHARE)
    legs = list(Voice(catalogue, people, fates, day, roster).legs(masters))
    cases = list(Digital(catalogue, people, fates, day, roster).cases(settings.interactions - masters))
    _first_of_day(fates, legs, cases)
    if settings.trouble:
        befall(settings.trouble, day, legs, cases)
    return Day(tuple(legs), tuple(cases), tuple(day_edits(settings.seed, day, legs, cases)))


def _first_of_day(fates: Fates, legs: list[VoiceLeg], cases: list[DigitalCase]) -> None:
    """Redraw the fate of each agent's earliest due leg of the day."""
    first: dict[int, tuple[int, int, int]] = {}
    for i, leg in enumerate(legs):
        if leg.due and leg.agent:
            first[leg.agent.agent_id] = min(first.get(leg.agent.agent_id, (leg.due, i, -1)), (leg.due, i, -1))
    for i, case in enumerate(cases):
        for j, part in enumerate(case.legs):
            if part.due:
                first[part.agent.agent_id] = min(first.get(part.agent.agent_id, (part.due, i, j)), (part.due, i, j))
    for due, i, j in sorted(first.values()):
        if j < 0:
            fate = legs[i].fate
            legs[i] = replace(legs[i], fate=fates.first_of_day(fate, due) if fate else None)
        else:
            parts = list(cases[i].legs)
            fate = parts[j].fate
            parts[j] = replace(parts[j], fate=fates.first_of_day(fate, due) if fate else None)
            cases[i] = replace(cases[i], legs=tuple(parts))


class World:
    """The facts (`legs`, `cases`), the portal they end up in, and the clock."""

    def __init__(self, settings: Settings, portal: Portal, clock: Clock) -> None:
        self.settings, self.portal, self.clock = settings, portal, clock
        self.catalogue = Catalogue(settings.seed, settings.interactions)
        self.people = People(settings.seed, settings.interactions)
        self.dates = [settings.start + timedelta(days=n) for n in range(settings.days)]
        self.days = [generate_day(self.catalogue, self.people, settings, day) for day in self.dates]
        self.legs = {leg.contact_id: leg for day in self.days for leg in day.legs}
        self.cases = {case.case_id: case for day in self.days for case in day.cases}
        self.edits = sorted((edit for day in self.days for edit in day.edits), key=lambda edit: edit.at)
        self._events: list[Event] = []
        self._applied = 0

    def live_stopped(self, at: int) -> bool:
        """Whether the CRM configuration is gone at `at` (its system user was deleted)."""
        stops = self.settings.live_stops_on
        return stops is not None and at >= midnight(stops)

    def begin(self, journal: Iterable[tuple[datetime, Callable[[Portal], None]]]) -> None:
        """Fill the portal: people first, then the past and the journal's changes merged in time order."""
        schema.define(self.portal)
        self._seed_people()
        self._events = self._plan()
        for at, change in journal:
            self._events.append((millis(at), lambda change=change: change(self.portal)))  # type: ignore[misc]
        self._events.sort(key=itemgetter(0))
        self.advance()
        gc.collect()
        gc.freeze()

    def advance(self) -> None:
        """Apply what has become due by the clock."""
        now, events = self.clock.ms(), self._events
        while self._applied < len(events) and events[self._applied][0] <= now:
            apply = events[self._applied][1]
            self._applied += 1
            apply()

    def _seed_people(self) -> None:
        portal, span = self.portal, 600 * DAY
        for i, company in enumerate(self.people.companies):
            phone = company.phone
            spelled = f"+{phone.country} {phone.area} {phone.local}"
            values = {"name": company.name, "domain": company.domain, "phone": spelled}
            at = moment(_PEOPLE_SINCE + i * 1000)
            portal.create(COMPANY, values, at=at, source=IMPORT, record_id=company.record_id)
        for customer in self.people.customers:
            self._seed_customer(customer, moment(_PEOPLE_SINCE + (customer.index * 7_919_000) % span))

    def _seed_customer(self, customer: Customer, at: datetime) -> None:
        values = {"firstname": customer.first, "lastname": customer.last, "lifecyclestage": "lead"}
        merged, extra = customer.merged_id, customer.emails[1:]
        if customer.emails:
            values["email"] = customer.emails[0]
        if extra and not merged:
            values["hs_additional_emails"] = ";".join(extra)
        if customer.spelled:
            values["mobilephone" if customer.mobile else "phone"] = customer.spelled
        if customer.company:
            values["company"] = customer.company.name
        self.portal.create(CONTACT, values, at=at, source=IMPORT, record_id=customer.record_id)
        if merged:
            double = {"firstname": customer.first, "lastname": customer.last, "email": extra[0]}
            self.portal.create(CONTACT, double, at=at, source=IMPORT, record_id=merged)
            self.portal.merge(CONTACT, customer.record_id, merged, at=at + timedelta(days=3))
        if customer.company:
            self.portal.associate(
                CONTACT, customer.record_id, COMPANY, customer.company.record_id, CONTACT_TO_COMPANY, at=at
            )

    def _plan(self) -> list[Event]:
        events: list[Event] = []
        for day in self.days:
            for leg in day.legs:
                if leg.ticket_id:
                    events.append((leg.start + SECOND, _Call(self._voice_ticket, leg)))
                if leg.fate and leg.fate.written_at:
                    events.append((leg.fate.written_at, _Call(self._voice_write, leg)))
            for case in day.cases:
                if case.ticket_id:
                    events.append((case.created + SECOND, _Call(self._case_ticket, case)))
                for part in case.legs:
                    if part.fate and part.fate.written_at:
                        events.append((part.fate.written_at, _Call(self._digital_write, case, part)))
        events += [(edit.at, _Call(self._edit, edit)) for edit in self.edits]
        return events

    def _voice_ticket(self, leg: VoiceLeg) -> None:
        way = "Outgoing call" if leg.outbound else "Call"
        subject = f"{way} {leg.skill.name} {leg.caller}"
        self._ticket(leg.ticket_id or "", subject, str(leg.contact_id), leg.linked, leg.start + SECOND)

    def _case_ticket(self, case: DigitalCase) -> None:
        subject = f"{case.skill.name}: {case.customer_name}"
        self._ticket(case.ticket_id or "", subject, case.case_id, case.linked, case.created + SECOND)

    def _ticket(self, record_id: str, subject: str, contact_id: str, linked: Customer | None, at: int) -> None:
        """What the Studio script's create workflow does at the start of an interaction."""
        values = {
            "subject": subject,
            "hs_pipeline": "0",
            "hs_pipeline_stage": "1",
            "cxone_contact_id": contact_id,
        }
        self.portal.create(TICKET, values, at=moment(at), source=LIVE, record_id=record_id)
        if linked:
            contact = linked.record_id
            with suppress(UnknownRecord):
                self.portal.associate(TICKET, record_id, CONTACT, contact, TICKET_TO_CONTACT, at=moment(at))

    def _voice_write(self, leg: VoiceLeg) -> None:
        if leg.fate:
            self._write(leg.fate, leg.ticket_id, live.voice_ticket(leg), leg.linked, live.voice_contact(leg))

    def _digital_write(self, case: DigitalCase, leg: DigitalLeg) -> None:
        text = live.leg_transcript(case, leg)
        if leg.fate:
            ticket, contact = live.digital_ticket(case, leg, text), live.digital_contact(case, leg, text)
            self._write(leg.fate, case.ticket_id, ticket, case.linked, contact)

    def _write(
        self,
        fate: Fate,
        ticket_id: str | None,
        ticket: dict[str, str],
        linked: Customer | None,
        contact: dict[str, str],
    ) -> None:
        at = moment(fate.written_at or 0)
        if linked:
            self._update(CONTACT, linked.record_id, live.delivered(contact, fate), at, LIVE)
        if ticket_id:
            self._update(TICKET, ticket_id, live.delivered(ticket, fate), at, LIVE)

    def _edit(self, edit: Edit) -> None:
        source = WORKFLOW
        if edit.user_id:
            source = Source("CRM_UI", f"userId:{edit.user_id}", user_id=edit.user_id)
        value = edit.value
        if value is None:
            held = self.portal.record(edit.type_id, edit.record_id).properties.get(edit.property) or ""
            value = (held + edit.append).strip(" –")
        self._update(edit.type_id, edit.record_id, {edit.property: value}, moment(edit.at), source)

    def _update(self, type_id: str, record_id: str, values: dict[str, str], at: datetime, source: Source) -> None:
        """A write to a record archived meanwhile is refused; the live system does not notice."""
        with suppress(UnknownRecord):
            self.portal.update(type_id, record_id, values, at=at, source=source)


class _Call:
    """A deferred call; smaller than a closure and never compared."""

    __slots__ = ("_arguments", "_method")

    def __init__(self, method: Callable[..., None], *arguments: object) -> None:
        self._method, self._arguments = method, arguments

    def __call__(self) -> None:
        self._method(*self._arguments)
