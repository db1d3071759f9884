from pathlib import Path

from memorialization.lint.problems import Finding, Problem


def test_a_problem_reads_as_what_and_cure_without_the_hint() -> None:
    problem = Problem("MEM202", "x", "property 'x' does not exist.", "Create it.", ("a", 0), "Did you mean 'y'?")
    assert str(problem) == "property 'x' does not exist. Create it."
    assert str(Problem("MEM202", "x", "property 'x' does not exist.", "")) == "property 'x' does not exist."


def test_a_finding_is_known_by_the_code_of_its_problem() -> None:
    assert Finding(Path("a.yaml"), 3, Problem("MEM101", "v", "w", "c")).code == "MEM101"
