from pathlib import Path

import pytest

from app.dag_facts import DagFacts, check_drawn, dag_facts
from memorialization.errors import ConfigurationError


@pytest.fixture
def mappings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEMORIALIZATION_MAPPINGS", str(tmp_path))
    return tmp_path


def put(mappings: Path, name: str, crm: str) -> None:
    (mappings / name).mkdir()
    (mappings / name / "crm.yaml").write_text(crm)


def test_a_configuration_says_when_whose_and_what(mappings: Path) -> None:
    put(mappings, "acme", "configuration_name: Acme HubSpot\nowner: crm-team\nschedule: 30 1 * * *\n")
    described = "Reconciles the CXone values in HubSpot, nightly: Acme HubSpot"
    assert dag_facts() == [DagFacts("acme", "acme", "30 1 * * *", "crm-team", described)]


def test_the_folders_come_by_name_and_only_those_with_a_crm_yaml(mappings: Path) -> None:
    for name in ("zeta", "acme"):
        put(mappings, name, "owner: x\n")
    (mappings / "notes").mkdir()
    assert [facts.name for facts in dag_facts()] == ["acme", "zeta"]


def test_no_folder_of_mappings_is_no_dag(mappings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMORIALIZATION_MAPPINGS", str(mappings / "nowhere"))
    assert dag_facts() == []


@pytest.mark.parametrize(
    "crm", ["", "a:\n\tb: c", "- a", "text", "owner: 7", "owner: ' '", 'owner: "\\0"', "schedule: x"]
)
def test_what_cannot_be_read_is_drawn_with_the_defaults(crm: str, mappings: Path) -> None:
    put(mappings, "acme", crm)
    described = "Reconciles the CXone values in HubSpot, nightly: acme"
    assert dag_facts() == [DagFacts("acme", "acme", "0 2 * * *", "data-engineering", described)]


def test_a_name_that_airflow_refuses_gets_a_label_of_its_own(mappings: Path) -> None:
    for name in ("acme copy", "acme_copy", "acme+copy", "a" * 81):
        put(mappings, name, "owner: x\n")
    labels = {facts.name: facts.label for facts in dag_facts()}
    assert labels == {
        "acme copy": "acme_copy-ec12de47",
        "acme_copy": "acme_copy",
        "acme+copy": "acme_copy-9bc2ef56",
        "a" * 81: f"{'a' * 70}-c6192a4f",
    }


def test_what_had_to_be_drawn_otherwise_is_refused_when_it_runs(mappings: Path) -> None:
    check_drawn("acme", "0 2 * * *")
    with pytest.raises(ConfigurationError, match="the folder 'acme copy' cannot name a DAG and connections. Rename it"):
        check_drawn("acme copy", "0 2 * * *")
    with pytest.raises(ConfigurationError) as raised:
        check_drawn("acme", "0 25 * * *")
    assert str(raised.value).startswith(f"{mappings}/acme/crm.yaml: schedule '0 25 * * *' is no time that ever comes.")
