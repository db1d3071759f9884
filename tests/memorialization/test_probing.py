"""Where a setting and what was seen disagree, one line says what to set; where they agree, nothing is said."""

from typing import Any

from memorialization.crm import Crm, Probed, ProbedCxone
from memorialization.probing import cxone_advice, hubspot_advice

CRM: dict[str, Any] = {
    "configuration_name": "Acme", "integration_type": "HubSpot", "authentication_name": "key", "account_id": 1,
    "external_screenpop_domain_hs": "https://acme.hubspot.com", "phone_regions": ("DE",),
}  # fmt: skip
SEEN: dict[str, Any] = {
    "at": "2026-11-23", "api_version": "30.0", "contacts": 900, "field_names": "new", "end_reasons": (),
    "total_duration_includes_acw": False, "acw_closes_within_hours": 3.5, "end_date_inclusive": True,
    "updated_since": "updates", "case_dates": "created", "case_histories": 20, "case_histories_understood": 20,
    "case_events": (), "script_variables": ("ordernumber",),
}  # fmt: skip
TRIED: dict[str, Any] = {
    "at": "2026-11-23", "account_id": 1, "api_version": "v3", "string_limit": 65_536, "character_unit": "utf16",
    "over_limit": {"status": 400}, "over_batch": {"status": 400}, "trims_text": False, "newlines": "kept",
    "unchanged_write_bumps_modified": False, "partial_upsert_by_email": "kept", "upsert_on_archived": "created",
    "unique_on_engagements": True,
}  # fmt: skip


def said(crm: dict[str, Any] | None = None, **seen: Any) -> list[str]:
    return list(cxone_advice(ProbedCxone(**(SEEN | seen)), Crm(**(CRM | (crm or {}))), frozenset({"ordernumber"})))


def test_what_agrees_needs_no_word() -> None:
    assert said() == []
    unknown = ("total_duration_includes_acw", "acw_closes_within_hours", "updated_since", "case_dates")
    assert said(**dict.fromkeys(unknown, "unknown"), case_histories=0, case_histories_understood=0) == []
    assert list(hubspot_advice(Probed(**TRIED))) == []


def test_a_setting_that_does_not_fit_the_tenant_is_named() -> None:
    assert said(total_duration_includes_acw=True) == ["set extraction.total_duration_includes_acw: true"]
    assert said(acw_closes_within_hours=23.5)[0].startswith("raise extraction.acw_grace_hours above 23.5")
    assert said(acw_closes_within_hours=22.9) == []
    assert said(updated_since="starts")[0].startswith("updatedSince does not find cases that changed later")
    assert said(script_variables=())[0].endswith("custom data: ordernumber")
    assert said(case_histories_understood=18)[0].startswith("the histories of 2 of 20 digital cases")


def test_words_for_who_ended_a_call_are_asked_for_until_they_are_sorted() -> None:
    reasons = ("Agent Hangup", "Abandoned")
    assert said(end_reasons=reasons)[0].endswith("under agent or contact: Agent Hangup, Abandoned")
    assert said({"end_reasons": {"agent": ("Agent Hangup",), "contact": ("Abandoned",)}}, end_reasons=reasons) == []


def test_what_a_hubspot_account_does_to_texts_is_told() -> None:
    def told(**tried: Any) -> list[str]:
        return list(hubspot_advice(Probed(**(TRIED | tried))))

    assert told(character_unit="unknown")[0].startswith("what HubSpot counts as a character stays unknown")
    assert told(string_limit=1_000, over_limit={"status": 200, "kept": 1_000}) == [
        "HubSpot cuts texts at 1,000 without a word: nothing longer is sent from now on"
    ]
    assert told(newlines="flattened")[0].startswith("HubSpot makes blanks of line breaks")
