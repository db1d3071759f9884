"""`memorialize lint` as a person or a pipeline calls it."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from local.stage import BIN, PROJECT
from tests.app.command import mappings, memorialize, replace


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return mappings(tmp_path, monkeypatch)


def test_the_example_has_warnings_which_fail_only_if_strict(acme: Path) -> None:
    assert (memorialize("lint").code, memorialize("lint", "--strict").code) == (0, 1)


def test_an_error_ends_with_1_and_an_unreadable_file_with_2(acme: Path) -> None:
    replace(acme / "voice.yaml", "cxone_ani", "cxone_anni")
    outcome = memorialize("lint", str(acme), "--format", "json")
    assert outcome.code == 1
    assert [f["code"] for f in json.loads(outcome.out)["findings"] if f["severity"] == "error"] == ["MEM202"]
    (acme / "digital.yaml").write_text("a: [")
    assert memorialize("lint", str(acme / "digital.yaml"), "--format", "github").code == 2


def test_a_path_that_does_not_exist_is_one_message(acme: Path) -> None:
    outcome = memorialize("lint", "nowhere")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.messages == [
        "ConfigurationError: nowhere: no such file or folder. Name a mappings folder or a file in one."
    ]


def test_a_rule_is_explained_by_its_code() -> None:
    outcome = memorialize("lint", "--explain", "mem107")
    assert (outcome.code, outcome.out.splitlines()[0]) == (0, "MEM107 field-without-source (warning)")
    assert (
        memorialize("lint", "--explain", "MEM999")
        .messages[0]
        .startswith("ConfigurationError: there is no rule 'MEM999'. Did you mean 'MEM")
    )


def test_live_without_a_connection_says_which(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT_ACME", '{"password": ""}')
    outcome = memorialize("lint", "--portal", "live")
    assert outcome.code == 2 and "The HubSpot connection's password must be" in outcome.messages[0]


def test_the_hook_lints_the_usual_folder() -> None:
    (hook,) = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text())
    committed = ["include/mappings/acme/voice.yaml", "mappings/acme/dynamic/card.yml", "mappings/acme/snapshot.json"]
    assert [bool(re.search(hook["files"], name)) for name in (*committed, "dags/a.yaml")] == [True, True, True, False]
    assert (hook["id"], hook["entry"], hook["args"]) == ("memorialize-lint", "memorialize lint", ["include/mappings"])
    assert memorialize(*hook["entry"].split()[1:], str(PROJECT / hook["args"][0])).code == 0


@pytest.mark.slow
def test_help_does_not_wait_for_the_linter() -> None:
    start = time.perf_counter()
    subprocess.run([BIN / "memorialize", "--help"], check=True, capture_output=True)
    assert time.perf_counter() - start < 2  # some 0.2 s on an idle machine
