"""Laws 1 to 3: who may import whom, what a DAG file may load, and that `hubspot` is the SDK everywhere."""

import importlib.metadata
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.laws.conftest import PROJECT, ROOMS, imported, imported_on_load, interpreter, sources

OURS = {*ROOMS, "tests", "benchmarks"}
HTTP = {"httpx", "requests", "urllib3", "aiohttp", "http", "urllib", "hubspot", "socket"}
MAY = {
    "dags": {"app"},
    "plugins": {"plugins", "memorialization"},
    "memorialization": {"memorialization"},
    "app": {"app", "memorialization", "plugins"},
    "local": {"local", "app", "memorialization"},
    "sandbox": {"sandbox"},
}
HEAVY = {"pandas", "great_expectations", "hubspot", "sqlalchemy", "pyarrow", "httpx", "numpy"}


def roots(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_of_ours_only_what_it_may(room: str) -> None:
    for path, tree in sources(room):
        allowed = MAY[room] | ({"app"} if path.match("plugins/*_plugin.py") else set())
        assert roots(imported(tree)) & OURS <= allowed, path


def test_the_domain_knows_neither_airflow_nor_http() -> None:
    for path, tree in sources("memorialization"):
        assert not roots(imported(tree)) & {"airflow", *HTTP}, path


def test_only_hooks_and_plugin_pages_import_airflow_among_the_clients() -> None:
    users = {path.as_posix() for path, tree in sources("plugins") if "airflow" in roots(imported(tree))}
    assert {u for u in users if not u.endswith("_plugin.py")} == {"plugins/hubspot/hook.py", "plugins/cxone/hook.py"}


def test_the_commands_load_no_airflow_before_a_verb_needs_it() -> None:
    users = {path.name for path, tree in sources("app") if "airflow" in roots(imported_on_load(tree))}
    assert users == {"dag_parts.py"}


@pytest.mark.parametrize("path", sorted((PROJECT / "dags").glob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_is_short_wiring(path: Path) -> None:
    (tree,) = [tree for found, tree in sources("dags") if found.name == path.name]
    assert len(path.read_text().splitlines()) < 60
    assert {n for n in imported_on_load(tree) if n.split(".")[0] not in sys.stdlib_module_names} == {
        "airflow.sdk",
        "app.dag_parts",
    }


@pytest.mark.slow
def test_parsing_the_dags_loads_nothing_heavy(parsed: Any) -> None:
    assert parsed["errors"] == {}
    assert {"memorialize__acme"} <= set(parsed["dags"])
    assert "app.dag_facts" in parsed["loaded"]
    assert not roots(set(parsed["loaded"])) & HEAVY


def test_what_the_dag_files_use_loads_nothing_heavy_by_itself(tmp_path: Path) -> None:
    """Airflow loads some of these; without it, ours must not."""
    script = "import sys, json, app.dag_facts; print(json.dumps(sorted(sys.modules)))"
    assert not roots(set(interpreter(script, tmp_path))) & (HEAVY | {"airflow"})


def _is_sdk(file: str) -> bool:
    return "site-packages/hubspot/" in Path(file).as_posix()


def test_hubspot_is_the_sdk_in_a_plain_interpreter(tmp_path: Path) -> None:
    script = """
import json, hubspot, plugins.hubspot
from hubspot import HubSpot
print(json.dumps([hubspot.__file__, HubSpot.__module__, plugins.hubspot.__file__]))
"""
    sdk, module, ours = interpreter(script, tmp_path)
    assert _is_sdk(sdk)
    assert module.startswith("hubspot.")
    assert Path(ours) == PROJECT / "plugins/hubspot/__init__.py"


@pytest.mark.slow
def test_hubspot_is_the_sdk_for_the_dag_processor(parsed: Any) -> None:
    assert _is_sdk(parsed["hubspot"])


@pytest.mark.slow
def test_the_plugin_loader_takes_plugin_files_only_and_shadows_nothing(tmp_path: Path) -> None:
    script = """
import json, sys
from airflow import plugins_manager
from airflow.providers_manager import ProvidersManager
plugins_manager.ensure_plugins_loaded()
import hubspot, types, http, logging, client
"""
    script = (
        script.replace(", client", "")
        + """
manager = ProvidersManager()
print(json.dumps({
    "path": sys.path,
    "errors": plugins_manager.get_import_errors(),
    "sdk": hubspot.__file__,
    "standard": [types.__file__, http.__file__, logging.__file__],
    "modules": {n: m.__file__ for n, m in list(sys.modules.items()) if getattr(m, "__file__", None)},
    "provider": manager.providers["memorialize"].data["package-name"],
    "hooks": {k: bool(manager.hooks[k]) for k in ("cxone", "hubspot_memorialization")},
}))
"""
    )
    seen = interpreter(script, tmp_path)
    plugins = PROJECT / "plugins"
    assert str(plugins) in seen["path"], "Airflow adds the folder itself: the case that this law is about"
    assert seen["errors"] == {}
    assert _is_sdk(seen["sdk"])
    assert [Path(f).is_relative_to(PROJECT) for f in seen["standard"]] == [False, False, False]
    strays = {
        name: file
        for name, file in seen["modules"].items()
        if Path(file).is_relative_to(plugins) and not name.startswith("plugins")
    }
    assert {name for name, file in strays.items() if not file.endswith("_plugin.py")} == set()
    assert seen["provider"] == "memorialize"
    assert seen["hooks"] == {"cxone": True, "hubspot_memorialization": True}


def test_the_distribution_is_what_the_provider_says_it_is() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    ours = importlib.metadata.distribution("memorialize")
    (entry,) = ours.entry_points.select(group="apache_airflow_provider")
    assert entry.load()()["package-name"] == ours.name == project["project"]["name"] == "memorialize"
    rooms = [path for room in ("app", "memorialization", "plugins") for path in (PROJECT / room).rglob("*.py")]
    wanted = {".".join(path.relative_to(PROJECT).parent.parts) for path in rooms}
    assert set(project["tool"]["setuptools"]["packages"]) == wanted


def test_the_plugin_loader_is_kept_out_of_every_helper() -> None:
    ignored = set((PROJECT / "plugins/.airflowignore").read_text().split())
    here = {p for p in (PROJECT / "plugins").iterdir() if p.name != "__pycache__"}
    folders = {f"{p.name}/" for p in here if p.is_dir()}
    files = {p.name for p in here if p.suffix == ".py" and not p.name.endswith("_plugin.py")}
    assert folders | files <= ignored


def test_plugins_is_never_itself_on_the_python_path() -> None:
    looked_at = [PROJECT / n for n in ("Makefile", "docker-compose.yaml", "Dockerfile", "pyproject.toml")]
    for room in ("local", "docker", ".ci", "tests"):
        looked_at += [p for p in (PROJECT / room).rglob("*") if p.is_file() and p.suffix != ".pyc"]
    for path in looked_at:
        if path.suffix in (".py", ".sh", ".toml", ".yaml", ".env", "") and path != Path(__file__):
            lines = [line for line in path.read_text(errors="replace").splitlines() if "python" in line.lower()]
            paths = [line for line in lines if "pythonpath" in line.lower()]
            assert not [line for line in paths if "plugins" in line], path
    assert str(PROJECT / "plugins") not in sys.path
