"""Data Extraction (cxone-api, section 5.1): a job's result is a CSV with a BOM, behind a link that lives 30 seconds.

The twin's assumptions: a job takes two seconds of real time, refuses more than 14 days, and tells what was warehoused
half an hour before it began; a quality-management job has headers and no rows.
"""

import csv
import time
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.catalogue import guid
from sandbox.cxone.answers import Refused, answer, json_object
from sandbox.cxone.playback import recorded
from sandbox.live import segment_id
from sandbox.times import MINUTE, midnight, moment
from sandbox.world import World

ENTITIES = {"recording-interaction-metadata": ("7", "10"), "qm-workflows": ("1",)}
MOST_DAYS, TAKES, LINK_LIVES = 14, 2.0, 30.0
_LATE = 30 * MINUTE
_HEADS = {
    "recording-interaction-metadata": (
        "ACD Call ID", "Segment ID", "Start Date", "Voice Recording Status", "Agent 1 Contact Number",
        "Agent 1 ACD ID", "Agent 1 Name", "Agent 1 Team", "Agent 1 Skills", "ANI", "DNIS", "Disposition",
    ),
    "qm-workflows": ("Workflow ID", "Segment ID", "Status"),
}  # fmt: skip


@dataclass
class _Job:
    """One job; `ready` and `ends` (of the link) in seconds of `time.monotonic`."""

    entity: str
    first: date
    last: date
    ready: float
    ends: float = 0.0


class Extraction:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._jobs: dict[str, _Job] = {}

    def start(self, body: str) -> Response:
        """POST /data-extraction/v1/jobs: 202 and the bare id, a JSON string."""
        return answer(self._job(body, TAKES), 202)

    def sync(self, request: Request, body: str) -> Response:
        """POST /data-extraction/v1/jobs/sync: the link at once."""
        return answer(self._link(request, self._job(body, 0.0)))

    def jobs(self) -> Response:
        """GET /data-extraction/v1/jobs."""
        return answer({"jobs": [{"id": key, "status": self._status(key)} for key in self._jobs]})

    def job(self, request: Request, job_id: str) -> Response:
        """GET /data-extraction/v1/jobs/{id}: the link is made when it is asked for."""
        if job_id not in self._jobs:
            raise Refused(404, f"job {job_id} not found")
        status = self._status(job_id)
        url = self._link(request, job_id) if status == "SUCCEEDED" else None
        return answer({"jobStatus": {"id": job_id, "status": status, "result": {"url": url, "errorMessage": None}}})

    def file(self, job_id: str) -> Response:
        """GET the link: no token needed, while it lives."""
        job = self._jobs.get(job_id)
        if job is None or time.monotonic() > job.ends:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
        text = StringIO()
        rows = csv.writer(text, lineterminator="\r\n")
        rows.writerow(_HEADS[job.entity])
        rows.writerows(self._rows(job))
        return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv")

    def _job(self, body: str, takes: float) -> str:
        asked = json_object(body)
        entity = str(asked.get("entityName"))
        if asked.get("version") not in ENTITIES.get(entity, ()):
            raise Refused(400, f"entityName {entity} has no such version")
        try:
            first, last = (date.fromisoformat(str(asked.get(name))) for name in ("startDate", "endDate"))
        except ValueError:
            raise Refused(400, "startDate and endDate must be days, YYYY-MM-DD") from None
        if not timedelta() <= last - first <= timedelta(days=MOST_DAYS):
            raise Refused(400, f"the range must hold at most {MOST_DAYS} days")
        job_id = guid(self._world.settings.seed, "extraction", len(self._jobs))
        self._jobs[job_id] = _Job(entity, first, last, time.monotonic() + takes)
        return job_id

    def _status(self, job_id: str) -> str:
        return "SUCCEEDED" if time.monotonic() >= self._jobs[job_id].ready else "RUNNING"

    def _link(self, request: Request, job_id: str) -> str:
        self._jobs[job_id].ends = time.monotonic() + LINK_LIVES
        return f"{str(request.base_url).rstrip('/')}/data-extraction/v1/files/{job_id}"

    def _rows(self, job: _Job) -> list[tuple[Any, ...]]:
        if job.entity != "recording-interaction-metadata":
            return []
        start, end = midnight(job.first), midnight(job.last + timedelta(days=1))
        told = self._world.clock.ms() - _LATE
        legs = [leg for leg in self._world.legs.values() if start <= leg.start < end and recorded(leg, told)]
        return [
            (
                leg.contact_id, segment_id(leg), f"{moment(leg.start):%m/%d/%Y %H:%M:%S}", "Recorded", leg.contact_id,
                leg.agent.agent_id, leg.agent.name, leg.agent.team.name, leg.skill.name, leg.caller, leg.skill.number,
                leg.disposition.name if leg.disposition else "",
            )
            for leg in sorted(legs, key=lambda leg: leg.contact_id)
            if leg.agent
        ]  # fmt: skip
