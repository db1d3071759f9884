"""How the lengths of a field's transcripts grow, and when one in a hundred will not fit any more: an estimate.

A straight line through the nights' 99th percentiles, by the median of the slopes between all pairs of nights, so that
one night of long chats moves nothing (Theil and Sen). Nights of few transcripts say nothing and are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from memorialization.report.model import Growth, Report, Truncation

SPAN: Final = timedelta(days=30)
_NIGHTS: Final = 7
_TRANSCRIPTS: Final = 20
_FARTHEST: Final = timedelta(days=730)
_MONTH: Final = 30


@dataclass(frozen=True, slots=True)
class NightLengths:
    """The lengths of one field's transcripts of one window, as `Truncation` has them."""

    mapping: str
    entity: str
    external_crm_field: str
    window_end: datetime
    character_limit: int
    transcripts: int
    over_limit: int
    median: int
    p95: int
    p99: int
    p999: int
    longest: int


def nights_of(report: Report) -> list[NightLengths]:
    """What a report says of each field, for the nights after it."""
    end = datetime.fromisoformat(report.run.window_end)
    return [
        NightLengths(
            t.mapping, t.entity, t.external_crm_field, end,
            t.limit, t.transcripts, t.over_limit, t.median, t.p95, t.p99, t.p999, t.longest,
        )
        for t in report.truncation
    ]  # fmt: skip


def with_growth(report: Report, earlier: Sequence[NightLengths]) -> Report:
    """The report with the growth of each field, from its own lengths and those of `earlier` windows (of `SPAN`)."""
    own = nights_of(report)
    rows = []
    for row, night in zip(report.truncation, own, strict=True):
        same = [n for n in earlier if (n.mapping, n.entity, n.external_crm_field) == _field(row)]
        rows.append(row.model_copy(update={"growth": growth([*same, night], row.limit)}))
    return report.model_copy(update={"truncation": tuple(rows)})


def _field(row: Truncation) -> tuple[str, str, str]:
    return row.mapping, row.entity, row.external_crm_field


def growth(nights: Sequence[NightLengths], limit: int) -> Growth | None:
    """Of one field; None where fewer than 7 windows of at least 20 transcripts are known."""
    nights = sorted((n for n in nights if n.transcripts >= _TRANSCRIPTS), key=lambda n: n.window_end)
    if len(nights) < _NIGHTS:
        return None
    last = nights[-1].window_end
    days = np.array([(n.window_end - last) / timedelta(days=1) for n in nights])
    lengths = np.array([n.p99 for n in nights], dtype="float64")
    first, second = np.triu_indices(len(nights), k=1)
    apart = days[second] - days[first]
    pairs = apart > 0
    if not pairs.any():
        return None
    slope = float(np.median((lengths[second] - lengths[first])[pairs] / apart[pairs]))
    today = float(np.median(lengths - slope * days))
    return Growth(nights=len(nights), per_month=round(slope * _MONTH), tight_on=_tight_on(last, today, slope, limit))


def _tight_on(last: datetime, today: float, slope: float, limit: int) -> str | None:
    if today > limit:
        return last.date().isoformat()
    if slope <= 0 or (limit - today) / slope > _FARTHEST.days:
        return None
    return (last + timedelta(days=(limit - today) / slope)).date().isoformat()
