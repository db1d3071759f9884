"""Voice legs from completed contacts: one row per contactId, its newest version; never media type 9.

CXone gives no end time: a leg ends at contactStartDate + totalDurationSeconds. It is due when its after-call
work (ACW) is closed: dateACWWarehoused is set, or there can be none (no agent, a refused leg, a skill without
ACW), or the contact was warehoused longer ago than the grace. Sources: cxone-api, sections 1.4, 3.1, 3.2
and 3.4.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from memorialization.errors import ContractBroken
from memorialization.interactions import INTERACTIONS, SCRIPT_PREFIX, TRANSCRIPTS
from memorialization.ports import Batch, Wanted, Window
from plugins.cxone.client import CxoneClient, Params
from plugins.cxone.fields import number_of, text_of, texts, zulu
from plugins.cxone.lookups import Lookups
from plugins.cxone.options import CxoneOptions, Tally

PAGE: Final = 10_000
LOOK_BACK: Final = timedelta(days=30) - timedelta(hours=1)
"""How far back updatedSince may ask (cxone-api, section 6), and time to ask it."""
DIGITAL_MEDIA: Final = 9
SKEW: Final = timedelta(minutes=5)
"""What is later than CXone's own clock by more than this, is in the future and cannot have happened."""
_NAMES_BEFORE: Final = 25  # the first API major that is not known to use the old names (cxone-api, section 3.1)
_CUSTOM_DATA_DAYS: Final = 15
_LONGEST_SECONDS: Final = 1e9
_MEDIA: Final[Mapping[int, str]] = {  # the live system's spelling; completed contacts say "Call", "Voice Mail"
    1: "Email",
    3: "Chat",
    4: "PhoneCall",
    5: "VoiceMail",
    6: "WorkItem",
    7: "SMS",
    8: "Social",
}


def completed_pages(client: CxoneClient, params: Params) -> Iterator[list[Any]]:
    """Pages of contacts/completed by contact start: a row that changes meanwhile keeps its place."""
    old = int(client.api_version.partition(".")[0]) < _NAMES_BEFORE
    order = "contactStart asc" if old else "contactStartDate asc"
    asked = {**params, "orderBy": order, "tags": "true"}
    for rows, _ in client.acd_pages("contacts/completed", "completedContacts", asked, top=PAGE):
        yield rows


def started(since: datetime, end: datetime) -> dict[str, str]:
    """The parameters for contacts that started in [since, end); CXone's endDate is inclusive."""
    return {"startDate": zulu(since), "endDate": zulu(end - timedelta(milliseconds=1))}


def voice_batches(
    client: CxoneClient, lookups: Lookups, window: Window, wanted: Wanted, options: CxoneOptions, tally: Tally
) -> Iterator[Batch]:
    """Legs that ended in `window`, those of `wanted.again`, and older ones that CXone changed since
    `wanted.changed_since`; by end and key, in batches of 10,000.

    Columns that a batch cannot know stay null: Interaction ID and Recording URL (cxone-api, section 1.4).
    Raises ContractBroken if no row at all is readable.
    """
    frames, seen, unreadable = [], 0, 0
    faults: dict[str, str] = {}  # row -> what is wrong with it; one that both questions find counts once
    now = client.server_time()
    if now < window.end:
        tally.assumed["cxone: its clock says that the window is not over yet"] += 1
    asked: list[Params] = [started(wanted.since, window.end)]
    if wanted.changed_since is not None:
        asked.append({"updatedSince": zulu(max(wanted.changed_since, now - LOOK_BACK))})
    for rows in chain.from_iterable(completed_pages(client, params) for params in asked):
        good = [row for row in rows if isinstance(row, dict)]
        frame = legs_of(good, lookups, options, now)
        seen += len(rows)
        unreadable += len(rows) - int(frame["readable"].sum())
        faults |= {repr(row): "voice: unreadable row" for row in rows if not isinstance(row, dict)}
        wrong = frame["fault"].dropna()
        faults |= {repr(good[n]): f"voice: {fault}" for n, fault in wrong.items()}
        frames.append(frame[frame["readable"] & (frame["media_type_id"] != DIGITAL_MEDIA)])
    tally.skipped.update(faults.values())
    if seen and seen == unreadable:
        raise ContractBroken(f"none of {seen} completed contacts has a contactId, a start and a duration")
    if not frames:
        return
    legs = pd.concat(frames, ignore_index=True).sort_values("updated_at", kind="stable", na_position="first")
    legs = legs.drop_duplicates("interaction_key", keep="last")
    inside = (legs["end_time"] >= window.start) & (legs["end_time"] < window.end)
    known = pd.to_datetime(legs["interaction_key"].map(dict(wanted.known)), utc=True)
    since = wanted.changed_since or now
    changed = legs["updated_at"].ge(since) & ~legs["updated_at"].le(known) & legs["end_time"].lt(window.start)
    again = legs["interaction_key"].isin(wanted.again)
    legs = legs[inside | again | changed].sort_values(["end_time", "interaction_key"])
    if legs.empty:
        return
    if early := int((legs["updated_at"] < legs["end_time"]).sum()):
        tally.assumed["voice: changed before it ended"] += early
    if negative := int((legs["due_at"] < legs["end_time"]).sum()):
        tally.assumed["voice: after-call work ended before the call"] += negative
        legs["due_at"] = legs["due_at"].where(~(legs["due_at"] < legs["end_time"]), legs["end_time"])
    scripts = _script_columns(client, wanted, window.end, legs["contact_id"], tally)
    for start in range(0, len(legs), PAGE):
        part = slice(start, start + PAGE)
        yield Batch(
            table_of(legs.iloc[part], {name: values[part] for name, values in scripts.items()}),
            TRANSCRIPTS.empty_table(),
        )


