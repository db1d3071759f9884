"""A document claims nothing that no test shows: the tests it names are there and are run.

A test is named by its path below tests/ without `.py`, two colons, and the name of its function. Used by the tables of
docs/delivery.md (tests/laws/failures.py) and docs/pains.md (tests/pains/table.py), and for SECURITY.md.
"""

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[1]
_LEFT_OUT: Final = re.compile(r"\.(skip|xfail)\b")


def absent(tests: Iterable[str]) -> list[str]:
    """Which of these tests pytest would not run: no such file or function, or always skipped."""
    return [test for test in tests if test.partition("::")[2] not in _run(test.partition("::")[0])]


@cache
def _run(path: str) -> frozenset[str]:
    """Names of the functions of a test file that pytest collects and runs."""
    file = PROJECT / "tests" / f"{path}.py"
    if not (file.name.startswith("test_") and file.is_file()):
        return frozenset()
    functions = [n for n in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef)]
    return frozenset(
        f.name
        for f in functions
        if f.name.startswith("test_")
        and not any(re.search(r"\.skip\b|\.xfail\b", ast.unparse(d)) for d in f.decorator_list)
    )


def link(test: str, tests: str = "../tests") -> str:
    """The test as a document names it: its sentence, linked to its file; `tests` as seen from the document."""
    path, name = test.split("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}]({tests}/{path}.py)"


def linked(text: str) -> list[str]:
    """The tests that a document links to, as `link` writes them."""
    found = re.findall(r"\[([^\]\n]+)\]\((?:\.\./)?tests/([^)\s]+)\.py\)", text)
    return [f"{path}::test_{sentence.replace(' ', '_')}" for sentence, path in found]


def filled(document: str, part: str, made: str) -> str:
    """The document with what stands between "<!-- generated: part -->" and "<!-- end -->" made anew."""
    head, end = f"<!-- generated: {part} -->", "<!-- end -->"
    return re.sub(f"{head}.*?{end}", lambda _: f"{head}\n\n{made}\n\n{end}", document, count=1, flags=re.DOTALL)
