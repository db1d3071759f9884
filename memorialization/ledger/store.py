"""The ledger: every fact a later run needs, in one PostgreSQL database, each write one transaction.

Bulk writes go through COPY into a temporary table and one INSERT ... ON CONFLICT, so that a night's facts cost
seconds and a repeated step changes nothing. All methods raise LedgerUnavailable when the database is away.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pandas as pd
import psycopg2
from sqlalchemy import Connection, Executable, Table, Text, bindparam, cast, create_engine, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from memorialization.errors import ConfigurationError, LedgerUnavailable
from memorialization.ledger import tables
from memorialization.ledger.copying import as_copied
from memorialization.ledger.decisions import Decisions
from memorialization.ledger.leases import Leases
from memorialization.ledger.plans import Plans
from memorialization.ownership import Holder
from memorialization.settle import OVERTAKEN, TRANSCRIPT_WITHHELD

MIGRATIONS: Final = Path(__file__).parent / "migrations"
HEAD: Final = "0001"
SEEN: Final = (
    "interaction_key", "channel", "state", "reason", "start_time", "end_time", "updated_at", "contact_guid",
    "version", "first_due_at",
)  # fmt: skip
"""What the ledger keeps of a settled interaction."""


class Ledger(Decisions, Leases, Plans):
    """`url` is a SQLAlchemy URL of a PostgreSQL database (`postgresql+psycopg2://...`); one connection stays open."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, pool_size=1, max_overflow=16, pool_pre_ping=True)

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

    def close_run(self, run_id: str, *, state: str, funnel: Mapping[str, int], report: str | None) -> None:
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
        """Keys of provisional interactions that began after `since`, and of those whose transcript was withheld or
        that were overtaken; and when the first of them began."""
        table = tables.interactions
        query = select(table.c.interaction_key, table.c.start_time).where(
            table.c.configuration == configuration,
            (table.c.state == "provisional") | table.c.reason.in_([TRANSCRIPT_WITHHELD, OVERTAKEN]),
            table.c.start_time >= since,
        )
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        return frozenset(key for key, _ in rows), min((start for _, start in rows), default=None)

    def keep_interactions(self, configuration: str, run_id: str, settled: pd.DataFrame) -> None:
        """`settled`: the columns `SEEN`."""
        fixed = {"configuration": configuration, "run_id": run_id}
        kept = "coalesce(interactions.first_due_at, excluded.first_due_at)"
        self._merge(tables.interactions, settled[list(SEEN)], fixed, first_due_at=kept)

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
        """Matched targets are kept for later runs; parked ones wait for a person until they match.

        What a person has decided goes on waiting until a run delivers it (`delivered`): a dry run does not.
        """
        fixed = {"configuration": configuration, "run_id": run_id}
        new = targets[targets["outcome"].eq("matched") & targets["rule"].ne("kept")]  # kept: its first rule stays known
        columns = ["interaction_key", "entity"]
        self._merge(tables.matches, new[[*columns, "record_id", "rule", "resolved_by"]], fixed)
        parked = targets[targets["outcome"].eq("parked")]
        lists = {c: [json.dumps(list(items)) for items in parked[c]] for c in ("candidates", "addresses")}
        parked = parked.assign(**lists)[[*columns, "contact_guid", "reason", *lists]]
        self._merge(tables.parked, parked, fixed | {"parked_at": _now()}, parked_at="parked.parked_at")
        self._unpark(configuration, targets, but_decided=True)

    # ---- values

    def holders(self, configuration: str, type_id: str, records: Sequence[str]) -> dict[tuple[str, str], Holder]:
        """(record id, property) -> the newest interaction judged there."""
        query = text(
            "select record_id, property, end_time, interaction_key, value_hash, written, times from holders "
            "where configuration = :configuration and type_id = :type_id and record_id = any(:records)"
        )
        of = {"configuration": configuration, "type_id": type_id, "records": list(records)}
        with self._transaction() as connection:
            return {(r, p): Holder(*rest) for r, p, *rest in connection.execute(query, of)}

    def keep_holders(self, configuration: str, type_id: str, values: pd.DataFrame, *, written: bool) -> None:
        """`values`: record_id, property, end_time, interaction_key, value_hash, times. An older one never replaces.

        `written` tells values that we wrote from those found equal; a value of ours found again stays ours.
        """
        fixed = {"configuration": configuration, "type_id": type_id, "written": written}
        ours = "excluded.written or (holders.written and holders.value_hash = excluded.value_hash)"
        newer = (  # keys as Python orders them, whatever the database's collation; what is known is not written again
            '(excluded.end_time, excluded.interaction_key collate "C") >= '
            '(holders.end_time, holders.interaction_key collate "C") and (excluded.written or '
            "(excluded.end_time, excluded.interaction_key, excluded.value_hash) is distinct from "
            "(holders.end_time, holders.interaction_key, holders.value_hash))"
        )
        times = "case when excluded.written then excluded.times else holders.times end"
        self._merge(tables.holders, values, fixed, where=newer, written=ours, times=times)

    def drop_holders(self, configuration: str, type_id: str, values: pd.DataFrame) -> None:
        """Forget who holds these values: record, property, interaction_key; where another holds one, it stays."""
        statement = text(
            "delete from holders using unnest(cast(:records as text[]), cast(:properties as text[]), "
            "cast(:keys as text[])) as gone (record, property, interaction_key) "
            "where holders.configuration = :configuration and holders.type_id = :type_id "
            "and holders.record_id = gone.record and holders.property = gone.property "
            "and holders.interaction_key = gone.interaction_key"
        )
        lists = {"records": "record", "properties": "property", "keys": "interaction_key"}
        with self._transaction() as connection:
            connection.execute(
                statement,
                {"configuration": configuration, "type_id": type_id}
                | {name: values[column].tolist() for name, column in lists.items()},
            )

    def echoes(self, configuration: str, type_id: str, sent: Sequence[int]) -> frozenset[tuple[str, int, int]]:
        """(property, hash of what was written, hash of what HubSpot made of it), of these written values."""
        table = tables.echoes
        query = select(table.c.property, table.c.sent_hash, table.c.echoed_hash).where(
            table.c.configuration == configuration,
            table.c.type_id == type_id,
            table.c.sent_hash == func.any(bindparam("sent")),
        )
        with self._transaction() as connection:
            return frozenset((p, s, e) for p, s, e in connection.execute(query, {"sent": list(sent)}))

    def keep_echoes(self, configuration: str, type_id: str, run_id: str, pairs: pd.DataFrame) -> None:
        """`pairs`: property, sent_hash, echoed_hash."""
        self._merge(tables.echoes, pairs, {"configuration": configuration, "type_id": type_id, "run_id": run_id})

    def notes(self, configuration: str, type_id: str, records: Sequence[str]) -> list[dict[str, Any]]:
        """The columns of `notes` for these record ids."""
        table = tables.notes
        query = select(table).where(
            table.c.configuration == configuration,
            table.c.type_id == type_id,
            table.c.record_id == func.any(bindparam("records")),
        )
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(query, {"records": list(records)}).mappings()]

    def keep_notes(self, notes: pd.DataFrame) -> None:
        """`notes`: the columns of the table."""
        self._merge(tables.notes, notes)

    def keep_lengths(self, lengths: pd.DataFrame) -> None:
        """`lengths`: the columns of the table."""
        self._merge(tables.lengths, lengths)

    def keep_rejected(self, rejected: pd.DataFrame) -> None:
        """`rejected`: the columns of the table."""
        self._merge(tables.rejected, rejected)

    def keep_receipts(self, receipts: pd.DataFrame) -> None:
        """`receipts`: the columns of the table."""
        self._merge(tables.receipts, receipts)

    def cover(self, configuration: str, start: datetime, end: datetime, run_id: str, mapping_hash: str) -> None:
        values = {"run_id": run_id, "mapping_hash": mapping_hash}
        statement = insert(tables.coverage).values(
            configuration=configuration, window_start=start, window_end=end, **values
        )
        keys = ["configuration", "window_start", "window_end"]
        with self._transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))

    # ---- plumbing

    def rows(self, query: str | Executable, **parameters: Any) -> list[dict[str, Any]]:
        """What a reading SQL statement of ours finds."""
        statement = text(query) if isinstance(query, str) else query
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(statement, parameters).mappings()]

    def carry_out(
        self, statements: Mapping[str, str | Executable], *, keep: bool = True, **parameters: Any
    ) -> dict[str, int]:
        """Writing SQL statements of ours in their order, all or none; name -> rows that each changed.

        Not `keep`: they are counted, and undone.
        """
        with self._transaction() as connection:
            savepoint = connection.begin_nested()
            counts = {
                name: connection.execute(text(s) if isinstance(s, str) else s, parameters).rowcount
                for name, s in statements.items()
            }
            if not keep:
                savepoint.rollback()
        return counts

    def _merge(
        self,
        table: Table,
        frame: pd.DataFrame,
        fixed: Mapping[str, Any] = MappingProxyType({}),
        where: str = "true",
        **computed: str,
    ) -> None:
        """Insert or replace rows by primary key. `fixed` are columns that are the same in all rows, `where` guards the
        replacement, `computed` are columns by SQL."""
        if frame.empty:
            return
        keys = [column.name for column in table.primary_key]
        columns = [*frame.columns, *fixed]
        copied, listed = (", ".join(f'"{c}"' for c in some) for some in (frame.columns, columns))
        values = ", ".join([f'"{c}"' for c in frame.columns] + [f":{c}" for c in fixed])
        expressions = {c: f'excluded."{c}"' for c in columns if c not in keys} | computed
        changes = ", ".join(f'"{c}" = {expression}' for c, expression in expressions.items())
        name = table.name
        rows = as_copied(frame, [key for key in keys if key not in fixed])
        with self._transaction() as connection:
            connection.execute(  # of the same types, and without constraints
                text(f"create temp table incoming on commit drop as select {copied} from {name} with no data")  # noqa: S608
            )
            cursor = connection.connection.cursor()
            cursor.copy_expert(f"copy incoming ({copied}) from stdin", rows)
            connection.execute(
                text(
                    f"insert into {name} ({listed}) select {values} from incoming "  # noqa: S608 - our own names
                    f"on conflict ({', '.join(keys)}) do update set {changes} where {where}"
                ),
                dict(fixed),
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
        except ValueError as error:  # psycopg2's own, about a parameter
            if "NUL" not in str(error):
                raise
            raise ConfigurationError("a NUL character (0x00) stands in a name; the ledger knows none such") from None


def _now() -> datetime:
    return datetime.now(UTC)
