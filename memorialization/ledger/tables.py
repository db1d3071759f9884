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
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()

_instant = DateTime(timezone=True)

runs = Table(
    "runs",
    metadata,
    Column("run_id", UUID, primary_key=True, comment="UUIDv7, one per try"),
    Column("reverts", UUID, comment="the run that this one takes back; null for a night"),
    Column("configuration", Text, nullable=False, comment="folder of the CRM configuration"),
    Column("dag_run_id", Text, comment="Airflow's run id; null for the command line"),
    Column("try_number", Integer, nullable=False, comment="Airflow's try; 1 on the command line"),
    Column("window_start", _instant, nullable=False, comment="start of the window, included"),
    Column("window_end", _instant, nullable=False, comment="end of the window, not included"),
    Column("mode", Text, nullable=False, comment="observe | adopted"),
    Column("dry_run", Boolean, nullable=False, comment="nothing was to be written"),
    Column("nightly", Boolean, nullable=False, server_default=false(), comment="of the schedule; backfills give way"),
    Column("mapping_hash", Text, nullable=False, comment="of the mapping files that held"),
    Column("staging", Text, nullable=False, comment="address of the run's files"),
    Column("state", Text, nullable=False, comment="running | done | failed"),
    Column("started_at", _instant, nullable=False, comment="when it began"),
    Column("finished_at", _instant, comment="when it ended; null while it goes on, or where it was killed"),
    Column("funnel", JSONB, comment="the closed funnel, one flat object of integers"),
    Column("report", Text, comment="folder of report.json and report.html"),
    Column("purged_at", _instant, comment="when its staging was deleted; null while it may be there"),
    Column("report_purged_at", _instant, comment="when its report was deleted; null while it may be there"),
    Index("runs_by_window", "configuration", "window_start"),
    Index("runs_by_start", "configuration", "started_at"),
    Index("runs_by_dag_run", "configuration", "dag_run_id"),
    comment="Every run: nights, backfills and their scans, dry runs, and reverts (reverts is not null).",
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", UUID, primary_key=True, comment="the run"),
    Column(
        "step", Text, primary_key=True, comment="scan, extract, prepare, cards, reconcile, gate, apply, judge, report"
    ),
    Column(
        "partition", Text, primary_key=True, comment="the part of the run: a channel, a partition, or <entity>/<bucket>"
    ),
    Column("state", Text, nullable=False, comment="running | done | failed"),
    Column("started_at", _instant, nullable=False, comment="when it began"),
    Column("finished_at", _instant, comment="when it ended; null while it goes on, or where it was killed"),
    Column("summary", JSONB, comment="counts of a done step; error class and message of a failed one"),
    comment="The steps of a run, each on its part of the data, with counts.",
)

interactions = Table(
    "interactions",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column(
        "interaction_key", Text, primary_key=True, comment="one agent leg: v:<contact>, or d:<case>:<start>:<agent>"
    ),
    Column("channel", Text, nullable=False, comment="voice | digital"),
    Column("state", Text, nullable=False, comment="due | provisional | never_due"),
    Column("reason", Text, comment="why it is provisional, never due, or asked for again"),
    Column("start_time", _instant, comment="start of the leg"),
    Column("end_time", _instant, comment="end of the leg; null while it is assigned"),
    Column("updated_at", _instant, comment="CXone's last change of the row"),
    Column("contact_guid", Text, comment="CXone's GUID of a digital contact"),
    Column("version", BigInteger, comment="hash of what CXone said of it"),
    Column("first_due_at", _instant, comment="end of the window that found it due first; null while none did"),
    Column("run_id", UUID, nullable=False, comment="the run that saw it last"),
    Index("interactions_by_state", "configuration", "state"),
    Index("interactions_by_change", "configuration", "updated_at"),
    Index("interactions_by_contact", "configuration", text("split_part(interaction_key, ':', 2)")),
    Index("interactions_by_guid", "configuration", "contact_guid"),
    comment="How every interaction seen was settled last.",
)

