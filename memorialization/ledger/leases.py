"""Who works which window: leases of one configuration never overlap, whoever asks at once and whatever died.

Who takes a window removes every lease there that ran out, so a run whose lease is gone knows that another came after
it. A lease that ran out while nobody came is simply renewed. All times are the database's. No exclusion constraint:
it would need the extension btree_gist, and so a superuser; an advisory lock needs none.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from memorialization.errors import LeaseHeld, LeaseLost

LENGTH: Final = timedelta(minutes=15)
"""How long after its last sign of life a run keeps its window."""

_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('memorialize lease ' || :configuration, 0))"
_OVERLAP: Final = "configuration = :configuration and window_start < :end and window_end > :start and run_id <> :run_id"
_CLEAR: Final = f"delete from leases where {_OVERLAP} and (expires_at <= clock_timestamp() or holder = :same)"  # noqa: S608
_HELD: Final = f"select * from leases where {_OVERLAP} order by window_start limit 1"  # noqa: S608 - our own words
_TAKE: Final = (
    "insert into leases values (:configuration, :start, :end, :run_id, :holder, "
    "clock_timestamp(), clock_timestamp(), clock_timestamp() + :length) on conflict (run_id) do update "
    "set holder = excluded.holder, renewed_at = excluded.renewed_at, expires_at = excluded.expires_at"
)
_RENEW: Final = (
    "update leases set renewed_at = clock_timestamp(), expires_at = clock_timestamp() + :length "
    "where run_id = cast(:run_id as uuid)"
)
_RELEASE: Final = (
    "update leases set expires_at = least(expires_at, clock_timestamp()) where run_id = cast(:run_id as uuid)"
)


class Leases(ABC):
    """The ledger's part for leases."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]: ...

    def take_lease(
        self, configuration: str, start: datetime, end: datetime, run_id: str, holder: str, *, own: bool = False
    ) -> None:
        """Keep the window [start, end) for this run; raises LeaseHeld while another run works a part of it.

        `holder`: who that is, for people. `own`: what the same holder had is taken over at once.
        """
        window = {"configuration": configuration, "start": start, "end": end, "run_id": run_id}
        with self._transaction() as connection:
            connection.execute(text(_LOCK), {"configuration": configuration})
            connection.execute(text(_CLEAR), window | {"same": holder if own else None})
            other = connection.execute(text(_HELD), window).mappings().first()
            if other is None:
                connection.execute(text(_TAKE), window | {"holder": holder, "length": LENGTH})
        if other is not None:
            first, last, until = (other[c].astimezone(UTC) for c in ("window_start", "window_end", "expires_at"))
            raise LeaseHeld(
                f"run {other['run_id']} of {configuration} ({other['holder']}) works {first:%Y-%m-%d %H:%M} to "
                f"{last:%Y-%m-%d %H:%M} UTC, which this run wants too. Start again when it has ended; if it was "
                f"killed, after {until:%H:%M:%S} UTC"
            )

    def renew_lease(self, run_id: str) -> None:
        """A sign of life; raises LeaseLost where another run has taken the window since."""
        with self._transaction() as connection:
            renewed = connection.execute(text(_RENEW), {"run_id": run_id, "length": LENGTH}).rowcount
        if not renewed:
            raise LeaseLost(
                f"run {run_id} was silent for more than {LENGTH.total_seconds() / 60:.0f} minutes, and another run has "
                "taken its window since: this one writes nothing more. What it wrote is known; let the other one finish"
            )

    def release_lease(self, run_id: str) -> None:
        """Whoever wants the window may take it at once; does nothing where somebody has."""
        with self._transaction() as connection:
            connection.execute(text(_RELEASE), {"run_id": run_id})
