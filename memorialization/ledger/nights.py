"""The funnels of the last nights, each as it was found first: a run that does a window again finds it mended.

Of every window the first run that is done, or one that failed where there is none; no dry run, no revert.
"""

from datetime import datetime
from typing import Any, Final

from memorialization.ledger.store import Ledger

_BEFORE: Final = """
select * from (
    select distinct on (window_end) run_id, window_end, state, funnel
    from runs
    where configuration = :configuration and window_end < :end
      and reverts is null and not dry_run and funnel is not null
    order by window_end desc, state = 'done' desc, started_at
    limit :most
) as first order by window_end
"""


def before(ledger: Ledger, configuration: str, end: datetime, most: int) -> list[dict[str, Any]]:
    """run_id, window_end, state (done | failed) and funnel of at most `most` windows that end before `end`, the oldest
    first."""
    return ledger.rows(_BEFORE, configuration=configuration, end=end, most=most)
