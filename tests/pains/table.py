"""Every pain that users of such tools are known to have stands here once: where it is known from, and what we do.

`python -m tests.pains.table` writes the table of docs/pains.md; a test keeps table, tests and this list one. What is
done about HubSpot's failures, and which tests show it, stands in tests/laws/failures.py and is only referred to here.
"""

import re
from itertools import groupby
from typing import Final

from tests.laws.failures import FAILURES, Failure
from tests.pains.others import OTHERS, Pain
from tests.pains.surprises import SURPRISES
from tests.proofs import PROJECT, filled, link

GUIDE: Final = PROJECT / "docs/pains.md"
PAINS: Final = (*OTHERS, *SURPRISES)
_FAILURES: Final = {failure.what: failure for failure in FAILURES}
_ISSUE: Final = re.compile(r"\b([\w-]+/[\w.-]+)#(\d+)")


def answers(pain: Pain) -> list[Failure]:
    """The rows of docs/delivery.md that answer a pain; KeyError for one that is not there."""
    return [_FAILURES[what] for what in pain.answered]


def shown_by(pain: Pain) -> list[str]:
    """The tests that show what is done about a pain, its own first."""
    found = [*pain.tests, *(test for failure in answers(pain) for test in failure.tests)]
    return list(dict.fromkeys(found))


def table() -> str:
    parts = []
    for group, pains in groupby(PAINS, key=lambda pain: pain.group):
        lines = [f"## {group}", "", "| pain | known from | what is done | shown by |", "|---|---|---|---|"]
        for pain in pains:
            does = " ".join(filter(None, [pain.does, *(failure.does for failure in answers(pain))]))
            known = _ISSUE.sub(r"[\g<0>](https://github.com/\1/issues/\2)", pain.known)
            lines.append(f"| {pain.what} | {known} | {does} | {', '.join(map(link, shown_by(pain)))} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def guide(text: str) -> str:
    """The guide with its generated part made anew."""
    return filled(text, "pains", table())


if __name__ == "__main__":
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
