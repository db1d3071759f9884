"""Every rule of the linter, once: code, name, severity, why it matters, the cure, and the facts it needs.

A rule with `needs` is reported as not checked where those facts are absent. `stops_run`: the same rule refuses
a run before anything is read from CXone.
"""

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning"]

FAMILIES: Final = {
    "0": "Files",
    "1": "CXone fields",
    "2": "HubSpot properties",
    "3": "Records and rows",
    "4": "Dynamic data",
    "5": "Workflows",
    "6": "Account",
}

PROPERTIES: Final = "properties"
SCREEN_POPS: Final = "skills with screen pops"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as `memorialize lint --explain CODE` shows it."""

    code: str
    name: str
    severity: Severity
    why: str
    cure: str
    needs: str | None = None
    stops_run: bool = False


def _error(code: str, name: str, why: str, cure: str, needs: str | None = None, *, stops_run: bool = False) -> Rule:
    return Rule(code, name, "error", why, cure, needs, stops_run)


def _warning(code: str, name: str, why: str, cure: str, needs: str | None = None) -> Rule:
    return Rule(code, name, "warning", why, cure, needs)


_ALL = (
    _error("MEM001", "file-unreadable",
           "A file that is no plain YAML (not UTF-8, over 1 MiB, anchors, tags, tabs, keys given twice) may mean "
           "something else than it shows.",
           "Save it as UTF-8 and mend the line that is named.", stops_run=True),
    _error("MEM002", "file-missing",
           "A configuration is a folder with crm.yaml, workflows.yaml and one file per mapping.",
           "Add the file; include/mappings/acme shows a complete folder.", stops_run=True),
    _warning("MEM003", "file-ignored",
             "Only files that end in .yaml are read; a mapping in another file never takes effect.",
             "Rename the file to .yaml, or move it elsewhere."),
    _error("MEM010", "unknown-key", "A key that is not known has no effect, so a typo would lose a setting.",
           "Correct the key, or remove it.", stops_run=True),
    _error("MEM011", "missing-key", "Without this key the file says too little to act upon.",
           "Add the key.", stops_run=True),
    _error("MEM012", "value-not-allowed", "The setting takes only certain values.",
           "Write one of those that are named.", stops_run=True),
    _error("MEM013", "wrong-kind-of-value",
           "YAML guesses kinds (NO is false, 30.0 is a number), and a guess must not decide.",
           "Write the kind that is named; text goes in quotes.", stops_run=True),
    _error("MEM014", "setting-invalid", "The value is ill-formed, or contradicts another setting.",
           "Follow the message; it names what the setting needs.", stops_run=True),
    _error("MEM101", "unknown-field",
           "CXone offers 22 fields of digital contacts and 21 of voice calls; any other can never arrive.",
           "Write the vendor's name (case and spacing do not matter), or use the channel 'Script variable'.",
           stops_run=True),
    _error("MEM102", "not-mappable", "Only text is memorialized; attachments, images and notes are not.",
           "Remove the row.", stops_run=True),
    _warning("MEM103", "mixed-channels",
             "A mapping that speaks of calls and of digital contacts writes records without need; the vendor "
             "recommends two.",
             "Make one mapping for each channel and assign both in workflows.yaml."),
    _error("MEM104", "script-variable-case",
           "CXone matches script variables in lower case, however the script spells them.",
           "Write the name in lower case.", stops_run=True),
    _error("MEM105", "script-variable-never-arrives",
           "A voice script variable reaches the agent only if the skill uses screen pops and the script's ASSIGN "
           "action sets ScreenPop = True.",
           "Switch on Use Screen Pops at the skill and write assign_screen_pop: true, or remove the row.",
           SCREEN_POPS),
    _warning("MEM106", "script-variable-sometimes-missing",
             "Some of the voice skills that use the mapping do not use screen pops.",
             "Switch on Use Screen Pops at these skills, or assign them a mapping without script variables.",
             SCREEN_POPS),
    _warning("MEM107", "field-without-source",
             "No API tells a batch this value without a further licence; it is reported as no_source, never written.",
             "Leave the row for the report's sake, or remove it."),
    _error("MEM201", "record-type-unknown", "The portal has no record type of this name.",
           "Write Contact, Company, Deal, Ticket, an engagement, or a custom object's singular label.",
           "record types", stops_run=True),
    _error("MEM202", "property-unknown", "HubSpot refuses a write that names a property it does not have.",
           "Create the property, or correct its internal name (not its label).", PROPERTIES, stops_run=True),
    _error("MEM203", "property-read-only", "HubSpot sets this property itself and refuses writes.",
           "Map to another property.", PROPERTIES, stops_run=True),
    _error("MEM204", "property-calculated", "The value is calculated; a write is refused.",
           "Map to another property.", PROPERTIES, stops_run=True),
    _error("MEM205", "property-sensitive",
           "Sensitive properties are hidden from the token, so nothing written there could be proven.",
           "Map to a property that is not marked sensitive.", "sensitive properties"),
    _error("MEM206", "property-archived", "An archived property takes no values.",
           "Restore the property in HubSpot, or map to another one.", "archived properties"),
    _error("MEM207", "transcript-in-wrong-type", "A number, date or enumeration can never hold a transcript.",
           "Map the transcript to a multi-line text property.", PROPERTIES, stops_run=True),
    _error("MEM208", "wrong-type", "HubSpot refuses a value that is not of the property's type.",
           "Map to a property of the type that is named.", PROPERTIES),
    _error("MEM209", "disposition-no-option",
           "HubSpot refuses a value that is no option of an enumeration, so these outcomes would be lost.",
           "Add the options in HubSpot, or map to a text property.", "dispositions"),
    _warning("MEM210", "single-line-transcript", "A single-line text shows a transcript flattened.",
             "Map to a multi-line text (textarea) or rich text property.", PROPERTIES),
    _error("MEM211", "limit-too-small",
           "More than one in a hundred transcripts of the past would not fit the property, and the row does not say "
           "what to do with them.",
           "Raise the property's character limit in HubSpot, or write on_overflow (also reject, if that is meant).",
           "length quantiles"),
    _error("MEM212", "create-with-unknown", "A new record cannot be made with a property that does not exist.",
           "Correct the name under create_with.", PROPERTIES, stops_run=True),
    _error("MEM213", "pipeline-unknown", "HubSpot refuses a record in a pipeline or stage that it does not have.",
           "Write the ids (not the labels) of a pipeline and of one of its stages.", "pipelines", stops_run=True),
    _error("MEM214", "create-incomplete", "HubSpot refuses to create a record without its required properties.",
           "Write them under create_with, or map them.", stops_run=True),
    _error("MEM215", "association-unknown",
           "Records are associated with those that another section of the same mapping finds for the interaction.",
           "Name the entity of another section, or remove it.", stops_run=True),
    _error("MEM301", "no-key",
           "Tickets, deals, custom objects and engagements are one record per interaction and can only be found by "
           "a key or a stored record id; without either, every target is parked.",
           "Write key: Contact ID and a row that maps it, or record_id_from."),
    _error("MEM302", "key-not-unique", "Only a unique key keeps a second run from creating a second record.",
           "Make a new property with unique values, or write on_unmatched: park.", PROPERTIES, stops_run=True),
    _warning("MEM303", "key-searched",
             "A key that is not unique is found by search, which lags behind and may find two records.",
             "Make a new property with unique values (it can only be set when a property is created).", PROPERTIES),
    _error("MEM304", "property-mapped-twice", "Two rows of one channel write one property; one of them is lost.",
           "Keep one row per property and channel.", stops_run=True),
    _warning("MEM305", "mappings-meet",
             "Two mappings in use write the same properties of records that both can find, as the Contact; the "
             "latest interaction wins there.",
             "If that is not meant, give each mapping its own properties."),
    _error("MEM401", "card-too-many-texts", "The customer card shows at most five text fields per record type.",
           "Remove some.", PROPERTIES, stops_run=True),
    _error("MEM402", "card-too-many-others", "The customer card shows at most three fields of other types.",
           "Remove some.", PROPERTIES, stops_run=True),
    _warning("MEM403", "card-too-many", "CXone's form also says: up to five fields per record type in all.",
             "Keep the five that matter most."),
    _error("MEM404", "card-property-unknown", "The card cannot show a property that does not exist.",
           "Correct the name.", PROPERTIES, stops_run=True),
    _error("MEM501", "unknown-mapping", "An assignment names a mapping that no file defines.",
           "Correct the name, or add the mapping.", stops_run=True),
    _error("MEM502", "unknown-skill", "An assignment to a skill that CXone does not have never takes effect.",
           "Write the skill's name or id as CXone shows it.", "skills"),
    _error("MEM503", "mapping-unassigned", "A mapping that no skill and no channel uses is never applied.",
           "Assign it in workflows.yaml, or remove the file."),
    _error("MEM504", "assigned-twice", "A skill or channel has one workflow configuration, not two.",
           "Remove one assignment.", stops_run=True),
    _error("MEM505", "name-defined-twice", "Two files define a mapping of the same name; an assignment cannot tell "
           "them apart.", "Rename one.", stops_run=True),
    _error("MEM601", "scope-missing", "Without its scopes the token cannot read or write these records.",
           "Grant them in HubSpot (Development > Keys > Service keys).", "scopes", stops_run=True),
    _error("MEM602", "other-account", "The facts are of another HubSpot account than account_id names.",
           "Correct account_id, or take a new snapshot.", "account", stops_run=True),
)  # fmt: skip

RULES: Final[dict[str, Rule]] = {rule.code: rule for rule in _ALL}
