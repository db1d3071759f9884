"""Each path of CXone leads to one handler; paths are matched without regard to case, as the real host does.

cxone-api, sections 1.3 to 5.2. Not here, and answered 404: what writes or mails (workflow executions, transcripts by
mail), the agent app's own cache, notes, and texts of legacy chats, e-mails and SMS, of which this world has rows only.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sandbox.cxone.admin import Admin
from sandbox.cxone.analytics import Analytics
from sandbox.cxone.answers import answer
from sandbox.cxone.behaviour import Behaviour
from sandbox.cxone.digital import DigitalApi
from sandbox.cxone.extraction import Extraction
from sandbox.cxone.faults import Fault
from sandbox.cxone.integration import Integration
from sandbox.cxone.logins import Logins
from sandbox.cxone.playback import Playback
from sandbox.cxone.reporting import Reporting
from sandbox.cxone.states import States
from sandbox.times import zulu
from sandbox.world import World

SERVICES = r"/incontactapi/services/v(?P<version>\d+)\.0"
DIGITAL = "/dfo/3.0"
PLAYBACK, EXTRACTION = "/media-playback/v1", "/data-extraction/v1"
ANALYTICS = "/interaction-analytics-gateway/v2"
OPEN = ("/authentication", "/auth", "/public", "/.well-known", f"{EXTRACTION}/files")
"""What needs no token; a link of Data Extraction is presigned."""
_LISTS = "dispositions|skills|agents|tags|teams|campaigns"
_ID, _WORD = r"/(?P<id>\d+)", r"/(?P<id>[0-9a-f-]+)"

Handler = Callable[[Request, dict[str, str], Fault], Response]


@dataclass(frozen=True)
class Match:
    """Where a request leads: its path's template, the parts of the path and the handler, None where there is none."""

    template: str
    parts: dict[str, str]
    handler: Handler | None


