"""Applies a section of a memorialization mapping to due interactions: one wide row per interaction.

Columns of the *desired frame*, all aligned by row, one row per (interaction, section):

    interaction_key, end_time, due_at, key_value      identity, order and the key of a per-interaction record
    v.<property>   str    what HubSpot should hold, spelled as HubSpot spells it
    s.<property>   int8   `rendering.Status` of the cell
    a.<property>   str    another known live spelling of the same value, where the CXone field has one; of a
                          transcript that the row shortens: the whole
    l.<property>   int64  UTF-16 units of the whole transcript, where the row maps one; v.<property> holds what is
                          delivered of it
"""

from collections.abc import Mapping as MappingOf
from typing import Final

import numpy as np
import pandas as pd

from memorialization.configuration import OUTCOME_FIELDS, Configuration, FieldRow, Rendering, Section
from memorialization.interactions import SCRIPT
from memorialization.overflow import cut_all
from memorialization.ports import Channel, Property
from memorialization.rendering import Status, render
from memorialization.text import utf16_length

VALUE: Final = "v."
STATUS: Final = "s."
OTHER: Final = "a."
LENGTH: Final = "l."

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
        if row.is_transcript:
            columns[LENGTH + name] = utf16_length(raw)
        if row.on_overflow == "cut":
            whole, raw = raw, _cut(raw, due, properties[name], crm.rendering)
            columns[OTHER + name] = whole.where(whole.ne(raw))
        values, status = render(raw, properties[name], crm.rendering.tags_separator)
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


def _cut(texts: pd.Series, due: pd.DataFrame, target: Property, rendering: Rendering) -> pd.Series:
    limit = target.effective_max_length
    if limit is None:  # no text: its check says so
        return texts
    return cut_all(texts, limit, due["transcript_url"], rendering.cut_marker, rendering.transcript_template)


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
