"""A long life of one configuration in the ledger: nights with their funnels, and queues that were never worked off."""

import json
import uuid
from datetime import datetime, timedelta

import psycopg2
from psycopg2.extras import execute_values

from memorialization.report.model import Funnel

PARKED = 20_000
REJECTED = 5_000
PER_NIGHT = 500


def funnel(night: int) -> Funnel:
    """Of the night that is so many nights back: weekends are quiet, and one night HubSpot was down."""
    pulled = 98 - night * 7 % 13 - (60 if night % 7 in (2, 3) else 0)
    values, due = pulled * 20, pulled * 8 // 10
    lost = values // (9 if night == 12 else 45) + 2 * (night * 5 % 7)
    parked = 3 + night * 11 % 7
    return Funnel(
        pulled=pulled, due=due, provisional=pulled // 20, never_due=pulled - due - pulled // 20,
        targets=2 * due, matched=2 * due - parked, parked=parked,
        values=values, equal=values - lost, missing=lost, planned=lost, written=lost - 3, rejected=3, verified=lost - 3,
    )  # fmt: skip


def live_through(where: str, database: str, until: datetime, nights: int) -> None:
    """`until`: the end of the newest of these nights; each is adopted, done and covered."""
    runs, covered = [], []
    for night in range(nights):
        run_id, end = str(uuid.UUID(int=night + 1)), until - timedelta(days=night)
        start = end - timedelta(days=1)
        counts = json.dumps(funnel(night).model_dump())
        ended = end + timedelta(minutes=2)
        runs.append((run_id, f"scheduled__{end:%Y-%m-%d}", start, end, end, ended, counts))
        if night not in (5, 23):
            covered.append((start, end, run_id))
    connection = psycopg2.connect(host=where, user="postgres", dbname=database)
    with connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            "insert into runs (run_id, configuration, dag_run_id, try_number, window_start, window_end, mode, dry_run, "
            "mapping_hash, staging, state, started_at, finished_at, funnel) values %s",
            runs,
            "(%s::uuid, 'acme', %s, 1, %s, %s, 'adopted', false, 'm', '/nowhere', 'done', %s, %s, %s::jsonb)",
        )
        execute_values(
            cursor,
            "insert into coverage (configuration, window_start, window_end, run_id, mapping_hash) values %s",
            covered,
            "('acme', %s, %s, %s::uuid, 'm')",
        )
        cursor.execute(
            "insert into interactions (configuration, interaction_key, channel, state, start_time, end_time, run_id) "
            "select 'acme', 'v:' || 700000000 + n, 'voice', 'due', %(until)s - n * interval '1 minute', "
            "%(until)s - n * interval '1 minute', %(run)s::uuid from generate_series(1, %(n)s) n",
            {"until": until, "run": runs[0][0], "n": nights * PER_NIGHT},
        )
        cursor.execute(
            "insert into parked (configuration, interaction_key, entity, reason, candidates, addresses, parked_at, "
            "run_id) select 'acme', 'v:' || 700000000 + n, 'Contact', "
            "case when n %% 3 = 0 then 'ambiguous' else 'unmatched' end, "
            "case when n %% 3 = 0 then '[\"101\", \"102\"]'::jsonb else '[]' end, '[]', "
            "%(until)s - n * interval '20 minutes', %(run)s::uuid from generate_series(1, %(n)s) n",
            {"until": until, "run": runs[0][0], "n": PARKED},
        )
        cursor.execute(
            "insert into rejected (configuration, type_id, interaction_key, property, record, start_time, end_time, "
            "value_hash, value_length, category, code, first_at, last_at, tries, next_at, state, run_id) "
            "select 'acme', '0-5', 'v:' || 700000000 + n, 'cxone_transcript', 501 + n, %(until)s, %(until)s, 0, 70000, "
            "'VALIDATION_ERROR', 'INVALID_LONG_TEXT', %(until)s - n * interval '1 hour', %(until)s, 3, %(until)s, "
            "case when n %% 9 = 0 then 'cured' when n %% 5 = 0 then 'expired' else 'open' end, %(run)s::uuid "
            "from generate_series(1, %(n)s) n",
            {"until": until, "run": runs[0][0], "n": REJECTED},
        )
    with connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("analyze")
    connection.close()
