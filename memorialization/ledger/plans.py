"""The plans of runs and what people decided about them; a decision is taken once, by whoever comes first."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from memorialization.ledger import tables

_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('memorialize backfill ' || :configuration, 0))"


class Plans(ABC):
    """The ledger's part for plans."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]: ...

    def keep_plan(self, plan: Mapping[str, Any]) -> None:
        """`plan`: columns of `plans`. The same plan made again keeps what was decided about it."""
        with self._transaction() as connection:
            _enter(connection, plan)

    def keep_backfill_plan(
        self, configuration: str, since: datetime, made: Callable[[list[dict[str, Any]]], Mapping[str, Any]]
    ) -> None:
        """Enter the plan that is `made` of those of backfills since; one run at a time, so that each knows all before.

        `made` is given the plans that may be or are applied, the oldest first.
        """
        with self._transaction() as connection:
            connection.execute(text(_LOCK), {"configuration": configuration})
            _enter(connection, made(_of_backfills(connection, configuration, since)))

    def backfill_plans(self, configuration: str, since: datetime) -> list[dict[str, Any]]:
        """The plans of backfills made since then that may be or are applied, the oldest first."""
        with self._transaction() as connection:
            return _of_backfills(connection, configuration, since)

    def plan(self, run_id: str) -> dict[str, Any] | None:
        with self._transaction() as connection:
            row = connection.execute(select(tables.plans).where(tables.plans.c.run_id == run_id)).mappings().first()
        return dict(row) if row else None

    def decide_plan(
        self, run_id: str, plan_hash: str, state: str, *, by: str | None, approved_values: int | None = None
    ) -> bool:
        """Enter the decision about a plan that waits for one; False where it does not wait any more."""
        table = tables.plans
        statement = table.update().where(
            table.c.run_id == run_id, table.c.plan_hash == plan_hash, table.c.state == "made"
        )
        decision = {"state": state, "decided_by": by, "decided_at": datetime.now(UTC)}
        with self._transaction() as connection:
            done = connection.execute(statement.values(**decision, approved_values=approved_values))
        return done.rowcount == 1

    def close_plan(self, run_id: str) -> None:
        """All of the plan is applied."""
        table = tables.plans
        statement = table.update().where(table.c.run_id == run_id, table.c.state.in_(("approved", "not_needed")))
        with self._transaction() as connection:
            connection.execute(statement.values(state="applied"))


def _of_backfills(connection: Connection, configuration: str, since: datetime) -> list[dict[str, Any]]:
    table = tables.plans
    query = select(table).where(
        table.c.configuration == configuration,
        table.c.backfill,
        table.c.made_at >= since,
        table.c.state.in_(("approved", "not_needed", "applied")),
    )
    return [dict(row) for row in connection.execute(query.order_by(table.c.made_at)).mappings()]


def _enter(connection: Connection, plan: Mapping[str, Any]) -> None:
    table = tables.plans
    columns = {c.name: None for c in table.columns} | dict(plan)
    statement = insert(table).values(**columns)
    statement = statement.on_conflict_do_update(
        index_elements=["run_id"], set_=columns, where=table.c.plan_hash != statement.excluded.plan_hash
    )
    connection.execute(statement)
