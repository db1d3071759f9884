"""What every portal is born with: HubSpot's own properties and pipelines, as far as needed.

Read-only are the calculated properties, `hs_object_id`, the merge list and the dates HubSpot keeps itself.
"""

from __future__ import annotations

from collections.abc import Iterator

PIPELINES: dict[str, list[dict[str, object]]] = {
    "0-5": [
        {
            "id": "0",
            "label": "Support Pipeline",
            "stages": ["New", "Waiting on contact", "Waiting on us", "Closed"],
            "stage_ids": ["1", "2", "3", "4"],
        }
    ],
    "0-3": [
        {
            "id": "default",
            "label": "Sales Pipeline",
            "stages": ["Appointment Scheduled", "Closed Won", "Closed Lost"],
            "stage_ids": ["appointmentscheduled", "closedwon", "closedlost"],
        }
    ],
}

LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)

# type id: (name, type, fieldType)
_WRITABLE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "0-1": (
        ("email", "string", "text"),
        ("firstname", "string", "text"),
        ("lastname", "string", "text"),
        ("phone", "string", "phonenumber"),
        ("mobilephone", "string", "phonenumber"),
        ("company", "string", "text"),
        ("hs_additional_emails", "string", "text"),
    ),
    "0-2": (("name", "string", "text"), ("domain", "string", "text"), ("phone", "string", "phonenumber")),
    "0-3": (("dealname", "string", "text"), ("amount", "number", "number")),
    "0-5": (("subject", "string", "text"), ("content", "string", "textarea")),
    "0-46": (("hs_note_body", "string", "html"), ("hs_timestamp", "datetime", "date")),
    "0-48": (
        ("hs_call_title", "string", "text"),
        ("hs_call_body", "string", "html"),
        ("hs_timestamp", "datetime", "date"),
    ),
    "0-18": (("hs_communication_body", "string", "html"), ("hs_timestamp", "datetime", "date")),
    "0-27": (
        ("hs_task_subject", "string", "text"),
        ("hs_task_body", "string", "html"),
        ("hs_timestamp", "datetime", "date"),
    ),
    "0-47": (
        ("hs_meeting_title", "string", "text"),
        ("hs_meeting_body", "string", "html"),
        ("hs_timestamp", "datetime", "date"),
    ),
    "0-49": (
        ("hs_email_subject", "string", "text"),
        ("hs_email_text", "string", "textarea"),
        ("hs_timestamp", "datetime", "date"),
    ),
    "0-136": (("hs_lead_name", "string", "text"),),
    "0-8": (("name", "string", "text"), ("quantity", "number", "number"), ("price", "number", "number")),
}
_CALCULATED: dict[str, tuple[str, ...]] = {
    "0-1": ("hs_searchable_calculated_phone_number", "hs_searchable_calculated_mobile_number"),
    "0-2": ("hs_searchable_calculated_phone_number",),
}
_CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "0-1": {"lifecyclestage": LIFECYCLE},
    "0-3": {
        "pipeline": ("default",),
        "dealstage": ("appointmentscheduled", "closedwon", "closedlost"),
    },
    "0-5": {
        "hs_pipeline": ("0",),
        "hs_pipeline_stage": ("1", "2", "3", "4"),
        "hs_ticket_priority": ("LOW", "MEDIUM", "HIGH", "URGENT"),
    },
    "0-18": {"hs_communication_channel_type": ("SMS", "WHATS_APP", "LINKEDIN_MESSAGE")},
}


def standard_properties(type_id: str, created: str, modified: str) -> Iterator[dict[str, object]]:
    """The items of the properties a type is born with; `created` and `modified` name its two dates."""
    for name, kind, field in _WRITABLE.get(type_id, ()):
        yield _item(name, kind, field)
    for name, values in _CHOICES.get(type_id, {}).items():
        options = [_option(value, position) for position, value in enumerate(values)]
        yield _item(name, "enumeration", "select") | {"options": options}
    for name in _CALCULATED.get(type_id, ()):
        yield _read_only(name, "string", "text") | {"calculated": True}
    yield _read_only("hs_object_id", "number", "number") | {"hasUniqueValue": True}
    yield _read_only(created, "datetime", "date")
    yield _read_only(modified, "datetime", "date")
    if type_id == "0-1":
        yield _read_only("hs_merged_object_ids", "enumeration", "checkbox")


def _option(value: str, position: int) -> dict[str, object]:
    return {"label": value, "value": value, "description": "", "displayOrder": position, "hidden": False}


def _item(name: str, kind: str, field: str) -> dict[str, object]:
    return {"name": name, "type": kind, "fieldType": field, "hubspotDefined": True}


def _read_only(name: str, kind: str, field: str) -> dict[str, object]:
    meta = {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": True}
    return _item(name, kind, field) | {"modificationMetadata": meta}
