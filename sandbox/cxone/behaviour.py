"""What nobody outside knows of CXone is decided here, once; the defaults are the cautious ones.

cxone-api, sections 3.1, 6 and 10. Limits that are documented: section 6.
"""

from dataclasses import dataclass
from typing import Literal

OffsetTimes = Literal["refuse", "ignore", "honour"]


@dataclass(frozen=True)
class Behaviour:
    """How this CXone is.

    `token_lifetime`: seconds of real time. `offset_times`: what a time such as `...+01:00` is to the reporting API,
    where only `Z` is surely safe: refused, taken for UTC, or what it says. `accept_any`: calls without `Accept:
    application/json` are answered, which programs report both ways. `result_set`: lists come as in samples of
    2020, under `resultSet` and without `totalRecords`. `reporting_per_second`: calls of reporting and admin API, None
    for no limit, since none is published. `digital_per_hour`: reads of cases and their messages.
    `playback_per_5_minutes` and `extraction_pause` (seconds between jobs) are as documented. `scale` shortens all
    these windows, and nothing else here.
    """

    token_lifetime: int = 3600
    offset_times: OffsetTimes = "refuse"
    accept_any: bool = False
    result_set: bool = False
    reporting_per_second: float | None = None
    digital_per_hour: int = 120_000
    playback_per_5_minutes: int = 150
    extraction_pause: float = 30.0
    scale: float = 1.0
