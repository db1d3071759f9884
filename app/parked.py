"""Parked targets, decided by people: what the command `parked` and the DAG `resolve_parked__...` both call.

Answers are lines for people: interaction keys, record ids and times; never an address or a name.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from app.connections import address_secret, connection, ledger_url
from app.nights import interval_of
from app.settings import settings
from memorialization import resolutions
from memorialization.configuration import Configuration, load
from memorialization.ledger import Ledger
from memorialization.ports import RecordStore
from memorialization.resolutions import Decision, Door, Parked

_MOST_SHOWN: Final = 10
FORGETS: Final = (
    "Not kept for the customers' next interactions: the CXone connection has no address_secret (README, Going live)."
)


def waiting(name: str) -> list[Parked]:
    """Every parked target of a configuration, the oldest first."""
    configuration, ledger = _open(name)
    return resolutions.waiting(configuration, _store(configuration), ledger)


def resolve(name: str, decisions: Sequence[Decision], door: Door) -> list[str]:
    """Store decisions and say what was stored, and which runs write it; ConfigurationError if one does not hold."""
    configuration, ledger = _open(name)
    rows = resolutions.resolve(configuration, decisions, door, _store(configuration), ledger)
    lines = [f"{row['interaction_key']}: {row['entity']} {row['record_id']}" for row in rows[:_MOST_SHOWN]]
    if len(rows) > _MOST_SHOWN:
        lines.append(f"and {len(rows) - _MOST_SHOWN:,} more")
    lines.append(f"{len(rows):,} decided.")
    if not address_secret(connection(configuration.cxone_connection)):
        lines.append(FORGETS)
    return [*lines, *again(configuration, (row["end_time"] for row in rows))]


def withdraw(name: str, contact: str, entity: str) -> list[str]:
    """Forget decisions and the matches they led to, and say which runs match anew."""
    configuration, ledger = _open(name)
    open_again = resolutions.withdraw(configuration, contact, entity, ledger)
    counted = "1 interaction is" if len(open_again) == 1 else f"{len(open_again):,} interactions are"
    return [
        f"withdrawn; {counted} matched anew. What was written to HubSpot stays there.",
        *again(configuration, open_again.values()),
    ]


def again(configuration: Configuration, ends: Iterable[datetime | None]) -> list[str]:
    """The intervals of the schedule that hold these legs, as commands; of those that are over."""
    crm = configuration.crm
    spans = {interval_of(crm.schedule, end, crm.timezone) for end in ends if end}
    over = sorted((s for s in spans if s.end <= datetime.now(UTC)), key=lambda s: s.start)
    if not over:
        return ["The next run takes them up."]
    form = "%Y-%m-%dT%H:%M:%SZ"
    commands = [
        f"  memorialize run -c {configuration.name} --from {s.start:{form}} --to {s.end:{form}}"
        for s in over[:_MOST_SHOWN]
    ]
    if len(over) > _MOST_SHOWN:
        range_ = f"--from {over[_MOST_SHOWN].start:{form}} --to {over[-1].end:{form}}"
        more = (
            f"  and {len(over) - _MOST_SHOWN:,} more, in: memorialize backfill -c {configuration.name} {range_} --again"
        )
        commands.append(more)
    return ["The next run of these intervals takes them up, in Airflow or by:", *commands]


def _open(name: str) -> tuple[Configuration, Ledger]:
    configuration = load(settings().mappings, name)
    ledger = Ledger(ledger_url())
    ledger.check()
    return configuration, ledger


def _store(configuration: Configuration) -> RecordStore:
    from app.clients import hubspot_limits
    from plugins.hubspot.connect import store_from

    hubspot = connection(configuration.hubspot_connection)
    return store_from(hubspot.base_url, hubspot.password, hubspot.extras, hubspot_limits(configuration))
