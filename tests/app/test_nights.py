import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nights import interval_of, last_complete
from memorialization.errors import ConfigurationError
from memorialization.ports import Window


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (at(23, 16), at(22, 2), at(23, 2)),
        (at(23, 2), at(22, 2), at(23, 2)),
        (at(23, 2, 0, 30), at(22, 2), at(23, 2)),  # half a minute after the tick is no window of half a minute
        (at(23, 1, 59, 59), at(21, 2), at(22, 2)),
    ],
)
def test_the_last_night_that_is_over(now: datetime, start: datetime, end: datetime) -> None:
    assert last_complete("0 2 * * *", now) == Window(start, end)


def test_any_schedule_has_its_last_interval() -> None:
    assert last_complete("*/15 * * * *", at(23, 2, 59, 59)) == Window(at(23, 2, 30), at(23, 2, 45))
    assert last_complete("0 6 * * mon", at(23, 5)) == Window(at(9, 6), at(16, 6))


def test_the_schedule_is_in_utc_wherever_the_caller_is() -> None:
    denver = timezone(timedelta(hours=-7))
    found = last_complete("0 2 * * *", datetime(2026, 11, 22, 20, 0, tzinfo=denver))
    assert found == Window(at(22, 2), at(23, 2))
    assert found.end.tzinfo == UTC


def test_a_schedule_that_never_comes_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="schedule '0 2 31 2 \\*' is no time that ever comes"):
        last_complete("0 2 31 2 *", at(23, 16))


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        (at(22, 2), at(22, 2), at(23, 2)),  # half-open: a tick begins its interval
        (at(22, 1, 59, 59), at(21, 2), at(22, 2)),
        (at(22, 18), at(22, 2), at(23, 2)),
    ],
)
def test_every_moment_is_in_one_interval(moment: datetime, start: datetime, end: datetime) -> None:
    assert interval_of("0 2 * * *", moment) == Window(start, end)


def utc(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "schedule", "now", "start", "end"),
    [
        ("Europe/Berlin", "0 2 * * *", utc(3, 29, 12), utc(3, 28, 1), utc(3, 29, 1)),  # 2:00 is 3:00 that night
        ("Europe/Berlin", "0 4 * * *", utc(3, 29, 12), utc(3, 28, 3), utc(3, 29, 2)),  # 23 hours
        ("Europe/Berlin", "0 2 * * *", utc(10, 25, 12), utc(10, 24, 0), utc(10, 25, 1)),  # 25: 2:00 comes twice
        ("America/Denver", "30 1 * * *", utc(11, 1, 12), utc(10, 31, 7, 30), utc(11, 1, 8, 30)),  # 25 again
        ("Australia/Lord_Howe", "0 5 * * *", utc(10, 3, 23), utc(10, 2, 18, 30), utc(10, 3, 18)),  # half an hour less
        ("UTC", "0 0 29 2 *", utc(11, 23, 0), utc(2, 29, 0, year=2020), utc(2, 29, 0, year=2024)),
        ("UTC", "0 2 * * *", utc(3, 1, 3, year=2028), utc(2, 29, 2, year=2028), utc(3, 1, 2, year=2028)),
        ("UTC", "0 2 * * *", utc(1, 1, 3, year=2027), utc(12, 31, 2), utc(1, 1, 2, year=2027)),
        ("Europe/Berlin", "0 0 1 * *", utc(4, 1, 0), utc(2, 28, 23), utc(3, 31, 22)),  # a month, one hour short
        ("Pacific/Kiritimati", "0 2 * * *", utc(1, 1, 0, year=2027), utc(12, 30, 12), utc(12, 31, 12)),
    ],
)
def test_intervals_over_clock_changes_leap_days_and_the_ends_of_months_and_years(
    timezone: str, schedule: str, now: datetime, start: datetime, end: datetime
) -> None:
    assert last_complete(schedule, now, timezone) == Window(start, end)


def test_an_hourly_schedule_goes_by_real_hours() -> None:
    night = [utc(10, 25, hour) for hour in range(4)]  # in Berlin 2:00, 2:00 again, 3:00, 4:00
    found = [interval_of("0 * * * *", moment, "Europe/Berlin") for moment in night]
    assert found == [Window(moment, moment + timedelta(hours=1)) for moment in night]


@given(
    moment=st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC)),
    schedule=st.sampled_from(
        ["0 2 * * *", "30 2 * * *", "0 0 * * *", "15 * * * *", "*/20 1-4 * * *", "10,50 2,3 * * *", "30 1 * * sun"]
    ),
    timezone=st.sampled_from(
        ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
    ),
)
def test_intervals_tile_the_time_without_gap_or_overlap(moment: datetime, schedule: str, timezone: str) -> None:
    held = interval_of(schedule, moment, timezone)
    assert held.start <= moment < held.end
    assert interval_of(schedule, held.start, timezone) == held
    assert interval_of(schedule, held.end, timezone).start == held.end
    assert interval_of(schedule, held.end - timedelta(milliseconds=1), timezone) == held
    assert last_complete(schedule, held.end, timezone) == held


AIRFLOWS = """
import json, sys
import pendulum
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable

found = []
for schedule, zone, start, end, stop in json.load(sys.stdin):
    table = CronDataIntervalTimetable(schedule, timezone=zone)
    last = DataInterval(pendulum.parse(start), pendulum.parse(end))
    ticks = []
    while last.end < pendulum.parse(stop):
        last = table.next_dagrun_info(
            last_automated_data_interval=last, restriction=TimeRestriction(None, None, True)
        ).data_interval
        ticks.append([last.start.timestamp(), last.end.timestamp()])
    found.append(ticks)
json.dump(found, sys.stdout)
"""


@pytest.mark.slow
def test_the_intervals_are_those_of_airflows_timetable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    asked, ours = [], []
    for zone, changes in (
        ("Europe/Berlin", (utc(3, 29, 1), utc(10, 25, 1))),
        ("America/Denver", (utc(3, 8, 9), utc(11, 1, 8))),
        ("UTC", (utc(2, 28, 12, year=2028), utc(12, 31, 12))),
    ):
        for schedule in ("0 2 * * *", "30 1 * * *", "30 2 * * *", "15 * * * *", "0 */6 * * *", "0 6 * * mon"):
            for change in changes:
                held = interval_of(schedule, change - timedelta(days=2), zone)
                stop = change + timedelta(days=2)
                asked.append([schedule, zone, held.start.isoformat(), held.end.isoformat(), stop.isoformat()])
                spans = []
                while held.end < stop:
                    held = interval_of(schedule, held.end, zone)
                    spans.append([held.start.timestamp(), held.end.timestamp()])
                ours.append(spans)
    command = [sys.executable, "-c", AIRFLOWS]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout.splitlines()[-1]) == ours
    assert sum(map(len, ours)) > 500