def legs_of(rows: Sequence[Mapping[str, Any]], lookups: Lookups, options: CxoneOptions, now: datetime) -> pd.DataFrame:
    """One line per row of completed contacts, old names or new: columns of INTERACTIONS, `readable` and `fault`.

    Column by column: 10,000 rows take some 0.1 s. An unreadable cell is null; a row without contactId,
    start or duration, or with an impossible end, is marked not `readable`, and `fault` tells why.
    """
    contact_id = pd.Series(texts(rows, "contactId"), dtype="str")
    start = _times(rows, "contactStartDate", "contactStart")
    total = _numbers(rows, "totalDurationSeconds")
    acw = _numbers(rows, "acwSeconds", "ACWSeconds").fillna(0.0)
    end = start + _seconds(total)
    outbound = _flags(rows, "isOutbound")
    refused = _flags(rows, "isRefused")
    agent = pd.Series([None if i == "0" else i for i in texts(rows, "agentId")], dtype="str")
    skill = pd.Series(texts(rows, "skillId"), dtype="str")
    name = pd.Series(
        [
            " ".join(filter(None, both)) or None
            for both in zip(texts(rows, "firstName"), texts(rows, "lastName"), strict=True)
        ],
        dtype="str",
    ).where(agent.notna())
    uuid = _mapped(agent, lookups.agent_uuids.get)
    sender = pd.Series(texts(rows, "fromAddress", "fromAddr"), dtype="str")
    receiver = pd.Series(texts(rows, "toAddress", "toAddr"), dtype="str")
    customer, ours = sender.where(~outbound, receiver), receiver.where(~outbound, sender)
    media = _numbers(rows, "mediaTypeId", "mediaType")
    grace = now - timedelta(hours=options.acw_grace_hours)
    closed = (
        _times(rows, "dateACWWarehoused").notna()
        | agent.isna()
        | refused
        | skill.isin([i for i, known in lookups.skills.items() if not known.has_acw])
        | (_times(rows, "dateContactWarehoused") < grace)
    )
    chosen = pd.Series([None if i == "0" else i for i in texts(rows, "primaryDispositionId")], dtype="str")
    due = end if options.total_includes_acw else end + _seconds(acw)
    known = contact_id.str.isdigit().fillna(False).astype(bool) & end.notna()
    faults = [~known, known & (total < 0), known & (end > now + SKEW)]
    fault = np.select(faults, ["unreadable row", "ends before it starts", "ends in the future"], default="")
    return pd.DataFrame(
        {
            "readable": fault == "",
            "fault": pd.Series(fault, index=contact_id.index, dtype="str").replace("", np.nan),
            "interaction_key": "v:" + contact_id,
            "channel": "voice",
            "contact_id": contact_id,
            "master_contact_id": pd.Series(texts(rows, "masterContactId"), dtype="str"),
            "start_time": start,
            "end_time": end,
            "due_at": due.where(closed),
            "updated_at": _times(rows, "lastUpdateTime"),
            "media_type_id": media.round().astype("Int32"),
            "agent_kind": pd.Series("human", index=agent.index, dtype="str").where(agent.notna()),
            "refused": refused,
            "abandoned": _flags(rows, "abandoned"),
            "wrap_up_closed": closed,
            "end_reason": pd.Series(texts(rows, "endReason"), dtype="str"),
            "customer_phone": customer,
            "agent_id": agent,
            "agent_uuid": uuid,
            "agent_name": name,
            "ani": customer,
            "dnis": ours,
            "to_name": name,
            "contact_type": "voice",
            "direction": np.where(outbound, "outbound", "inbound"),
            "disposition_id": chosen,
            "disposition_name": _mapped(chosen, lookups.disposition),
            "disposition_notes": pd.Series(texts(rows, "dispositionNotes"), dtype="str"),
            "final_state": True,
            "media_type": _mapped(media, lambda kind: _MEDIA.get(int(kind))).fillna(
                pd.Series(texts(rows, "mediaTypeName"), dtype="str")
            ),
            "screen_pops": ~skill.isin([i for i, known in lookups.skills.items() if not known.screen_pops]),
            "skill_id": skill,
            "skill_name": pd.Series(texts(rows, "skillName"), dtype="str").fillna(
                _mapped(skill, lambda i: known.name if (known := lookups.skills.get(i)) else None)
            ),
            "status": "Disconnected",
            "tags": pd.Series([_tag_names(row.get("tags"), lookups) for row in rows], dtype=object),
        }
    )


