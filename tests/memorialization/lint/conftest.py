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

Change = tuple[str, str, str]
Facts = Callable[[dict[str, Any]], None]
Breach = tuple[str, Change | None, Facts | None, list[str]]
"""A rule's code, a change of a file (name, old, new), a change of the facts, and what the linter then says."""


def prop(name: str, entity: str = "Ticket", **changes: Any) -> Facts:
    """A change of one property's facts."""
    return lambda facts: facts["portal"]["record_types"][entity]["properties"][name].update(changes)


@dataclass(frozen=True)
class Broken:
    """The folder, and what can be done to it."""

    folder: Path

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def facts(self, change: Facts) -> None:
        path = self.folder / "snapshot.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(json.dumps(data), encoding="utf-8")

    def lint(self) -> Result:
        return lint([self.folder])

    def breaks(self, code: str, file: Change | None, facts: Facts | None, expected: list[str]) -> None:
        """After this change, the linter says what is expected, and nothing else by this rule's code."""
        if file:
            self.change(*file)
        if facts:
            self.facts(facts)
        found = self.said()
        assert [line for line in expected if line not in found] == []
        assert [line for line in found if line.startswith(code) and line not in expected] == []
        for finding in self.lint().findings:
            assert finding.problem.what.endswith(".") and finding.problem.cure.endswith((".", "?", ").")), finding

    def said(self) -> list[str]:
        """`code file:line value` of each finding, but for those of the unbroken example."""
        return [line for line in lines(self.lint(), self.folder) if line not in ORDINARY]


def lines(result: Result, folder: Path) -> list[str]:
    assert all(finding.code in RULES for finding in result.findings)
    return [
        f"{f.code} {f.path.relative_to(folder).as_posix()}:{f.line} {f.problem.value}".rstrip() for f in result.findings
    ]


ORDINARY = {
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
