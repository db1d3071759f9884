"""SECURITY.md is shown by tests that run, SQL is this program's own words, and every package is pinned."""

import ast
import re
import tomllib

from tests.laws.conftest import PROJECT, sources
from tests.proofs import absent, linked

# what may stand in an f-string of SQL beside constants of the module: names of the ledger's own tables and columns
OWN_NAMES = {
    "app/explain.py": {"table"},
    "memorialization/ledger/store.py": {"name", "copied", "listed", "values", "', '.join(keys)", "changes", "where"},
}
SQL = re.compile(r"\b(select|insert into|delete from|create temp|alter table|copy|truncate|drop) |\bupdate \w+ set ")


def test_every_promise_is_shown_by_tests_that_run() -> None:
    document = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
    promises = document.partition("## Who could do what")[2].partition("\n## ")[0]
    rows = [line for line in promises.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 20
    assert [row for row in rows if not linked(row)] == []
    assert absent(linked(document)) == []


def test_sql_is_put_together_of_this_programs_own_names_only() -> None:
    """A value belongs into a parameter; what stands in the text is a constant of the module or a name in OWN_NAMES."""
    found: dict[str, set[str]] = {}
    for path, tree in sources("memorialization", "app", "plugins", "dags"):
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
                filled = {ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue)}
                if SQL.match(text.strip()):
                    found.setdefault(str(path), set()).update(n for n in filled if not re.fullmatch(r"_?[A-Z_]+", n))
    assert {path: names for path, names in found.items() if names} == OWN_NAMES
    assert len(found) >= 5, "hardly any SQL was found: is it written otherwise now?"

    explain = ast.parse((PROJECT / "app/explain.py").read_text(encoding="utf-8"))
    tables = [
        node.args[1]
        for node in ast.walk(explain)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_of"
    ]
    assert tables and all(isinstance(table, ast.Constant) for table in tables)


def test_no_sql_is_formatted_in_another_way() -> None:
    for path, tree in sources("memorialization", "app", "plugins", "dags"):
        for node in ast.walk(tree):
            text = None
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
                text = node.left
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
                text = node.func.value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                assert not SQL.match(text.value.strip()), f"{path}:{node.lineno}"


def test_everything_that_is_installed_is_pinned_and_hashed() -> None:
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert len(entries) > 150
    loose = [
        e for e in entries if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", e, re.DOTALL)
    ]
    assert loose == []
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.match(r"[\w.-]+", entry)[0].lower() for entry in entries}  # type: ignore[index]
    assert {re.match(r"[\w.-]+", name)[0].lower() for name in wanted} <= names  # type: ignore[index]
    assert "--require-hashes" in (PROJECT / ".ci/setup").read_text(encoding="utf-8")


def test_rules_of_security_are_checked_everywhere_but_in_tests() -> None:
    lint = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [rule for rule in lint["ignore"] if rule.startswith("S")] == ["S101"]
    ignored = {path: [r for r in rules if r.startswith("S")] for path, rules in lint["per-file-ignores"].items()}
    assert ignored == {"tests/**": ["S"], "sandbox/**": ["S311"], "local/**": ["S603", "S607"], "benchmarks/**": ["S"]}
