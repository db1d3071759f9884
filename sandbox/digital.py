"""Digital cases of one day: a function of (seed, day) alone.

A case belongs to the day on which its (first) assignment begins; it may have been opened up to five days
before and reopened on the next.
"""

import random
from collections.abc import Iterator
from datetime import date

from sandbox.catalogue import Agent, Catalogue, Channel, Disposition, Skill
from sandbox.fates import Fates
from sandbox.interactions import CaseEvent, DigitalCase, DigitalLeg
from sandbox.people import Customer, People, number
from sandbox.rhythm import Rhythm
from sandbox.texts import note
from sandbox.times import DAY, HOUR, MINUTE, SECOND
from sandbox.voice import TICKET_IDS, draw_disposition, order_number, ordinal

CASE_IDS = 1_700_000_000_000_000
DIGITAL_TICKETS = 500_000  # the upper half of a day's million ticket ids
ASSIGNED, UNASSIGNED = "CaseInboxAssigned", "CaseInboxUnassigned"
CHANGED, STATUS = "CaseInboxAssigneeChanged", "CaseStatusChanged"


class Digital:
    """Generates the cases of one day."""

    def __init__(self, catalogue: Catalogue, people: People, fates: Fates, day: date, roster: list[Agent]) -> None:
        self._catalogue, self._people, self._fates = catalogue, people, fates
        self._rng = random.Random(f"{catalogue.seed}:{day}:digital")
        self._rhythm = Rhythm(day)
        self._roster = roster
        self._ordinal = ordinal(day) * 1_000_000
        self._skills = {
            (s.language, kind): s for s, kind in zip(catalogue.digital_skills, (0, 0, 1, 1, 2, 2), strict=True)
        }

    def cases(self, count: int) -> Iterator[DigitalCase]:
        """`count` cases in the order of their beginnings."""
        for n, (begun, language) in enumerate(self._rhythm.draws(self._rng, count)):
            yield self._case(n, begun, language)

    def _case(self, n: int, begun: int, language: str) -> DigitalCase:
        rng = self._rng
        draw = rng.random()
        kind = 0 if draw < 0.4 else 1 if draw < 0.7 else 2 if draw < 0.9 else 3
        channel = self._catalogue.channels[kind]
        skill = self._skills[language, min(kind, 2)]
        customer, linked, name, address = self._customer(language, channel)
        created = begun - int(rng.random() * 5 * DAY) if rng.random() < 0.05 else begun
        story = _Story(self._rng, self._fates, self._catalogue, self._roster, skill, kind != 1)
        abandoned_at = None
        if kind != 1 and rng.random() < 0.02:
            abandoned_at = begun + int(30 + rng.random() * 600) * SECOND
            story.abandon(abandoned_at)
        else:
            story.tell(begun)
        ticket = rng.random() >= 0.03
        return DigitalCase(
            case_id=str(CASE_IDS + self._ordinal + n),
            created=created,
            channel=channel,
            skill=skill,
            customer=customer,
            linked=linked,
            customer_name=name,
            address=address,
            outbound=kind == 1 and rng.random() < 0.08,
            guids=rng.random() >= 0.02,
            order_number=order_number(rng) if rng.random() < 0.35 else "",
            abandoned_at=abandoned_at,
            ticket_id=str(TICKET_IDS + self._ordinal + DIGITAL_TICKETS + n) if ticket else None,
            legs=tuple(story.legs),
            events=tuple(story.events),
        )

    def _customer(self, language: str, channel: Channel) -> tuple[Customer | None, Customer | None, str, str]:
        """(who it is, the linked record, name on the card, idOnExternalPlatform)."""
        rng = self._rng
        if rng.random() < 0.04:
            stranger = 5_000_000 + int(rng.random() * 1_000_000)
            phone = number(stranger, language).digits
            address = {"whatsapp": phone, "facebook": str(10**14 + stranger)}.get(
                channel.platform, f"guest{stranger}@stranger.example"
            )
            return None, None, "Gast" if language == "de" else "Guest", address
        customer = self._people.customers[int(rng.random() * len(self._people.customers))]
        by_hand = customer if rng.random() < 0.5 else None
        if channel.platform == "facebook":
            return customer, by_hand, customer.name, str(10**14 + customer.index)
        if channel.platform == "whatsapp":
            phone = (customer.phone or number(6_000_000 + customer.index % 900_000, customer.language)).digits
            found = customer.phone is not None and not customer.shared
            return customer, customer if found else by_hand, customer.name, phone
        if not customer.emails:
            return customer, by_hand, customer.name, f"unlisted{customer.index}@post.example"
        email = customer.emails[0 if rng.random() < 0.8 else -1]
        return customer, customer, customer.name, email.title() if rng.random() < 0.1 else email


