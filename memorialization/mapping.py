"""Applies a section of a memorialization mapping to due interactions: one wide row per interaction.

Columns of the *desired frame*, all aligned by row, one row per (interaction, section):

    interaction_key, end_time, due_at, key_value      identity, order and the key of a per-interaction record
    v.<property>   str    what HubSpot should hold, spelled as HubSpot spells it
    s.<property>   int8   `rendering.Status` of the cell
    a.<property>   str    another known live spelling of the same value, where the CXone field has one; of a
                          transcript that the row shortens, or that is too long: the whole, as HubSpot would hold it
    l.<property>   int64  length of the whole transcript, where the row maps one; v.<property> holds what is
                          delivered of it
    u.<property>   bool   whether it depends on HubSpot's unit, which is not settled, if the text fits; absent where
                          that is so of none
    n.<property>   str    the whole transcript, where it is too long and the row keeps such in notes
"""

from collections.abc import Mapping as MappingOf
from typing import Final

import numpy as np
import pandas as pd

from memorialization.configuration import Configuration
from memorialization.crm import Crm
from memorialization.interactions import SCRIPT
from memorialization.mappings import OUTCOME_FIELDS, FieldRow, Section
from memorialization.overflow import cut_all
from memorialization.ports import Channel, Property
from memorialization.rendering import Status, render, rich, rich_text
from memorialization.text import as_stored

VALUE: Final = "v."
STATUS: Final = "s."
OTHER: Final = "a."
LENGTH: Final = "l."
UNSURE: Final = "u."
SPILLED: Final = "n."

_OTHER_SPELLING: Final = {
    "agent_id": "agent_uuid",
    "agent_uuid": "agent_id",
    "contact_id": "contact_guid",
    "contact_guid": "contact_id",
}


def map_section(
    due: pd.DataFrame,
    channel: Channel,
    section: Section,
    transcripts: pd.Series,
    properties: MappingOf[str, Property],
    configuration: Configuration,
) -> pd.DataFrame:
    """The desired frame of one section.

    `due` holds settled, due rows of one channel; `transcripts` maps transcript_ref to text; `properties` is
    the schema of the section's entity.
    """
    crm = configuration.crm
    columns: dict[str, pd.Series | np.ndarray] = {
        "interaction_key": due["interaction_key"],
        "end_time": due["end_time"],
        "due_at": due["due_at"],
        "key_value": _key_value(due, channel, section, configuration),
    }
    ended = _ended_first(due, channel, configuration)
    for row in section.rows(channel):
        name = row.external_crm_field
        if not row.has_source:
            columns[VALUE + name] = pd.Series(np.nan, index=due.index, dtype="str")
            columns[STATUS + name] = np.full(len(due), Status.NO_SOURCE, dtype="int8")
            continue
        source = _column(row, channel, configuration)
        raw = _source(due, source, transcripts)
        target = properties[name]
        whole = _as_stored(raw, target, crm)
        spelled = rich(whole) if row.is_transcript and target.field_type == "html" else whole
        length = crm.measure.lengths(spelled) if row.is_transcript else None
        if length is not None:
            columns[LENGTH + name] = length
        if (unsure := _unsure(spelled, target, crm)).any():
            columns[UNSURE + name] = unsure
        delivered = whole
        limit = crm.measure.limit_of(target)
        if row.on_overflow != "reject" and length is not None and limit is not None:
            long = length.gt(limit)
            delivered = _as_stored(_cut(raw, long, due, target, limit, crm), target, crm)
            if row.on_overflow == "note":
                columns[SPILLED + name] = raw.where(long)
        values, status = render(delivered, target, crm.rendering.tags_separator, crm.measure)
        if row.is_transcript:
            columns[OTHER + name] = spelled.where(whole.ne(delivered) | (status == Status.TOO_LONG))
        if row.channel != SCRIPT and row.cxone_data in OUTCOME_FIELDS and ended is not None:
            status = np.where(ended == "contact", Status.BLANK, status)
            status = np.where((ended == "unknown") & (status == Status.VALUE), Status.ENDER_UNKNOWN, status)
            values = values.where(status == Status.VALUE)
        if row.channel == SCRIPT:
            status = np.where(due["scripts_arrive"], status, Status.NO_SOURCE)
            values = values.where(status == Status.VALUE)
        columns[VALUE + name] = values
        columns[STATUS + name] = status.astype("int8")
        if source in _OTHER_SPELLING and _OTHER_SPELLING[source] in due:
            columns[OTHER + name] = due[_OTHER_SPELLING[source]].astype("str")
    return pd.DataFrame(columns).reset_index(drop=True)


def _cut(texts: pd.Series, long: pd.Series, due: pd.DataFrame, target: Property, limit: int, crm: Crm) -> pd.Series:
    spelled = rich_text if target.field_type == "html" else str
    marker, template = crm.rendering.cut_marker, crm.rendering.transcript_template
    return cut_all(texts, long, limit, due["transcript_url"], marker, template, crm.measure, spelled)


def _as_stored(values: pd.Series, target: Property, crm: Crm) -> pd.Series:
    """Texts with the white space that HubSpot was seen to leave them; all else as it is."""
    if not target.holds_text or not isinstance(values.dtype, pd.StringDtype):
        return values
    return as_stored(values, trimmed=crm.trims_text, flattened=crm.flattens_text)


def _unsure(values: pd.Series, target: Property, crm: Crm) -> pd.Series:
    limit = crm.measure.limit_of(target)
    if limit is None or not isinstance(values.dtype, pd.StringDtype):
        return pd.Series(False, index=values.index)
    return crm.measure.ambiguous(values, limit)


def _key_value(due: pd.DataFrame, channel: Channel, section: Section, configuration: Configuration) -> pd.Series:
    if section.key == "leg":
        return due["interaction_key"].astype("str")
    for row in section.rows(channel):
        if row.cxone_data == section.key:
            return due[_column(row, channel, configuration)].astype("str")
    return pd.Series(np.nan, index=due.index, dtype="str")


def _column(row: FieldRow, channel: Channel, configuration: Configuration) -> str:
    rendering = configuration.crm.rendering
    if row.cxone_data == "Agent ID" and rendering.agent_id == "uuid":
        return "agent_uuid"
    if row.cxone_data == "Contact ID" and channel == "digital" and rendering.contact_id == "guid":
        return "contact_guid"
    return row.column


def _source(due: pd.DataFrame, column: str, transcripts: pd.Series) -> pd.Series:
    if column == "transcript":
        return due["transcript_ref"].map(transcripts).astype("str")
    if column not in due:  # a script variable that no interaction of this partition carries
        return pd.Series(np.nan, index=due.index, dtype="str")
    return due[column]


def _ended_first(due: pd.DataFrame, channel: Channel, configuration: Configuration) -> np.ndarray | None:
    """Who ended each interaction, where "contact ended first" applies to this channel."""
    if channel == "digital" or configuration.crm.contact_ended_first == "both":
        enders: np.ndarray = due["ended_by"].to_numpy(dtype=object)
        return enders
    return None
