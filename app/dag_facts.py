"""What Airflow must know of each configuration to draw its DAG; light, because it runs at every parse.

Only crm.yaml is read. A configuration that cannot be read still has its DAG, on the default schedule, so that
its first task fails with the reason where people look (README, "Laws").
"""

from dataclasses import dataclass

from app.settings import settings
from memorialization.errors import ConfigurationError
from memorialization.yaml_files import read_yaml

DEFAULT_SCHEDULE = "0 2 * * *"


@dataclass(frozen=True, slots=True)
class DagFacts:
    """One configuration, as its DAG shows it."""

    name: str
    schedule: str
    owner: str
    description: str


def dag_facts() -> list[DagFacts]:
    """One entry for each folder with a crm.yaml, by name; never raises for a broken one."""
    return [_facts(path.parent.name) for path in sorted(settings().mappings.glob("*/crm.yaml"))]


def _facts(name: str) -> DagFacts:
    try:
        data = read_yaml(settings().mappings / name / "crm.yaml").data
        read = {key: data[key] for key in ("schedule", "owner", "configuration_name") if isinstance(data.get(key), str)}
        valid_cron = len(read.get("schedule", DEFAULT_SCHEDULE).split()) == 5
    except (ConfigurationError, AttributeError):
        read, valid_cron = {}, False
    return DagFacts(
        name=name,
        schedule=read.get("schedule", DEFAULT_SCHEDULE) if valid_cron else DEFAULT_SCHEDULE,
        owner=read.get("owner", "data-engineering"),
        description=f"Reconciles the CXone values in HubSpot, nightly: {read.get('configuration_name', name)}",
    )