class _Story:
    """One case told in order: each step appends the event, and the leg it ends."""

    def __init__(
        self,
        rng: random.Random,
        fates: Fates,
        catalogue: Catalogue,
        roster: list[Agent],
        skill: Skill,
        live: bool,
    ) -> None:
        self._rng, self._fates, self._catalogue, self._roster = rng, fates, catalogue, roster
        self._skill = skill
        self._live = live
        self._status = "new"
        self.legs: list[DigitalLeg] = []
        self.events: list[CaseEvent] = []

    def abandon(self, at: int) -> None:
        """The contact leaves before anyone took the case."""
        self._event(at, STATUS, None, True, None, "closed")

    def tell(self, begun: int) -> None:
        rng = self._rng
        at = begun
        draw = rng.random()
        if draw < 0.25:
            bot = self._catalogue.bots[int(rng.random() * len(self._catalogue.bots))]
            at = self._assign(at + SECOND, None, bot)
            at += int(20 + rng.random() * 100) * SECOND
            if draw < 0.05:
                self._event(at, STATUS, bot, False, bot, "closed")
                self._end(at + SECOND, UNASSIGNED, bot, None, "bot")
                return
            agent = self._agent()
            self._end(at, CHANGED, bot, agent, "bot")
        else:
            agent = self._agent()
            at += int(5 + rng.expovariate(1 / 90)) * SECOND
            self._assign(at, agent if rng.random() < 0.3 else None, agent)
        for chance in (0.1, 0.15):
            if rng.random() >= chance:
                break
            at += self._work()
            successor = self._agent(other=agent)
            self._end(at, CHANGED, agent, successor, "agent")
            agent = successor
        if rng.random() < 0.02:
            return
        at = self._close(at + self._work(), agent)
        if rng.random() < 0.03:
            at += int((0.6 + rng.random() * 0.6) * DAY)
            self._event(at, STATUS, None, True, None, "open")
            agent = self._agent()
            self._assign(at + MINUTE, None, agent)
            at = self._close(at + MINUTE + self._work(), agent)
        if rng.random() < 0.03:
            survey = self._catalogue.survey
            self._assign(at + MINUTE, None, survey)
            self._end(at + 6 * MINUTE, UNASSIGNED, None, None, "system")

    def _close(self, at: int, agent: Agent) -> int:
        """The agent's last act, or the contact's: status, then unassign and dismiss. Returns its moment."""
        rng = self._rng
        if self._live and rng.random() < 0.15:
            self._event(at, STATUS, None, True, agent, "closed")
            at += int(5 + rng.random() * 115) * SECOND
            self._end(at, UNASSIGNED, agent if rng.random() < 0.8 else None, None, "contact")
            return at
        draw = rng.random()
        if draw < 0.97:
            status = (
                "closed" if draw < 0.85 else "resolved" if draw < 0.93 else "pending" if draw < 0.965 else "trashed"
            )
            self._event(at, STATUS, agent, False, agent, status)
            at += int(1 + rng.random() * 9) * SECOND
        self._end(at, UNASSIGNED, agent, None, "agent")
        return at

    def _assign(self, at: int, by: Agent | None, agent: Agent) -> int:
        self._event(at, ASSIGNED, by, False, agent, self._status)
        if self._status == "new" and not agent.is_survey:
            self._event(at + SECOND, STATUS, None, False, agent, "open")
        self._stay(agent, at)
        return at

    def _stay(self, agent: Agent, at: int) -> None:
        """An open-ended leg; `_end` replaces it."""
        never = "bot" if agent.is_bot else "survey" if agent.is_survey else "still_assigned"
        self.legs.append(
            DigitalLeg(
                agent=agent,
                start=at,
                end=None,
                event_type="",
                status="",
                ended_by="",
                contact_ended_first=False,
                disposition=None,
                notes="",
                due=None,
                never_due=never,
                fate=None,
            )
        )

    def _end(self, at: int, event_type: str, by: Agent | None, successor: Agent | None, ended_by: str) -> None:
        rng, open_leg = self._rng, self.legs.pop()
        agent, final = open_leg.agent, event_type == UNASSIGNED
        person = not (agent.is_bot or agent.is_survey)
        contact_first = person and ended_by == "contact"
        disposition: Disposition | None = None
        notes = ""
        if person and final and rng.random() < (0.5 if contact_first else 0.96):
            disposition = draw_disposition(rng, self._skill.language)
            notes = note(rng, self._skill.language) if rng.random() < 0.7 else ""
        self.legs.append(
            DigitalLeg(
                agent=agent,
                start=open_leg.start,
                end=at,
                event_type=event_type,
                status=self._status,
                ended_by=ended_by,
                contact_ended_first=contact_first,
                disposition=disposition,
                notes=notes,
                due=at if person else None,
                never_due=None if person else open_leg.never_due,
                fate=self._fates.draw(at, agent, voice=False) if person else None,
            )
        )
        self._event(at, event_type, by, False, successor, self._status)
        if successor:
            self._stay(successor, at)

    def _event(self, at: int, kind: str, user: Agent | None, by_contact: bool, assignee: Agent | None, to: str) -> None:
        self._status = to
        self.events.append(CaseEvent(at, kind, user, by_contact, assignee, to))

    def _agent(self, other: Agent | None = None) -> Agent:
        agent = self._roster[int(self._rng.random() * len(self._roster))]
        if agent is other:
            agent = self._roster[(self._roster.index(agent) + 1) % len(self._roster)]
        return agent

    def _work(self) -> int:
        """How long one person works on it: chats minutes, mails up to hours."""
        if self._live:
            return int(60 + self._rng.lognormvariate(5.6, 0.8)) * SECOND
        return min(6 * HOUR, int(120 + self._rng.lognormvariate(6.8, 1.0)) * SECOND)
