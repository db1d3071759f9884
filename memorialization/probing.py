"""What a person should change in crm.yaml after a probe; a setting is compared with what was seen, never changed.

Source: hubspot-api, section 12; cxone-api, sections 3.2, 4.2 and 10.
"""

from collections.abc import Iterator
from typing import Final

from memorialization.crm import Crm, Probed, ProbedCxone

_SAFE_HOURS: Final = 1.0  # by which the grace should exceed what 99 of 100 calls need


def hubspot_advice(found: Probed) -> Iterator[str]:
    """What the answers of a HubSpot account mean for its mappings."""
    if found.character_unit == "unknown":
        yield "what HubSpot counts as a character stays unknown: lengths are taken in UTF-16 units, doubts are counted"
    if isinstance(found.string_limit, int) and found.over_limit.status == 200:
        yield f"HubSpot cuts texts at {found.string_limit:,} without a word: nothing longer is sent from now on"
    if found.newlines == "flattened":
        yield "HubSpot makes blanks of line breaks: transcripts are compared and written without them from now on"


def cxone_advice(found: ProbedCxone, crm: Crm, script_variables: frozenset[str]) -> Iterator[str]:
    """Where the settings of `crm` do not fit what was seen in the tenant."""
    rules = crm.extraction
    total = found.total_duration_includes_acw
    if total != "unknown" and total != rules.total_duration_includes_acw:
        yield f"set extraction.total_duration_includes_acw: {str(total).lower()}"
    hours = found.acw_closes_within_hours
    if hours != "unknown" and hours + _SAFE_HOURS > rules.acw_grace_hours:
        yield (
            f"raise extraction.acw_grace_hours above {hours:g}: after-call work of one call in a hundred "
            "takes that long to be stored"
        )
    known = {*crm.end_reasons.agent, *crm.end_reasons.contact}
    if new := [reason for reason in found.end_reasons if reason not in known]:
        yield f"put those of these end_reasons that say who ended a call under agent or contact: {', '.join(new)}"
    if found.updated_since == "starts":
        yield (
            "updatedSince does not find cases that changed later: raise extraction.max_case_days to the age of "
            "your oldest cases"
        )
    if found.case_histories and found.case_histories_understood < found.case_histories:
        unread = found.case_histories - found.case_histories_understood
        yield (
            f"the histories of {unread} of {found.case_histories} digital cases show no assignment that can be read: "
            "their legs are told from the case alone, and counted in reports"
        )
    if unseen := sorted(script_variables - set(found.script_variables)):
        yield f"no call of the last days carries these script variables in its custom data: {', '.join(unseen)}"