matches = Table(
    "matches",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column(
        "interaction_key", Text, primary_key=True, comment="one agent leg: v:<contact>, or d:<case>:<start>:<agent>"
    ),
    Column("entity", Text, primary_key=True, comment="record type, as the mapping's section names it"),
    Column("record_id", Text, nullable=False, comment="HubSpot's id of the record"),
    Column("rule", Text, nullable=False, comment="how the record was found first: key, e-mail, phone, resolved, ..."),
    Column("resolved_by", Text, comment="interaction key of the resolution that led to it"),
    Column("run_id", UUID, nullable=False, comment="the run that found it"),
    comment="Which HubSpot record an interaction belongs to, and how it was found.",
)

plans = Table(
    "plans",
    metadata,
    Column("run_id", UUID, primary_key=True, comment="the run whose plan it is"),
    Column("configuration", Text, nullable=False, comment="folder of the CRM configuration"),
    Column("mapping_hash", Text, nullable=False, comment="of the mapping files that held"),
    Column("plan_hash", Text, nullable=False, comment="over run, mapping and everything that may be written"),
    Column("buckets", JSONB, nullable=False, comment="entity/number -> hashes of its values, notes, associations"),
    Column("counts", JSONB, nullable=False, comment="values, overwrites, creates, records, notes, ..., by property"),
    Column("backfill", Boolean, nullable=False, comment="it shares its limits with the other runs of a backfill"),
    Column("state", Text, nullable=False, comment="made | not_needed | approved | refused | expired | applied"),
    Column("exceeds", JSONB, nullable=False, comment="the limits of crm.yaml that it is above"),
    Column("made_at", _instant, nullable=False, comment="when it was made"),
    Column("expires_at", _instant, nullable=False, comment="not applied any more from then on"),
    Column("decided_by", Text, comment="the person who approved or refused it"),
    Column("decided_at", _instant, comment="when it was approved or refused"),
    Column("approved_values", Integer, comment="what the whole backfill may write"),
    Index("plans_by_time", "configuration", "made_at"),
    comment="What a run was about to write, and who decided about it.",
)

holders = Table(
    "holders",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column(
        "type_id", Text, primary_key=True, comment="HubSpot's record type: 0-1 contact, 0-2 company, 0-5 ticket, ..."
    ),
    Column("record_id", Text, primary_key=True, comment="HubSpot's id of the record"),
    Column("property", Text, primary_key=True, comment="internal name of the HubSpot property"),
    Column("end_time", _instant, nullable=False, comment="end of the newest interaction whose value was judged there"),
    Column("interaction_key", Text, nullable=False, comment="that interaction"),
    Column("value_hash", BigInteger, nullable=False, comment="of the canonical value"),
    Column("written", Boolean, nullable=False, comment="by a write of ours; else found equal"),
    Column("times", Integer, nullable=False, comment="how often a written value then stood in the history"),
    comment="Whose value stands at a property: the newest interaction judged there. Working memory, no audit trail.",
)

echoes = Table(
    "echoes",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column(
        "type_id", Text, primary_key=True, comment="HubSpot's record type: 0-1 contact, 0-2 company, 0-5 ticket, ..."
    ),
    Column("property", Text, primary_key=True, comment="internal name of the HubSpot property"),
    Column("sent_hash", BigInteger, primary_key=True, comment="of the canonical value that was written"),
    Column("echoed_hash", BigInteger, primary_key=True, comment="of the canonical value that HubSpot made of it"),
    Column("run_id", UUID, nullable=False, comment="the run that learned it last"),
    comment="How HubSpot respells values that were written. Working memory.",
)

receipts = Table(
    "receipts",
    metadata,
    Column("run_id", UUID, primary_key=True, comment="the run that wrote"),
    Column(
        "type_id", Text, primary_key=True, comment="HubSpot's record type: 0-1 contact, 0-2 company, 0-5 ticket, ..."
    ),
    Column("record", Text, primary_key=True, comment="record id, or new:<key> of a record to create"),
    Column("property", Text, primary_key=True, comment="internal name of the HubSpot property"),
    Column("record_id", Text, comment="HubSpot's id of the record; null where none was made"),
    Column("interaction_key", Text, nullable=False, comment="the interaction whose value it is"),
    Column("verdict", Text, nullable=False, comment="missing | drifted | truncated"),
    Column("outcome", Text, nullable=False, comment="written | rejected | unaccounted"),
    Column("created", Boolean, nullable=False, comment="the write made the record"),
    Column("verified", Boolean, comment="what was read back equals what was written"),
    Column("before_hash", BigInteger, comment="of the canonical value before; null where the property was empty"),
    Column("before_length", Integer, comment="UTF-16 units"),
    Column(
        "after_hash",
        BigInteger,
        nullable=False,
        comment="of the canonical value that was sent; 0 where a revert cleared it",
    ),
    Column("after_length", Integer, nullable=False, comment="UTF-16 units"),
    Column("category", Text, comment="HubSpot's category of a rejected value"),
    Column("code", Text, comment="HubSpot's error code of a rejected value"),
    Column("correlation_id", Text, comment="by which HubSpot's support finds the call"),
    Index("receipts_by_record", "type_id", "record_id"),
    comment="One row per value that a run sent to HubSpot: who wrote what, for which interaction, what became of it.",
)

