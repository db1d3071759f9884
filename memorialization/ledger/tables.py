"""The ledger's tables: what is known of runs, interactions, matches, values and receipts; never a customer's text.

Of a value the ledger keeps a hash and a length. Migrations (Alembic) must lead to exactly these tables; a test
compares them. Tables are keyed by the configuration's name or by run, so one database serves many accounts.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()

_instant = DateTime(timezone=True)

runs = Table(
    "runs",
    metadata,
    Column("run_id", UUID, primary_key=True, comment="UUIDv7, one per try"),
    Column("configuration", Text, nullable=False),
    Column("dag_run_id", Text, comment="Airflow's run id; null for the command line"),
    Column("try_number", Integer, nullable=False),
    Column("window_start", _instant, nullable=False),
    Column("window_end", _instant, nullable=False),
    Column("mode", Text, nullable=False, comment="observe | adopted"),
    Column("dry_run", Boolean, nullable=False),
    Column("mapping_hash", Text, nullable=False),
    Column("staging", Text, nullable=False, comment="address of the run's files"),
    Column("state", Text, nullable=False, comment="running | done | failed"),
    Column("started_at", _instant, nullable=False),
    Column("finished_at", _instant),
    Column("funnel", JSONB, comment="the closed funnel, one flat object of integers"),
    Column("report", Text, comment="folder of report.json and report.html"),
    Index("runs_by_window", "configuration", "window_start"),
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", UUID, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("state", Text, nullable=False, comment="running | done | failed"),
    Column("started_at", _instant, nullable=False),
    Column("finished_at", _instant),
    Column("summary", JSONB, comment="counts of a done step; error class and message of a failed one"),
)

interactions = Table(
    "interactions",
    metadata,
    Column("configuration", Text, primary_key=True),
    Column("interaction_key", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False, comment="due | provisional | never_due"),
    Column("reason", Text),
    Column("start_time", _instant),
    Column("end_time", _instant),
    Column("updated_at", _instant, comment="CXone's last change of the row"),
    Column("run_id", UUID, nullable=False, comment="the run that saw it last"),
    Index("interactions_by_state", "configuration", "state"),
)

matches = Table(
    "matches",
    metadata,
    Column("configuration", Text, primary_key=True),
    Column("interaction_key", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("record_id", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("resolved_by", Text, comment="interaction key of the resolution that led to it"),
    Column("run_id", UUID, nullable=False),
)

holders = Table(
    "holders",
    metadata,
    Column("configuration", Text, primary_key=True),
    Column("type_id", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("property", Text, primary_key=True),
    Column("end_time", _instant, nullable=False),
    Column("interaction_key", Text, nullable=False),
    Column("value_hash", BigInteger, nullable=False, comment="of the canonical value"),
    Column("written", Boolean, nullable=False, comment="by a write of ours; else found equal"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("run_id", UUID, primary_key=True),
    Column("type_id", Text, primary_key=True),
    Column("record", Text, primary_key=True, comment="record id, or new:<key> of a record to create"),
    Column("property", Text, primary_key=True),
    Column("record_id", Text),
    Column("interaction_key", Text, nullable=False),
    Column("verdict", Text, nullable=False, comment="missing | drifted | truncated"),
    Column("outcome", Text, nullable=False, comment="written | rejected | unaccounted"),
    Column("verified", Boolean, comment="what was read back equals what was written"),
    Column("before_hash", BigInteger),
    Column("before_length", Integer, comment="UTF-16 units"),
    Column("after_hash", BigInteger, nullable=False),
    Column("after_length", Integer, nullable=False, comment="UTF-16 units"),
    Column("category", Text, comment="HubSpot's category of a rejected value"),
    Column("code", Text),
    Column("correlation_id", Text),
    Index("receipts_by_record", "type_id", "record_id"),
)

parked = Table(
    "parked",
    metadata,
    Column("configuration", Text, primary_key=True),
    Column("interaction_key", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("reason", Text, nullable=False, comment="ambiguous | unmatched"),
    Column("candidates", JSONB, nullable=False, comment="record ids"),
    Column("addresses", JSONB, nullable=False, comment="salted hashes of the customer's e-mail and phone"),
    Column("parked_at", _instant, nullable=False, comment="first seen without a record"),
    Column("run_id", UUID, nullable=False, comment="the run that parked it last"),
)

resolutions = Table(
    "resolutions",
    metadata,
    Column("configuration", Text, primary_key=True),
    Column("interaction_key", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("record_id", Text, nullable=False),
    Column("addresses", JSONB, nullable=False, comment="as in parked: whose next interactions it is kept for"),
    Column("door", Text, nullable=False, comment="command | csv | airflow"),
    Column("resolved_at", _instant, nullable=False),
)

salts = Table(
    "salts",
    metadata,
    Column("configuration", Text, primary_key=True),
    Column("salt", Text, nullable=False, comment="of the addresses in parked and resolutions, hexadecimal"),
)

coverage = Table(
    "coverage",
    metadata,
    Column("configuration", Text, primary_key=True),
    Column("window_start", _instant, primary_key=True),
    Column("window_end", _instant, primary_key=True),
    Column("run_id", UUID, nullable=False, comment="the last run that covered it"),
    Column("mapping_hash", Text, nullable=False),
)
