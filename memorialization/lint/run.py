"""Runs every rule over every configuration that a path names; all findings of all files come at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from memorialization.errors import ConfigurationError
from memorialization.lint import facts, portal_rules, words, workflows
from memorialization.lint.facts import Snapshot
from memorialization.lint.problems import Finding, NotChecked
from memorialization.lint.reading import Folder, read_folder, unreadable
from memorialization.lint.registry import RULES, Severity

FactsOf = Callable[[Folder], Snapshot]


@dataclass(frozen=True, slots=True)
class Result:
    """What linting found; `not_checked`: (configuration, rule without facts), each once."""

    findings: tuple[Finding, ...]
    not_checked: tuple[tuple[str, NotChecked], ...]
    configurations: int
    files: int

    def count(self, severity: Severity) -> int:
        return sum(RULES[finding.code].severity == severity for finding in self.findings)

    def exit_code(self, *, strict: bool) -> int:
        """2 where a file cannot be read, 1 for errors (and, if strict, warnings), else 0."""
        if any(finding.code == "MEM001" for finding in self.findings):
            return 2
        return 1 if self.count("error") or (strict and self.count("warning")) else 0


def folders_of(path: Path) -> list[Path]:
    """The configurations that a path names: a mappings folder, one configuration, or a file in one."""
    if path.is_file():
        near = [p for p in (path.parent, path.parent.parent) if (p / "crm.yaml").is_file()]
        return [near[0] if near else path.parent]
    if not path.is_dir():
        raise ConfigurationError(f"{path}: no such file or folder. Name a mappings folder or a file in one.")
    if any((path / name).exists() for name in ("crm.yaml", "workflows.yaml")):
        return [path]
    below = sorted(p for p in path.iterdir() if p.is_dir() and any(p.glob("*.yaml")))
    if not below and not any(path.glob("*.yaml")):
        raise ConfigurationError(f"{path}: holds no configuration. Name a folder with crm.yaml, or one above it.")
    return below or [path]


def lint(paths: Iterable[Path], live: FactsOf | None = None) -> Result:
    """Every rule over every configuration; of a path to a file, only that file's findings are kept.

    Facts come from each folder's snapshot, or from `live`, whose errors are not caught.
    """
    paths = list(paths)
    folders = dict.fromkeys(folder for path in paths for folder in folders_of(path))
    findings: list[Finding] = []
    skipped: list[tuple[str, NotChecked]] = []
    files = 0
    for path in folders:
        folder = read_folder(path)
        files += folder.files
        found, without = check(folder, live)
        findings += found
        skipped += ((folder.name, item) for item in without)
    whole = {folder for path in paths if path.is_dir() for folder in folders_of(path)}
    named = {path for path in paths if path.is_file()}
    kept = [f for f in findings if f.path in named or any(f.path.is_relative_to(folder) for folder in whole)]
    kept.sort(key=lambda f: (str(f.path), f.line, f.code, f.problem.value))
    return Result(tuple(kept), tuple(skipped), len(folders), files)


def check(folder: Folder, live: FactsOf | None = None) -> tuple[list[Finding], list[NotChecked]]:
    """Findings of one configuration, and the rules that had no facts."""
    findings = list(folder.findings)
    known = live(folder) if live else Snapshot()
    try:
        known = known if live else facts.read(folder.path)
    except ConfigurationError as error:
        findings.append(unreadable(folder.path / facts.FILE, error))
    said = [*words.check(folder), *workflows.check(folder, known), *portal_rules.check(folder, known)]
    findings += [item for item in said if isinstance(item, Finding)]
    return findings, list(dict.fromkeys(item for item in said if isinstance(item, NotChecked)))