notes = Table(
    "notes",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column("type_id", Text, primary_key=True, comment="of the record that the note is associated with"),
    Column("record_id", Text, primary_key=True, comment="HubSpot's id of the record"),
    Column("property", Text, primary_key=True, comment="the one that is too small for the transcript"),
    Column(
        "interaction_key", Text, primary_key=True, comment="one agent leg: v:<contact>, or d:<case>:<start>:<agent>"
    ),
    Column("part", Integer, primary_key=True, comment="which of the notes of one transcript, from 1"),
    Column("note_id", Text, nullable=False, comment="HubSpot's id of the note"),
    Column("value_hash", BigInteger, nullable=False, comment="of the body that was written or found"),
    Column("run_id", UUID, nullable=False, comment="the run that wrote or found it last"),
    comment="Notes that hold whole transcripts.",
)

parked = Table(
    "parked",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column(
        "interaction_key", Text, primary_key=True, comment="one agent leg: v:<contact>, or d:<case>:<start>:<agent>"
    ),
    Column("entity", Text, primary_key=True, comment="record type, as the mapping's section names it"),
    Column("contact_guid", Text, comment="CXone's GUID of a digital contact"),
    Column("reason", Text, nullable=False, comment="ambiguous | unmatched"),
    Column("candidates", JSONB, nullable=False, comment="record ids"),
    Column("addresses", JSONB, nullable=False, comment="keyed hashes of the customer's e-mail and phone"),
    Column("parked_at", _instant, nullable=False, comment="first seen without a record"),
    Column("run_id", UUID, nullable=False, comment="the run that parked it last"),
    Index("parked_by_time", "configuration", "parked_at", "interaction_key", "entity"),
    comment="Targets that wait for a person.",
)

resolutions = Table(
    "resolutions",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column(
        "interaction_key", Text, primary_key=True, comment="one agent leg: v:<contact>, or d:<case>:<start>:<agent>"
    ),
    Column("entity", Text, primary_key=True, comment="record type, as the mapping's section names it"),
    Column("record_id", Text, nullable=False, comment="the record that the person decided on"),
    Column("contact_guid", Text, comment="CXone's GUID of a digital contact"),
    Column("addresses", JSONB, nullable=False, comment="as in parked: whose next interactions it is kept for"),
    Column("door", Text, nullable=False, comment="command | csv | airflow"),
    Column("resolved_at", _instant, nullable=False, comment="when it was decided"),
    comment="What people decided about parked targets.",
)

rejected = Table(
    "rejected",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column(
        "type_id", Text, primary_key=True, comment="HubSpot's record type: 0-1 contact, 0-2 company, 0-5 ticket, ..."
    ),
    Column(
        "interaction_key", Text, primary_key=True, comment="one agent leg: v:<contact>, or d:<case>:<start>:<agent>"
    ),
    Column("property", Text, primary_key=True, comment="internal name of the HubSpot property"),
    Column("record", Text, nullable=False, comment="record id, or new:<key> of a record to create"),
    Column("start_time", _instant, nullable=False, comment="start of the leg"),
    Column("end_time", _instant, nullable=False, comment="end of the leg"),
    Column("value_hash", BigInteger, nullable=False, comment="of the canonical value that was refused"),
    Column("value_length", Integer, nullable=False, comment="UTF-16 units"),
    Column("category", Text, comment="HubSpot's category of the last refusal"),
    Column("code", Text, comment="HubSpot's error code of the last refusal"),
    Column("correlation_id", Text, comment="by which HubSpot's support finds the last refusal"),
    Column("first_at", _instant, nullable=False, comment="when this value was refused first"),
    Column("last_at", _instant, nullable=False, comment="when it was refused last"),
    Column("tries", Integer, nullable=False, comment="times that it was due and refused"),
    Column("next_at", _instant, nullable=False, comment="runs whose window ends then or later offer it, while open"),
    Column("state", Text, nullable=False, comment="open | cured | expired | dismissed"),
    Column(
        "reason",
        Text,
        comment="of cured: written | equal | edited | superseded; of expired: time | reach; else null",
    ),
    Column("run_id", UUID, nullable=False, comment="the run that refused it last"),
    Index("rejected_by_time", "configuration", "first_at", postgresql_where=text("state <> 'cured'")),
    comment="Values that HubSpot refused, until they are cured, expired or dismissed.",
)

