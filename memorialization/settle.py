"""Decides for every interaction whether it is due, provisional or never due; exactly one of the three.

Due means that the live system has had its moment: the value should stand in HubSpot by now. Provisional
means look again in a later run, but only for so long: what is still open at the settle horizon never became due
(and is due all the same should it end in a later window). Source: memorialization reference, section 4.
"""

from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd

from memorialization.columns import looked_up
from memorialization.configuration import Configuration
from memorialization.mappings import CHANNEL_OF

DUE: Final = "due"
PROVISIONAL: Final = "provisional"
NEVER_DUE: Final = "never_due"
TRANSCRIPT_WITHHELD: Final = "transcript_withheld"
"""Reason of a due interaction without its transcript, which CXone did not give whole: it is asked for again."""
OVERTAKEN: Final = "overtaken"
"""Reason of a due interaction over whose values an older one was written late: it is asked for again."""

_VOICE_MEDIA: Final = (4, 5, 6)  # phone, voicemail, work item; the rest is legacy (cxone-api, section 3.1)
_CLOSED: Final = ("closed", "trashed")  # the ended statuses of a digital case (cxone-api, section 4.1)
_ENDERS: Final = ("agent", "contact")


def settle(interactions: pd.DataFrame, configuration: Configuration, as_of: datetime) -> pd.DataFrame:
    """Adds `state` (due | provisional | never_due), `reason`, `mapping` (str), `scripts_arrive`, fills `ended_by`.

    `interactions` has the columns of `interactions.INTERACTIONS`; `as_of` is the end of the window, from which the
    settle horizon is counted back to the leg's end, or to its start while it has none. `reason` is set for never_due
    and provisional rows, and for due ones without their transcript; `mapping` is the memorialization mapping's name
    for every row that has one; `scripts_arrive` (bool) is whether script variables can reach the live system: for
    voice only with screen pops on the skill and ScreenPop = True in the script's ASSIGN action (section 3).
    """
    frame = interactions.copy()
    assignment = assigned(frame, configuration)
    items = configuration.workflows.assignments
    frame["mapping"] = assignment.map({i: item.memorialization_mapping for i, item in enumerate(items)}).astype("str")
    assigned_pop = assignment.isin([i for i, item in enumerate(items) if item.assign_screen_pop])
    frame["scripts_arrive"] = frame["channel"].ne("voice") | (frame["screen_pops"].eq(True) & assigned_pop)
    frame["ended_by"] = _ended_by(frame, configuration)
    no_agent = frame["agent_kind"].isna()
    digital = frame["channel"].eq("digital")
    ended = frame["end_time"].notna()
    closed = frame["status"].str.lower().isin(_CLOSED)
    open_ = ~ended | ~frame["wrap_up_closed"].eq(True) | frame["due_at"].isna()
    horizon = as_of - timedelta(days=configuration.crm.extraction.settle_horizon_days)
    checks = [
        (
            frame["channel"].eq("voice") & ~frame["media_type_id"].isin(_VOICE_MEDIA),
            NEVER_DUE,
            "unsupported_media",
        ),
        (no_agent & frame["abandoned"].eq(True), NEVER_DUE, "abandoned"),
        (no_agent, NEVER_DUE, "no_agent"),
        (frame["refused"].eq(True), NEVER_DUE, "refused"),
        (frame["agent_kind"].ne("human"), NEVER_DUE, "bot_or_survey"),
        (frame["mapping"].isna(), NEVER_DUE, "no_assignment"),
        (ended & digital & ~closed & (configuration.crm.digital_trigger == "closed"), NEVER_DUE, "not_closed"),
        (open_ & frame["end_time"].fillna(frame["start_time"]).lt(horizon), NEVER_DUE, "never_became_due"),
        (~ended, PROVISIONAL, "still_assigned"),
        (open_, PROVISIONAL, "wrap_up_open"),
        (frame["transcript_withheld"].eq(True), DUE, TRANSCRIPT_WITHHELD),
    ]
    masks = [mask.to_numpy(dtype=bool, na_value=False) for mask, _, _ in checks]
    frame["state"] = np.select(masks, [state for _, state, _ in checks], default=DUE)
    reason = np.select(masks, [reason for _, _, reason in checks], default="")
    frame["reason"] = pd.Series(reason, index=frame.index, dtype="str").replace("", np.nan)
    return frame


def assigned(frame: pd.DataFrame, configuration: Configuration) -> pd.Series:
    """The number of the assignment that holds for each interaction: by skill, else by channel; missing if none."""
    by_skill: dict[str, int] = {}
    by_channel: dict[str, int] = {}
    for number, item in enumerate(configuration.workflows.assignments):
        for skill in item.skills:
            by_skill.setdefault(skill, number)
        if item.channel:
            by_channel.setdefault(item.channel, number)
    found = looked_up(frame["skill_name"], by_skill).astype("Int64")
    found = found.fillna(looked_up(frame["skill_id"], by_skill).astype("Int64"))
    channels = {str(channel): by_channel[name] for channel, name in CHANNEL_OF.items() if name in by_channel}
    return found.fillna(looked_up(frame["channel"], channels).astype("Int64"))


def _ended_by(frame: pd.DataFrame, configuration: Configuration) -> pd.Series:
    reasons = configuration.crm.end_reasons
    vocabulary = dict.fromkeys(reasons.agent, "agent") | dict.fromkeys(reasons.contact, "contact")
    known = frame["ended_by"].where(frame["ended_by"].isin(_ENDERS))
    return known.fillna(looked_up(frame["end_reason"], vocabulary).astype("str")).fillna("unknown")
