"""The tenant's furniture (teams, agents, skills, dispositions, channels), a function of seed and size.

Nothing here depends on a day: the same seed gives the same ids whatever days are generated.
"""

import random
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from uuid import UUID

from sandbox.names import Names

AGENTS = 60
INTERACTIONS_PER_AGENT = 25


@dataclass(frozen=True, slots=True)
class Team:
    team_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Campaign:
    campaign_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Agent:
    agent_id: int
    user_id: str
    digital_id: int
    first: str
    last: str
    email: str
    team: Team
    is_bot: bool = False
    is_survey: bool = False

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()


@dataclass(frozen=True, slots=True)
class Skill:
    skill_id: int
    name: str
    media_type_id: int
    language: str
    campaign: Campaign
    number: str
    outbound: bool = False
    acw: bool = True
    screen_pops: bool = True
    in_workflow: bool = True
    queue_id: str = ""


@dataclass(frozen=True, slots=True)
class Disposition:
    disposition_id: int
    name: str
    language: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Tag:
    tag_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Channel:
    channel_id: str
    name: str
    platform: str


TEAMS = (
    Team(101, "Berlin Service"),
    Team(102, "Berlin Verkauf"),
    Team(103, "Utah Care"),
    Team(104, "Utah Sales"),
)
CAMPAIGNS = (Campaign(4001, "Service"), Campaign(4002, "Sales"), Campaign(4003, "Rückruf"))
DISPOSITIONS = (
    Disposition(1101, "Anliegen gelöst", "de"),
    Disposition(1102, "Rückruf vereinbart", "de"),
    Disposition(1103, "Bestellung geändert", "de"),
    Disposition(1104, "Weiterleitung Fachabteilung", "de"),
    Disposition(1105, "Beschwerde", "de"),
    Disposition(1106, "Falsch verbunden", "de"),
    Disposition(1107, "Kündigung", "de"),
    Disposition(1108, "Resolved", "en"),
    Disposition(1109, "Callback scheduled", "en"),
    Disposition(1110, "Order changed", "en"),
    Disposition(1111, "Escalated to Tier 2", "en"),
    Disposition(1112, "Billing question", "en"),
    Disposition(1113, "No answer", "en"),
    Disposition(1114, "Sale", "en"),
    Disposition(1190, "Altbestand (nicht verwenden)", "de", active=False),
)
TAGS = (
    Tag(1, "VIP"),
    Tag(2, "Rückruf"),
    Tag(3, "Reklamation"),
    Tag(4, "Übergabe"),
    Tag(5, "Billing"),
    Tag(6, "Upsell"),
    Tag(7, "Churn risk"),
    Tag(8, "Störung"),
)


def guid(*parts: object) -> str:
    """A version-4-shaped GUID that is a function of `parts`."""
    digest = blake2b(":".join(map(str, parts)).encode(), digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))


class Catalogue:
    """Everything of the tenant that does not change from day to day."""

    def __init__(self, seed: int, interactions: int) -> None:
        self.seed = seed
        self.tenant_id = guid(seed, "tenant")
        self.business_unit = 4_595_964
        names = Names(seed)
        rng = random.Random(f"{seed}:agents")
        count = max(AGENTS, interactions // INTERACTIONS_PER_AGENT)
        self.agents = tuple(_agent(rng, names, i) for i in range(count))
        self.roster_size = max(3, min(count, round(interactions / INTERACTIONS_PER_AGENT)))
        bots = ("Ada", "Nova")
        self.bots = tuple(
            Agent(
                20_790_001 + i,
                guid(seed, "bot", i),
                9_901 + i,
                bot,
                "",
                f"bot{i}@acme.example",
                TEAMS[0],
                is_bot=True,
            )
            for i, bot in enumerate(bots)
        )
        self.survey = Agent(
            20_790_009,
            guid(seed, "survey"),
            9_909,
            "Survey",
            "User",
            "survey@acme.example",
            TEAMS[0],
            is_survey=True,
        )
        self.channels = tuple(
            Channel(f"{platform}_{guid(seed, platform)}", name, platform)
            for platform, name in (
                ("chat", "Acme Webchat"),
                ("email", "service@acme.example"),
                ("whatsapp", "Acme WhatsApp"),
                ("facebook", "Acme Facebook"),
            )
        )
        self.voice_skills = _voice_skills()
        self.digital_skills = _digital_skills(seed)

    @cached_property
    def users(self) -> tuple[Agent, ...]:
        return (*self.agents, *self.bots, self.survey)

    @cached_property
    def skills(self) -> tuple[Skill, ...]:
        return (*self.voice_skills, *self.digital_skills)


def _agent(rng: random.Random, names: Names, i: int) -> Agent:
    team = TEAMS[i % 4]
    first, last = names.person(rng, "de" if i % 4 < 2 else "en")
    number = rng.getrandbits(128)
    mail = names.mailbox(first, last) + f".{i}@acme.example"
    return Agent(20_786_405 + 3 * i, str(UUID(int=number, version=4)), 5_001 + i, first, last, mail, team)


def _voice_skills() -> tuple[Skill, ...]:
    service, sales, callback = CAMPAIGNS
    german, american = "4930901820", "80155501"
    return (
        Skill(2001, "Service DE", 4, "de", service, german + "10"),
        Skill(2002, "Bestellung DE", 4, "de", sales, german + "20"),
        Skill(2003, "Reklamation DE", 4, "de", service, german + "30"),
        Skill(2004, "Rückruf DE", 4, "de", callback, german + "40", outbound=True),
        Skill(2005, "Care EN", 4, "en", service, american + "10"),
        Skill(2006, "Sales EN", 4, "en", sales, american + "20"),
        Skill(2007, "Billing EN", 4, "en", service, american + "30", acw=False),
        Skill(2008, "Outbound EN", 4, "en", callback, american + "40", outbound=True),
        Skill(2009, "Störung DE", 4, "de", service, german + "50", screen_pops=False),
        Skill(2010, "Intern Test", 4, "en", service, american + "99", in_workflow=False),
    )


def _digital_skills(seed: int) -> tuple[Skill, ...]:
    service, sales, _ = CAMPAIGNS
    rows = (
        (2101, "Chat DE", "de", service),
        (2102, "Chat EN", "en", service),
        (2103, "E-Mail DE", "de", service),
        (2104, "Email EN", "en", sales),
        (2105, "Messaging DE", "de", service),
        (2106, "Messaging EN", "en", service),
    )
    return tuple(
        Skill(number, name, 9, language, campaign, "", queue_id=guid(seed, "queue", number))
        for number, name, language, campaign in rows
    )
