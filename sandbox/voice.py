"""Voice interactions of one day: a function of (seed, day) alone.

endReason vocabulary of the twin (the real one is not published, cxone-api, section 3.2): `Agent Hangup`,
`Contact Hangup`, `Contact Hang Up via Script`, `Transferred`, `Abandoned`, `Refused`, `Agent Logout`.
totalDurationSeconds runs from start to the end of the conversation, without after-call work.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from sandbox.catalogue import DISPOSITIONS, TAGS, Agent, Catalogue, Disposition, Skill, Tag
from sandbox.fates import Fates
from sandbox.interactions import VoiceLeg
from sandbox.people import Customer, People, number
from sandbox.rhythm import Rhythm
from sandbox.texts import note
from sandbox.times import HOUR, MINUTE, SECOND, moment

CONTACT_IDS = 500_000_000_000
TICKET_IDS = 400_000_000_000
LEGACY_MEDIA = (1, 3, 7, 8)
_EPOCH = date(2020, 1, 1).toordinal()
_BY_LANGUAGE = {code: tuple(d for d in DISPOSITIONS if d.language == code and d.active) for code in ("de", "en")}
_INACTIVE = next(d for d in DISPOSITIONS if not d.active)


def ordinal(day: date) -> int:
    """Days since 2020-01-01: the part of every id that keeps days apart. Each day has room for a million."""
    return day.toordinal() - _EPOCH


def draw_disposition(rng: random.Random, language: str) -> Disposition:
    pool = _BY_LANGUAGE[language]
    return _INACTIVE if rng.random() < 0.01 else pool[int(rng.random() * len(pool))]


def order_number(rng: random.Random) -> str:
    return f"A-{int(rng.random() * 900_000) + 100_000}"


class Voice:
    """Generates the legs of one day."""

    def __init__(self, catalogue: Catalogue, people: People, fates: Fates, day: date, roster: list[Agent]) -> None:
        self._people, self._fates = people, fates
        self._rng = random.Random(f"{catalogue.seed}:{day}:voice")
        self._rhythm = Rhythm(day)
        self._roster = roster
        self._next = ordinal(day) * 1_000_000
        inbound = [s for s in catalogue.voice_skills if not s.outbound]
        outbound = [s for s in catalogue.voice_skills if s.outbound]
        self._skills = {
            (language, out): [s for s in pool if s.language == language]
            for language in ("de", "en")
            for out, pool in ((False, inbound), (True, outbound))
        }

    def legs(self, count: int) -> Iterator[VoiceLeg]:
        """The legs of `count` masters."""
        for n, (start, language) in enumerate(self._rhythm.draws(self._rng, count)):
            yield from self._master(n, start, language)

    def _master(self, n: int, start: int, language: str) -> Iterator[VoiceLeg]:
        rng = self._rng
        if n % 200 == 150:
            return (yield self._legacy(start, language, LEGACY_MEDIA[n // 200 % 4]))
        outbound = rng.random() < 0.2
        media = 4
        if not outbound and n % 40 in (11, 29):
            media = 5 if n % 40 == 11 else 6
        pool = self._skills[language, outbound]
        skill = pool[int(rng.random() * len(pool))]
        customer, caller = self._caller(language)
        linked = self._link(customer) if skill.in_workflow else None
        master = self._next + CONTACT_IDS + 1
        common = (skill, customer, linked, caller, outbound, media, master)
        if not outbound and rng.random() < 0.05:
            return (yield self._unanswered(common, start, None, int(20 + rng.random() * 400), "Abandoned"))
        if rng.random() < 0.03:
            ringing = int(5 + rng.random() * 20)
            yield self._unanswered(common, start, self._agent(), ringing, "Refused")
            start += ringing * SECOND
        first = self._agent()
        transfers = 0 if media != 4 or rng.random() >= 0.08 else 2 if rng.random() < 0.15 else 1
        for left in range(transfers, -1, -1):
            leg = self._answered(common, start, first, left)
            yield leg
            start, first = leg.end, self._agent()

    def _answered(
        self,
        common: tuple[Skill, Customer | None, Customer | None, str, bool, int, int],
        start: int,
        agent: Agent,
        transfers_left: int,
    ) -> VoiceLeg:
        rng = self._rng
        skill, customer, linked, caller, outbound, media, master = common
        talk = int(min(3600, rng.lognormvariate(5.3, 0.8))) + 8
        queue = 0 if outbound else int(rng.expovariate(1 / 25))
        end = start + (talk + queue) * SECOND
        acw = 0 if not skill.acw else int(5 + rng.expovariate(1 / 40))
        if skill.acw and rng.random() < 0.01:
            acw = int((1.5 + rng.random() * 8) * HOUR / SECOND)
        due = end + acw * SECOND
        transfer, (reason, ended_by) = "None", self._ending()
        if transfers_left:
            transfer = "ReSkill" if rng.random() < 0.6 else "ReAgent"
            reason, ended_by = "Transferred", "agent"
        contact_warehoused = end + int((1 + rng.random() * 3) * MINUTE)
        contact_id = self._take()
        ticket = self._ticket(contact_id) if skill.in_workflow and rng.random() >= 0.03 else None
        return VoiceLeg(
            contact_id=contact_id,
            master_id=master,
            media_type_id=media,
            start=start,
            end=end,
            agent=agent,
            skill=skill,
            customer=customer,
            linked=linked,
            caller=caller,
            outbound=outbound,
            refused=False,
            abandoned=False,
            queue_seconds=queue,
            hold_seconds=int(rng.random() * 90) if rng.random() < 0.2 else 0,
            acw_seconds=acw,
            contact_warehoused=contact_warehoused,
            acw_warehoused=max(contact_warehoused, due + int((1 + rng.random() * 3) * MINUTE)) if skill.acw else None,
            end_reason=reason,
            ended_by=ended_by,
            transfer=transfer,
            disposition=draw_disposition(rng, skill.language) if rng.random() < 0.97 else None,
            notes=note(rng, skill.language) if rng.random() < 0.75 else "",
            tags=self._tags(),
            variables=self._variables(start),
            ticket_id=ticket,
            due=due if skill.in_workflow else None,
            never_due=None if skill.in_workflow else "no_workflow",
            fate=self._fates.draw(due, agent, voice=True) if skill.in_workflow else None,
        )

    def _unanswered(
        self,
        common: tuple[Skill, Customer | None, Customer | None, str, bool, int, int],
        start: int,
        agent: Agent | None,
        seconds: int,
        reason: str,
    ) -> VoiceLeg:
        """A leg nobody took: refused by an agent, or abandoned in queue (then the script's ticket exists)."""
        skill, customer, linked, caller, outbound, media, master = common
        contact_id = self._take()
        end = start + seconds * SECOND
        abandoned = agent is None
        return VoiceLeg(
            contact_id=contact_id,
            master_id=master,
            media_type_id=media,
            start=start,
            end=end,
            agent=agent,
            skill=skill,
            customer=customer,
            linked=linked,
            caller=caller,
            outbound=outbound,
            refused=not abandoned,
            abandoned=abandoned,
            queue_seconds=seconds if abandoned else 0,
            hold_seconds=0,
            acw_seconds=0,
            contact_warehoused=end + 2 * MINUTE,
            acw_warehoused=None,
            end_reason=reason,
            ended_by="contact" if abandoned else "agent",
            transfer="None",
            disposition=None,
            notes="",
            tags=(),
            variables=(),
            ticket_id=self._ticket(contact_id) if abandoned and skill.in_workflow else None,
            due=None,
            never_due="abandoned" if abandoned else "refused",
            fate=None,
        )

    def _legacy(self, start: int, language: str, media: int) -> VoiceLeg:
        """A contact of the old omnichannel: e-mail, chat, SMS, social. No workflow ever sees it."""
        rng = self._rng
        skill = self._skills[language, False][0]
        contact_id = self._take()
        end = start + int(60 + rng.random() * 900) * SECOND
        return VoiceLeg(
            contact_id=contact_id,
            master_id=contact_id,
            media_type_id=media,
            start=start,
            end=end,
            agent=self._agent(),
            skill=skill,
            customer=None,
            linked=None,
            caller="legacy@post.example",
            outbound=False,
            refused=False,
            abandoned=False,
            queue_seconds=0,
            hold_seconds=0,
            acw_seconds=0,
            contact_warehoused=end + 2 * MINUTE,
            acw_warehoused=end + 2 * MINUTE,
            end_reason="Agent Hangup",
            ended_by="agent",
            transfer="None",
            disposition=draw_disposition(rng, language),
            notes="",
            tags=(),
            variables=(),
            ticket_id=None,
            due=None,
            never_due="unsupported_media",
            fate=None,
        )

    def _take(self) -> int:
        self._next += 1
        return CONTACT_IDS + self._next

    @staticmethod
    def _ticket(contact_id: int) -> str:
        return str(TICKET_IDS + contact_id - CONTACT_IDS)

    def _agent(self) -> Agent:
        return self._roster[int(self._rng.random() * len(self._roster))]

    def _caller(self, language: str) -> tuple[Customer | None, str]:
        """4 % are unknown to HubSpot; half of those call from a company's switchboard."""
        rng = self._rng
        if rng.random() < 0.04:
            if rng.random() < 0.5:
                return None, self._people.companies[int(rng.random() * len(self._people.companies))].phone.digits
            return None, number(5_000_000 + int(rng.random() * 1_000_000), language).digits
        pool = self._people.customers
        customer = pool[int(rng.random() * len(pool))]
        phone = customer.phone or number(6_000_000 + customer.index % 900_000, customer.language)
        return customer, phone.digits

    def _link(self, customer: Customer | None) -> Customer | None:
        """The record linked in the agent's browser: the search's one match, else half the time by hand."""
        if customer is None or (customer.phone and not customer.shared):
            return customer
        return customer if self._rng.random() < 0.5 else None

    def _ending(self) -> tuple[str, str]:
        draw = self._rng.random()
        if draw < 0.4:
            return "Agent Hangup", "agent"
        if draw < 0.9:
            return "Contact Hangup", "contact"
        return ("Contact Hang Up via Script", "contact") if draw < 0.99 else ("Agent Logout", "system")

    def _tags(self) -> tuple[Tag, ...]:
        draw = self._rng.random()
        if draw < 0.7:
            return ()
        first = int(draw * 1000) % len(TAGS)
        return (TAGS[first],) if draw < 0.92 else (TAGS[first], TAGS[(first + 3) % len(TAGS)])

    def _variables(self, start: int) -> tuple[tuple[str, str], ...]:
        """Script variables as custom data; the script's author was not consistent about case."""
        rng = self._rng
        found: list[tuple[str, str]] = []
        if rng.random() < 0.4:
            found.append(("OrderNumber" if rng.random() < 0.25 else "ordernumber", order_number(rng)))
        if rng.random() < 0.15:
            day = moment(start).date() + timedelta(days=1 + int(rng.random() * 14))
            found.append(("callbackdate", day.isoformat()))
        return tuple(found)
