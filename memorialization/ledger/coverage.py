"""What the ledger knows of a stretch of time: windows delivered, tried and worked now; reads, and nothing else.

Dry runs, runs that observe and reverts were never to deliver a window, so nothing is known by them.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from memorialization.approval import WITHOUT_LEAVE
from memorialization.coverage import FAILED, NOT_APPLIED, STOPPED, Covered, Known, State, Tried
from memorialization.errors import QuotaExhausted
from memorialization.ledger.store import Ledger
from memorialization.ports import Window

_WITHIN: Final = "configuration = :configuration and window_end > :start and window_start < :end"
_DELIVERS: Final = "runs.mode = 'adopted' and not runs.dry_run and runs.reverts is null"

_FIRST: Final = (
    f"select window_start from runs where configuration = :configuration and {_DELIVERS} "  # noqa: S608 - our own words
    "order by started_at limit 1"
)
_COVERED: Final = (
    f"select window_start, window_end, run_id::text, mapping_hash from coverage where {_WITHIN} "  # noqa: S608
    "order by window_start, window_end"
)
_TRIED: Final = (
    "select window_start, window_end, run_id::text, plans.state as plan, exists (select from steps "  # noqa: S608
    "where steps.run_id = runs.run_id and (steps.summary ->> 'error' = :quota "
    "or steps.summary ->> 'stopped_by' like :quota || '%')) as stopped "
    "from runs left join plans using (run_id) where runs.configuration = :configuration "
    f"and window_end > :start and window_start < :end and {_DELIVERS} order by runs.started_at desc, run_id desc"
)
_WORKING: Final = f"select window_start, window_end from leases where {_WITHIN} and expires_at > clock_timestamp()"  # noqa: S608

_NIGHT: Final = (
    "select runs.run_id::text from runs join leases using (run_id) where runs.configuration = :configuration "
    "and runs.nightly and runs.state = 'running' and leases.expires_at > clock_timestamp() limit 1"
)


def night_at_work(ledger: Ledger, configuration: str) -> str | None:
    """The nightly run that goes on at this moment; one that was killed, or waits for a person, does not."""
    rows = ledger.rows(_NIGHT, configuration=configuration)
    return rows[0]["run_id"] if rows else None


def known(ledger: Ledger, configuration: str, around: Window, *, but: str | None = None) -> Known:
    """What is known of `around`; `but`: a run that is not told as working, for it is about to end."""
    asked = {"configuration": configuration, "start": around.start, "end": around.end}
    first = ledger.rows(_FIRST, configuration=configuration)
    others = f"{_WORKING} and run_id is distinct from cast(:run_id as uuid)"
    return Known(
        first=first[0]["window_start"].astimezone(UTC) if first else None,
        covered=tuple(
            Covered(_window(row), row["run_id"], row["mapping_hash"]) for row in ledger.rows(_COVERED, **asked)
        ),
        tried=tuple(
            Tried(_window(row), row["run_id"], _state(row))
            for row in ledger.rows(_TRIED, **asked, quota=QuotaExhausted.__name__)
        ),
        working=tuple(_window(row) for row in ledger.rows(others, **asked, run_id=but)),
    )


def _window(row: Mapping[str, Any]) -> Window:
    return Window(row["window_start"].astimezone(UTC), row["window_end"].astimezone(UTC))


def _state(row: Mapping[str, Any]) -> State:
    if row["plan"] in WITHOUT_LEAVE:
        return NOT_APPLIED
    return STOPPED if row["stopped"] else FAILED
