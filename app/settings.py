"""Where things are: four folders, each named by an environment variable or found in the project.

MEMORIALIZATION_MAPPINGS       mapping folders          include/mappings
MEMORIALIZATION_EXPECTATIONS   quality suites           expectations
MEMORIALIZATION_STAGING        files of runs (fsspec)   var/staging
MEMORIALIZATION_REPORTS        reports                  var/reports
"""

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Settings:
    """Addresses of everything outside the ledger."""

    mappings: Path
    expectations: Path
    staging: str
    reports: Path


def settings() -> Settings:
    """Read from the environment at each call, so that a test or a task can set it late."""
    get = os.environ.get
    return Settings(
        mappings=Path(get("MEMORIALIZATION_MAPPINGS") or PROJECT / "include/mappings"),
        expectations=Path(get("MEMORIALIZATION_EXPECTATIONS") or PROJECT / "expectations"),
        staging=get("MEMORIALIZATION_STAGING") or str(PROJECT / "var/staging"),
        reports=Path(get("MEMORIALIZATION_REPORTS") or PROJECT / "var/reports"),
    )