def table_of(legs: pd.DataFrame, scripts: Mapping[str, list[str | None]]) -> pa.Table:
    """The frame as a table of exactly INTERACTIONS, columns it lacks as nulls, then the script columns."""
    arrays = [
        pa.array(legs[field.name], type=field.type, from_pandas=True)
        if field.name in legs
        else pa.nulls(len(legs), field.type)
        for field in INTERACTIONS
    ]
    fields = [pa.field(SCRIPT_PREFIX + name, pa.large_string()) for name in scripts]
    arrays += [pa.array(values, type=pa.large_string()) for values in scripts.values()]
    return pa.Table.from_arrays(arrays, schema=pa.schema([*INTERACTIONS, *fields]))


def _script_columns(
    client: CxoneClient, wanted: Wanted, end: datetime, contact_ids: pd.Series, tally: Tally
) -> dict[str, list[str | None]]:
    """Wanted script variables, one value per contact id; of a name that repeats the last holds."""
    found: dict[str, dict[str, str | None]] = {name: {} for name in sorted(wanted.script_variables)}
    start = wanted.since if found else end
    while start < end:
        stop = min(start + timedelta(days=_CUSTOM_DATA_DAYS), end)
        params = started(start, stop)
        for rows, _ in client.acd_pages("contacts/custom-data", "ContactCustomData", params, top=PAGE):
            for row in rows:
                if not isinstance(row, dict) or not (name := text_of(row, "name")):
                    tally.skipped["voice: unreadable custom data"] += 1
                elif name.lower() in found and (contact_id := text_of(row, "contactId")):
                    found[name.lower()][contact_id] = text_of(row, "value")
        start = stop
    ids = contact_ids.tolist()
    return {name: [values.get(i) for i in ids] for name, values in found.items()}


def _tag_names(tags: Any, lookups: Lookups) -> list[str] | None:
    """Names in the order given; keys are tagName (v33) or TagName (v23). None = the row has no tags."""
    if not isinstance(tags, list):
        return None
    names = []
    for tag in tags:
        if isinstance(tag, dict):
            tag_id = text_of(tag, "tagId", "TagId")
            name = text_of(tag, "tagName", "TagName") or (lookups.tags.get(tag_id) if tag_id else None)
            if name:
                names.append(name)
    return names


def _mapped(keys: pd.Series, name_of: Callable[[Any], str | None]) -> pd.Series:
    """`name_of` every key, asked once per distinct one; None where it knows none."""
    known = {key: name_of(key) for key in keys.dropna().unique()}
    return keys.map(known).astype("str")


def _times(rows: Sequence[Mapping[str, Any]], *names: str) -> pd.Series:
    """UTC, millisecond resolution; unreadable is NaT."""
    spelled = pd.Series(texts(rows, *names), dtype="str")
    return pd.to_datetime(spelled, format="ISO8601", utc=True, errors="coerce").dt.as_unit("ms")


def _numbers(rows: Sequence[Mapping[str, Any]], *names: str) -> pd.Series:
    """Numbers, also those spelled as text (cxone-api, section 6: type noise); unreadable is NaN."""
    return pd.Series([number_of(row, *names) for row in rows], dtype="float64")


def _flags(rows: Sequence[Mapping[str, Any]], name: str) -> pd.Series:
    """True for true, "True" and 1; False for all else, absent included."""
    return pd.Series([str(row.get(name)).lower() in ("true", "1") for row in rows], dtype=bool)


def _seconds(numbers: pd.Series) -> pd.Series:
    # longer is garbage, and must not overflow the rows beside it
    return pd.to_timedelta((numbers.where(numbers.abs() < _LONGEST_SECONDS) * 1000).round(), unit="ms")
