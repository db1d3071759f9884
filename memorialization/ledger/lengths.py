"""How long the transcripts of each window were, field by field: a few figures, kept for trends and forecasts."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

import pandas as pd

from memorialization.ledger.store import Ledger
from memorialization.report.growth import SPAN, NightLengths

_LENGTHS: Final = (
    "select mapping, entity, external_crm_field, window_end, character_limit, transcripts, over_limit, median, p95, "
    "p99, p999, longest from lengths where configuration = :configuration and window_end >= :since "
    "and window_end < :until order by window_end"
)


def lengths_before(ledger: Ledger, configuration: str, end: datetime) -> list[NightLengths]:
    """Of windows that ended in the `growth.SPAN` before `end`, in order of time."""
    rows = ledger.rows(_LENGTHS, configuration=configuration, since=end - SPAN, until=end)
    return [NightLengths(**row) for row in rows]


def keep_lengths(ledger: Ledger, configuration: str, run_id: str, nights: Sequence[NightLengths]) -> None:
    """Of one run; a window done again replaces what was kept of it."""
    if nights:
        frame = pd.DataFrame([asdict(night) for night in nights])
        ledger.keep_lengths(frame.assign(configuration=configuration, run_id=run_id))
