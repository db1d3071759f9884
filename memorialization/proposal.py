"""A first set of mapping files for a portal and a tenant: what is told apart by name is proposed, the rest is asked.

What comes out always loads. A row is proposed only where one property of a fitting type has the field's name, in
English or German, in its name or label; HubSpot's own properties are never proposed. Every field without a
property stands in the file as a comment, and the configuration begins in mode observe. Source: memorialization
reference, sections 2, 3 and 7.
"""

import difflib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from memorialization.interactions import DIGITAL, FIELD_COLUMNS, VOICE
from memorialization.mappings import KEY_FIELDS, NO_SOURCE
from memorialization.ports import Account, Property

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "Agent ID": ("agent id", "agentennummer", "agenten id", "mitarbeiternummer", "bearbeiter id"),
    "Agent Name": ("agent name", "agent", "agentenname", "mitarbeiter", "bearbeiter", "sachbearbeiter"),
    "ANI": ("ani", "anrufernummer", "rufnummer des anrufers", "caller number", "calling number"),
    "DNIS": ("dnis", "gewaehlte nummer", "angerufene nummer", "dialed number", "called number", "servicenummer"),
    "Channel Name": ("channel name", "kanalname", "name des kanals"),
    "Channel Type": ("channel type", "kanal", "kanaltyp", "kanalart", "channel"),
    "Contact ID": ("contact id", "kontakt id", "kontaktnummer", "call id", "anruf id", "vorgangsnummer"),
    "Master Contact ID": ("master contact id", "haupt kontakt id", "master kontakt id", "parent contact id"),
    "Interaction ID": ("interaction id", "interaktions id", "interaktionsnummer"),
    "Contact Type": ("contact type", "kontaktart", "kontakttyp"),
    "Customer Name": ("customer name", "kundenname", "name des kunden"),
    "Direction": ("direction", "richtung", "anrufrichtung", "call direction"),
    "Disposition Name": (
        "disposition", "disposition name", "outcome", "ergebnis", "anrufergebnis", "gespraechsergebnis",
        "abschlussgrund",
    ),
    "Disposition Notes": (
        "disposition notes", "notes", "agent notes", "notizen", "notiz", "gespraechsnotiz", "bemerkung", "bemerkungen",
    ),
    "Start Time": ("start time", "start", "begin", "beginn", "startzeit", "anrufbeginn", "gespraechsbeginn"),
    "End Time": ("end time", "end", "interaction at", "ende", "endzeit", "anrufende", "gespraechsende", "kontakt am"),
    "Event Type": ("event type", "ereignistyp", "ereignisart"),
    "Media Type": ("media type", "medientyp", "medienart", "medium"),
    "Final State": ("final state", "endzustand", "abgeschlossen"),
    "From": ("from", "von", "absender"),
    "To": ("to", "an", "empfaenger"),
    "Recording URL": ("recording url", "recording", "aufzeichnung", "link zur aufzeichnung", "aufnahme"),
    "Skill ID": ("skill id", "skill nummer"),
    "Skill Name": ("skill name", "skill", "warteschlange", "queue"),
    "Status": ("status", "fallstatus", "case status"),
    "Tags": ("tags", "schlagworte", "schlagwoerter", "markierungen"),
    "Transcription Text": ("transcription text", "transcript", "chat transcript", "transkript", "chatverlauf",
                           "gespraechsprotokoll", "mitschrift"),
    "Transcript URL": ("transcript url", "transkript url", "link zum transkript", "link zum chatverlauf"),
}  # fmt: skip
"""CXone field -> names it goes by, folded as `folded` folds."""

CLOSE: Final = 0.88
"""Similarity (0 to 1) from which a name is taken for a field's: lets a plural or a slip of the pen pass."""

_NOISE: Final = frozenset({"cxone", "nice", "incontact", "hs", "last", "letzte", "letzter", "letztes", "letzten"})
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_REGIONS: Final = {
    "Europe/Berlin": "DE", "Europe/Vienna": "AT", "Europe/Zurich": "CH", "Europe/London": "GB",
    "Europe/Dublin": "IE", "Europe/Paris": "FR", "Europe/Amsterdam": "NL", "Europe/Madrid": "ES",
    "Europe/Rome": "IT", "Australia/Sydney": "AU", "Asia/Tokyo": "JP",
}  # fmt: skip
_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "Start Time": ("datetime", "date", "string"),
    "End Time": ("datetime", "date", "string"),
    "Final State": ("bool", "string", "enumeration"),
    "ANI": ("string", "phone_number"),
    "DNIS": ("string", "phone_number"),
    "Agent ID": ("string", "number"),
    "Skill ID": ("string", "number"),
}
_WORDS: Final = ("string", "enumeration")
_ONLY_TEXT: Final = frozenset({"Transcription Text", "Disposition Notes", "Transcript URL", "Recording URL"})
_FALLBACK: Final = {"Contact": {"Contact ID": "cxone_last_contact_id"}}


