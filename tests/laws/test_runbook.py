"""docs/operations.md names every alert, finding of doctor, error and exit code, and each row says what to do."""

import ast
import re
from collections.abc import Iterator

from memorialization import alerts
from tests.laws.conftest import PROJECT
from tests.laws.test_errors import CLASSES, drawn

GUIDE = (PROJECT / "docs/operations.md").read_text()
TELLS = {"Finding", "_finding", "_verdict", "_skew", "_safely", "_trouble"}
"""Functions of doctor whose first argument is the name of a check."""


def rows(*head: str) -> dict[str, list[str]]:
    """first cell -> the others, of the table whose head begins so; cells that hold several names count for each."""
    found: dict[str, list[str]] = {}
    _, table = GUIDE.split(f"| {' | '.join(head)} |", 1)
    for line in table.splitlines()[2:]:
        if not line.startswith("|"):
            break
        first, *others = [cell.strip() for cell in line.strip("|").split(" | ")]
        for name in re.findall("`([^`]+)`", first) or [first]:
            found[name] = others
    return found


def test_every_alert_has_a_row_that_says_what_to_do() -> None:
    titles = {bad for bad, _ in alerts._TITLES.values()}
    assert len(titles) == 6
    table = rows("alert", "means", "what to do", "over when")
    assert set(table) == titles
    assert all(len(cells) == 3 and all(cells) for cells in table.values())


def checks() -> Iterator[str]:
    for module in ("doctor", "leftovers", "alerts"):
        for node in ast.walk(ast.parse((PROJECT / f"app/{module}.py").read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TELLS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)


def test_every_finding_of_doctor_has_a_row_that_says_what_to_do() -> None:
    table = rows("check", "not well when", "what to do")
    assert set(table) == {*checks(), "reports"}, "reports: the same call as staging, for two places"
    assert all(len(cells) == 2 and all(cells) for cells in table.values())


def test_every_error_has_a_row_with_its_retry_and_its_exit_code() -> None:
    table = rows("error", "means", "what to do", "tried again", "exit")
    parents = {parent for parent, _, _ in drawn().values()}
    leaves = {name for name in CLASSES if name not in parents} | {"ConfigurationError"}
    assert set(table) == leaves
    for name, (means, to_do, again, code) in table.items():
        assert means and to_do
        assert again.startswith("yes") is CLASSES[name].retry
        assert int(code) == CLASSES[name].exit_code
