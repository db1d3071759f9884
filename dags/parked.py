"""### Decide which HubSpot record a parked target means

A target is *parked* when no record fits, or several do. Trigger this with the CXone Contact ID (or the interaction
key) as the report shows it, the record type and the HubSpot record id; or paste many lines. Every line is checked
against HubSpot before any is stored.

* A decision about a Contact or Company is kept for the **customer's next interactions**, too.
* The next run of the interval writes the values; the task's log names the intervals.
* **withdraw** takes a decision back, with every match it led to; what was written to HubSpot stays there.
"""

from airflow.sdk import DAG

from app.dag_parts import RESOLVE_PARAMS, common, drawn, form, step

for dag_id, facts in drawn("resolve_parked"):
    with DAG(
        dag_id,
        description=f"Stores decisions of people about parked targets: {facts.name}",
        doc_md=__doc__,
        schedule=None,
        **common(facts),
    ) as dag:
        step("resolve_parked", pool="hubspot_api")(name=facts.name)
        form(dag, RESOLVE_PARAMS)