@dataclass(frozen=True, slots=True)
class Match:
    """Properties that one CXone field may be mapped onto: the best first, then those no worse."""

    field: str
    properties: tuple[str, ...]


def folded(text: str) -> tuple[str, ...]:
    """The words of a name or label: lower case, umlauts written out, without those that say nothing."""
    plain = unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return tuple(word for word in re.split(r"[^a-z0-9]+", plain) if word and word not in _NOISE)


def matches(channel: str, properties: Mapping[str, Property]) -> list[Match]:
    """For each CXone field of a channel the properties that bear its name; one property serves one field."""
    scored: list[tuple[float, str, str]] = []
    for item in properties.values():
        if item.name.startswith("hs_") or item.read_only or item.calculated or "probe" in item.name:
            continue
        for field in FIELD_COLUMNS[channel]:
            score = _similar(field, item)
            if score >= CLOSE and item.type in _fitting(field):
                scored.append((score, field, item.name))
    owner: dict[str, tuple[float, str]] = {}
    for score, field, name in sorted(scored, key=lambda s: (-s[0], s[1], s[2])):
        owner.setdefault(name, (score, field))
    found = []
    for field in FIELD_COLUMNS[channel]:
        mine = sorted((-score, name) for name, (score, mapped) in owner.items() if mapped == field)
        best = [name for score, name in mine if score == mine[0][0]]
        if best:
            found.append(Match(field, tuple(best)))
    return found


def _fitting(field: str) -> tuple[str, ...]:
    return ("string",) if field in _ONLY_TEXT else _TYPES.get(field, _WORDS)


def _similar(field: str, item: Property) -> float:
    """1 for the very name; a short word must be the very name, for "to" is close to everything."""
    names = [" ".join(folded(item.name)), " ".join(folded(item.label))]
    best = 0.0
    for synonym in SYNONYMS[field]:
        for name in names:
            if name == synonym:
                return 1.0
            if min(len(name), len(synonym)) > 5:
                best = max(best, difflib.SequenceMatcher(None, name, synonym).ratio())
    return best


@dataclass(frozen=True, slots=True)
class Portal:
    """What is known of the portal: the account, and properties by name per entity ("Contact", "Ticket")."""

    account: Account
    properties: Mapping[str, Mapping[str, Property]]


def files(name: str, portal: Portal, skills: Sequence[str] = ()) -> dict[str, str]:
    """File name -> text of a new configuration folder; `skills` are the tenant's, for the comment that lists them."""
    return {
        "crm.yaml": crm_file(name, portal.account, _settings(portal.account)),
        "voice.yaml": _mapping(name, "voice", VOICE, portal.properties),
        "digital.yaml": _mapping(name, "digital", DIGITAL, portal.properties),
        "workflows.yaml": _workflows(name, skills),
    }


def quoted(text: str) -> str:
    """A text as YAML and JSON both read it; letters stay letters."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def crm_file(name: str, account: Account, settings: str) -> str:
    """crm.yaml in mode observe; `settings`: the lines from phone_regions on."""
    domain = account.ui_domain if re.fullmatch(r"[a-z0-9][a-z0-9.-]*\.com", account.ui_domain) else "app.hubspot.com"
    return f"""\
# The CRM configuration, as in CXone under "Set up a CRM configuration for HubSpot".
# Credentials never stand here: they are in the Airflow connections cxone_{name} and hubspot_{name}.
configuration_name: {quoted(f"{name} HubSpot")}   # CHOOSE: the name it has in CXone
integration_type: HubSpot
authentication_name: HubSpot service key   # CHOOSE: the name it has in CXone
external_screenpop_domain_hs: {quoted("https://" + domain)}   # CHOOSE: your own address, up to .com
account_id: {account.portal_id}

# observe: everything runs, nothing is written. `memorialize adopt -c {name}` switches after a first report.
mode: observe
schedule: "0 2 * * *"        # UTC; each run covers the 24 hours that end then

{settings}"""


def _settings(account: Account) -> str:
    zone = account.time_zone
    region = _REGIONS.get(zone) or ("US" if zone.startswith(("US/", "America/")) else None)
    known = f"from the account's time zone, {zone}" if region else f"CHOOSE: the time zone {quoted(zone)} does not tell"
    return f"""\
phone_regions: [{region or "US"}]          # {known}; add every country whose numbers come without country code
rendering:                   # CHOOSE: how the live system spells values in this tenant; compare a few records
  tags_separator: ";"
  agent_id: number           # or uuid
  contact_id: number         # or guid
