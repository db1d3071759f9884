"""The register of rules: in order, complete, each broken somewhere, and as severe as the guide argues."""

import re

import pytest

from memorialization.lint.documents import GUIDE
from memorialization.lint.registry import FAMILIES, RULES
from tests.memorialization.lint import test_portal_rules, test_reading, test_targets, test_words, test_workflows
from tests.memorialization.lint.conftest import ORDINARY, Broken, lines

FAMILY_TESTS = (test_reading, test_words, test_targets, test_workflows, test_portal_rules)


def test_every_rule_is_broken_by_a_test() -> None:
    broken = {code for module in FAMILY_TESTS for code, *_ in module.BROKEN}
    assert broken | {"MEM002", "MEM003"} == set(RULES)


def test_the_example_is_worth_these_warnings_and_no_error(acme: Broken) -> None:
    result = acme.lint()
    assert set(lines(result, acme.folder)) == ORDINARY
    assert (result.count("error"), result.not_checked) == (0, ())


def test_codes_names_and_texts_are_in_order() -> None:
    assert list(RULES) == sorted(RULES)
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    for rule in RULES.values():
        assert re.fullmatch(r"MEM[0-6]\d\d", rule.code) and rule.code[3] in FAMILIES
        assert rule.why.endswith(".") and rule.cure.endswith(".")


def test_a_warning_is_one_that_the_issue_calls_so_or_the_guide_argues_for() -> None:
    """Voice and digital mixed, no source, a single-line transcript and five fields of a card are warnings as such."""
    warnings = {rule.code for rule in RULES.values() if rule.severity == "warning"}
    (argued,) = re.findall(r"### Why some are warnings\n(.*?)\n#", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert warnings == {"MEM103", "MEM107", "MEM210", "MEM403"} | set(
        re.findall(r"^- (MEM\d{3}):", argued, re.MULTILINE)
    )


@pytest.mark.parametrize("code", ["MEM202", "MEM207", "MEM213", "MEM214", "MEM302", "MEM304", "MEM601"])
def test_what_would_fail_while_writing_stops_a_run_before(code: str) -> None:
    assert RULES[code].stops_run and RULES[code].severity == "error"
