from pathlib import Path

import pytest

from app.settings import PROJECT, Settings, settings

NAMES = ("MAPPINGS", "EXPECTATIONS", "STAGING", "REPORTS")


def test_without_variables_everything_is_in_the_project(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"MEMORIALIZATION_{name}", raising=False)
    assert project == PROJECT
    assert settings() == Settings(
        mappings=project / "include/mappings",
        expectations=project / "expectations",
        staging=f"{project}/var/staging",
        reports=project / "var/reports",
    )


def test_each_variable_moves_its_folder_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(f"MEMORIALIZATION_{name}", f"/data/{name.lower()}")
    monkeypatch.setenv("MEMORIALIZATION_STAGING", "s3://bucket/staging")
    assert settings() == Settings(
        Path("/data/mappings"), Path("/data/expectations"), "s3://bucket/staging", Path("/data/reports")
    )


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMORIALIZATION_REPORTS", "")
    assert settings().reports == PROJECT / "var/reports"
