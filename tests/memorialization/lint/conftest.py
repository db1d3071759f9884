"""A copy of the example's configuration with facts that it fits, free to be broken, and what the linter says of it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from memorialization.lint.registry import RULES
from memorialization.lint.run import Result, lint


@dataclass(frozen=True)
class Broken:
    """The folder, and what can be done to it."""

    folder: Path

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def facts(self, change: Callable[[dict[str, Any]], None]) -> None:
        path = self.folder / "snapshot.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(json.dumps(data), encoding="utf-8")

    def lint(self) -> Result:
        return lint([self.folder])

    def said(self) -> list[str]:
        """`code file:line value` of each finding, but for those of the unbroken example."""
        return [line for line in lines(self.lint(), self.folder) if line not in ORDINARY]


def lines(result: Result, folder: Path) -> list[str]:
    assert all(finding.code in RULES for finding in result.findings)
    return [
        f"{f.code} {f.path.relative_to(folder).as_posix()}:{f.line} {f.problem.value}".rstrip() for f in result.findings
    ]


ORDINARY = {
    "MEM211 digital.yaml:42 cxone_transcript",
    "MEM305 voice.yaml:5 Contact",
    "MEM107 voice.yaml:31 Interaction ID",
    "MEM107 voice.yaml:34 Recording URL",
    "MEM106 voice.yaml:41 ordernumber",
    "MEM106 voice.yaml:42 callbackdate",
}
"""What is worth a warning in the example: it shows a portal as portals are."""


@pytest.fixture
def acme(project: Path, tmp_path: Path) -> Broken:
    shutil.copytree(project / "include" / "mappings" / "acme", tmp_path / "acme")
    return Broken(tmp_path / "acme")
