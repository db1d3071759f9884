"""What nobody expects of HubSpot's and CXone's APIs, one row a surprise; see tests/pains/table.py."""

from typing import Final

from tests.pains.others import Pain

HUBSPOT = "Surprises of HubSpot's API"
CXONE = "Surprises of CXone's API"

_ERRORS = "[HubSpot: error handling](https://developers.hubspot.com/docs/api-reference/error-handling)"
_PROPERTIES = "[HubSpot: properties](https://developers.hubspot.com/docs/api/crm/properties)"
_SEARCH = "HubSpot's guide to searching the CRM"
_CONTACTS = "HubSpot's guide to contacts"
_ASSOCIATIONS = "HubSpot's guide to associating records"
_RECORDED = "answers recorded in [amp-labs/connectors](https://github.com/amp-labs/connectors)"
_ESTUARY = "live tests of [estuary/connectors](https://github.com/estuary/connectors)"
_RUDDER = "live tests of [rudder-transformer](https://github.com/rudderlabs/rudder-transformer)"
_CHANGES = "[HubSpot's changelog](https://developers.hubspot.com/changelog)"

_SDK = "[NICE's agent SDK](https://github.com/nice-devone/nice-cxone-agent-sdk)"
_SPEC = "[a client made of NICE's OpenAPI files](https://github.com/calljacob/nice-cxone-api)"
_TAP = "[tap-nice-incontact](https://github.com/singer-io/tap-nice-incontact)"
_HELP = "NICE's help on data memorialization"
_GUIDES = "[NICE's developer portal](https://developer.niceincontact.com)"

_CLIENT = "plugins/cxone/test_client::"
_VOICE = "plugins/cxone/test_voice::"
_DIGITAL = "plugins/cxone/test_digital::"
_HISTORY = "plugins/cxone/test_history::"
_LOOKUPS = "plugins/cxone/test_lookups::"
_MATCHING = "memorialization/test_matching::"
_HERE = "pains/test_hubspot::"

