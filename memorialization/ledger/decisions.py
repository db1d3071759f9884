"""Parked targets and what people decided about them: a decision is stored once, and taken back with all it led to."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, Table, select, text
from sqlalchemy.dialects.postgresql import insert

from memorialization.ledger import tables

_DECIDES: Final = (
    "resolutions.configuration = parked.configuration and resolutions.entity = parked.entity "
    "and (resolutions.interaction_key = parked.interaction_key or exists ("
    "select from jsonb_array_elements_text(resolutions.addresses) one where parked.addresses ? one))"
)
"""SQL: a resolution is about this parked target, or about another one of the same customer."""
_UNPARK: Final = (
    "delete from parked where configuration = :configuration and entity = :entity and interaction_key = any(:keys)"
)
_AND_NOT_DECIDED: Final = f"and not exists (select from resolutions where {_DECIDES})"
_DECIDED: Final = (
    "select distinct parked.interaction_key, start_time from parked "  # noqa: S608 - our own words
    f"join interactions using (configuration, interaction_key) join resolutions on {_DECIDES} "
    "where parked.configuration = :configuration and start_time >= :since"
)


class Decisions(ABC):
    """The ledger's part for parked targets."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]: ...

    def delivered(self, configuration: str, targets: pd.DataFrame) -> None:
        """What a person decided waits no more once a run has delivered it; `targets` as for `keep_targets`."""
        self._unpark(configuration, targets)

    def _unpark(self, configuration: str, targets: pd.DataFrame, *, but_decided: bool = False) -> None:
        """Of `targets`, those that are matched or not attempted wait no more."""
        solved = targets[~targets["outcome"].eq("parked")]
        but = _AND_NOT_DECIDED if but_decided else ""
        statement = text(f"{_UNPARK} {but}")
        with self._transaction() as connection:
            for entity, group in solved.groupby("entity"):
                keys = group["interaction_key"].tolist()
                connection.execute(statement, {"configuration": configuration, "entity": entity, "keys": keys})

    def parked(self, configuration: str) -> list[dict[str, Any]]:
        """The columns of `parked`, with start_time and end_time of the interaction, the oldest first."""
        return self._with_times(tables.parked, "parked_at", configuration)

    def resolutions(self, configuration: str) -> list[dict[str, Any]]:
        """The columns of `resolutions`, with start_time and end_time of the interaction, the oldest first."""
        return self._with_times(tables.resolutions, "resolved_at", configuration)

    def _with_times(self, table: Table, since: str, configuration: str) -> list[dict[str, Any]]:
        legs = tables.interactions
        same = (legs.c.configuration == table.c.configuration) & (legs.c.interaction_key == table.c.interaction_key)
        query = select(table, legs.c.start_time, legs.c.end_time).outerjoin(legs, same)
        query = query.where(table.c.configuration == configuration)
        query = query.order_by(table.c[since], table.c.interaction_key, table.c.entity)
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def keep_resolutions(self, configuration: str, door: str, decided: Sequence[Mapping[str, Any]]) -> None:
        """All or none; `decided`: the columns of `resolutions` up to `addresses`.

        A decision that replaces another takes the matches with it that the other led to.
        """
        with self._transaction() as connection:
            for row in decided:
                self._drop_resolution(connection, configuration, row["entity"], row["interaction_key"])
                connection.execute(
                    insert(tables.resolutions).values(
                        configuration=configuration, door=door, resolved_at=datetime.now(UTC),
                        **{c: row[c] for c in ("interaction_key", "entity", "record_id", "contact_guid", "addresses")},
                    )
                )  # fmt: skip

    def drop_resolutions(self, configuration: str, entity: str, keys: Sequence[str]) -> dict[str, datetime | None]:
        """Forget resolutions and the matches they led to; interaction key of each such match -> its leg's end."""
        with self._transaction() as connection:
            ends: dict[str, datetime | None] = {}
            for key in keys:
                ends |= self._drop_resolution(connection, configuration, entity, key)
            return ends

    @staticmethod
    def _drop_resolution(
        connection: Connection, configuration: str, entity: str, key: str
    ) -> dict[str, datetime | None]:
        of = {"configuration": configuration, "entity": entity, "key": key}
        connection.execute(
            text(
                "delete from resolutions "
                "where configuration = :configuration and entity = :entity and interaction_key = :key"
            ),
            of,
        )
        dropped = connection.execute(
            text(
                "with dropped as (delete from matches where configuration = :configuration and entity = :entity "
                "and resolved_by = :key returning configuration, interaction_key) "
                "select interaction_key, end_time from dropped left join interactions "
                "using (configuration, interaction_key)"
            ),
            of,
        )
        return {row.interaction_key: row.end_time for row in dropped}

    def decided(self, configuration: str, since: datetime) -> tuple[frozenset[str], datetime | None]:
        """Keys of parked interactions that began after `since` and that a person has decided since, by
        themselves or by their customer's address; and when the first of them began."""
        with self._transaction() as connection:
            rows = connection.execute(text(_DECIDED), {"configuration": configuration, "since": since}).all()
        return frozenset(key for key, _ in rows), min((start for _, start in rows), default=None)
