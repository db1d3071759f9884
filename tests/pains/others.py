"""What users of other products had to suffer, one row a thread or a few of the same kind; see tests/pains/table.py."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Pain:
    """`known`: public sources, threads as owner/repository#number. `answered`: names of rows in tests/laws/failures.py;
    `does` and `tests` (as in tests/proofs.py) are what these rows leave open."""

    group: str
    what: str
    known: str
    answered: tuple[str, ...] = ()
    does: str = ""
    tests: tuple[str, ...] = ()


HUBSPOT = "Writing to HubSpot"
AIRFLOW = "Nights under Airflow"

_REJECTED = "app/test_rejected::"
_HERE = "pains/test_hubspot::"

OTHERS: Final = (
    Pain(HUBSPOT, "A 207 is counted as success, and the failed rows are lost without a word",
         "airbytehq/airbyte#74716", ("207, which the SDK takes for a success",)),
    Pain(HUBSPOT, "One 409 fails the whole batch, and with it the sync", "airbytehq/airbyte#76340",
         ("409 that names the first of many conflicts",)),
    Pain(HUBSPOT, "A malformed payload is answered 2xx, nothing is written, and it counts as delivered",
         "rudderlabs/rudder-transformer#5167",
         ("200 COMPLETE, and nothing was done", "400 for JSON of the wrong shape")),
    Pain(HUBSPOT, "HubSpot discards the entire batch for one bad row", "rudderlabs/rudder-transformer#3308",
         ("An invalid value; every row has its trace id",
          "An invalid value, and HubSpot refuses the whole batch without saying whose")),
    Pain(HUBSPOT, "The run says success, all rows failed, and the next runs skip them for ever",
         "Multiwoven/multiwoven#910", ("A run says success although rows failed, and nobody hears of it",),
         "What was refused is offered again after 1, 2, 4, 8 days until it is cured or said to be given up.",
         (f"{_REJECTED}test_one_bad_row_among_a_hundred_is_kept_and_cured_in_the_next_night",
          f"{_REJECTED}test_it_is_offered_ever_more_seldom_until_it_expires_and_once_more_when_a_person_asks")),
    Pain(HUBSPOT, "A 207 of a batch read loses the rows that were found", "HubSpot/hubspot-api-php#619",
         ("A batch read that leaves ids out without a word",),
         "A record that is not there costs itself; the others are read.",
         ("plugins/hubspot/test_read::test_missing_records_are_absent",)),
    Pain(HUBSPOT, "Retries are configured, and a 429 is raised at once all the same", "HubSpot/hubspot-api-python#117",
         ("The SDK: broken by urllib3 2.6.0, a pool for each call, retries that leave POST out",)),
    Pain(HUBSPOT, "No setting of any limiter stops TEN_SECONDLY_ROLLING", "HubSpot/hubspot-api-nodejs#416",
         ("429 of the ten seconds, with or without Retry-After",
          "429 of searches, in its own words and without headers", "Another program uses the same ten seconds")),
    Pain(HUBSPOT, "A refused batch names only the first of many conflicts", "HubSpot/hubspot-api-python#51",
         ("409 that names the first of many conflicts",),
         tests=(f"{_HERE}test_each_of_many_conflicts_is_found_although_one_is_named",)),
    Pain(HUBSPOT, "A batch update keyed by e-mail does nothing and reports nothing", "HubSpot/hubspot-api-nodejs#548",
         ("A key property that is not unique", "Partial upserts of contacts by e-mail")),
    Pain(HUBSPOT, "The same id twice in a batch is refused after the records were committed, so that their "
         "associations are never made; `hs_object_id` is no key",
         "segmentio/action-destinations#3969, segmentio/action-destinations#3957",
         ("The same id or key twice in a batch, also in another case", "A key property that is not unique",
          "Records committed, their associations refused")),
    Pain(HUBSPOT, "An association is confirmed with 2xx, and no link was made",
         "MemberJunction/MJ#2743, HubSpot/hubspot-api-nodejs#85",
         ("An association is confirmed and does not stand",)),
    Pain(HUBSPOT, "An association right after the creation is lost, or the company of the e-mail's domain takes its "
         "place", "HubSpot/hubspot-api-python#88", ("An association is confirmed and does not stand",),
         "What HubSpot itself associated beside it neither counts for ours nor is touched.",
         ("pains/test_associations::test_the_company_of_the_emails_domain_does_not_stand_for_ours",)),
    Pain(HUBSPOT, "Search does not see fresh records, and they are made twice",
         "HubSpot/hubspot-api-php#59, Flagsmith/flagsmith#5739", ("Search does not see what was just written",)),
    Pain(HUBSPOT, "The newest results of a search are incomplete and out of order, and readers crash in loops",
         "estuary/connectors#1861, estuary/connectors#2210, estuary/connectors#5180",
         ("Search does not see what was just written",)),
    Pain(HUBSPOT, "Incremental reads miss records", "airbytehq/airbyte#69203", (),
         "Of HubSpot nothing is read by its time of change, but by id and key. Each night looks back "
         "`extraction.trailing_days` in CXone and takes up what was shown late; the report measures the lateness.",
         ("app/test_moving::test_rows_that_cxone_showed_only_after_their_night_are_not_lost",
          "memorialization/report/test_moving::test_lateness_is_measured_and_a_horizon_suggested",
          "plugins/hubspot/test_read::test_each_of_many_records_is_found_under_its_own_id")),
    Pain(HUBSPOT, "More than 10,000 results: refused, or the rest is left out without a word",
         "supaglue-labs/supaglue#585, activepieces/activepieces#10160",
         ("More than 10,000 results, or bodies over 3,000 characters",),
         tests=(f"{_HERE}test_results_beyond_the_ceiling_are_all_found",)),
    Pain(HUBSPOT, "A date that is not midnight UTC is refused",
         "HubSpot/hubspot-api-php#74, grouparoo/grouparoo#1537", ("Times lose `.000`; a date must be midnight UTC",)),
    Pain(HUBSPOT, "A check of options refuses all values of enumerations that are defined elsewhere",
         "botpress/botpress#15354", ("Options that are defined elsewhere: the list is empty",)),
    Pain(HUBSPOT, "One malformed record aborts the night",
         "mitodl/mitxpro#4019, Atlas-Authority/marketing-automation#174",
         ("An invalid value; every row has its trace id",),
         "What CXone tells wrongly is named and counted, and the rest goes on.",
         ("app/test_moving::test_rows_with_impossible_times_are_named_and_the_rest_goes_on",
          "plugins/cxone/test_voice::test_unreadable_rows_are_counted_and_the_rest_goes_on",
          "plugins/cxone/test_digital::test_one_bad_case_does_not_lose_the_night")),
    Pain(HUBSPOT, "A 4xx is tried again for a day; the renewal of a token does not wait as it was told",
         "usertour/usertour#492, PostHog/posthog#64726",
         ("400, 404, 408, 409, 413, 414: tried again for hours elsewhere",),
         "CXone's log-in obeys Retry-After as every other call does.",
         ("pains/test_cxone::test_the_renewal_of_a_token_waits_as_long_as_it_is_told",
          "plugins/cxone/test_client::test_what_cannot_pass_is_asked_once")),
    Pain(HUBSPOT, "After a time-out nobody can tell whether the record was made", "linuxfoundation/lfx-self-serve#2086",
         ("After a time-out nobody knows whether a record was made",
          "A note has no unique key: asked twice, made twice")),
    Pain(HUBSPOT, "The sync overwrites what people corrected",
         "Atlas-Authority/marketing-automation#64, sneg55/pingcrm#48",
         ("A person corrects what the sync wrote, and the sync takes it back",),
         "Per row, `ownership` can leave a property to HubSpot altogether.",
         ("memorialization/test_reconcile::test_fill_if_empty_fills_and_leaves_every_value_alone",)),
    Pain(HUBSPOT, "A partial failure pages nobody, its log is in no table, no refused row is kept with id and code",
         "segmentio/segment-docs#7399, segmentio/segment-docs#5852, drt-hub/drt#784, drt-hub/drt#278, "
         "bruin-data/ingestr#1147",
         ("A run says success although rows failed, and nobody hears of it",),
         "Runs, receipts and refused values are documented tables of a database of your own; `memorialize rejected` "
         "lists code, cure and record.",
         ("memorialization/ledger/test_documents::test_the_guide_holds_every_table_as_it_is",
          "app/commands/test_rejected::test_the_list_names_code_cure_record_and_next_try",
          "dags/test_announce::test_a_run_that_fails_is_not_announced")),
    Pain(HUBSPOT, "A transcript over the limit is not logged at all; \"too long\", but which property? A check of "
         "quality shows customers' texts",
         "ringcentral/rc-unified-crm-extension#99, airbytehq/airbyte#62090, "
         "great-expectations/great_expectations#8780",
         ("A text over 65,536 characters or the portal's own limit",),
         "Results of quality checks name rows by key and hold no value.",
         ("memorialization/test_overflow::test_only_what_is_too_long_is_cut_and_names_its_url",
          "memorialization/test_quality::test_what_does_not_fit_is_named_by_its_key_before_the_write",
          "memorialization/test_quality::test_no_text_is_in_results_or_ledger")),
    Pain(AIRFLOW, "Two backfills work on the same date; backfills do not share `max_active_runs` with the schedule",
         "apache/airflow#47670, apache/airflow#42686, apache/airflow#58752", (),
         "Each window is leased in the ledger: who comes second waits, and says for whom.",
         ("app/test_leases::test_two_processes_on_one_interval_a_kill_and_another_interval",
          "memorialization/ledger/test_leases::test_of_many_who_ask_at_once_one_gets_it",
          "local/test_scheduler::test_a_night_a_manual_run_and_a_backfill_of_the_same_days_leave_the_same_hubspot")),
    Pain(AIRFLOW, "A skipped run is a night lost where `max_active_runs=1` meets catchup off",
         "mozilla/telemetry-airflow#2372", (),
         "A night that failed or never came is made good by the next one.",
         ("app/test_runner::test_a_failed_night_is_made_good_by_the_next_scheduled_one",
          "app/test_coverage::test_an_outage_and_a_failed_night_are_healed_by_the_next_which_says_so_and_the_rest_"
          "stays_in_sight")),
    Pain(AIRFLOW, "A manual run has no logical date, or an interval that nobody meant",
         "apache/airflow#46197, apache/airflow#46192, apache/airflow#46512, apache/airflow#41014, apache/airflow#43547",
         (), "The window comes from the data interval or from the form, never from the logical date; without both it "
         "is the last complete night.",
         ("laws/test_dags::test_no_window_comes_from_the_logical_date",
          "app/test_tasks::test_without_both_it_is_the_last_complete_night",
          "app/test_tasks::test_a_window_half_given_or_empty_is_never_guessed")),
    Pain(AIRFLOW, "A task that is tried again begins from zero", "WordPress/openverse#1653, apache/airflow#71870",
         ("kill -9 at any moment",)),
    Pain(AIRFLOW, "Large params make each parsing slow", "apache/airflow#32434", (),
         "The form holds three fields; DAG files import nothing heavy.",
         ("app/test_dag_parts::test_the_form_takes_nothing_but_text_and_a_yes_or_no",
          "laws/test_imports::test_parsing_the_dags_loads_nothing_heavy")),
)  # fmt: skip