SURPRISES: Final = (
    Pain(HUBSPOT, "One bad record fails all hundred, and the answer does not say which", f"{_ERRORS}; {_RECORDED}",
         ("An invalid value; every row has its trace id",
          "An invalid value, and HubSpot refuses the whole batch without saying whose")),
    Pain(HUBSPOT, "A 207 looks like a success: the SDK raises nothing",
         "HubSpot/hubspot-api-ruby#403, HubSpot/hubspot-api-php#619", ("207, which the SDK takes for a success",)),
    Pain(HUBSPOT, "The results of a batch come back in another order",
         "answers recorded in [grouparoo](https://github.com/grouparoo/grouparoo)", ("Results in another order",)),
    Pain(HUBSPOT, "The same id twice is a 400 for the whole batch; e-mails in another case are the same id", _RECORDED,
         ("The same id or key twice in a batch, also in another case",)),
    Pain(HUBSPOT, "Contacts cannot be upserted in part by e-mail, companies not at all by domain", _CONTACTS,
         ("Partial upserts of contacts by e-mail", "A key property that is not unique"),
         tests=(f"{_HERE}test_a_company_is_never_upserted_by_its_domain",)),
    Pain(HUBSPOT, "Search lags behind, has five calls a second for the whole account, no headers, 3,000 characters and "
         "10,000 results", _SEARCH,
         ("Search does not see what was just written", "429 of searches, in its own words and without headers",
          "More than 10,000 results, or bodies over 3,000 characters"),
         tests=(f"{_HERE}test_results_beyond_the_ceiling_are_all_found",)),
    Pain(HUBSPOT, "An unknown property is refused when written and silently absent when read; a sensitive one is "
         "invisible", f"{_CONTACTS}; {_PROPERTIES}",
         ("An unknown property: refused when written, silently absent when read",
          "A sensitive property looks as if it were not there")),
    Pain(HUBSPOT, "null does not clear a value, the empty text does", f"{_PROPERTIES}; {_ESTUARY}",
         ("null does nothing, \"\" clears",)),
    Pain(HUBSPOT, "E-mails come back in lower case; additional e-mails and merges lead several keys to one record",
         _RUDDER, ("E-mails come back in lower case; additional e-mails; merged records",)),
    Pain(HUBSPOT, "All values are texts: \"1.0\" and \"1\", \"true\" and True, 1e-14",
         "Atlas-Authority/marketing-automation#206",
         ("Everything is text: \"1.0\" and \"1\", \"true\" and True, a number that is none",)),
    Pain(HUBSPOT, "Times lose `.000`, dates are midnight UTC, and the date of change moves without a change", _ESTUARY,
         ("Times lose `.000`; a date must be midnight UTC", "`hs_lastmodifieddate` moves without a change")),
    Pain(HUBSPOT, "The order of several options means nothing, and a leading `;` appends", _PROPERTIES,
         ("Several options in any order; a leading `;` appends",)),
    Pain(HUBSPOT, "What is no text may have no blank around it; options are taken to the letter", _CHANGES,
         ("Blanks and invisible characters around what is no text; options to the letter",)),
    Pain(HUBSPOT, "65,536 characters of an undocumented unit, a portal's own rule below it, and forms that store more "
         "than the API takes back", f"{_PROPERTIES}; {_CHANGES}",
         ("A text over 65,536 characters or the portal's own limit",),
         "`memorialize portal probe` settles the unit; a whole that HubSpot holds all the same is left as it is.",
         ("plugins/hubspot/test_probe::test_the_questions_are_answered_as_the_twin_behaves",
          "memorialization/test_reconcile::test_a_whole_that_hubspot_holds_all_the_same_is_never_cut")),
    Pain(HUBSPOT, "Rich text is rewritten, so that a comparison of bytes never ends", _PROPERTIES,
         ("HubSpot rewrites what it is given: trims, cleans, reformats",)),
    Pain(HUBSPOT, "429 has two dialects, one for the day, and Retry-After is not promised",
         f"{_ERRORS}; HubSpot/hubspot-api-python#117",
         ("429 of the ten seconds, with or without Retry-After",
          "429 of searches, in its own words and without headers", "429 of the day")),
    Pain(HUBSPOT, "An error after the commit: what timed out may stand; an empty 200 may be nothing", _RUDDER,
         ("The connection is reset before or after the commit", "200 COMPLETE, and nothing was done",
          "After a time-out nobody knows whether a record was made")),
    Pain(HUBSPOT, "Making an association replaces the pair's labels; question and answer differ in names, ids in "
         "type", f"{_ASSOCIATIONS}; {_RECORDED}",
         ("Creating an association replaces the labels of the pair",),
         tests=("plugins/hubspot/test_associations::test_the_primary_one_comes_first_and_every_record_is_told",
                f"{_HERE}test_ids_of_associated_records_are_texts_whatever_they_come_as")),
    Pain(HUBSPOT, "urllib3 2.6.0 breaks the SDK, which has no time-outs, a pool for each call and retries that leave "
         "POST out", "HubSpot/hubspot-api-python#460, HubSpot/hubspot-api-python#117",
         ("The SDK: broken by urllib3 2.6.0, a pool for each call, retries that leave POST out",
          "No answer in time; the SDK would wait for ever")),
    Pain(HUBSPOT, "Private apps cannot be made any more, v4 ends in March 2027, and only 2026-09 asks for required "
         "properties", _CHANGES,
         ("v4 ends in March 2027, v1 to v3 in September; old private apps",
          "A property that is required on creation (2026-09)")),
    Pain(CXONE, "The target record is a state of the agent's browser, and no API tells it later", _SDK, (),
         "A ladder: a kept match, a property that holds the CXone id, a stored record id, then e-mail or phone if "
         "exactly one record fits; what is left waits for a person.",
         (f"{_MATCHING}test_a_record_that_holds_the_contact_id_comes_before_email",
          f"{_MATCHING}test_the_record_id_that_the_script_stored", f"{_MATCHING}test_several_are_never_chosen_from")),
    Pain(CXONE, "Fields have other names in other API versions", _SPEC, (),
         "Both names are read, whichever version answers, and each version is ordered by its own.",
         (f"{_VOICE}test_old_names_and_values_as_text_read_the_same",
          f"{_VOICE}test_the_old_api_is_ordered_by_its_own_name")),
    Pain(CXONE, "A completed contact has no end", _SPEC, (),
         "Computed from start and duration, with or without after-call work as configured.",
         (f"{_VOICE}test_a_leg_in_full", f"{_VOICE}test_the_total_may_include_after_call_work")),
    Pain(CXONE, "Calls have no Interaction ID, although it can be mapped", f"{_SPEC}; {_HELP}", (),
         "Its verdict is *no source*; it is neither lost nor written.",
         ("memorialization/test_mapping::test_a_voice_field_without_a_source_is_never_a_value",)),
    Pain(CXONE, "An empty result is a 204 without a body", _TAP, (),
         "Read as no rows; before the last of the rows that CXone counts, it is asked for again.",
         (f"{_CLIENT}test_an_empty_answer_is_none", f"{_CLIENT}test_pages_go_on_until_204_although_they_are_short",
          f"{_CLIENT}test_a_page_without_rows_before_the_total_is_asked_for_again",
          f"{_VOICE}test_an_empty_night_has_no_batch")),
    Pain(CXONE, "endDate is inclusive, so that rows of a boundary come twice", "loaders in public repositories", (),
         "A millisecond less is asked for, and an interaction belongs to the one window that holds its end.",
         (f"{_VOICE}test_the_old_api_is_ordered_by_its_own_name",
          f"{_VOICE}test_only_legs_that_ended_in_the_window_or_are_wanted_again")),
    Pain(CXONE, "Only times that end in Z are safe", "loaders in public repositories", (),
         "Every time is sent in UTC with Z.",
         ("pains/test_cxone::test_every_time_that_is_asked_for_ends_in_z",
          "plugins/cxone/test_fields::test_zulu_is_utc_with_milliseconds")),
    Pain(CXONE, "Rows appear before after-call work has ended and change later", _SPEC, (),
         "*Provisional* until after-call work is closed, looked at again, and taken up once more when CXone says "
         "otherwise.",
         (f"{_VOICE}test_when_after_call_work_counts_as_closed",
          "app/test_moving::test_a_correction_of_days_ago_is_written_and_the_night_after_costs_nothing")),
    Pain(CXONE, "One call is many rows, and memorialization is per agent", _SDK, (),
         "An interaction is one agent's leg and has a key of its own.",
         (f"{_DIGITAL}test_a_transferred_case_is_two_legs",
          "memorialization/test_deliver::test_each_leg_of_a_case_has_a_record_of_its_own_by_its_interaction_key",
          f"{_VOICE}test_the_twins_day_is_the_twins_truth")),
    Pain(CXONE, "Dispositions and tags come as ids, tags only if asked for, inactive ones missing from the list", _SPEC,
         (), "Looked up once a run, what the list leaves out one by one.",
         (f"{_LOOKUPS}test_a_disposition_that_the_list_leaves_out_is_asked_for_once",
          f"{_LOOKUPS}test_the_twins_inactive_disposition_has_a_name", f"{_VOICE}test_a_leg_in_full")),
    Pain(CXONE, "Lists stand under keys that nobody guesses: contactId, ContactCustomData, Interactions", _SPEC, (),
         "Found whatever their case, also under `resultSet`.",
         ("plugins/cxone/test_fields::test_rows_are_found_under_another_case_and_under_result_set",
          f"{_VOICE}test_custom_data_is_asked_for_in_chunks_of_fifteen_days")),
    Pain(CXONE, "The search for cases gives 25 a page, filters by day and not by change; long cases slip through",
         f"{_SPEC}; {_SDK}", (),
         "Scrolled to its end; older cases come by completed contacts, by their status and by their ids.",
         (f"{_DIGITAL}test_the_search_scrolls_and_a_repeated_case_comes_once",
          "plugins/cxone/test_search::test_a_search_that_ends_before_its_hits_is_begun_anew",
          f"{_DIGITAL}test_completed_contacts_discover_a_case_that_the_search_lacks",
          f"{_DIGITAL}test_an_old_case_whose_outcome_was_corrected_comes_again",
          f"{_DIGITAL}test_an_old_case_that_is_still_not_closed_is_found_by_its_status")),
    Pain(CXONE, "Digital is memorialized when it is unassigned or transferred, not when closed; then nobody is "
         "assigned, and one case fires many times", _HELP, (),
         "Legs are told by the case's history, each with its agent.",
         (f"{_HISTORY}test_a_change_to_closed_does_not_end_a_leg",
          f"{_HISTORY}test_a_transfer_ends_one_leg_and_begins_the_next",
          f"{_HISTORY}test_reopening_begins_a_new_leg_of_the_same_agent")),
    Pain(CXONE, "Links to recordings expire and cost money", _GUIDES, (),
         "Never asked for: Recording URL has no source.",
         ("pains/test_cxone::test_no_link_to_a_recording_is_asked_for_or_told",
          "memorialization/test_mapping::test_a_voice_field_without_a_source_is_never_a_value")),
    Pain(CXONE, "A renewed token has other names, a 429 no Retry-After, an error its text in a header, and without "
         "Accept there is no answer", f"{_TAP}; [cxone-mcp](https://github.com/outboundani/cxone-mcp)", (),
         "Tokens are not renewed but asked for anew; 429 waits as told, else ever longer; `icStatusDescription` is "
         "passed on; every call accepts JSON.",
         (f"{_CLIENT}test_a_401_in_the_middle_renews_the_token_once",
          f"{_CLIENT}test_what_may_pass_is_tried_again_and_then_told",
          f"{_CLIENT}test_the_status_description_is_passed_on",
          f"{_CLIENT}test_one_token_serves_all_threads_and_every_request_accepts_json")),
)  # fmt: skip
