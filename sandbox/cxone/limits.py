"""Each family of CXone's APIs has limits of its own; a refused call counts for nothing (cxone-api, section 6)."""

import re

from sandbox.cxone.behaviour import Behaviour
from sandbox.windows import Rolling

HOUR, FIVE_MINUTES = 3600.0, 300.0
_LIMITED = (
    ("playback", re.compile(r"GET /media-playback/.*")),
    ("extraction", re.compile(r"POST /data-extraction/v1/jobs(/sync)?")),
    ("digital", re.compile(r"GET /dfo/3\.0/(contacts/\{id\}(/messages|/detail)?|messages(/\{id\})?)")),
    ("reporting", re.compile(r"GET /incontactapi/.*")),
)


class Limits:
    """The windows of one tenant, by the families that have any."""

    def __init__(self, behaviour: Behaviour) -> None:
        scale = behaviour.scale
        self._windows = {
            "digital": Rolling(behaviour.digital_per_hour, HOUR / scale),
            "playback": Rolling(behaviour.playback_per_5_minutes, FIVE_MINUTES / scale),
            "extraction": Rolling(1, behaviour.extraction_pause / scale),
        }
        if behaviour.reporting_per_second is not None:
            self._windows["reporting"] = Rolling(behaviour.reporting_per_second, 1 / scale)

    def take(self, endpoint: str) -> bool:
        """Count one call of an endpoint ("METHOD /path/{template}"); False when its limit refuses it."""
        for family, pattern in _LIMITED:
            if pattern.fullmatch(endpoint):
                window = self._windows.get(family)
                return window is None or window.take()
        return True

    def shown(self) -> dict[str, dict[str, float]]:
        """By family: the limit, the seconds it counts over, and how much of it is used."""
        return {
            family: {"limit": window.limit, "seconds": window.span, "used": window.used}
            for family, window in self._windows.items()
        }