coverage = Table(
    "coverage",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column("window_start", _instant, primary_key=True, comment="start of the window, included"),
    Column("window_end", _instant, primary_key=True, comment="end of the window, not included"),
    Column("run_id", UUID, nullable=False, comment="the last run that covered it"),
    Column("mapping_hash", Text, nullable=False, comment="of the mapping files that held"),
    comment="Windows that were delivered; they are not read again by themselves.",
)

leases = Table(
    "leases",
    metadata,
    Column("configuration", Text, nullable=False, comment="folder of the CRM configuration"),
    Column("window_start", _instant, nullable=False, comment="start of the window, included"),
    Column("window_end", _instant, nullable=False, comment="end of the window, not included"),
    Column("run_id", UUID, primary_key=True, comment="the run that works it"),
    Column("holder", Text, nullable=False, comment="Airflow's run, or the process of a command"),
    Column("taken_at", _instant, nullable=False, comment="when the run took it"),
    Column("renewed_at", _instant, nullable=False, comment="its last sign of life"),
    Column("expires_at", _instant, nullable=False, comment="from then on another run may take it"),
    Index("leases_by_window", "configuration", "window_start"),
    comment="Which run works which window now; those of one configuration never overlap. Working memory.",
)

lengths = Table(
    "lengths",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column("mapping", Text, primary_key=True, comment="data memorialization mapping"),
    Column("entity", Text, primary_key=True, comment="record type, as the mapping's section names it"),
    Column("external_crm_field", Text, primary_key=True, comment="internal name of the HubSpot property"),
    Column("window_end", _instant, primary_key=True, comment="end of the window, not included"),
    Column("character_limit", Integer, nullable=False, comment="the most that the property took"),
    Column("transcripts", Integer, nullable=False, comment="how many were mapped to the property"),
    Column("over_limit", Integer, nullable=False, comment="of them, longer than the limit"),
    Column("median", Integer, nullable=False, comment="of their lengths, as HubSpot counts characters"),
    Column("p95", Integer, nullable=False, comment="95th percentile of their lengths"),
    Column("p99", Integer, nullable=False, comment="99th percentile"),
    Column("p999", Integer, nullable=False, comment="99.9th percentile"),
    Column("longest", Integer, nullable=False, comment="the longest"),
    Column("run_id", UUID, nullable=False, comment="the last run that measured them"),
    comment="How long the transcripts of each window were, for trends.",
)

quotas = Table(
    "quotas",
    metadata,
    Column("account", Text, primary_key=True, comment="hubspot:<Hub ID>"),
    Column("state", JSONB, nullable=False, comment="calls leased, and what HubSpot said is left"),
    Column("changed_at", _instant, nullable=False, comment="when it was changed last"),
    comment="HubSpot calls that all processes of one account share. Working memory.",
)

alerts = Table(
    "alerts",
    metadata,
    Column("configuration", Text, primary_key=True, comment="folder of the CRM configuration"),
    Column(
        "kind", Text, primary_key=True, comment="failed | quota | nothing pulled | approval | late | quality <suite>"
    ),
    Column("state", JSONB, nullable=False, comment="what is so, as a list of words; empty: it is well"),
    Column("since", _instant, nullable=False, comment="when that changed last"),
    Column("run_id", UUID, comment="the run that showed it; null where none was opened"),
    comment="What people were alerted of last. Working memory.",
)
