"""Each way in which HubSpot is known to fail stands here once: what is done about it, and the tests that show it.

`python -m tests.laws.failures` writes the table of docs/delivery.md; a law keeps table, tests and this list one.
Sources: H = hubspot-api (section, and its number where it counts), D = peers, section D (number).
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from tests.proofs import PROJECT, filled, link

GUIDE: Final = PROJECT / "docs/delivery.md"


@dataclass(frozen=True)
class Failure:
    """`tests`: as in tests/proofs.py."""

    group: str
    what: str
    source: str
    does: str
    tests: tuple[str, ...]


CALLS = "The call goes wrong"
ANSWERS = "The answer is not what it says"
ROWS = "One row spoils a batch"
RECORDS = "Which record"
VALUES = "What HubSpot makes of a value"
ADDITIONS = "Notes and associations"
RUNS = "The run itself"

_CLIENT = "plugins/hubspot/test_client::"
_STATUS = "plugins/hubspot/test_failures::test_each_status_has_its_error_and_its_patience"
_PASSING = f"{_CLIENT}test_a_passing_fault_is_waited_out"
_LASTING = f"{_CLIENT}test_a_lasting_fault_becomes_its_error"
_WRITE = "plugins/hubspot/test_write::"
_READ = "plugins/hubspot/test_read::"
_CREATE = "plugins/hubspot/test_create::"
_REFUSED = f"{_WRITE}test_what_was_refused_before_it_was_looked_at_is_sent_again"
_LOST = f"{_WRITE}test_what_may_have_been_carried_out_is_not_sent_again_and_costs_its_own_batch"
_LIMITS = "plugins/hubspot/test_limits::"
_FAULTS = "app/test_faults::"
_DELIVER = "memorialization/test_deliver::"
_TEXTS = "memorialization/test_rendering::"
_STORM = "app/test_storm::test_a_night_under_all_faults_at_once_loses_doubles_and_clobbers_nothing"

FAILURES: Final = (
    Failure(
        CALLS, "429 of the ten seconds, with or without Retry-After", "H 4, 5, 9.16; D 7, 8",
        "Does not come about: all processes of an account share one budget in PostgreSQL. If it comes, the same call "
        "again after Retry-After (up to a minute) or ten seconds, six tries in all.",
        (_STATUS, _PASSING, f"{_CLIENT}test_retry_after_is_obeyed",
         f"{_LIMITS}test_processes_share_one_budget_and_none_is_refused"),
    ),
    Failure(
        CALLS, "429 of searches, in its own words and without headers", "H 2.5, 4, 9.6, 9.16; D 8",
        "A budget of its own below five a second; one second, then again.",
        (f"{_CLIENT}test_searches_keep_below_an_accounts_five_a_second",
         f"{_CLIENT}test_a_search_waits_a_second_for_its_own_429"),
    ),
    Failure(
        CALLS, "429 of the day", "H 4, 5, 9.16",
        "Never tried again. The run stops, its unsent values are `held: quota`, and the first run after midnight of "
        "the account takes them up. A reserve is left to other programs.",
        (f"{_FAULTS}test_the_day_ends_in_the_middle_of_a_batch_of_writes",
         f"{_FAULTS}test_a_night_that_the_days_calls_do_not_suffice_for_is_healed_by_the_first_after_midnight",
         f"{_WRITE}test_what_was_written_before_the_quota_ended_keeps_its_receipts",
         f"{_LIMITS}test_no_call_is_made_while_the_day_is_down_to_the_reserve"),
    ),
    Failure(
        CALLS, "Another program uses the same ten seconds", "H 5; D 8",
        "What the headers say others use is left to them, with a margin.",
        (f"{_LIMITS}test_what_another_program_uses_is_left_to_it",),
    ),
    Failure(
        CALLS, "423: a record is locked", "H 5",
        "At least two seconds, then the same call again.", (_STATUS, _PASSING, _LASTING, _REFUSED),
    ),
    Failure(
        CALLS, "477: HubSpot moves the account, for up to a day", "H 5",
        "Waited out where Retry-After is a minute at most; else the task fails and Airflow tries it later.",
        (_STATUS, _PASSING, _LASTING, _REFUSED),
    ),
    Failure(
        CALLS, "500, 502, 503, 504, 52x, often as a page of HTML", "H 4, 5",
        "Reads: the same call again with growing waits. Values may have been written: they are looked at again, and "
        "only what is still as planned is sent again, up to five times with growing waits; then the step fails, keeps "
        "its receipts, and Airflow tries it later. Making a record is never repeated.",
        (_LOST,
         f"{_DELIVER}test_a_lost_answer_is_looked_for_and_what_a_person_changed_meanwhile_stays",
         f"{_FAULTS}test_hubspot_going_away_in_the_middle_of_writing",
         _STATUS, _PASSING, f"{_FAULTS}test_a_burst_limit_a_gateways_page_and_an_answer_that_never_came",
         f"{_CREATE}test_after_an_answer_that_never_came_nothing_is_sent_again"),
    ),
    Failure(
        CALLS, "The connection is reset before or after the commit", "H 5, 9.17; D 22",
        "Likewise; whether it was carried out is settled by reading.",
        (_PASSING, _LASTING, _LOST, f"{_FAULTS}test_a_burst_limit_a_gateways_page_and_an_answer_that_never_came",
         f"{_WRITE}test_nobody_knows_after_a_lasting_fault"),
    ),
    Failure(
        CALLS, "No answer in time; the SDK would wait for ever", "H 1.2, 5, 9.17, 9.19; D 22",
        "Five seconds to connect, sixty between two bytes, then as a reset.",
        (f"{_CLIENT}test_an_answer_that_takes_too_long_is_asked_for_again",
         f"{_WRITE}test_an_upsert_is_not_sent_again_either"),
    ),
    Failure(
        CALLS, "HubSpot goes away and does not come back", "H 5; D 20",
        "After four lost answers in a row nothing more is sent.",
        (f"{_WRITE}test_a_service_that_stays_away_stops_the_sending",
         f"{_FAULTS}test_hubspot_going_away_in_the_middle_of_writing"),
    ),
    Failure(
        CALLS, "A page instead of JSON under a 200", "H 4",
        "Not an answer: as a 502.",
        (_PASSING, _LASTING, _LOST, "plugins/hubspot/test_failures::test_a_page_instead_of_json_is_no_obstacle"),
    ),
    Failure(
        CALLS, "400, 404, 408, 409, 413, 414: tried again for hours elsewhere", "H 4, 5; D 21",
        "Never tried again as it was. Long lists of properties travel in bodies, so that no URL grows too long.",
        (_STATUS, _LASTING),
    ),
    Failure(
        CALLS, "401 in the middle of a run", "H 4",
        "The sending stops at once; what was answered keeps its receipts, the rest is read back, the run fails and "
        "says which credential.",
        (f"{_FAULTS}test_hubspot_refuses_the_token_in_the_middle_of_writing",
         f"{_WRITE}test_an_error_before_anything_was_written_is_raised"),
    ),
    Failure(
        CALLS, "403 for one record type", "H 4, 6",
        "Costs this record type alone, and the message names the scope. Scopes are checked when a run opens.",
        (f"{_FAULTS}test_one_entity_that_may_not_be_written_costs_only_itself",
         "plugins/hubspot/test_failures::test_missing_scopes_are_named_in_both_dialects",
         "app/test_cli::test_a_missing_scope_is_named_with_the_entity_that_needs_it"),
    ),
    Failure(
        CALLS, "400 \"Unable to infer object type\"", "H 2, 4",
        "Record types are resolved by HubSpot's own schemas before anything is sent; an unknown one is named.",
        ("plugins/hubspot/test_schema::test_an_unknown_type_names_the_known_ones_even_without_the_custom_scope",),
    ),
    Failure(
        CALLS, "A redirect to another host", "H 6",
        "Not followed: the token would travel along.", (f"{_CLIENT}test_a_redirect_is_not_followed",),
    ),
    Failure(
        CALLS, "An error body that repeats customers' values", "H 4, 11.10",
        "Only category, code, property and correlation id leave the client.",
        ("plugins/hubspot/test_failures::test_a_validation_error_keeps_identifiers_only",
         f"{_CLIENT}test_an_error_carries_neither_body_nor_token"),
    ),
    Failure(
        ANSWERS, "207, which the SDK takes for a success", "H 2.2, 9.2; D 1, 6",
        "Its errors are read and joined to their rows: rejected, with HubSpot's reason.",
        (f"{_WRITE}test_one_bad_value_costs_one_row", f"{_READ}test_missing_records_are_absent"),
    ),
    Failure(
        ANSWERS, "COMPLETE that holds errors", "H 2.2",
        "Errors are read whatever status and word say.",
        (f"{_WRITE}test_a_complete_that_holds_errors_is_read_as_what_it_is",),
    ),
    Failure(
        ANSWERS, "200 COMPLETE, and nothing was done", "H 2.2, 9.17; D 3",
        "Nobody is accounted for: looked at and sent again; what does not stand in the end fails the run by number "
        "and is sent by the next.",
        (f"{_WRITE}test_an_empty_success_accounts_for_nobody",
         f"{_FAULTS}test_an_answer_that_says_complete_and_did_nothing"),
    ),
    Failure(
        ANSWERS, "2xx that the contract does not know, or without a body", "H 1.2, 9.19",
        "No success: the sending stops, and what became of the batch is settled by reading.",
        (f"{_WRITE}test_a_success_that_the_contract_does_not_know_is_none",
         f"{_WRITE}test_an_answer_of_unknown_shape_stops_the_sending"),
    ),
    Failure(
        ANSWERS, "Results in another order", "H 2.2, 9.3",
        "Joined by trace id, record id or key, never by position; where they contradict each other, unaccounted.",
        (f"{_WRITE}test_each_row_is_written_to_its_own_record",
         f"{_WRITE}test_receipts_are_joined_by_trace_and_id_that_agree"),
    ),
    Failure(
        ANSWERS, "A row missing in the answer, or there twice, or under a strange trace id", "H 2.2; D 1",
        "Missing: unaccounted, then read back. Twice: counted once.",
        (f"{_WRITE}test_receipts_are_joined_by_trace_and_id_that_agree",
         f"{_WRITE}test_results_that_echo_no_trace_are_joined_by_id_or_key"),
    ),
    Failure(
        ANSWERS, "A row among the results and among the errors", "H 2.2",
        "Unaccounted, then read back.", (f"{_WRITE}test_a_row_that_is_both_written_and_refused_is_unaccounted",),
    ),
    Failure(
        ANSWERS, "A batch read that leaves ids out without a word", "H 2.3; D 6",
        "Never taken for absence: asked for one by one, then the step fails.",
        (f"{_READ}test_an_empty_success_is_no_absence",
         f"{_READ}test_a_record_that_does_not_tell_its_old_name_is_asked_for_alone"),
    ),
    Failure(
        ROWS, "An invalid value; every row has its trace id", "H 2.3 row 1, 9.1; D 4, 20",
        "One row is rejected with category, code and correlation id, the others are written by the same call.",
        (f"{_WRITE}test_one_bad_value_costs_one_row",),
    ),
    Failure(
        ROWS, "An invalid value, and HubSpot refuses the whole batch without saying whose", "H 2.3 row 1, 9.1; D 2, 4",
        "Whom the refusal names, then whom the property's definition speaks against, then halves: at most fifteen "
        "more calls for each culprit.",
        (f"{_WRITE}test_a_blanket_refusal_costs_two_more_calls_where_the_definition_speaks_against_the_culprit",
         f"{_WRITE}test_a_culprit_that_no_definition_speaks_against_costs_at_most_fifteen_more_calls",
         f"{_WRITE}test_whom_a_blanket_refusal_names_is_sent_alone_at_once"),
    ),
    Failure(
        ROWS, "409 that names the first of many conflicts", "H 2.3 row 2; D 2, 9",
        "As any refusal of a whole batch: each culprit is found.",
        (f"{_WRITE}test_a_refusal_without_category_costs_its_own_row_too",
         f"{_WRITE}test_an_error_that_names_nobody_is_held_against_a_sole_row_only"),
    ),
    Failure(
        ROWS, "A 207 whose errors name no row", "H 2.2, 2.3",
        "The rows that are neither results nor named go out again in parts; the error of a batch of one is its row's.",
        (f"{_WRITE}test_errors_that_name_no_row_are_held_against_their_rows_all_the_same",),
    ),
    Failure(
        ROWS, "A record that is not there any more", "H 2.3 row 3",
        "Its row is rejected, OBJECT_NOT_FOUND; the others are written.",
        (f"{_WRITE}test_missing_records_are_rejected_by_id",),
    ),
    Failure(
        ROWS, "The same id or key twice in a batch, also in another case", "H 2.3 row 4, 9.4; D 11",
        "Never sent: such keys go in batches of their own, rows of one target are merged before.",
        (f"{_WRITE}test_batches_hold_each_row_once_within_rows_bytes_and_keys",
         f"{_WRITE}test_rows_that_contradict_each_other_are_not_sent"),
    ),
    Failure(
        ROWS, "A key property that is not unique", "H 2.3 row 5, 2.4, 9.5; D 10, 11",
        "Refused before the first call, and by lint.",
        (f"{_WRITE}test_a_key_must_be_able_to_tell_records_apart",),
    ),
    Failure(
        ROWS, "400 for JSON of the wrong shape", "H 2.3 row 6; D 3",
        "Every body is held against the official SDK's models, field for field.",
        ("plugins/hubspot/test_contract::test_every_body_is_one_of_the_sdks_models_field_for_field",),
    ),
    Failure(
        ROWS, "All rows are bad, or the fault is not the rows'", "H 2.3; D 20",
        "Few calls for each, and after 500 refused calls the sending stops.",
        (f"{_WRITE}test_where_all_rows_of_a_batch_are_bad_each_costs_few_calls",
         f"{_WRITE}test_halving_ends_where_rows_cannot_be_the_reason"),
    ),
    Failure(
        ROWS, "A property that is required on creation (2026-09)", "H 0, 9.20",
        "That row is rejected, and the report says what to give in `create_with`.",
        (f"{_WRITE}test_a_new_record_that_lacks_what_is_required_costs_only_itself",
         "memorialization/report/test_words::test_a_cure_goes_by_code_then_by_category_then_in_general"),
    ),
    Failure(
        RECORDS, "Partial upserts of contacts by e-mail", "H 2.4, 9.5",
        "Never: contacts are read by e-mail and updated by record id.",
        (f"{_WRITE}test_contacts_are_not_upserted_by_email",),
    ),
    Failure(
        RECORDS, "Search does not see what was just written", "H 2.5, 9.6; D 14, 15",
        "No record is made because a search found none: new ones go through an upsert by their unique key.",
        (f"{_DELIVER}test_the_same_step_twice_makes_no_second_record",
         "memorialization/test_matching::test_a_per_interaction_record_is_found_by_its_key_and_by_nothing_else"),
    ),
    Failure(
        RECORDS, "More than 10,000 results, or bodies over 3,000 characters", "H 2.5, 9.6; D 17",
        "Pages by record id without a gap; bodies are cut to measure and lose no value.",
        ("plugins/hubspot/test_search::test_pages_leave_no_gap",
         "plugins/hubspot/test_search::test_bodies_keep_to_the_limits_and_lose_no_value"),
    ),
    Failure(
        RECORDS, "E-mails come back in lower case; additional e-mails; merged records", "H 2.4, 9.9",
        "A record is told by everything it says it is. Of two planned ids that lead to one record only the survivor's "
        "values are written.",
        (f"{_READ}test_by_email_whatever_its_case_and_by_additional_emails",
         f"{_READ}test_a_merged_record_resolves_to_the_survivor",
         f"{_DELIVER}test_of_two_planned_records_that_were_merged_since_only_the_survivors_values_are_written"),
    ),
    Failure(
        RECORDS, "After a time-out nobody knows whether a record was made", "H 5, 9.17; D 14, 22",
        "Looked for by its key before anything is sent again.",
        (f"{_DELIVER}test_an_unanswered_create_is_found_by_its_key_and_never_made_again",
         f"{_CREATE}test_after_an_answer_that_never_came_nothing_is_sent_again"),
    ),
    Failure(
        RECORDS, "A person corrects what the sync wrote, and the sync takes it back", "D 23",
        "The property's history decides: a later edit stays and is reported. Each value is read again just before the "
        "write; what changed since it was planned is `held: moved`.",
        ("memorialization/test_ownership::test_history_decides_what_stays",
         f"{_DELIVER}test_what_somebody_changed_since_it_was_planned_is_left_alone"),
    ),
    Failure(
        VALUES, "An unknown property: refused when written, silently absent when read", "H 2.1, 9.7",
        "All names are checked against HubSpot's definitions before a run reads anything.",
        ("app/test_cli::test_a_property_that_the_portal_does_not_have_is_named_with_its_place",
         f"{_READ}test_an_unknown_property_is_named"),
    ),
    Failure(
        VALUES, "A sensitive property looks as if it were not there", "H 2.6, 9.7",
        "Asked for in its own list, and the message says why it cannot be seen.",
        ("plugins/hubspot/test_facts::test_a_sensitive_property_is_known_by_name_only",
         "memorialization/lint/test_portal_rules::test_why_a_property_cannot_be_seen_is_told"),
    ),
    Failure(
        VALUES, "null does nothing, \"\" clears", "H 3, 9.8",
        "null is never sent; \"\" only where clearing is meant.",
        (f"{_WRITE}test_rows_that_contradict_each_other_are_not_sent",
         f"{_WRITE}test_an_empty_text_clears_a_record_that_is_there"),
    ),
    Failure(
        VALUES, "Everything is text: \"1.0\" and \"1\", \"true\" and True, a number that is none", "H 3, 9.10",
        "Written as the property's type wants it, compared by what it means.",
        (f"{_TEXTS}test_text_becomes_what_the_property_can_hold",
         "memorialization/test_canonical::test_spellings_of_one_value_have_one_form"),
    ),
    Failure(
        VALUES, "Times lose `.000`; a date must be midnight UTC", "H 3, 9.11; D 18",
        "Sent as ISO in UTC, dates without a time.",
        (f"{_TEXTS}test_times_are_utc_and_lose_only_zero_milliseconds",
         f"{_TEXTS}test_text_becomes_what_the_property_can_hold"),
    ),
    Failure(
        VALUES, "`hs_lastmodifieddate` moves without a change", "H 9.11",
        "Values are compared, times of change are not.",
        (f"{_DELIVER}test_a_second_night_finds_all_equal_and_writes_nothing",),
    ),
    Failure(
        VALUES, "Several options in any order; a leading `;` appends", "H 3, 9.12",
        "Compared as sets.", ("memorialization/test_canonical::test_spellings_of_one_value_have_one_form",),
    ),
    Failure(
        VALUES, "Blanks and invisible characters around what is no text; options to the letter", "H 3, 9.13",
        "Removed before sending; an option goes by its internal value.",
        (f"{_TEXTS}test_what_is_no_text_has_nothing_invisible_around_it",
         f"{_TEXTS}test_text_becomes_what_the_property_can_hold"),
    ),
    Failure(
        VALUES, "Options that are defined elsewhere: the list is empty", "D 19",
        "Without a list nothing is held against a value; HubSpot's word counts.",
        (f"{_TEXTS}test_text_becomes_what_the_property_can_hold",),
    ),
    Failure(
        VALUES, "A text over 65,536 characters or the portal's own limit", "H 3, 9.14; D 25",
        "Measured before sending, in UTF-16 units; cut with a notice, put into notes or withheld, as the mapping says.",
        (f"{_TEXTS}test_no_value_is_empty_or_longer_than_its_property_takes",
         f"{_WRITE}test_too_long_a_text_is_one_rows_matter"),
    ),
    Failure(
        VALUES, "HubSpot rewrites what it is given: trims, cleans, reformats", "H 3, 9.15",
        "Compared by meaning, and learned per property from what came back: a second night writes nothing.",
        ("app/test_echo::test_a_second_night_over_an_adversarial_corpus_writes_nothing",
         "memorialization/test_echo::test_an_echo_is_verified_learned_and_never_written_again"),
    ),
    Failure(
        ADDITIONS, "An association is confirmed and does not stand", "H 2.7, 9.18; D 12, 13",
        "Read back; what does not stand is unaccounted and made by the next run.",
        ("memorialization/test_associations::test_what_does_not_stand_afterwards_is_not_made",
         f"{_CREATE}test_pairs_are_associated_by_the_default_and_a_wrong_one_is_rejected"),
    ),
    Failure(
        ADDITIONS, "Creating an association replaces the labels of the pair", "H 2.7, 9.18",
        "Only pairs without any association are written.",
        ("memorialization/test_associations::test_what_is_there_is_not_touched_and_what_is_missing_is_made",),
    ),
    Failure(
        ADDITIONS, "Records committed, their associations refused", "D 11",
        "A note is made with its association by one call; other associations are judged each for itself.",
        (f"{_CREATE}test_each_note_is_made_with_its_association",
         f"{_CREATE}test_one_that_cannot_be_made_costs_only_itself"),
    ),
    Failure(
        ADDITIONS, "A note has no unique key: asked twice, made twice", "H 2.4, 5; D 22",
        "Never asked twice in a run; the next run looks for it by what it says, even with an empty ledger.",
        ("memorialization/test_notes::test_whatever_the_answer_there_is_one_note_at_most",
         "app/test_additions::test_a_dropped_ledger_and_a_lost_answer_make_no_second_note"),
    ),
    Failure(
        RUNS, "kill -9 at any moment", "H 9.17",
        "Receipts are kept batch by batch. The next try sends nothing that was acknowledged and settles the rest by "
        "reading.",
        ("app/test_storm::test_nights_killed_at_any_call_end_as_if_undisturbed",
         f"{_DELIVER}test_killed_after_any_row_it_ends_as_if_undisturbed",
         "app/commands/test_apply::test_killed_in_the_middle_of_writing_a_plan_ends_as_if_undisturbed"),
    ),
    Failure(
        RUNS, "All of it at once, on five calls of a hundred", "D 1 to 25",
        "Nothing is lost, doubled or clobbered; the next run writes what is left, the one after it nothing.",
        (_STORM,),
    ),
    Failure(
        RUNS, "A run says success although rows failed, and nobody hears of it", "D 5, 24",
        "Receipts must balance, value by value; a run with unaccounted values fails, alerts and names them. Rejected "
        "values are listed with their cure and do not fail the run.",
        ("memorialization/report/test_build::test_a_failed_apply_leaves_its_values_unaccounted",
         "app/test_tasks::test_the_verdict_raises_what_is_not_settled"),
    ),
    Failure(
        RUNS, "v4 ends in March 2027, v1 to v3 in September; old private apps", "H 0, 9.20",
        "Both paths are spoken and tested, service keys are taken, and a warning comes half a year ahead.",
        ("plugins/hubspot/test_versions::test_the_end_of_support_is_told_half_a_year_ahead",
         "plugins/hubspot/test_versions::test_dated_paths"),
    ),
    Failure(
        RUNS, "The SDK: broken by urllib3 2.6.0, a pool for each call, retries that leave POST out", "H 1.2, 9.19; D 7",
        "The version is pinned and tried, one pool serves all calls, and the client repeats calls itself.",
        ("plugins/hubspot/test_sdk::test_the_sdk_reads_an_answer_with_the_installed_urllib3",
         f"{_CLIENT}test_calls_one_after_the_other_share_a_connection", _PASSING),
    ),
)  # fmt: skip

NOT_OURS: Final = {16: "nothing is read by its time of change: records are read by id and key"}
"""Rows of section D that do not concern this client, and why."""


def table() -> str:
    """One table for each group, its tests linked to their files."""
    parts = []
    for group, failures in groupby(FAILURES, key=lambda failure: failure.group):
        lines = [f"### {group}", "", "| HubSpot | source | what is done | shown by |", "|---|---|---|---|"]
        lines += [f"| {f.what} | {f.source} | {f.does} | {', '.join(map(link, f.tests))} |" for f in failures]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def guide(text: str) -> str:
    """The guide with its generated part made anew."""
    return filled(text, "failures", table())


if __name__ == "__main__":
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
