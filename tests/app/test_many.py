"""Many configurations beside each other: what is wrong with one of them is told of it, and touches no other."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.app.command import NIGHT, change_connection, mappings, memorialize, replace
from tests.app.world import World
from tests.laws.conftest import interpreter

pytestmark = pytest.mark.slow

MANY = 50
_PARSE = """
import json, os, sys
import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

def drawn(dag_id=None):
    if dag_id:
        os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = dag_id  # as Airflow does before a task runs
    bag = DagBag()
    assert bag.import_errors == {}, bag.import_errors
    return bag.dags

all_ = drawn()
sizes = {name: len(json.dumps(DagSerialization.serialize_dag(dag))) for name, dag in all_.items()}
print(json.dumps({"sizes": sizes, "alone": sorted(drawn("memorialize__crm07"))}))
"""


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """50 configurations, the fourth with a tab in its crm.yaml."""
    folder = tmp_path_factory.mktemp("many")
    project = Path(__file__).resolve().parents[2]
    for number in range(MANY):
        shutil.copytree(project / "include/mappings/acme", folder / f"mappings/crm{number:02}")
    replace(folder / "mappings/crm04/crm.yaml", "owner:", "\towner:")
    return interpreter(_PARSE, folder, MEMORIALIZATION_MAPPINGS=str(folder / "mappings"))


def test_each_of_fifty_has_its_dags_and_none_grows_with_the_others(parsed: Any) -> None:
    families = ("memorialize", "resolve_parked", "purge_staging", "revert")
    assert set(parsed["sizes"]) == {f"{family}__crm{n:02}" for family in families for n in range(MANY)}
    night = {size for name, size in parsed["sizes"].items() if name.startswith("memorialize__")}
    assert max(night) < 1.02 * min(night), "of the broken one the defaults are shown"
    assert max(night) < 40_000


def test_a_task_of_one_draws_no_other(parsed: Any) -> None:
    assert parsed["alone"] == ["memorialize__crm07"]


def test_what_is_wrong_with_one_stops_that_one_alone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = mappings(tmp_path, monkeypatch)
    for name in ("broken", "refused", "elsewhere", "missing"):
        shutil.copytree(acme, acme.parent / name)
        for service in ("CXONE", "HUBSPOT"):
            monkeypatch.setenv(f"AIRFLOW_CONN_{service}_{name.upper()}", os.environ[f"AIRFLOW_CONN_{service}_ACME"])
    monkeypatch.delenv("AIRFLOW_CONN_CXONE_MISSING")
    replace(acme.parent / "broken/crm.yaml", "owner:", "\towner:")
    change_connection(monkeypatch, "HUBSPOT_REFUSED", password="pat-wrong")
    replace(acme.parent / "elsewhere/crm.yaml", "account_id: 4711001", "account_id: 4711002")

    ended = {}
    for name in ("broken", "refused", "elsewhere", "missing", "acme"):
        outcome = memorialize(*(name if word == "acme" else word for word in NIGHT))
        ended[name] = (outcome.code, outcome.messages[0].split(":")[0] if outcome.messages else None)
    assert ended == {
        "broken": (2, "ConfigurationError"),
        "refused": (1, "AuthenticationError"),
        "elsewhere": (2, "WrongAccount"),
        "missing": (2, "ConfigurationError"),
        "acme": (0, None),
    }
    told = json.loads(memorialize("doctor", "--json").out)
    wrong = {name: sorted({f["check"] for f in found if f["state"] == "fail"}) for name, found in told.items()}
    assert wrong == {
        "acme": [],
        "broken": ["configuration"],
        "elsewhere": ["HubSpot account"],
        "missing": ["CXone"],
        "refused": ["HubSpot"],
    }
    assert world.writes() > 0
