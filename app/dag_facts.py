"""What Airflow must know of each configuration to draw its DAG; light, because it runs at every parse.

Only crm.yaml is read. A configuration that cannot be read still has its DAG, on the default schedule, so that
its first task fails with the reason where people look (README, "Going live"). Airflow refuses a whole DAG file for
one bad name or schedule in it, so none reaches it from here.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Any, Final

from app.cron import is_cron, is_zone
from app.settings import settings
from memorialization.durations import PATTERN
from memorialization.errors import ConfigurationError
from memorialization.yaml_files import read_yaml

DEFAULT_SCHEDULE: Final = "0 2 * * *"
DEFAULT_ZONE: Final = "UTC"
DEFAULT_DEADLINE: Final = "8h"  # as in memorialization.crm, which is too heavy for a DAG file
_LABEL: Final = re.compile(r"[\w.-]{1,80}")  # what Airflow takes as DAG id and as tag


@dataclass(frozen=True, slots=True)
class DagFacts:
    """One configuration, as its DAG shows it; `label` is the folder's name as Airflow can bear it."""

    name: str
    label: str
    schedule: str
    owner: str
    description: str
    timezone: str = DEFAULT_ZONE
    deadline: str = DEFAULT_DEADLINE  # a duration: how long after its start a run may be without its report


def dag_facts(label: str | None = None) -> list[DagFacts]:
    """One entry for each folder with a crm.yaml, by name, or that of `label` alone; never raises for a broken one."""
    names = [path.parent.name for path in sorted(settings().mappings.glob("*/crm.yaml"))]
    return [_facts(name) for name in names if label in (None, _label(name))]


def check_drawn(name: str, schedule: str) -> None:
    """Raises ConfigurationError where the DAG had to be drawn with another name or schedule than the files say."""
    if not _LABEL.fullmatch(name):
        raise ConfigurationError(
            f"the folder {name!r} cannot name a DAG and connections. Rename it: up to 80 letters, digits, '_', '-', '.'"
        )
    if not is_cron(schedule):
        raise ConfigurationError(
            f"{settings().mappings / name / 'crm.yaml'}: schedule {schedule!r} is no time that ever comes. "
            "Write five fields, as '0 2 * * *'."
        )


def _facts(name: str) -> DagFacts:
    try:
        data = read_yaml(settings().mappings / name / "crm.yaml").data
    except ConfigurationError:
        data = None
    schedule = _text(data, "schedule", DEFAULT_SCHEDULE)
    timezone = _text(data, "timezone", DEFAULT_ZONE)
    return DagFacts(
        name=name,
        label=_label(name),
        schedule=schedule if is_cron(schedule) else DEFAULT_SCHEDULE,
        owner=_text(data, "owner", "data-engineering"),
        deadline=_deadline(data),
        description=f"Reconciles the CXone values in HubSpot, nightly: {_text(data, 'configuration_name', name)}",
        timezone=timezone if is_zone(timezone) else DEFAULT_ZONE,
    )


def _deadline(data: Any) -> str:
    deadline = _text(data, "report_deadline", DEFAULT_DEADLINE)
    return deadline if re.fullmatch(PATTERN, deadline) else DEFAULT_DEADLINE


def _text(data: Any, key: str, default: str) -> str:
    """A value that Airflow's database can store and its pages can show."""
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) and value.strip() and value.isprintable() else default


def _label(name: str) -> str:
    if _LABEL.fullmatch(name):
        return name
    number = zlib.crc32(name.encode(errors="surrogateescape"))  # two bad names must not make one DAG
    return f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)[:70]}-{number:08x}"
