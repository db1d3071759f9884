"""The ledger: every fact a later run needs, in one PostgreSQL database, each write one transaction.

Bulk writes go through COPY into a temporary table and one INSERT ... ON CONFLICT, so that a night's facts cost
seconds and a repeated step changes nothing. All methods raise LedgerUnavailable when the database is away.
"""

import io
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
import psycopg2
from sqlalchemy import Connection, Table, Text, bindparam, cast, create_engine, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from memorialization.errors import ConfigurationError, LedgerUnavailable
from memorialization.ledger import tables
from memorialization.ownership import Holder

MIGRATIONS: Final = Path(__file__).parent / "migrations"
HEAD: Final = "0001"
SEEN: Final = ("interaction_key", "channel", "state", "reason", "start_time", "end_time", "updated_at")
"""What the ledger keeps of a settled interaction."""


class Ledger:
    """`url` is a SQLAlchemy URL of a PostgreSQL database (`postgresql+psycopg2://...`)."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool)

    # ---- schema

    def upgrade(self) -> None:
        """Bring the tables to this version; does nothing where they already are."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self._transaction() as connection:
            config.attributes["connection"] = connection
            connection.execute(text("select pg_advisory_xact_lock(hashtext('memorialize ledger upgrade'))"))
            command.upgrade(config, "head")

    def check(self) -> None:
        """Raises ConfigurationError if the tables are not of this version."""
        with self._transaction() as connection:
            there = connection.execute(text("select to_regclass('alembic_version')")).scalar()
            found = connection.execute(text("select version_num from alembic_version")).scalar() if there else None
        if found != HEAD:
            raise ConfigurationError(
                f"the ledger is at version {found or 'none'}, this program needs {HEAD}. "
                "Run: memorialize ledger upgrade"
            )

    # ---- runs and steps

    def open_run(self, run: Mapping[str, Any]) -> None:
        """`run`: the columns of `runs` up to `staging`."""
        with self._transaction() as connection:
            connection.execute(
                insert(tables.runs).values(**run, state="running", started_at=_now()).on_conflict_do_nothing()
            )

    def close_run(self, run_id: str, *, state: str, funnel: Mapping[str, int], report: str) -> None:
        with self._transaction() as connection:
            connection.execute(
                tables.runs.update()
                .where(tables.runs.c.run_id == run_id)
                .values(state=state, finished_at=_now(), funnel=dict(funnel), report=report)
            )

    def run(self, run_id: str) -> dict[str, Any]:
        with self._transaction() as connection:
            row = connection.execute(select(tables.runs).where(tables.runs.c.run_id == run_id)).mappings().one()
        return dict(row)

    def find_run(self, run_id: str) -> dict[str, Any] | None:
        """The run with this id, in its text form; None if there is none."""
        query = select(tables.runs).where(cast(tables.runs.c.run_id, Text) == run_id)
        with self._transaction() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row else None

    def has_report(self, configuration: str, mapping_hash: str) -> bool:
        """Whether a finished run of this very mapping has a report."""
        query = select(tables.runs.c.run_id).where(
            tables.runs.c.configuration == configuration,
            tables.runs.c.mapping_hash == mapping_hash,
            tables.runs.c.report.is_not(None),
        )
        with self._transaction() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def last_run(self, configuration: str | None = None) -> dict[str, Any] | None:
        """The newest run that has a report, of one configuration or of all."""
        query = select(tables.runs).where(tables.runs.c.report.is_not(None))
        query = query.order_by(tables.runs.c.started_at.desc()).limit(1)
        if configuration is not None:
            query = query.where(tables.runs.c.configuration == configuration)
        with self._transaction() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row else None

    def newest_run(self, configuration: str) -> dict[str, Any] | None:
        """The run of a configuration that started last, whatever became of it."""
        query = select(tables.runs).where(tables.runs.c.configuration == configuration)
        query = query.order_by(tables.runs.c.started_at.desc()).limit(1)
        with self._transaction() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row else None

    def start_step(self, run_id: str, step: str, partition: str) -> None:
        values = {"run_id": run_id, "step": step, "partition": partition}
        running = {"state": "running", "started_at": _now(), "finished_at": None, "summary": None}
        with self._transaction() as connection:
            statement = insert(tables.steps).values(**values, **running)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["run_id", "step", "partition"], set_=running)
            )

    def finish_step(self, run_id: str, step: str, partition: str, *, state: str, summary: Any) -> None:
        key = tables.steps.c
        with self._transaction() as connection:
            connection.execute(
                tables.steps.update()
                .where(key.run_id == run_id, key.step == step, key.partition == partition)
                .values(state=state, finished_at=_now(), summary=summary)
            )

    def steps(self, run_id: str) -> list[dict[str, Any]]:
        """All steps of a run in the order they started."""
        query = select(tables.steps).where(tables.steps.c.run_id == run_id).order_by(tables.steps.c.started_at)
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    # ---- interactions

    def provisional(self, configuration: str, since: datetime) -> tuple[frozenset[str], datetime | None]:
        """Keys of provisional interactions that began after `since`, and when the first of them began."""
        table = tables.interactions
        query = select(table.c.interaction_key, table.c.start_time).where(
            table.c.configuration == configuration,
            table.c.state == "provisional",
            table.c.start_time >= since,
        )
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        return frozenset(key for key, _ in rows), min((start for _, start in rows), default=None)

    def keep_interactions(self, configuration: str, run_id: str, settled: pd.DataFrame) -> None:
        """`settled`: the columns `SEEN`."""
        frame = settled[list(SEEN)].assign(configuration=configuration, run_id=run_id)
        self._merge(tables.interactions, frame)

    # ---- matches and parked targets

    def matches(self, configuration: str, entity: str, keys: Sequence[str]) -> dict[str, str]:
        """interaction key -> record id, of those that were matched before."""
        table = tables.matches
        query = select(table.c.interaction_key, table.c.record_id).where(
            table.c.configuration == configuration,
            table.c.entity == entity,
            table.c.interaction_key == func.any(bindparam("keys")),
        )
        with self._transaction() as connection:
            return {row.interaction_key: row.record_id for row in connection.execute(query, {"keys": list(keys)})}

    def keep_targets(self, configuration: str, run_id: str, targets: pd.DataFrame) -> None:
        """Matched targets are kept for later runs; parked ones wait for a person until they match."""
        frame = targets.assign(configuration=configuration, run_id=run_id)
        new = frame[frame["outcome"].eq("matched") & frame["rule"].ne("kept")]  # kept: how it was found stays known
        columns = ["configuration", "interaction_key", "entity", "record_id", "rule", "resolved_by", "run_id"]
        self._merge(tables.matches, new[columns])
        parked = frame[frame["outcome"].eq("parked")]
        lists = {c: [json.dumps(list(items)) for items in parked[c]] for c in ("candidates", "addresses")}
        parked = parked.assign(parked_at=_now(), **lists)
        columns = [*columns[:3], "reason", "candidates", "addresses", "parked_at", "run_id"]
        self._merge(tables.parked, parked[columns], parked_at="parked.parked_at")
        table = tables.parked
        solved = frame[~frame["outcome"].eq("parked")]
        with self._transaction() as connection:
            for entity, group in solved.groupby("entity"):
                connection.execute(
                    table.delete().where(
                        table.c.configuration == configuration,
                        table.c.entity == entity,
                        table.c.interaction_key == func.any(bindparam("keys")),
                    ),
                    {"keys": group["interaction_key"].tolist()},
                )

    # ---- what people decide about parked targets

    def salt(self, configuration: str) -> bytes:
        """Of the hashes of addresses; made at the first use and the same ever after."""
        new = insert(tables.salts).values(configuration=configuration, salt=secrets.token_hex(32))
        query = select(tables.salts.c.salt).where(tables.salts.c.configuration == configuration)
        with self._transaction() as connection:
            connection.execute(new.on_conflict_do_nothing())
            return bytes.fromhex(connection.execute(query).scalar_one())

    def parked(self, configuration: str) -> list[dict[str, Any]]:
        """The columns of `parked`, with start_time and end_time of the interaction, the oldest first."""
        parked, legs = tables.parked, tables.interactions
        same = (legs.c.configuration == parked.c.configuration) & (legs.c.interaction_key == parked.c.interaction_key)
        query = select(parked, legs.c.start_time, legs.c.end_time).outerjoin(legs, same)
        query = query.where(parked.c.configuration == configuration)
        query = query.order_by(parked.c.parked_at, parked.c.interaction_key, parked.c.entity)
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def resolutions(self, configuration: str) -> list[dict[str, Any]]:
        """The columns of `resolutions`, with start_time and end_time of the interaction, the oldest first."""
        table, legs = tables.resolutions, tables.interactions
        same = (legs.c.configuration == table.c.configuration) & (legs.c.interaction_key == table.c.interaction_key)
        query = select(table, legs.c.start_time, legs.c.end_time).outerjoin(legs, same)
        query = query.where(table.c.configuration == configuration)
        query = query.order_by(table.c.resolved_at, table.c.interaction_key, table.c.entity)
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def keep_resolutions(self, configuration: str, door: str, decided: Sequence[Mapping[str, Any]]) -> None:
        """All or none; `decided`: interaction_key, entity, record_id, addresses. One that replaces another takes
        the matches with it that the other led to."""
        with self._transaction() as connection:
            for row in decided:
                self._drop_resolution(connection, configuration, row["entity"], row["interaction_key"])
                connection.execute(
                    insert(tables.resolutions).values(
                        configuration=configuration, door=door, resolved_at=_now(),
                        **{c: row[c] for c in ("interaction_key", "entity", "record_id", "addresses")},
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
        query = text(
            "select distinct parked.interaction_key, start_time from parked "
            "join interactions using (configuration, interaction_key) "
            "join resolutions using (configuration, entity) "
            "where configuration = :configuration and start_time >= :since "
            "and (resolutions.interaction_key = parked.interaction_key or exists ("
            "select from jsonb_array_elements_text(resolutions.addresses) one where parked.addresses ? one))"
        )
        with self._transaction() as connection:
            rows = connection.execute(query, {"configuration": configuration, "since": since}).all()
        return frozenset(key for key, _ in rows), min((start for _, start in rows), default=None)

    # ---- values

    def holders(self, configuration: str, type_id: str, records: Sequence[str]) -> dict[tuple[str, str], Holder]:
        """(record id, property) -> the newest interaction judged there."""
        table = tables.holders
        query = select(
            table.c.record_id,
            table.c.property,
            table.c.end_time,
            table.c.interaction_key,
            table.c.value_hash,
            table.c.written,
        ).where(
            table.c.configuration == configuration,
            table.c.type_id == type_id,
            table.c.record_id == func.any(bindparam("records")),
        )
        with self._transaction() as connection:
            rows = connection.execute(query, {"records": list(records)})
            return {(r, p): Holder(*rest) for r, p, *rest in rows}

    def keep_holders(self, configuration: str, type_id: str, values: pd.DataFrame, *, written: bool) -> None:
        """`values`: record_id, property, end_time, interaction_key, value_hash. An older one never replaces.

        `written` tells values that we wrote from those found equal; a value of ours found again stays ours.
        """
        frame = values.assign(configuration=configuration, type_id=type_id, written=written)
        ours = "excluded.written or (holders.written and holders.value_hash = excluded.value_hash)"
        newer = (  # keys as Python orders them, whatever the database's collation
            '(excluded.end_time, excluded.interaction_key collate "C") >= '
            '(holders.end_time, holders.interaction_key collate "C")'
        )
        self._merge(tables.holders, frame, where=newer, written=ours)

    def keep_receipts(self, receipts: pd.DataFrame) -> None:
        """`receipts`: the columns of the table."""
        self._merge(tables.receipts, receipts)

    def covered_until(self, configuration: str, start: datetime) -> datetime | None:
        """The end of the newest covered window; None if nothing is covered, or something after `start` is."""
        query = select(func.max(tables.coverage.c.window_end)).where(tables.coverage.c.configuration == configuration)
        with self._transaction() as connection:
            newest: datetime | None = connection.execute(query).scalar()
        return newest if newest is not None and newest <= start else None

    def cover(self, configuration: str, start: datetime, end: datetime, run_id: str, mapping_hash: str) -> None:
        values = {"run_id": run_id, "mapping_hash": mapping_hash}
        statement = insert(tables.coverage).values(
            configuration=configuration, window_start=start, window_end=end, **values
        )
        keys = ["configuration", "window_start", "window_end"]
        with self._transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))

    # ---- plumbing

    def _merge(self, table: Table, frame: pd.DataFrame, where: str = "true", **computed: str) -> None:
        """Insert or replace rows by primary key. `where` guards the replacement; `computed` are columns by SQL."""
        if frame.empty:
            return
        keys = [column.name for column in table.primary_key]
        columns = list(frame.columns)
        frame = frame.drop_duplicates(keys, keep="last").sort_values(keys)  # one order: no deadlocks
        buffer = io.StringIO()
        frame.to_csv(buffer, index=False, header=False, na_rep="\\N", date_format="%Y-%m-%dT%H:%M:%S.%f%z")
        buffer.seek(0)
        listed = ", ".join(f'"{c}"' for c in columns)
        expressions = {c: f'excluded."{c}"' for c in columns if c not in keys} | computed
        changes = ", ".join(f'"{c}" = {expression}' for c, expression in expressions.items())
        name = table.name
        with self._transaction() as connection:
            connection.execute(text(f"create temp table incoming (like {name}) on commit drop"))
            for column in table.columns:
                if not column.primary_key and not column.nullable:
                    connection.execute(text(f'alter table incoming alter "{column.name}" drop not null'))
            cursor = connection.connection.cursor()
            cursor.copy_expert(f"copy incoming ({listed}) from stdin with (format csv, null '\\N')", buffer)
            connection.execute(
                text(
                    f"insert into {name} ({listed}) select {listed} from incoming "  # noqa: S608 - our own names
                    f"on conflict ({', '.join(keys)}) do update set {changes} where {where}"
                )
            )

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except (DBAPIError, psycopg2.Error) as error:  # COPY bypasses SQLAlchemy, and so do its errors
            cause = error.orig if isinstance(error, DBAPIError) else error
            if isinstance(cause, psycopg2.OperationalError | psycopg2.InterfaceError):
                raise LedgerUnavailable(
                    "the ledger's database does not answer; check the connection memorialization_ledger "
                    f"({type(cause).__name__})"
                ) from None
            raise ConfigurationError(
                f"the ledger refused a statement (SQLSTATE {getattr(cause, 'pgcode', None)}). "
                "Run: memorialize ledger upgrade"
            ) from None


def _now() -> datetime:
    return datetime.now(UTC)
