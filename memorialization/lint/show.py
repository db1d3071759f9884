"""Findings as text for a person, JSON for a program, or annotations for a pull request; the same facts in each."""

import json
import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from memorialization.lint.problems import Finding
from memorialization.lint.registry import RULES, Rule
from memorialization.lint.run import Result

_CURES_OF_ABSENCE: Final = (
    "    cure:  refresh the snapshot (memorialize snapshot -c NAME), or check with --portal live; length quantiles",
    "           come from runs on this machine, and what is still absent then, the token may not read",
)

_LONGEST: Final = 600  # characters of one line


def text(result: Result) -> str:
    """One block a finding: file:line, code, what, value, why, cure; then what was not checked; then the sum."""
    lines: list[str] = []
    for finding in result.findings:
        rule, problem = RULES[finding.code], finding.problem
        lines += [
            f"{_path(finding.path)}:{finding.line}: {rule.severity} {rule.code} {rule.name}: {_line(problem.what)}",
            f"    value: {_line(problem.value)}",
            f"    why:   {rule.why}",
            f"    cure:  {_line(_cure(finding))}",
        ]
    for configuration, lacks, codes in _skipped(result):
        lines.append(f"{configuration}: not checked without {lacks}: {', '.join(codes)}")
    if any(True for _ in result.not_checked):
        lines += _CURES_OF_ABSENCE
    counts = f"{result.count('error')} errors, {result.count('warning')} warnings, {_rules_skipped(result)} not checked"
    lines.append(f"{result.files} files of {result.configurations} configurations: {counts}")
    return "\n".join(lines)


def as_json(result: Result) -> str:
    """{version, findings: [...], not_checked: [...], summary: {...}}; paths relative to where it is called."""
    data: dict[str, Any] = {
        "version": 1,
        "findings": [
            {
                "code": finding.code,
                "name": RULES[finding.code].name,
                "severity": RULES[finding.code].severity,
                "file": _path(finding.path),
                "line": finding.line,
                "value": finding.problem.value,
                "message": finding.problem.what,
                "why": RULES[finding.code].why,
                "cure": _cure(finding),
            }
            for finding in result.findings
        ],
        "not_checked": [
            {"configuration": name, "code": item.code, "name": RULES[item.code].name, "lacks": item.lacks}
            for name, item in result.not_checked
        ],
        "summary": {
            "configurations": result.configurations,
            "files": result.files,
            "errors": result.count("error"),
            "warnings": result.count("warning"),
            "not_checked": _rules_skipped(result),
        },
    }
    return json.dumps(data, ensure_ascii=False, indent=2)


def github(result: Result) -> str:
    """Workflow commands of GitHub Actions: one annotation a finding, a notice for what was not checked."""
    lines = []
    for finding in result.findings:
        rule = RULES[finding.code]
        place = f"file={_escaped(_path(finding.path), property=True)},line={finding.line}"
        title = _escaped(f"{rule.code} {rule.name}", property=True)
        body = _escaped(f"{finding.problem.what} ({finding.problem.value})\n{rule.why}\n{_cure(finding)}")
        lines.append(f"::{rule.severity} {place},title={title}::{body}")
    for configuration, lacks, codes in _skipped(result):
        body = _escaped(f"{configuration}: without {lacks}: {', '.join(codes)}")
        lines.append(f"::notice title=not checked::{body}")
    return "\n".join(lines)


def explain(rule: Rule) -> str:
    """One rule in full."""
    needs = f"Needs: {rule.needs} (from the snapshot or the live portal); reported as not checked without."
    return "\n".join(
        [
            f"{rule.code} {rule.name} ({rule.severity})",
            f"Why:   {rule.why}",
            f"Cure:  {rule.cure}",
            *([needs] if rule.needs else []),
            *(["A run is refused for it, too."] if rule.stops_run else []),
        ]
    )


def _skipped(result: Result) -> Iterator[tuple[str, str, list[str]]]:
    ordered = sorted(result.not_checked, key=lambda pair: (pair[0], pair[1].lacks, pair[1].code))
    for (configuration, lacks), group in groupby(ordered, key=lambda pair: (pair[0], pair[1].lacks)):
        yield configuration, lacks, [item.code for _, item in group]


def _rules_skipped(result: Result) -> int:
    return len({(name, item.code) for name, item in result.not_checked})


def _cure(finding: Finding) -> str:
    return f"{finding.problem.cure} {finding.problem.hint}".strip()


def _path(path: Path) -> str:
    """Relative to the working folder where the file lies below it: what editors and GitHub can open."""
    return os.path.relpath(path) if path.absolute().is_relative_to(Path.cwd()) else str(path)


def _line(value: str) -> str:
    """On one line of bearable length, and nothing in it that a terminal would obey."""
    shown = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def _escaped(value: str, *, property: bool = False) -> str:
    value = value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return value.replace(":", "%3A").replace(",", "%2C") if property else value