class Routes:
    """The handlers of one world."""

    def __init__(self, world: World, behaviour: Behaviour) -> None:
        self._world = world
        self.reporting = Reporting(world, behaviour)
        self._states, self._digital = States(world, behaviour), DigitalApi(world)
        self._admin, self._setup = Admin(world.catalogue), Integration(world)
        self._logins = Logins(world.catalogue.tenant_id, behaviour)
        self._playback, self._extraction, self._analytics = Playback(world), Extraction(world), Analytics(world)
        self.admits = self._logins.admits
        self._table = [
            (method, re.compile(path), _shown(path), handler)
            for table in (self._open(), self._services(), self._of_contacts(), self._dfo(), self._media())
            for method, path, handler in table
        ]

    @property
    def paths(self) -> list[str]:
        """All that is served."""
        return [f"{method} {shown}" for method, _, shown, _ in self._table]

    def match(self, method: str, path: str) -> Match:
        """Where a request leads."""
        path = path.lower()
        for verb, pattern, template, handler in self._table:
            if verb == method and (found := pattern.fullmatch(path)):
                return Match(template, found.groupdict(), handler)
        return Match(path, {}, None)

    def _open(self) -> list[tuple[str, str, Handler]]:
        logins = self._logins
        return [
            ("POST", "/authentication/v1/token/access-key", lambda r, p, f: logins.access_key(p["body"])),
            ("POST", "/public/user/refresh", lambda r, p, f: logins.refresh(p["body"])),
            ("POST", "/public/authentication/v1/refresh", lambda r, p, f: logins.refresh(p["body"])),
            ("POST", "/auth/token", lambda r, p, f: logins.oauth(r, p["body"])),
            ("GET", "/.well-known/openid-configuration", lambda r, p, f: logins.openid(r)),
            ("GET", "/.well-known/cxone-configuration", lambda r, p, f: logins.discover(r)),
        ]

    def _services(self) -> list[tuple[str, str, Handler]]:
        admin, setup = self._admin, self._setup
        crm = SERVICES + "/agent-integration/configuration"
        return [
            ("GET", SERVICES + "/server-time", lambda r, p, f: self._time()),
            ("GET", SERVICES + "/apiversion", lambda r, p, f: self._versions()),
            ("GET", SERVICES + "/contact-state-descriptions", lambda r, p, f: admin.states()),
            ("GET", SERVICES + f"/(?P<list>{_LISTS})", lambda r, p, f: admin.listing(r, p["list"])),
            (
                "GET",
                SERVICES + "/(?P<list>dispositions|skills|agents)" + _ID,
                lambda r, p, f: admin.single(p["list"], p["id"]),
            ),
            ("GET", SERVICES + "/skills" + _ID + "/agents", lambda r, p, f: admin.agents_of(p["id"])),
            ("GET", crm, lambda r, p, f: setup.configurations()),
            ("GET", crm + _WORD + "/workflow", lambda r, p, f: setup.workflows(p["id"])),
            ("GET", crm + _WORD + "/data-mappings", lambda r, p, f: setup.data_mappings(p["id"])),
            ("GET", crm + _WORD + "/dynamic-data-mappings", lambda r, p, f: setup.dynamic_data_mappings(p["id"])),
            ("GET", crm + _WORD + "/entities", lambda r, p, f: setup.entities(r, p["id"])),
        ]

    def _of_contacts(self) -> list[tuple[str, str, Handler]]:
        reporting, states = self.reporting, self._states
        contacts = SERVICES + "/contacts"
        return [
            ("GET", contacts, lambda r, p, f: reporting.contacts(r)),
            ("GET", contacts + "/completed", lambda r, p, f: reporting.completed(r, int(p["version"]), f)),
            ("GET", contacts + "/custom-data", lambda r, p, f: reporting.custom_data(r)),
            ("GET", contacts + "/state-history", lambda r, p, f: states.all(r)),
            ("GET", contacts + _ID, lambda r, p, f: reporting.contact(p["id"])),
            ("GET", contacts + _ID + "/custom-data", lambda r, p, f: reporting.contact_custom_data(p["id"])),
            ("GET", contacts + _ID + "/disposition", lambda r, p, f: reporting.disposition(p["id"])),
            ("GET", contacts + _ID + "/state-?history", lambda r, p, f: states.of_contact(p["id"])),
            ("GET", contacts + _ID + "/hierarchy", lambda r, p, f: states.hierarchy(p["id"])),
            ("GET", contacts + _ID + "/files", lambda r, p, f: states.files(p["id"])),
            ("GET", SERVICES + "/agents/interaction-history", lambda r, p, f: states.of_agents(r)),
        ]

    def _dfo(self) -> list[tuple[str, str, Handler]]:
        digital, case = self._digital, DIGITAL + "/contacts" + _ID
        return [
            ("GET", DIGITAL + "/contacts", lambda r, p, f: digital.search(r)),
            ("GET", case, lambda r, p, f: digital.case(p["id"])),
            ("GET", case + "/detail", lambda r, p, f: digital.detail(p["id"])),
            ("GET", case + "/detail/pagination", lambda r, p, f: digital.neighbours(p["id"])),
            ("GET", case + "/history", lambda r, p, f: digital.history(r, p["id"])),
            ("GET", case + "/messages", lambda r, p, f: digital.messages(p["id"], f)),
            ("GET", DIGITAL + "/messages", lambda r, p, f: digital.all_messages(r)),
            ("GET", DIGITAL + r"/messages/(?P<id>\d+-\d+)", lambda r, p, f: digital.message(p["id"])),
            ("GET", DIGITAL + "/channels", lambda r, p, f: digital.channels()),
            ("GET", DIGITAL + "/routing-queues", lambda r, p, f: digital.queues(r)),
            ("GET", DIGITAL + "/users", lambda r, p, f: digital.users()),
        ]

    def _media(self) -> list[tuple[str, str, Handler]]:
        playback, extraction, analytics = self._playback, self._extraction, self._analytics
        jobs = EXTRACTION + "/jobs"
        return [
            ("GET", PLAYBACK + "/contacts", lambda r, p, f: playback.contacts(r)),
            ("GET", PLAYBACK + "/segments" + _ID, lambda r, p, f: playback.segment(p["id"])),
            ("POST", jobs, lambda r, p, f: extraction.start(p["body"])),
            ("POST", jobs + "/sync", lambda r, p, f: extraction.sync(r, p["body"])),
            ("GET", jobs, lambda r, p, f: extraction.jobs()),
            ("GET", jobs + _WORD, lambda r, p, f: extraction.job(r, p["id"])),
            ("GET", EXTRACTION + "/files" + _WORD, lambda r, p, f: extraction.file(p["id"])),
            ("GET", ANALYTICS + "/segments/analyzed", lambda r, p, f: analytics.analyzed(r)),
            (
                "GET",
                ANALYTICS + "/segments" + _ID + "/analyzed-transcript",
                lambda r, p, f: analytics.transcript(p["id"]),
            ),
        ]

    def _time(self) -> Response:
        return answer({"ServerTime": zulu(self._world.clock.ms())})

    def _versions(self) -> Response:
        paths = [(method, shown) for method, _, shown, _ in self._table if shown.startswith("/incontactapi")]
        return self._admin.versions([(m, shown.removeprefix(_shown(SERVICES))) for m, shown in paths])


def _shown(pattern: str) -> str:
    """A route's regular expression as a readable path template."""
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern).replace("\\", "").replace("-?", "-")
