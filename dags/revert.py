"""### Take a run back

Restores what stood in HubSpot before a run wrote, value by value, and only where HubSpot still holds exactly what that
run wrote. What somebody changed since stays (`moved`), and so does what a newer interaction holds by now (`newer`).
Records that the run created are left and listed, never deleted.

* **run id**: as the report of that run names it. **dry_run** says what would be restored, and writes nothing.
* Doing it twice is harmless. It needs the files of that run in staging.
* The window stays covered: no later night writes these values again, but a **backfill** of it does.
"""

from airflow.sdk import DAG, TriggerRule

from app.dag_parts import REVERT_PARAMS, WAITS, common, drawn, form, step

for dag_id, facts in drawn("revert"):
    with DAG(
        dag_id,
        description=f"Takes back what one run wrote to HubSpot: {facts.name}",
        doc_md=__doc__,
        schedule=None,
        **common(facts),
    ) as dag:
        run = step("open_revert", pool="hubspot_api", **WAITS)(name=facts.name)
        released = step("plan_revert", pool="hubspot_api")(run=run)
        applied = step("apply", pool="hubspot_api").partial(run=run).expand_kwargs(released)
        reported = step("report", trigger_rule=TriggerRule.ALL_DONE)(run=run)
        applied >> reported
        step("verdict", retries=0, trigger_rule=TriggerRule.ALL_DONE)(reported=reported)
        form(dag, REVERT_PARAMS)
