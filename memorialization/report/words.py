"""What the words of a report mean, and who does what next: one short sentence each, no markup, no values.

Every verdict and every reason for which values are held has its sentence; what is not listed gets a
general one.
"""

from collections.abc import Mapping
from typing import Final

GLOSSARY: Final[Mapping[str, str]] = {
    "equal": "HubSpot holds what it should, in any spelling that is known to be the same.",
    "missing": "The value should stand in HubSpot, and the property is empty.",
    "drifted": "HubSpot holds another value, and no person set it later.",
    "truncated": "HubSpot holds only the beginning of a transcript.",
    "edited": "A person changed the value later; it stays as it is.",
    "not_expected": "CXone has no value for it, or the live system would not have written one.",
    "no_source": "No licence or interface lets this product know the value; never written, never counted as lost.",
    "withheld": "The value is known but cannot be stored as it is: too long, no option, or not "
    "provably set by an agent.",
    "unreadable": "The record could not be read, so nothing is known about the value.",
    "superseded": "An older interaction's value; a later one decides. Counted beside, in no sum.",
    "due": "The live system has had its moment: the value should stand in HubSpot by now.",
    "provisional": "Not finished yet; looked at again in a later run.",
    "never_due": "Nothing is memorialized for such an interaction.",
    "target": "One due interaction and one section of its mapping: one record to be found.",
    "matched": "Exactly one record was found.",
    "to_create": "No record exists, and the section says that one is made.",
    "parked": "Needs a person: no record fits, or several do.",
    "not_attempted": "No record fits, and the section does not require one.",
    "planned": "Will be written in this run.",
    "held": "Should be written, but not in this run; the reason stands beside it.",
    "written": "HubSpot took the value.",
    "rejected": "HubSpot refused the value.",
    "unaccounted": "Planned, but neither written nor rejected; never in an honest, finished run.",
    "verified": "Read back after the write, and equal.",
    "verify_failed": "Read back after the write, and not equal.",
}

PARKED: Final[Mapping[str, str]] = {
    "ambiguous": "Several records fit. Merge the duplicates in HubSpot, correct the one that should not fit, "
    "or decide which is meant: memorialize parked.",
    "unmatched": "No record fits. Complete the e-mail or phone of the right record in HubSpot, "
    "or make the record; "
    "or let the section create it (on_unmatched: create) or do without (required: false).",
}

WITHHELD: Final[Mapping[str, str]] = {
    "too_long": "Raise the property's limit in HubSpot or map to a longer field: see Transcripts below.",
    "not_an_option": "Add the option to the property in HubSpot, or map to a text field.",
    "not_a_number": "Map to a text field, or correct the value where CXone has it from.",
    "not_a_date": "Map to a text field, or correct the value where CXone has it from.",
    "not_a_boolean": "Map to a text field, or correct the value where CXone has it from.",
    "ender_unknown": "Add the tenant's end reasons to end_reasons in crm.yaml; then it is known who ended the contact.",
}

HELD: Final[Mapping[str, str]] = {
    "ownership": "Nothing to do: the row fills empty properties only (ownership: fill_if_empty); these hold a value.",
    "observe": "Read this report. If it is right, adopt the configuration (memorialize adopt); later runs then write.",
    "dry_run": "Nothing is wrong: a dry run never writes. Run the window again without it.",
    "moved": "The record changed between plan and write. Run the window again.",
    "systematic": "Most values of a mapping row differ in the same way: see Systematic below.",
}

CURES: Final[Mapping[str, str]] = {
    "PROPERTY_DOESNT_EXIST": "Make the property in HubSpot, or correct its name in the mapping.",
    "READ_ONLY_VALUE": "HubSpot computes this property. Map to another one.",
    "INVALID_OPTION": "Add the option to the property in HubSpot (its internal value), or map to a text field.",
    "INVALID_EMAIL": "Correct the e-mail where CXone has it from, or map to a text field.",
    "INVALID_LONG": "The property takes a date or whole number only. Map to a text field.",
    "INVALID_INTEGER": "The property takes numbers only. Map to a text field.",
    "INVALID_FLOAT": "The property takes numbers only. Map to a text field.",
    "INVALID_DATE": "The property takes dates only. Map to a date and time or text field.",
    "INVALID_ALPHA": "A validation rule of the property allows letters only. Relax the rule in HubSpot.",
    "LEADING_TRAILING_WHITESPACE": "A validation rule forbids spaces at the ends. Relax the rule in HubSpot.",
    "MISSING_REQUIRED_PROPERTY": "The portal requires a property on creation. Give it in the section's create_with.",
    "MISSING_CONDITIONAL_REQUIRED_PROPERTY": "The portal requires a further property for this "
    "value. Relax the rule, "
    "or map that property too.",
    "REQUIRED_PROPERTY": "The property may not be empty. Relax the rule in HubSpot.",
    "CONFLICT": "Another record already holds this unique value. Merge the duplicates in HubSpot.",
    "OBJECT_NOT_FOUND": "The record was deleted or merged since it was matched. Run the window again.",
    "MISSING_SCOPES": "The token lacks a right. Grant it to the private app in HubSpot, then run the window again.",
    "VALIDATION_ERROR": "A value breaks a rule of its property: compare the property's type and "
    "rules with the mapping.",
}

PATTERNS: Final[Mapping[str, str]] = {
    "upper": "Values differ by upper and lower case only: compare the property's options with CXone's spelling.",
    "spacing": "Values differ by spaces only: look at the property's validation and formatting rules.",
    "punctuation": "Values hold the same digits in another spelling: correct rendering in crm.yaml.",
    "times": "All times are apart by the same span: a time zone is taken for another in the live system or property.",
    "spelled": "Values are spelled in another form: correct rendering in crm.yaml (agent_id, "
    "contact_id, tags_separator).",
}

UNKNOWN_CURE: Final = "Compare property and mapping; HubSpot's support finds the call by its correlation id."
UNKNOWN_PATTERN: Final = "Correct rendering in crm.yaml, so that the product spells as the live system does."
UNKNOWN_REASON: Final = "Look at the rows below."
UNREADABLE: Final = "Run the window again; if it stays so, check the token's rights on these records."
UNACCOUNTED: Final = "Run the window again: it settles each of them by reading the record."
VERIFY_FAILED: Final = "Something changes the value after the write, as a workflow would. Look for it, then run again."


def cure(code: str | None, category: str | None) -> str:
    """What cures a refusal: by code, else by category (hubspot-api, section 4), else in general."""
    return CURES.get(code or "") or CURES.get(category or "") or UNKNOWN_CURE


def likely_cause(pattern: str) -> str:
    """Why most values of a row disagree; `pattern` as `compare.disagreement` names it."""
    return PATTERNS.get(pattern.split(" ", 1)[0], UNKNOWN_PATTERN)