contact_ended_first: digital # or both
end_reasons:                 # CHOOSE: CXone's words for who ended a call; no API lists them, a first report does
  agent: []
  contact: []
integration_sources: [INTEGRATION]
"""


def _mapping(name: str, kind: str, channel: str, properties: Mapping[str, Mapping[str, Property]]) -> str:
    title = "calls" if kind == "voice" else "Digital Experience: chat, e-mail, messengers"
    lines = [
        f"# Data memorialization mapping for {title}. Proposed by name: check every row.",
        f"memorialization_mapping: {quoted(f'{name} {kind}')}",
        "sections:",
    ]
    for entity in ("Contact", "Ticket"):
        lines += _section(entity, channel, properties.get(entity, {}))
    return "\n".join(lines) + "\n"


def _section(entity: str, channel: str, properties: Mapping[str, Property]) -> list[str]:
    sourceless = NO_SOURCE[channel]
    found = {m.field: m.properties for m in matches(channel, properties) if m.field not in sourceless}
    keys = [field for field in KEY_FIELDS if field in found]
    per_interaction = entity != "Contact"
    if per_interaction and not keys:
        return [
            f"  # CHOOSE: no property of {entity} bears the name of {', '.join(KEY_FIELDS[:-1])} or {KEY_FIELDS[-1]}, "
            "so its",
            "  # records cannot be found. Make one (`memorialize portal create` makes what a row names) and add:",
            f"  # - entity: {entity}",
            "  #   key: Contact ID",
            "  #   fields:",
            f"  #     - {row_text('cxone_contact_id', channel, 'Contact ID')}",
        ]
    lines = [f"  - entity: {entity}"]
    if per_interaction:
        unique = any(properties[name].unique for name in found[keys[0]])
        note = "the record made for this interaction" if unique else "CHOOSE: not unique, so it is searched for"
        lines.append(f"    key: {keys[0]}   # {note}")
    else:
        lines.append("    required: false   # CHOOSE: true, if an interaction without one needs a person's eye")
    lines.append("    fields:")
    rows = {field: _preferred(field, names, properties) for field, names in found.items()}
    for field, names in rows.items():
        others = f"   # CHOOSE: or {', '.join(names[1:])}" if len(names) > 1 else ""
        lines.append(f"      - {row_text(names[0], channel, field)}{others}")
    if not rows:
        lines.append("      # CHOOSE: no property was found by name; `memorialize portal create` makes this one")
        lines += [f"      - {row_text(new, channel, field)}" for field, new in _FALLBACK[entity].items()]
    open_ = [field for field in FIELD_COLUMNS[channel] if field not in rows and (rows or field != "Contact ID")]
    if open_:
        lines.append("      # CHOOSE: without a property so far")
        for field in open_:
            told = "   (no source without a licence)" if field in sourceless else ""
            lines.append(f"      # - {row_text('?', channel, field)}{told}")
    return lines


def _preferred(field: str, names: tuple[str, ...], properties: Mapping[str, Property]) -> tuple[str, ...]:
    """Unique ones first for keys, multi-line ones first for long texts, then by name."""
    return tuple(
        sorted(
            names,
            key=lambda name: (
                field in KEY_FIELDS and not properties[name].unique,
                field in _ONLY_TEXT and properties[name].field_type not in ("textarea", "html"),
                name,
            ),
        )
    )


def row_text(name: str, channel: str, field: str, **policies: str) -> str:
    """A mapping row in YAML, on one line."""
    pairs = {"external_crm_field": _plain(name), "channel": channel, "cxone_data": _plain(field), **policies}
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"


def _plain(text: str) -> str:
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(?: [A-Za-z][A-Za-z0-9_]*)*", text)
    return text if plain and text.lower() not in _YAML_WORDS else quoted(text)


_YAML_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def _workflows(name: str, skills: Sequence[str]) -> str:
    listed = "".join(f"#   {quoted(skill)}\n" for skill in sorted(skills)[:200])
    known = f"# Skills of this tenant:\n{listed}" if listed else ""
    return f"""\
# Which mapping a skill's script selects (its AGENT WORKFLOW CONFIGURATION action).
# CHOOSE: give skills whose scripts select another mapping, or none, an assignment of their own:
#   - skills: [...]
#     memorialization_mapping: ...
{known}assignments:
  - channel: {VOICE}
    memorialization_mapping: {quoted(f"{name} voice")}
    assign_screen_pop: false   # CHOOSE: true, if the scripts' ASSIGN actions have ScreenPop = True
  - channel: {DIGITAL}
    memorialization_mapping: {quoted(f"{name} digital")}
"""
