"""Every spelling of an object type leads to one type id; each pair of types has one default association.

Ids, names and association type ids: hubspot-api, sections 2 and 2.7. Inverses and deal pairs that the
reference does not list follow HubSpot's published table of association type ids.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """An object type.

    `created` and `modified` name its two dates, `required` what a create must bring, `searchable` what a
    search's `query` looks at, `defaults` what a read shows when it names no properties.
    """

    type_id: str
    plural: str
    singular: str
    primary: str
    scope_object: str
    required: tuple[str, ...] = ()
    searchable: tuple[str, ...] = ()
    created: str = "createdate"
    defaults: tuple[str, ...] = ()

    @property
    def fqn(self) -> str:
        return self.singular.upper()

    @property
    def modified(self) -> str:
        return "lastmodifieddate" if self.type_id == "0-1" else "hs_lastmodifieddate"

    @property
    def custom(self) -> bool:
        return self.type_id.startswith("2-")


STANDARD_KINDS = (
    Kind(
        "0-1",
        "contacts",
        "contact",
        "email",
        "contacts",
        searchable=("firstname", "lastname", "email", "phone", "company", "hs_additional_emails"),
        defaults=("email", "firstname", "lastname"),
    ),
    Kind(
        "0-2",
        "companies",
        "company",
        "name",
        "companies",
        searchable=("name", "domain", "phone"),
        defaults=("domain", "name"),
    ),
    Kind(
        "0-3",
        "deals",
        "deal",
        "dealname",
        "deals",
        searchable=("dealname",),
        defaults=("amount", "dealname", "dealstage", "pipeline"),
    ),
    Kind(
        "0-5",
        "tickets",
        "ticket",
        "subject",
        "tickets",
        required=("subject", "hs_pipeline", "hs_pipeline_stage"),
        searchable=("subject", "content"),
        defaults=("content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "subject"),
    ),
    Kind(
        "0-46",
        "notes",
        "note",
        "hs_note_body",
        "contacts",
        ("hs_timestamp",),
        ("hs_note_body",),
        "hs_createdate",
    ),
    Kind(
        "0-48",
        "calls",
        "call",
        "hs_call_title",
        "contacts",
        ("hs_timestamp",),
        ("hs_call_title",),
        "hs_createdate",
    ),
    Kind(
        "0-18",
        "communications",
        "communication",
        "hs_communication_body",
        "contacts",
        ("hs_timestamp", "hs_communication_channel_type"),
        ("hs_communication_body",),
        "hs_createdate",
    ),
    Kind(
        "0-27",
        "tasks",
        "task",
        "hs_task_subject",
        "contacts",
        ("hs_timestamp",),
        ("hs_task_subject",),
        "hs_createdate",
    ),
    Kind(
        "0-47",
        "meetings",
        "meeting",
        "hs_meeting_title",
        "contacts",
        ("hs_timestamp",),
        ("hs_meeting_title",),
        "hs_createdate",
    ),
    Kind(
        "0-49",
        "emails",
        "email",
        "hs_email_subject",
        "contacts",
        ("hs_timestamp",),
        ("hs_email_subject",),
        "hs_createdate",
    ),
    Kind("0-136", "leads", "lead", "hs_lead_name", "leads", ("hs_lead_name",), ("hs_lead_name",), "hs_createdate"),
    Kind("0-8", "line_items", "line_item", "name", "line_items", (), ("name",)),
)

# (from, to): (type id, inverse type id), unlabelled
_DEFAULTS = {
    ("0-1", "0-2"): (279, 280),
    ("0-1", "0-5"): (15, 16),
    ("0-2", "0-5"): (340, 339),
    ("0-3", "0-1"): (3, 4),
    ("0-3", "0-2"): (341, 342),
    ("0-3", "0-5"): (27, 28),
    ("0-46", "0-1"): (202, 201),
    ("0-46", "0-2"): (190, 189),
    ("0-46", "0-3"): (214, 213),
    ("0-46", "0-5"): (228, 227),
    ("0-18", "0-1"): (81, 82),
    ("0-18", "0-2"): (87, 88),
    ("0-18", "0-3"): (85, 86),
    ("0-18", "0-5"): (83, 84),
    ("0-27", "0-1"): (204, 203),
    ("0-27", "0-5"): (230, 229),
    ("0-47", "0-1"): (200, 199),
    ("0-49", "0-1"): (198, 197),
    ("0-48", "0-1"): (194, 193),
    ("0-48", "0-2"): (182, 181),
    ("0-48", "0-3"): (206, 205),
    ("0-48", "0-5"): (220, 219),
}
_PRIMARY = {("0-1", "0-2"): (1, 2), ("0-2", "0-5"): (25, 26), ("0-3", "0-2"): (5, 6)}


def _both_ways(table: dict[tuple[str, str], tuple[int, int]]) -> dict[tuple[str, str], int]:
    forward = {pair: ids[0] for pair, ids in table.items()}
    return forward | {(to, start): ids[1] for (start, to), ids in table.items()}


_DEFAULT_ID = _both_ways(_DEFAULTS)
_PRIMARY_ID = _both_ways(_PRIMARY)
_CUSTOM_BASE = 10_000


def default_association(from_type: str, to_type: str) -> int:
    """The unlabelled association type id of a pair of type ids; pairs outside the table get a stable one."""
    known = _DEFAULT_ID.get((from_type, to_type))
    if known is not None:
        return known
    start, to = (int(part.split("-")[1]) for part in (from_type, to_type))
    return _CUSTOM_BASE + start * 1_000 + to


def association_labels(from_type: str, to_type: str) -> list[dict[str, object]]:
    """The labels of a pair, as GET .../labels lists them: `{category, typeId, label}`."""
    found: list[dict[str, object]] = []
    primary = _PRIMARY_ID.get((from_type, to_type))
    if primary is not None:
        found.append({"category": "HUBSPOT_DEFINED", "typeId": primary, "label": "Primary"})
    unlabelled = default_association(from_type, to_type)
    return [*found, {"category": "HUBSPOT_DEFINED", "typeId": unlabelled, "label": None}]


def inverse_association(from_type: str, to_type: str, type_id: int) -> int:
    """The type id of the same association seen from the other end."""
    if _PRIMARY_ID.get((from_type, to_type)) == type_id:
        return _PRIMARY_ID[(to_type, from_type)]
    return default_association(to_type, from_type)
