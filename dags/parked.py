"""### Decide which HubSpot record a parked target means

A target is *parked* when no record fits, or several do. Trigger this with the CXone Contact ID (or the interaction
key) as the report shows it, the record type and the HubSpot record id; or paste many lines. Every line is checked
against HubSpot before any is stored.

* A decision about a Contact or Company is kept for the **customer's next interactions**, too.
* The next run of the interval writes the values; the task's log names the intervals.
* **withdraw** takes a decision back, with every match it led to; what was written to HubSpot stays there.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from app.dag_facts import dag_facts
from app.dag_parts import RESOLVE_PARAMS, RETRIES, step

for facts in dag_facts():
    with DAG(
        f"resolve_parked__{facts.label}",
        description=f"Stores decisions of people about parked targets: {facts.name}",
        doc_md=__doc__,
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        tags=["memorialization", facts.label],
        default_args={"owner": facts.owner, "retries": 2, "retry_delay": timedelta(minutes=1), "retry_policy": RETRIES},
        params=RESOLVE_PARAMS,
    ):
        step("resolve_parked", pool="hubspot_api")(name=facts.name)
