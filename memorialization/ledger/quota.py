"""What all processes know of one account's calls: one row, changed by one process at a time, on the database's clock.

A process that dies in the middle of a change changes nothing. See ports.SharedState.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from memorialization.ledger import tables
from memorialization.ledger.store import Ledger
from memorialization.ports import Kept


class Quota(Ledger):
    """`account` names the row; `url` is that of the ledger. Raises LedgerUnavailable as the ledger does."""

    def __init__(self, url: str, account: str) -> None:
        super().__init__(url)
        self._account = account

    @contextmanager
    def change(self) -> Iterator[Kept]:
        """The row is locked until the context is left; who comes meanwhile waits."""
        table = tables.quotas
        mine = table.c.account == self._account
        with self._transaction() as connection:
            state = connection.execute(select(table.c.state).where(mine).with_for_update()).scalar()
            if state is None:
                first = insert(table).values(account=self._account, state={}, changed_at=func.clock_timestamp())
                connection.execute(first.on_conflict_do_nothing())
                state = connection.execute(select(table.c.state).where(mine).with_for_update()).scalar_one()
            here = time.monotonic_ns() // 1_000_000
            now = connection.execute(select(func.clock_timestamp())).scalar_one()
            yield Kept(state, int(now.timestamp() * 1_000), here)
            connection.execute(table.update().where(mine).values(state=state, changed_at=now))
