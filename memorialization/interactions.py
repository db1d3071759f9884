"""The interactions frame: one row per agent leg, the same columns whatever the source, times in UTC.

A row states facts of CXone and nothing else: whether it is due, and where it belongs, is decided later.
Columns that carry a *CXone field* of the vendor's list are found through `FIELD_COLUMNS`.
"""

from typing import Final

import pandas as pd
import pyarrow as pa

_TEXT: Final = pa.large_string()
_TIME: Final = pa.timestamp("ms", tz="UTC")

SCRIPT_PREFIX: Final = "script."
"""Script variables stand in columns `script.<lower-case name>` (large_string), only those that were asked for."""

INTERACTIONS: Final = pa.schema(
    [
        # identity
        pa.field("interaction_key", _TEXT, nullable=False),  # v:{contactId} | d:{case}:{start ms}:{agent}
        pa.field("channel", _TEXT, nullable=False),  # voice | digital
        pa.field("contact_id", _TEXT),  # voice: contactId; digital: the case number, digits
        pa.field("contact_guid", _TEXT),  # digital: the case's contactId GUID
        pa.field("master_contact_id", _TEXT),
        pa.field("interaction_id", _TEXT),  # digital only (cxone-api 1.4)
        # times, UTC
        pa.field("start_time", _TIME),  # of the leg
        pa.field("end_time", _TIME),  # of the leg; null while it is still assigned
        pa.field("due_at", _TIME),  # end of after-call work, transfer or unassignment; null while open
        pa.field("updated_at", _TIME),  # CXone's last change of the row
        # what settles it
        pa.field("media_type_id", pa.int32()),  # voice rows; 9 for digital
        pa.field("agent_kind", _TEXT),  # human | bot | survey; null = no agent on the leg
        pa.field("refused", pa.bool_()),
        pa.field("abandoned", pa.bool_()),
        pa.field("wrap_up_closed", pa.bool_()),  # voice: ACW closed or none; digital: leg transferred or unassigned
        pa.field("end_reason", _TEXT),  # voice: CXone's free text
        pa.field("ended_by", _TEXT),  # digital: agent | contact | unknown, from the case history
        pa.field("screen_pops", pa.bool_()),  # voice: the skill uses screen pops; null for digital
        # who to look for
        pa.field("customer_email", _TEXT),  # lower case
        pa.field("customer_phone", _TEXT),  # as CXone spells it
        # CXone fields
        pa.field("agent_id", _TEXT),
        pa.field("agent_uuid", _TEXT),
        pa.field("agent_name", _TEXT),
        pa.field("ani", _TEXT),
        pa.field("dnis", _TEXT),
        pa.field("from_name", _TEXT),  # digital: name of the contact
        pa.field("to_name", _TEXT),  # the agent who handled it
        pa.field("customer_name", _TEXT),
        pa.field("channel_name", _TEXT),
        pa.field("channel_type", _TEXT),
        pa.field("contact_type", _TEXT),  # voice | digital
        pa.field("direction", _TEXT),  # inbound | outbound
        pa.field("disposition_id", _TEXT),  # what the agent chose; its name is null where CXone does not know it
        pa.field("disposition_name", _TEXT),
        pa.field("disposition_notes", _TEXT),
        pa.field("event_type", _TEXT),
        pa.field("final_state", pa.bool_()),
        pa.field("media_type", _TEXT),
        pa.field("recording_url", _TEXT),
        pa.field("skill_id", _TEXT),
        pa.field("skill_name", _TEXT),
        pa.field("status", _TEXT),
        pa.field("tags", pa.large_list(_TEXT)),
        pa.field("transcript_ref", _TEXT),  # sha256 of the text, the key of TRANSCRIPTS; null = none fetched
        pa.field("transcript_withheld", pa.bool_()),  # digital: true = messages were missing; null = nothing was
        pa.field("transcript_url", _TEXT),
    ]
)
"""One row per agent leg; `interaction_key` is unique. Source: memorialization reference, sections 3 and 4."""

TRANSCRIPTS: Final = pa.schema(
    [
        pa.field("transcript_ref", _TEXT, nullable=False),
        pa.field("text", _TEXT, nullable=False),
    ]
)
"""Customer text, kept apart from everything else and only in staging."""

DIGITAL: Final = "Digital contact"
VOICE: Final = "Voice call contact"
SCRIPT: Final = "Script variable"


def channel_of(interaction_keys: pd.Series) -> pd.Series:
    """voice or digital for each interaction key (dtype str)."""
    return interaction_keys.str.startswith("v:").map({True: "voice", False: "digital"}).astype("str")


_SHARED: Final = {
    "Agent ID": "agent_id",
    "Agent Name": "agent_name",
    "Contact ID": "contact_id",
    "Direction": "direction",
    "Disposition Name": "disposition_name",
    "Disposition Notes": "disposition_notes",
    "End Time": "end_time",
    "Final State": "final_state",
    "Interaction ID": "interaction_id",
    "Media Type": "media_type",
    "Skill ID": "skill_id",
    "Skill Name": "skill_name",
    "Start Time": "start_time",
    "Status": "status",
    "To": "to_name",
}

FIELD_COLUMNS: Final[dict[str, dict[str, str]]] = {
    DIGITAL: _SHARED
    | {
        "Channel Name": "channel_name",
        "Channel Type": "channel_type",
        "Customer Name": "customer_name",
        "Event Type": "event_type",
        "From": "from_name",
        "Transcription Text": "transcript",  # delivered from TRANSCRIPTS by transcript_ref
        "Transcript URL": "transcript_url",
    },
    VOICE: _SHARED
    | {
        "ANI": "ani",
        "Contact Type": "contact_type",
        "DNIS": "dnis",
        "Master Contact ID": "master_contact_id",
        "Recording URL": "recording_url",
        "Tags": "tags",
    },
}
"""Channel -> CXone field (the vendor's name) -> column: 22 digital and 21 voice fields."""
