"""### One night of memorialized values, reconciled

Pulls the interactions that ended in the window from CXone, compares every mapped value with what HubSpot
holds, writes what is missing or wrong, reads it back, and reports. Nothing is written while the configuration
is in `mode: observe` or the run is a `dry_run`.

* **Trigger without dates**: the last complete night. **Backfill**: any range of days; doing one again is harmless.
* **Waiting for input?** The plan is above the limits of `approval` in crm.yaml: the task `approve` shows its numbers.
  Approve or reject it there; without an answer in time nothing is written, and the interval stays open.
* **Red?** Open the task `verdict`: it names what is not settled. The report is written all the same.
* **What may follow**: DAGs scheduled on the asset `hubspot://<configuration>/memorialized`; an applied run emits it.
* Reports: `var/reports/<configuration>/<run>/report.html`, or `memorialize report --last`.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable, TriggerRule

from app.dag_parts import PARAMS, Approve, common, deadline, drawn, form, memorialized, open_run, step

HUBSPOT = {"pool": "hubspot_api"}
ANY = {"trigger_rule": TriggerRule.ALL_DONE_MIN_ONE_SUCCESS}  # a failed partition costs only itself
DONE = {"trigger_rule": TriggerRule.ALL_DONE}

for dag_id, facts in drawn("memorialize"):
    with DAG(
        dag_id,
        description=facts.description,
        doc_md=__doc__,
        schedule=CronDataIntervalTimetable(facts.schedule, timezone=facts.timezone),
        deadline=deadline(facts),
        **common(facts),
    ) as dag:
        run = open_run(facts, **HUBSPOT)
        extracted = step("extract", pool="cxone_api").partial(run=run).expand(channel=["voice", "digital"])
        partitions = step("partition")(run=run, extracted=extracted)
        buckets = step("buckets")(run=run)
        prepared = step("prepare", **HUBSPOT).partial(run=run).expand_kwargs(partitions)
        cards = step("cards", **HUBSPOT, **ANY).partial(run=run).expand_kwargs(partitions)
        reconciled = step("reconcile", **HUBSPOT, **ANY).partial(run=run).expand_kwargs(buckets)
        released = step("gate", **HUBSPOT, **ANY)(run=run)
        approved = Approve(task_id="approve", opened=run)
        applied = step("apply", **HUBSPOT).partial(run=run).expand_kwargs(approved.output)
        told = step("judge_source").partial(run=run).expand_kwargs(partitions)
        before = step("judge_mapped").partial(run=run).expand_kwargs(partitions)
        after = step("judge_stored", **DONE).partial(run=run).expand_kwargs(buckets)
        reported = step("report", **DONE)(run=run)
        partitions >> buckets >> reconciled >> released >> approved >> applied >> after >> reported
        prepared >> [reconciled, before] >> reported << told
        prepared >> cards >> released  # before anything is written: as the agents saw it
        approved >> after
        judged = step("verdict", retries=0, **DONE)(reported=reported, run=run)
        judged >> step("announce", outlets=memorialized(facts))(reported=reported)
        form(dag, PARAMS)
