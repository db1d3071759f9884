"""### Delete what is no longer needed

Every day: the staging of runs that ended longer ago than `retention` in crm.yaml allows (30 days unless it says
otherwise), and their reports (400 days). Staging holds customer text; the reports and the ledger hold none.

* A run that goes on, waits for an approval or is being taken back keeps its files.
* Only files that this product wrote are deleted; links are never followed.
* A run whose staging is gone can no longer be **taken back**; its report and its receipts stay.
* The task's log says what was freed, and what was left and why. **dry_run** deletes nothing.
"""

from airflow.sdk import DAG, CronTriggerTimetable

from app.dag_parts import PURGE_PARAMS, common, drawn, form, step

for dag_id, facts in drawn("purge_staging"):
    with DAG(
        dag_id,
        description=f"Deletes files of runs that are no longer needed: {facts.name}",
        doc_md=__doc__,
        schedule=CronTriggerTimetable("30 12 * * *", timezone="UTC"),
        **common(facts),
    ) as dag:
        step("purge_staging")(name=facts.name)
        form(dag, PURGE_PARAMS)
