"""Law 7: every error says when it is raised and whether a retry helps; the tree is drawn once."""

import ast
import inspect
import re

import pytest

from memorialization import errors
from memorialization.errors import MemorializationError
from tests.laws.conftest import sources

CLASSES = {
    name: value
    for name, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, MemorializationError)
}


def drawn() -> dict[str, tuple[str | None, str, str]]:
    """name -> (parent, the column about a retry, the column about the exit code), as the docstring draws it."""
    found: dict[str, tuple[str | None, str, str]] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ([ │├└─]*)(\w+Error|[A-Z]\w+)(?:\s{2,}|$)", line)
        if not match:
            continue
        depth, name = len(match[1]), match[2]
        above = [(d, n) for d, n in above if d < depth]
        columns = re.split(r"\s{2,}", line.strip())
        retry, code = columns[-2:] if columns[-1].startswith("exit ") else ("", "")
        found[name] = (above[-1][1] if above else None, retry, code)
        above.append((depth, name))
    return found


def test_the_drawing_is_the_tree() -> None:
    tree = {name: kind.__bases__[0].__name__ for name, kind in CLASSES.items() if kind is not MemorializationError}
    assert {name: parent for name, (parent, _, _) in drawn().items() if parent} == tree
    assert len(tree) == 19


@pytest.mark.parametrize(("name", "said"), [(n, d) for n, d in drawn().items() if d[1]])
def test_an_error_retries_and_exits_as_drawn(name: str, said: tuple[str, str, str]) -> None:
    kind = CLASSES[name]
    assert kind.retry is (said[1] == "retry"), "only Airflow's own retry counts; 'tomorrow' and 'next run' do not"
    assert f"exit {kind.exit_code}" == said[2]


def test_every_leaf_inherits_what_is_drawn_above_it() -> None:
    for name, (parent, retry, _) in drawn().items():
        if parent and not retry:
            assert CLASSES[name].retry is CLASSES[parent].retry
            assert CLASSES[name].exit_code == CLASSES[parent].exit_code


def test_every_error_class_anywhere_stands_below_the_drawn_ones_and_speaks_of_a_retry() -> None:
    seen = set()
    for path, tree in sources("memorialization", "plugins", "app"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):  # a signal within one module
                continue
            bases = {ast.unparse(base).split(".")[-1] for base in node.bases}
            if not any(base in CLASSES or base.endswith(("Error", "Exception")) for base in bases):
                continue
            seen.add(node.name)
            where = f"{path}: {node.name}"
            text = " ".join((ast.get_docstring(node) or "").split())
            assert bases <= set(CLASSES) or node.name == "MemorializationError", where
            assert re.search(r"\bretry\b|next run", text, re.IGNORECASE), where
            assert len(re.split(r"[.;] ", text)) >= 2, f"{where}: when it is raised, and whether a retry helps"
            assert text.endswith("."), where
    assert set(CLASSES) <= seen
