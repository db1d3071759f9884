"""What a rule says: a problem with its place in a file, or that it could not be checked; never "ok" by default."""

from dataclasses import dataclass
from pathlib import Path

from memorialization.yaml_files import Location


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of a rule; `what` and `cure` are sentences, `at` is the place within the file."""

    code: str
    value: str
    what: str
    cure: str
    at: Location = ()
    hint: str = ""  # "Did you mean ...?", where the linter has the names at hand

    def __str__(self) -> str:
        return f"{self.what} {self.cure}".strip()


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem in a file; `line` counts from 1."""

    path: Path
    line: int
    problem: Problem

    @property
    def code(self) -> str:
        return self.problem.code


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A rule that had no facts to judge by, and which facts those are."""

    code: str
    lacks: str
