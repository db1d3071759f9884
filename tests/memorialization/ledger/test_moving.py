"""What the ledger remembers of interactions decides what a night looks at again, and what it closes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from memorialization.ledger import Ledger
from memorialization.ledger.moving import earlier, give_up, lateness, looked_at, versions_of
from memorialization.ports import Window

RUN = "01935a5c-0000-7000-8000-000000000001"
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
NIGHT = Window(MIDNIGHT, MIDNIGHT + timedelta(days=1))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def keep(ledger: Ledger, key: str, end: datetime | None, **facts: Any) -> None:
    row = {
        "interaction_key": key, "channel": "voice", "state": "due", "reason": None,
        "start_time": (end or MIDNIGHT) - HOUR, "end_time": end, "updated_at": (end or MIDNIGHT) + HOUR,
        "contact_guid": None, "version": 7, "first_due_at": NIGHT.start, **facts,
    }  # fmt: skip
    frame = pd.DataFrame([row]).astype({"reason": "str", "contact_guid": "str"})
    for name in ("start_time", "end_time", "updated_at", "first_due_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    ledger.keep_interactions("acme", RUN, frame)


def test_the_newest_night_looks_back_as_far_as_it_is_told_and_something_was_delivered(ledger: Ledger) -> None:
    assert earlier(ledger, "acme", NIGHT, 4) is None
    ledger.cover("acme", MIDNIGHT - 2 * DAY, MIDNIGHT, RUN, "abc")
    ledger.cover("other", MIDNIGHT - 9 * DAY, MIDNIGHT + 9 * DAY, RUN, "abc")
    keep(ledger, "v:1", MIDNIGHT - DAY)
    keep(ledger, "v:2", MIDNIGHT - 5 * DAY)
    found = earlier(ledger, "acme", NIGHT, 4)
    assert found is not None
    assert found.since == MIDNIGHT - 2 * DAY  # what was never read has not changed
    assert found.known == {"v:1": MIDNIGHT - DAY + HOUR}
    assert found.covered == [Window(MIDNIGHT - 2 * DAY, MIDNIGHT)]
    found = earlier(ledger, "acme", NIGHT, 1)
    assert found is not None and found.since == MIDNIGHT - DAY
    assert earlier(ledger, "acme", NIGHT, 0) is None


def test_an_older_window_looks_at_itself_alone_and_the_newest_one_once_more(ledger: Ledger) -> None:
    ledger.cover("acme", MIDNIGHT - DAY, MIDNIGHT, RUN, "abc")
    ledger.cover("acme", NIGHT.start, NIGHT.end, RUN, "abc")
    assert earlier(ledger, "acme", Window(MIDNIGHT - DAY, MIDNIGHT), 4) is None
    assert earlier(ledger, "acme", NIGHT, 4) is not None


def test_versions_are_kept_and_replaced_and_the_first_due_moment_stays(ledger: Ledger) -> None:
    keep(ledger, "v:1", MIDNIGHT - DAY)
    keep(ledger, "v:1", MIDNIGHT - DAY, version=-8, first_due_at=NIGHT.end)
    assert versions_of(ledger, "acme", ["v:1", "v:2"]) == {"v:1": -8}
    (row,) = ledger.rows("select first_due_at from interactions")
    assert row["first_due_at"] == NIGHT.start


def test_what_was_looked_at_is_known_from_then_on(ledger: Ledger) -> None:
    ledger.cover("acme", MIDNIGHT - DAY, MIDNIGHT, RUN, "abc")
    keep(ledger, "v:1", MIDNIGHT - DAY)
    looked_at(ledger, "acme", ["v:1", "v:unknown"], [MIDNIGHT, MIDNIGHT])
    found = earlier(ledger, "acme", NIGHT, 4)
    assert found is not None and found.known == {"v:1": MIDNIGHT}


def test_what_cxone_does_not_show_any_more_is_given_up_at_the_horizon(ledger: Ledger) -> None:
    waiting = {"state": "provisional", "reason": "wrap_up_open", "first_due_at": None}
    horizon = MIDNIGHT - 7 * DAY
    keep(ledger, "v:old", horizon - HOUR, **waiting)
    keep(ledger, "v:met", horizon - HOUR, **waiting)
    keep(ledger, "v:young", horizon, **waiting)
    keep(ledger, "v:open", None, **waiting | {"reason": "still_assigned", "start_time": horizon - HOUR})
    keep(ledger, "d:1:1:1", horizon - HOUR, **waiting, channel="digital")
    keep(ledger, "v:due", horizon - HOUR)
    assert give_up(ledger, "acme", RUN, "voice", horizon, ["v:met"]) == 2
    rows = ledger.rows("select interaction_key as key, state, reason from interactions where reason is not null")
    assert {row["key"]: (row["state"], row["reason"]) for row in rows} == {
        "v:old": ("never_due", "never_became_due"),
        "v:open": ("never_due", "never_became_due"),
        "v:met": ("provisional", "wrap_up_open"),
        "v:young": ("provisional", "wrap_up_open"),
        "d:1:1:1": ("provisional", "wrap_up_open"),
    }


def test_a_due_interaction_without_its_transcript_is_asked_for_again(ledger: Ledger) -> None:
    keep(ledger, "d:1:1:1", MIDNIGHT, channel="digital", reason="transcript_withheld")
    keep(ledger, "d:2:1:1", MIDNIGHT, channel="digital")
    assert ledger.provisional("acme", MIDNIGHT - DAY)[0] == {"d:1:1:1"}


def test_lateness_is_told_in_hours_of_what_became_due_lately(ledger: Ledger) -> None:
    for number in range(1, 101):
        end = NIGHT.start - number * HOUR
        keep(ledger, f"v:{number}", end, updated_at=end + number * HOUR)
    keep(ledger, "v:old", NIGHT.start - 99 * DAY, first_due_at=NIGHT.start - 90 * DAY)
    keep(ledger, "v:never", NIGHT.start - HOUR, state="never_due", reason="refused", first_due_at=None)
    assert lateness(ledger, "acme", "digital", NIGHT.start - 30 * DAY) == []
    (row,) = lateness(ledger, "acme", "voice", NIGHT.start - 30 * DAY)
    assert row == {"channel": "voice", "n": 100, "changed": [50, 95, 99, 100], "due": [50, 95, 99, 100]}
