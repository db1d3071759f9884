"""### Decide which HubSpot record a parked target means

A target is *parked* when no record fits, or several do. Trigger this with the CXone Contact ID (or the interaction
key) as the report shows it, the record type and the HubSpot record id; or paste many lines. Every line is checked
against HubSpot before any is stored.

* A decision about a Contact or Company is kept for the **customer's next interactions**, too.
* The next run of the interval writes the values; the task's log names the intervals.
* **withdraw** takes a decision back, with every match it led to; what was written to HubSpot stays there.
"""

from airflow.sdk import DAG

from app.dag_facts import dag_facts
from app.dag_parts import RESOLVE_PARAMS, common, step

for facts in dag_facts():
    with DAG(
        f"resolve_parked__{facts.label}",
        description=f"Stores decisions of people about parked targets: {facts.name}",
        doc_md=__doc__,
        schedule=None,
        params=RESOLVE_PARAMS,
        **common(facts),
    ):
        step("resolve_parked", pool="hubspot_api")(name=facts.name)
