"""The custom HubSpot properties of the tenant "acme", and how long a text each takes.

The names are fixed: mappings elsewhere use the very same.
"""

from typing import Any

from sandbox.catalogue import DISPOSITIONS
from sandbox.hubspot.portal import Portal

PORTAL_ID = 4_711_001
TIME_ZONE = "Europe/Berlin"
UI_DOMAIN = "app-eu1.hubspot.com"
TOKEN = "pat-eu1-acme-demo"  # noqa: S105 - the twin's own
SCOPES = frozenset(
    {
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.companies.read",
        "crm.objects.companies.write",
        "crm.schemas.contacts.read",
        "crm.schemas.companies.read",
        "tickets",
        "oauth",
    }
)
CONTACT, COMPANY, TICKET = "0-1", "0-2", "0-5"
CONTACT_TO_COMPANY, TICKET_TO_CONTACT = 1, 16
TICKET_TRANSCRIPT_LIMIT = 4_000
TEXT_LIMIT = 65_536
GROUP = "cxone"

_DISPOSITION_OPTIONS = [{"label": d.name, "value": d.name, "hidden": not d.active} for d in DISPOSITIONS]
_CONTACT: dict[str, tuple[str, str]] = {
    "cxone_last_contact_id": ("string", "text"),
    "cxone_last_agent": ("string", "text"),
    "cxone_last_channel": ("string", "text"),
    "cxone_last_disposition": ("enumeration", "select"),
    "cxone_last_interaction_at": ("datetime", "date"),
    "cxone_last_notes": ("string", "textarea"),
    "cxone_last_skill": ("string", "text"),
    "cxone_last_transcript": ("string", "textarea"),
}
_TICKET_TEXTS = [
    "contact_id",
    "master_contact_id",
    "interaction_id",
    "agent_id",
    "agent_name",
    "skill_name",
    "status",
    "media_type",
    "event_type",
    "channel_name",
    "channel_type",
    "customer_name",
    "from",
    "to",
    "dnis",
    "tags",
    "recording_url",
    "transcript_url",
    "order_number",
]
_TICKET: dict[str, tuple[str, str]] = {f"cxone_{name}": ("string", "text") for name in _TICKET_TEXTS} | {
    "cxone_ani": ("string", "phonenumber"),
    "cxone_skill_id": ("number", "number"),
    "cxone_contact_type": ("enumeration", "select"),
    "cxone_direction": ("enumeration", "radio"),
    "cxone_disposition": ("enumeration", "select"),
    "cxone_disposition_notes": ("string", "textarea"),
    "cxone_start_time": ("datetime", "date"),
    "cxone_end_time": ("datetime", "date"),
    "cxone_final_state": ("bool", "booleancheckbox"),
    "cxone_callback_date": ("date", "date"),
    "cxone_transcript": ("string", "textarea"),
}
_OPTIONS: dict[str, list[dict[str, Any]]] = {
    "cxone_last_disposition": _DISPOSITION_OPTIONS,
    "cxone_disposition": _DISPOSITION_OPTIONS,
    "cxone_contact_type": [{"label": label, "value": label.lower()} for label in ("Voice", "Digital")],
    "cxone_direction": [{"label": label, "value": label.lower()} for label in ("Inbound", "Outbound", "Internal")],
    "cxone_final_state": [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}],
}
TICKET_LOSABLE: dict[bool, tuple[str, ...]] = {
    True: ("cxone_agent_name", "cxone_disposition", "cxone_end_time", "cxone_skill_name", "cxone_last_agent"),
    False: (
        "cxone_agent_name",
        "cxone_transcript",
        "cxone_end_time",
        "cxone_customer_name",
        "cxone_last_agent",
    ),
}


def define(portal: Portal) -> None:
    """Give the portal the tenant's properties; HubSpot's own it has already."""
    for type_id, properties in ((CONTACT, _CONTACT), (TICKET, _TICKET)):
        portal.define_group(type_id, GROUP, "CXone")
        for name, (kind, field) in properties.items():
            item: dict[str, Any] = {
                "name": name,
                "label": name.removeprefix("cxone_").replace("_", " ").title(),
                "type": kind,
                "fieldType": field,
                "groupName": GROUP,
                "options": _OPTIONS.get(name, []),
                "hasUniqueValue": name == "cxone_contact_id",
            }
            limit = TICKET_TRANSCRIPT_LIMIT if name == "cxone_transcript" else None
            portal.define(type_id, item, max_length=limit)
