"""Spans of time as people write them in crm.yaml and on the command line: 90m, 6h, 30d; always longer than nothing.

Light, because DAG files read one at every parse.
"""

import re
from datetime import timedelta
from typing import Final

PATTERN: Final = r"^[1-9][0-9]{0,3}[mhd]$"
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def length(duration: str) -> timedelta:
    """Raises ValueError where the text is no such span."""
    if not re.fullmatch(PATTERN, duration) or duration.endswith("\n"):
        raise ValueError("must be a number of minutes, hours or days, as 90m, 6h or 30d")
    return timedelta(**{_UNITS[duration[-1]]: int(duration[:-1])})
